//! `<id>/model.yml`, which names the file of a model, its digest and that of its projector.

use std::path::{Path, PathBuf};

use super::{
    Claim,
    reader::{Reader, shown},
    yaml::{self, Value},
};

/// The description of a model.
const DESCRIPTION: &str = "model.yml";
/// Folders above it: an id may hold `/`.
const DEPTH: usize = 8;
/// The longest description, in bytes.
const LONGEST: usize = 256 << 10;
/// The fields that name a file, and those with its SHA-256.
const FILES: [(&str, &str); 2] = [("model_path", "model_sha256"), ("mmproj_path", "mmproj_sha256")];

pub(super) fn read(reader: &mut Reader<'_>) {
    for path in reader.files_below(reader.root, DEPTH) {
        if path.file_name().is_some_and(|name| name == DESCRIPTION) {
            model(reader, &path);
        }
    }
}

fn model(reader: &mut Reader<'_>, path: &Path) {
    let Some(content) = reader.bytes(path, LONGEST) else { return };
    let (fields, problem) = yaml::top_level(&String::from_utf8_lossy(&content));
    if let Some(problem) = problem {
        reader.problem(path, problem);
    }
    let get = |key: &str| {
        fields.iter().rev().find(|(name, _)| name == key).and_then(|(_, value)| Value::text(value))
    };
    for (file, sha256) in FILES {
        let Some(named) = get(file) else { continue };
        let Some(file) = locate(reader, path, named) else { continue };
        let digest = get(sha256).and_then(|digest| digest.parse().ok());
        let claim = reader.claim(file);
        reader.push(Claim { model: get("name").map(shown), digest, ..claim });
    }
}

/// The file of a path that is relative to the data folder, whose last two folders are the root, or else to the
/// description's own folder.
fn locate(reader: &mut Reader<'_>, description: &Path, named: &str) -> Option<PathBuf> {
    let named = Path::new(named);
    let data = reader.root.parent().and_then(Path::parent)?;
    let (root, own) = (reader.root.to_path_buf(), description.parent()?);
    let beside = || Some(own.strip_prefix(&root).ok()?.join(named));
    let below_root =
        data.join(named).strip_prefix(&root).ok().map(Path::to_path_buf).filter(|_| named.is_relative());
    reader.file(description, &below_root.or_else(beside)?)
}

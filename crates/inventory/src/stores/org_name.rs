//! `<org>/<name>/<file>`, and in newer versions `<org>--<name>/snapshots/<revision>/<file>`.
//!
//! The index files of the older layout are pickles and are never read. `.mv` is a line of text that names the revision.
//! A dot in a name is written `___` there.

use std::path::Path;

use super::{
    Claim,
    folder::Folder,
    reader::{Reader, is_commit, name_of, relative_to, shown},
};

/// Folders below a repository.
const DEPTH: usize = 12;
/// The longest file that names a revision, in bytes.
const VERSION: usize = 4096;

pub(super) fn read(reader: &mut Reader<'_>) {
    for organisation in reader.directories(reader.root) {
        let folders = reader.directories(&organisation);
        let snapshots =
            folders.iter().find(|folder| folder.file_name().is_some_and(|name| name == "snapshots"));
        match (snapshots, name_of(&organisation).split_once("--")) {
            (Some(snapshots), Some((org, name))) => {
                for revision in reader.directories(snapshots) {
                    let name_of_revision = name_of(&revision);
                    repository(reader, &revision, &format!("{org}/{name}"), Some(name_of_revision));
                }
            }
            _ => folders.iter().for_each(|folder| {
                let name = relative_to(reader.root, folder).replace("___", ".");
                let revision = revision(reader, folder);
                repository(reader, folder, &name, revision);
            }),
        }
    }
}

/// `revision` is a branch or a commit; only a commit is one for good.
fn repository(reader: &mut Reader<'_>, directory: &Path, name: &str, revision: Option<String>) {
    let folder = Folder::read(reader, directory, directory);
    let at = revision.as_deref().map(|revision| format!(" at `{revision}`")).unwrap_or_default();
    let evidence = format!("the names of the folders in `{}`{at}", relative_to(reader.root, directory));
    let commit = revision.filter(|revision| is_commit(revision));
    for path in reader.files_below(directory, DEPTH) {
        let origin = reader.origin(Some(name.to_owned()), commit.clone(), evidence.clone());
        let mut claim = Claim { model: Some(name.to_owned()), origin, ..reader.claim(path) };
        folder.describe(&mut claim);
        reader.push(claim);
    }
}

/// The revision in `.mv`, which reads `Revision:<revision>,CreatedAt:<time>`.
fn revision(reader: &mut Reader<'_>, directory: &Path) -> Option<String> {
    let content = reader.bytes(&directory.join(".mv"), VERSION)?;
    let text = String::from_utf8_lossy(&content);
    let revision = text.trim().strip_prefix("Revision:")?.split(',').next()?;
    (!revision.is_empty()).then(|| shown(revision))
}

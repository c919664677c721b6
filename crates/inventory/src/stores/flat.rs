//! Files side by side, and nothing beside them that says where they are from.

use std::path::Path;

use super::{
    Claim,
    reader::{Reader, plain_name, shown},
};

pub(super) fn read(reader: &mut Reader<'_>) {
    for path in reader.files(reader.root) {
        if !is_unfinished(&path) {
            let model = path.file_stem().map(shown);
            let claim = reader.claim(path);
            reader.push(Claim { model, ..claim });
        }
    }
}

/// A download that is still on its way is not yet the model of that name.
fn is_unfinished(path: &Path) -> bool {
    let name = plain_name(path);
    name.starts_with('.')
        || [".part", ".tmp", ".partial", ".incomplete"].iter().any(|end| name.ends_with(end))
}

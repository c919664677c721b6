//! `<publisher>/<repository>/<file>`: the names of the folders are those of the registry, and nothing else is known.

use super::{
    Claim,
    folder::Folder,
    reader::{Reader, relative_to},
};

/// Folders below a repository.
const DEPTH: usize = 8;

pub(super) fn read(reader: &mut Reader<'_>) {
    for publisher in reader.directories(reader.root) {
        for repository in reader.directories(&publisher) {
            let name = relative_to(reader.root, &repository);
            let folder = Folder::read(reader, &repository, &repository);
            for path in reader.files_below(&repository, DEPTH) {
                let evidence = format!("the names of the folders `{name}`; no revision is recorded");
                let origin = reader.origin(Some(name.clone()), None, evidence);
                let mut claim = Claim { model: Some(name.clone()), origin, ..reader.claim(path) };
                folder.describe(&mut claim);
                reader.push(claim);
            }
        }
    }
}

//! `<publisher>/<repository>/<file>`: the names of the folders are those of the registry, and nothing else is known.

use std::path::Path;

use super::{
    Claim,
    folder::Folder,
    marker::name_matches,
    reader::{Reader, plain_name, relative_to},
};

/// Folders below a repository.
const DEPTH: usize = 8;

pub(super) fn read(reader: &mut Reader<'_>) {
    for publisher in reader.directories(reader.root) {
        for repository in reader.directories(&publisher) {
            let name = Some(relative_to(reader.root, &repository))
                .filter(|_| !is_the_tools_own(reader, &publisher, &repository));
            let folder = Folder::read(reader, &repository, &repository);
            for path in reader.files_below(&repository, DEPTH) {
                let origin = name.as_ref().and_then(|name| {
                    let evidence = format!("the names of the folders `{name}`; no revision is recorded");
                    reader.origin(Some(name.clone()), None, evidence)
                });
                let mut claim = Claim { model: name.clone(), origin, ..reader.claim(path) };
                folder.describe(&mut claim);
                reader.push(claim);
            }
        }
    }
}

/// Whether the tool named the folders itself, as it does for files that somebody brought along.
fn is_the_tools_own(reader: &Reader<'_>, publisher: &Path, repository: &Path) -> bool {
    reader.store.not_repositories.iter().any(|pattern| {
        let (first, second) = pattern.split_once('/').unwrap_or((pattern, "*"));
        name_matches(first, plain_name(publisher).as_bytes())
            && name_matches(second, plain_name(repository).as_bytes())
    })
}

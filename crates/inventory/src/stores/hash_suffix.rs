//! `<name>-<first 8 hex digits of the SHA-256>.<extension>`.
//!
//! Eight digits are no digest: they stand in the note, for whoever computes the rest to compare.

use std::path::Path;

use super::{
    Claim,
    reader::{Reader, plain_name, shown},
};

/// The digits that the format promises.
const DIGITS: usize = 8;

pub(super) fn read(reader: &mut Reader<'_>) {
    for path in reader.files(reader.root) {
        let Some((model, prefix)) = name_and_prefix(&path) else { continue };
        let note = Some(format!("its name promises a SHA-256 that begins with {prefix}"));
        let model = Some(shown(model));
        let claim = reader.claim(path);
        reader.push(Claim { model, note, ..claim });
    }
}

fn name_and_prefix(path: &Path) -> Option<(String, String)> {
    let (stem, _) = plain_name(path).rsplit_once('.')?;
    let (model, prefix) = stem.rsplit_once('-')?;
    let whole = prefix.len() == DIGITS && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| (model.to_owned(), prefix.to_ascii_lowercase()))
}

//! `models/<type>/<file>`: sorted by what the files are for, with no word of where they are from.

use super::{
    Claim,
    reader::{Reader, relative_to, shown},
};

/// Folders below a type: people sort their own way.
const DEPTH: usize = 12;

pub(super) fn read(reader: &mut Reader<'_>) {
    for folder in reader.directories(&reader.root.join("models")) {
        let kind = relative_to(reader.root, &folder);
        for path in reader.files_below(&folder, DEPTH) {
            let model = path.file_stem().map(shown);
            let note = Some(format!("stands in `{kind}`"));
            let claim = reader.claim(path);
            reader.push(Claim { model, note, ..claim });
        }
    }
}

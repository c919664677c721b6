//! The text of `catalog/`, as it was when this was built, and how a table is read from it. It knows no table's shape.

use serde::de::DeserializeOwned;

use crate::CatalogError;

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// A number that changes when any text of the catalogue changes: 64-bit FNV-1a over all files and their names.
pub fn revision() -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let single = [LIBRARIES, FINGERPRINTS, FORMATS, GLOBALS, LICENSES, SECRETS, PACKAGES];
    let files = TOOLS.iter().chain(STORES).chain(&single);
    // A zero byte ends each part: it occurs in no text, so no two catalogues run into each other.
    let bytes = files.flat_map(|(name, text)| name.bytes().chain([0]).chain(text.bytes()).chain([0]));
    bytes.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// One file that is one table.
pub(crate) fn table<T: DeserializeOwned>((file, text): (&str, &str)) -> Result<T, CatalogError> {
    toml::from_str(text).map_err(|error| CatalogError::Table {
        file: file.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })
}

/// A folder of files that are a table each.
pub(crate) fn each<T: DeserializeOwned>(files: &[(&str, &str)]) -> Result<Vec<T>, CatalogError> {
    files.iter().copied().map(table).collect()
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::Tool;

    #[test]
    fn a_mistake_is_named_with_its_file_and_line() {
        let text = "id = \"x\"\nname = \"X\"\nkind = \"runtime\"\nnmae = 1\n";
        let error = table::<Tool>(("catalog/tools/x.toml", text)).unwrap_err().to_string();
        assert!(error.contains("`catalog/tools/x.toml`, line 4"), "{error}");
        assert!(error.contains("nmae"), "{error}");
    }

    #[test]
    fn the_revision_is_the_same_at_every_call() {
        assert_eq!(revision(), revision());
        assert_ne!(revision(), 0);
    }
}

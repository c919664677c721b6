//! Paths on a device. A path is bytes; text is only how it is shown.

use std::{fmt, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

/// A path as the operating system gave it, byte for byte. A name that is not UTF-8 is shown escaped and never lost.
///
/// Serialised on its own it is the escaped text. The types that carry one add `…_base64` beside it when the text is not exact, and
/// read that back; read on its own, the path is the text as it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPath(Vec<u8>);

impl HostPath {
    /// The empty path, which names nothing.
    pub const EMPTY: Self = Self(Vec::new());

    /// Takes the bytes of a path, as `OsStr::as_encoded_bytes` gives them.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes of the path.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text if it is UTF-8 without control characters, so that the text is exact and safe to print.
    pub fn exact_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok().filter(|text| !text.chars().any(is_unsafe_to_print))
    }

    /// The exact bytes in base64, when [`Self::exact_text`] has none.
    pub fn base64(&self) -> Option<String> {
        self.exact_text().is_none().then(|| BASE64_STANDARD.encode(&self.0))
    }

    /// The last component, or the whole path if it has none.
    pub fn file_name(&self) -> HostPath {
        let name = self.0.rsplit(|&byte| byte == b'/' || (cfg!(windows) && byte == b'\\')).next();
        Self(name.unwrap_or(&self.0).to_vec())
    }
}

/// Whether a character could do harm where it is shown. Control characters move the cursor of a terminal; bidirectional marks make one name look like another; separators of
/// lines and paragraphs break a row.
pub fn is_unsafe_to_print(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for HostPath {
    /// Escapes what cannot be shown: a byte that is not UTF-8 as `\xNN`, a control or bidirectional character as `\u{N}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if is_unsafe_to_print(c) {
                    write!(f, "{}", c.escape_unicode())?;
                } else {
                    write!(f, "{c}")?;
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostPath({self})")
    }
}

impl From<&Path> for HostPath {
    fn from(path: &Path) -> Self {
        Self(path.as_os_str().as_encoded_bytes().to_vec())
    }
}

impl From<&str> for HostPath {
    fn from(path: &str) -> Self {
        Self(path.as_bytes().to_vec())
    }
}

impl Serialize for HostPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Writes `path`, and `path_base64` when the text is not exact.
pub(crate) fn serialize_path<S: SerializeStruct>(out: &mut S, path: &HostPath) -> Result<(), S::Error> {
    out.serialize_field("path", path)?;
    match path.base64() {
        Some(exact) => out.serialize_field("path_base64", &exact),
        None => Ok(()),
    }
}

impl<'de> Deserialize<'de> for HostPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into_bytes()))
    }
}

/// A `…_base64` that is no base64.
#[derive(Debug, thiserror::Error)]
#[error("the exact bytes of the path `{0}` are not in base64")]
pub(crate) struct NotBase64(HostPath);

/// The path of a text and of what stands beside it when the text is not exact.
pub(crate) fn exact(text: HostPath, base64: Option<&str>) -> Result<HostPath, NotBase64> {
    match base64.map(|base64| BASE64_STANDARD.decode(base64)) {
        None => Ok(text),
        Some(Ok(bytes)) => Ok(HostPath(bytes)),
        Some(Err(_)) => Err(NotBase64(text)),
    }
}

/// As [`exact`], for a list and the list beside it, which has null where the text is exact.
pub(crate) fn exact_all(texts: Vec<HostPath>, base64: &[Option<String>]) -> Result<Vec<HostPath>, NotBase64> {
    let beside = base64.iter().map(Option::as_deref).chain(std::iter::repeat(None));
    texts.into_iter().zip(beside).map(|(text, base64)| exact(text, base64)).collect()
}

/// What stands beside a list of paths: empty when every text is exact.
pub(crate) fn all_base64(paths: &[HostPath]) -> Vec<Option<String>> {
    if paths.iter().all(|path| path.exact_text().is_some()) {
        return Vec::new();
    }
    paths.iter().map(HostPath::base64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_is_not_utf8_is_escaped_and_kept() {
        let path = HostPath::from_bytes(*b"/m/caf\xe9.gguf");
        assert_eq!(path.to_string(), "/m/caf\\xe9.gguf");
        assert_eq!(path.base64().as_deref(), Some("L20vY2Fm6S5nZ3Vm"));
        assert_eq!(path.file_name().as_bytes(), b"caf\xe9.gguf");
    }

    #[test]
    fn a_name_cannot_draw_on_the_terminal() {
        let path = HostPath::from("/m/\u{1b}[2J\u{202e}fugg.txt");
        assert_eq!(path.to_string(), "/m/\\u{1b}[2J\\u{202e}fugg.txt");
        assert!(path.base64().is_some());
    }

    proptest! {
        #[test]
        fn the_exact_bytes_are_always_there(bytes: Vec<u8>) {
            let path = HostPath::from_bytes(bytes.clone());
            match path.base64() {
                Some(text) => prop_assert_eq!(BASE64_STANDARD.decode(text).unwrap(), bytes),
                None => prop_assert_eq!(path.to_string().into_bytes(), bytes),
            }
        }
    }
}

//! A folder that files were fetched into, with `.cache/huggingface/download/<file>.metadata` for each of them.
//!
//! Format: three lines, the commit, the etag and the time in seconds since 1970, as `huggingface_hub` writes them. The
//! repository is not among them.

use std::path::{Path, PathBuf};

use domain::Sha256Digest;
use platform::read;

use super::{
    Claim,
    folder::Folder,
    reader::{Reader, is_commit, relative_to},
};

/// Where the tool keeps its own files.
const OWN: &str = ".cache/huggingface";
/// Folders below it: repositories nest their files.
const DEPTH: usize = 16;
/// The longest metadata file, in bytes.
const METADATA: usize = 4096;

pub(super) fn read(reader: &mut Reader<'_>) {
    let downloads = reader.root.join(OWN).join("download");
    let top = Folder::read(reader, reader.root, reader.root);
    for path in reader.files_below(&downloads, DEPTH) {
        if path.extension().is_some_and(|extension| extension == "metadata") {
            describe(reader, &downloads, &path, &top);
        }
    }
}

fn describe(reader: &mut Reader<'_>, downloads: &Path, path: &Path, top: &Folder) {
    let Some(content) = reader.bytes(path, METADATA) else { return };
    let Some(metadata) = Metadata::of(&content) else {
        return reader.problem(path, "not a commit, an etag and a time");
    };
    let relative = path.strip_prefix(downloads).unwrap_or(path).with_extension("");
    let Some(file) = reader.file(path, &relative) else { return };
    let claim = claim(reader, file, &metadata, path, top);
    reader.push(claim);
}

fn claim(reader: &mut Reader<'_>, file: PathBuf, metadata: &Metadata, path: &Path, top: &Folder) -> Claim {
    let mut evidence = relative_to(reader.root, path);
    let mut claim = reader.claim(file);
    if metadata.is_outdated(&claim.path) {
        // What was changed after the download is no longer what was downloaded.
        evidence.push_str(", but the file was changed since");
    } else {
        claim.digest = metadata.digest;
    }
    claim.origin = reader.origin(None, Some(metadata.commit.clone()), evidence);
    top.describe(&mut claim);
    claim
}

/// What is known of one download.
#[derive(Debug, PartialEq)]
struct Metadata {
    commit: String,
    digest: Option<Sha256Digest>,
    /// Seconds since 1970.
    time: f64,
}

impl Metadata {
    fn of(content: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(content).ok()?.lines().map(str::trim);
        let commit = lines.next().filter(|commit| is_commit(commit))?.to_owned();
        let digest = lines.next().filter(|etag| !etag.is_empty())?.parse().ok();
        let time = lines.next()?.parse().ok().filter(|time: &f64| time.is_finite())?;
        Some(Self { commit, digest, time })
    }

    /// Whether the file was changed after this was written; the tool itself allows a second.
    fn is_outdated(&self, file: &Path) -> bool {
        let Ok(identity) = read::identity_of(file) else { return true };
        let modified = i64_as_f64(identity.modified.0);
        modified - 1.0 > self.time
    }
}

/// Seconds since 1970 fit into the 53 bits of a double for as long as anyone will run this.
#[allow(clippy::cast_precision_loss, reason = "a time in seconds has far fewer than 53 bits")]
fn i64_as_f64(seconds: i64) -> f64 {
    seconds as f64
}

#[cfg(feature = "fuzzing")]
pub(super) fn fuzz(bytes: &[u8]) {
    Metadata::of(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMIT: &str = "11c5a3d5811f50298f278a704980280950aedb10";

    #[test]
    fn an_etag_of_64_digits_is_a_digest_and_one_of_40_is_not() {
        let sha256 = "7c5d3f4b8b76583b422fcb9189ad6c89d5d97a094541ce8932dce3ecabde1421";
        let lfs = Metadata::of(format!("{COMMIT}\n{sha256}\n1712656091.123\n").as_bytes()).unwrap();
        assert_eq!(lfs.digest, sha256.parse().ok());
        assert_eq!(lfs.commit, COMMIT);
        assert_eq!(
            Metadata::of(format!("{COMMIT}\n{COMMIT}\n1712656091.123\n").as_bytes()).unwrap().digest,
            None
        );
    }

    #[test]
    fn what_is_not_three_lines_is_refused() {
        for text in [
            "",
            "x\ny\n1\n",
            &format!("{COMMIT}\n"),
            &format!("{COMMIT}\n\n1\n"),
            &format!("{COMMIT}\nx\nnan\n"),
        ] {
            assert_eq!(Metadata::of(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(content: Vec<u8>) {
            Metadata::of(&content);
        }

        #[test]
        fn what_the_tool_writes_is_read_back(commit in "[0-9a-f]{40}", etag in "[0-9a-f]{64}", time in 0u32..) {
            let metadata = Metadata::of(format!("{commit}\n{etag}\n{time}.5\n").as_bytes());
            let digest = etag.parse().ok();
            prop_assert_eq!(metadata, Some(Metadata { commit, digest, time: f64::from(time) + 0.5 }));
        }
    }
}

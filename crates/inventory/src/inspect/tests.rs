use std::path::Path;

use artifact::{Limits, testkit};
use domain::{DigestStatus, Verdict};
use platform::read::Window;

use super::*;

/// Far enough that every file has been left alone for long.
const LATER: i64 = 1000;

fn memory(directory: &DataDirectory) -> Memory {
    let now = platform::clock::now().as_second() + LATER;
    Memory::load(directory, &[], 0, now).unwrap().with_verdicts(directory.path())
}

fn target(path: &Path) -> Target {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    Target { real: path.to_owned(), identity: platform::read::identity_of(path).unwrap(), name }
}

fn looked(catalog: &Catalog, memory: &Memory, targets: &[Target]) -> (Vec<Option<io::Result<Looked>>>, u64) {
    let (stop, read, done) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let looker = Looker { catalog, memory, depth: Depth::Full, stop: &stop, read: &read };
    let answers = looker.look_at_all(targets, 2, &done);
    (answers, read.load(Ordering::Relaxed))
}

fn inspection(answer: &Option<io::Result<Looked>>) -> &artifact::Inspection {
    match answer {
        Some(Ok(Looked::Inspected(inspection))) => inspection,
        other => panic!("no inspection: {other:?}"),
    }
}

#[test]
fn a_file_that_did_not_change_is_not_read_again_and_one_that_did_is() {
    let (catalog, folder) = (catalog::load().unwrap(), tempfile::tempdir().unwrap());
    let data = DataDirectory::own(&folder.path().join("data")).unwrap();
    let path = folder.path().join("m.gguf");
    std::fs::write(&path, testkit::gguf(&[], &[("w", &[64])])).unwrap();
    let (first, read) = looked(&catalog, &memory(&data), &[target(&path)]);
    assert!(read > 0);
    keep(&memory(&data), &data, &[target(&path)], &first).unwrap();
    let (second, read) = looked(&catalog, &memory(&data), &[target(&path)]);
    assert_eq!((inspection(&second[0]), read), (inspection(&first[0]), 0));
    std::fs::write(&path, testkit::gguf(&[], &[("v", &[64])])).unwrap();
    let (third, read) = looked(&catalog, &memory(&data), &[target(&path)]);
    assert!(read > 0 && inspection(&third[0]).sha256 != inspection(&first[0]).sha256);
}

#[test]
fn verdicts_of_other_rules_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDirectory::own(folder.path()).unwrap();
    let mut seen =
        artifact::inspect(io::Cursor::new(b"x"), 1, "x", &catalog::load().unwrap(), &Limits::full()).unwrap();
    let digest = Sha256Digest::from_bytes([3; 32]);
    seen.sha256 = Some(digest);
    memory(&data).save_verdicts(&data, std::iter::once(("x", &seen))).unwrap();
    assert_eq!(memory(&data).verdict(digest, "x"), Some(seen));
    assert_eq!(memory(&data).verdict(digest, "y"), None, "of what is in no format the name decides");
    let file = data.path().join("scan/verdicts");
    let mut bytes = platform::read::whole(&file, 1 << 20).unwrap();
    // The revision stands behind magic and key.
    bytes[24] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(memory(&data).verdict(digest, "x"), None);
}

#[test]
fn many_files_are_looked_at_in_their_order_and_none_is_forgotten() {
    let (catalog, folder) = (catalog::load().unwrap(), tempfile::tempdir().unwrap());
    let targets: Vec<_> = (0..40_u64)
        .map(|at| {
            let path = folder.path().join(format!("{at}.safetensors"));
            std::fs::write(&path, testkit::safetensors(&[], &[("w", &[at + 1])])).unwrap();
            target(&path)
        })
        .collect();
    let (answers, _) = looked(&catalog, &Memory::none(), &targets);
    for (target, answer) in targets.iter().zip(&answers) {
        let file = platform::read::open(&target.real).unwrap().0;
        let window = &mut Window::new(&file, target.identity.size);
        let digest = crate::memory::sha256(window, &AtomicBool::new(false), &AtomicU64::new(0)).unwrap();
        assert_eq!(inspection(answer).sha256, Some(digest), "{}", target.name);
    }
}

#[test]
fn a_store_that_lies_about_the_digest_is_contradicted_by_an_inspection() {
    let (catalog, folder) = (catalog::load().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("m.safetensors");
    std::fs::write(&path, testkit::safetensors(&[], &[("w", &[4])])).unwrap();
    let (answers, _) = looked(&catalog, &Memory::none(), &[target(&path)]);
    let found = inspect(
        &catalog,
        &Request {
            paths: vec![path],
            spooled: None,
            depth: Depth::Full,
            remember: Remember::No,
            environment: &|_| None,
        },
        &AtomicBool::new(false),
        &Watch::default(),
    );
    let mut artifact = found.unwrap().artifacts.remove(0);
    let claim = Sha256Digest::from_bytes([9; 32]);
    artifact.digest = domain::Digest::claimed(claim);
    fold(&mut artifact, inspection(&answers[0]));
    assert_eq!((artifact.digest.status, artifact.digest.claimed), (DigestStatus::Computed, Some(claim)));
    assert_eq!(artifact.verdict, Verdict::Clean);
}

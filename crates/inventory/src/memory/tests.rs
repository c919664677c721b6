use platform::read::FileId;
use proptest::prelude::*;

use super::*;

fn identity(inode: u64, changed: i64) -> Identity {
    Identity {
        file: Some(FileId { device: 1, inode }),
        size: 5000,
        modified: (1, 2),
        changed: Some((changed, 0)),
    }
}

fn load(dir: &Path, roots: &[PathBuf], revision: u64) -> (DataDirectory, Memory) {
    let directory = DataDirectory::own(dir).unwrap();
    let memory = Memory::load(&directory, roots, revision, 1000).unwrap();
    (directory, memory)
}

/// A directory in which one file and one digest are remembered for `/a`.
fn remembered() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (directory, memory) = load(dir.path(), &[PathBuf::from("/a")], 1);
    let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
    memory.save(&directory, &[fingerprint], &[(fingerprint, Sha256Digest::from_bytes([7; 32]))]).unwrap();
    dir
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(dir.join(FOLDER)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_was_saved_is_known_to_the_next_scan_of_the_same_roots_only() {
    let dir = remembered();
    {
        let (_lock, memory) = load(dir.path(), &[PathBuf::from("/a")], 1);
        let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
        assert!(memory.is_unchanged(fingerprint));
        assert_eq!(memory.digest(fingerprint), Some(Sha256Digest::from_bytes([7; 32])));
        let touched = memory.fingerprint(&identity(1, 11)).unwrap();
        assert!(!memory.is_unchanged(touched) && memory.digest(touched).is_none());
    }
    let (_lock, elsewhere) = load(dir.path(), &[PathBuf::from("/b")], 1);
    assert!(!elsewhere.is_unchanged(elsewhere.fingerprint(&identity(1, 10)).unwrap()));
}

#[test]
fn what_another_process_remembers_is_used_and_nothing_is_written() {
    let dir = remembered();
    let _owner = DataDirectory::own(dir.path()).unwrap();
    let before = files(dir.path());
    let memory = Memory::read(dir.path(), &[PathBuf::from("/a")], 1, 1000);
    let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
    assert!(memory.is_unchanged(fingerprint) && memory.digest(fingerprint).is_some());
    assert_eq!(files(dir.path()), before);

    let empty = tempfile::tempdir().unwrap();
    let nothing = Memory::read(empty.path(), &[], 1, 1000);
    assert_eq!(nothing.fingerprint(&identity(1, 10)), None);
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn new_knowledge_forgets_old_answers_but_no_digest() {
    let dir = remembered();
    let (_lock, memory) = load(dir.path(), &[PathBuf::from("/a")], 2);
    let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
    assert!(!memory.is_unchanged(fingerprint));
    assert!(memory.digest(fingerprint).is_some());
}

#[test]
fn a_file_that_changed_a_moment_ago_is_not_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let (_lock, memory) = load(dir.path(), &[], 1);
    assert_eq!(memory.fingerprint(&identity(1, 999)), None);
    assert!(memory.fingerprint(&identity(1, 997)).is_some());
}

#[test]
fn a_digest_that_was_remembered_stays_when_others_are_added() {
    let dir = remembered();
    let (first, second) = (identity(1, 10), identity(2, 10));
    {
        let (directory, memory) = load(dir.path(), &[PathBuf::from("/a")], 1);
        let state = memory.fingerprint(&second).unwrap();
        memory.save(&directory, &[], &[(state, Sha256Digest::from_bytes([8; 32]))]).unwrap();
    }
    let (_lock, memory) = load(dir.path(), &[PathBuf::from("/a")], 1);
    let known = |identity| memory.fingerprint(&identity).and_then(|state| memory.digest(state)).is_some();
    assert!(known(first) && known(second));
}

#[test]
fn the_memory_of_root_sets_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..KEPT_ROOT_SETS + 3 {
        let (directory, memory) = load(dir.path(), &[PathBuf::from(format!("/{number}"))], 1);
        let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
        memory.save(&directory, &[fingerprint], &[]).unwrap();
    }
    let sets = files(dir.path())
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(ROOTS));
    assert_eq!(sets.count(), KEPT_ROOT_SETS);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_remembered() {
    use std::os::unix::fs::PermissionsExt;
    let dir = remembered();
    for file in files(dir.path()) {
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            file.display()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_is_not_believed_and_brings_nothing_down(
        which in 0usize..3, at in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<bool>(),
    ) {
        let dir = remembered();
        let file = &files(dir.path())[which];
        let mut bytes = platform::read::whole(file, 1 << 20).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        std::fs::write(file, bytes).unwrap();

        let (_lock, memory) = load(dir.path(), &[PathBuf::from("/a")], 1);
        let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
        // Damage to the key spoils both, damage to one of the others only that one.
        let (unchanged, digest) = (memory.is_unchanged(fingerprint), memory.digest(fingerprint).is_some());
        prop_assert!(!(unchanged && digest));
    }
}

use std::{collections::BTreeSet, path::Path};

use super::*;

/// Collects names; wants every file.
struct Everything;

#[derive(Default)]
struct Seen {
    files: BTreeSet<Vec<u8>>,
    links: usize,
    unreadable: Vec<Vec<u8>>,
}

impl Visitor for Everything {
    type Worker = Seen;

    fn worker(&self) -> Seen {
        Seen::default()
    }

    fn directory(&self, _: &mut Seen, at: At<'_>) -> bool {
        at.name != b"left-out"
    }

    fn file(&self, _: &mut Seen, _: At<'_>, _: &Identity) -> bool {
        true
    }

    fn opened(&self, seen: &mut Seen, at: At<'_>, identity: &Identity, head: &[u8], _: &File) -> Opened {
        assert_eq!(head.len() as u64, identity.size.min(HEAD as u64));
        seen.files.insert(at.path());
        Opened::default()
    }

    fn link(&self, seen: &mut Seen, _: At<'_>) {
        seen.links += 1;
    }

    fn unreadable(&self, seen: &mut Seen, path: &[u8], _: &io::Error) {
        seen.unreadable.push(path.to_vec());
    }
}

fn walk_it(roots: &[&Path]) -> (Seen, Progress) {
    let roots: Vec<_> = roots.iter().map(|root| root.to_path_buf()).collect();
    let progress = Progress::default();
    let stop = AtomicBool::new(false);
    let walked = walk(
        &Everything,
        &Options { roots: &roots, named: true, threads: 3, stop: &stop, progress: &progress },
    );
    let mut all = Seen::default();
    for worker in walked.workers {
        all.files.extend(worker.files);
        all.links += worker.links;
        all.unreadable.extend(worker.unreadable);
    }
    (all, progress)
}

#[test]
fn every_file_is_seen_once_by_several_threads() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = BTreeSet::new();
    for a in 0..20 {
        for b in 0..20 {
            let folder = dir.path().join(format!("{a}/{b}"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("f"), b"x").unwrap();
            let folder = folder.canonicalize().unwrap();
            expected.insert(folder.join("f").as_os_str().as_encoded_bytes().to_vec());
        }
    }
    let (seen, progress) = walk_it(&[dir.path()]);
    assert_eq!(seen.files, expected);
    assert_eq!(progress.files.load(Ordering::Relaxed), 400);
    assert_eq!(progress.directories.load(Ordering::Relaxed), 421);
}

#[test]
fn roots_inside_roots_are_walked_once_and_missing_ones_are_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("in")).unwrap();
    std::fs::write(dir.path().join("in/f"), b"x").unwrap();
    let missing = dir.path().join("missing");
    let (seen, progress) = walk_it(&[&dir.path().join("in"), dir.path(), &missing]);
    assert_eq!(progress.files.load(Ordering::Relaxed), 1);
    assert_eq!(seen.unreadable, [missing.as_os_str().as_encoded_bytes().to_vec()]);
}

#[test]
fn a_visitor_can_leave_a_directory_out() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("left-out")).unwrap();
    std::fs::write(dir.path().join("left-out/f"), b"x").unwrap();
    assert!(walk_it(&[dir.path()]).0.files.is_empty());
}

#[test]
fn a_root_may_be_one_file_and_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f"), b"x").unwrap();
    let (seen, progress) = walk_it(&[&dir.path().join("f")]);
    assert_eq!(seen.files.len(), 1);
    assert_eq!((progress.files.load(Ordering::Relaxed), progress.bytes.load(Ordering::Relaxed)), (1, 1));
    assert_eq!(progress.directories.load(Ordering::Relaxed), 0);
}

#[test]
fn only_what_is_absent_is_not_worth_a_look() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f"), b"x").unwrap();
    assert!(is_worth_a_look(dir.path()));
    for absent in ["f", "f/below", "absent", "absent/below"] {
        assert!(!is_worth_a_look(&dir.path().join(absent)), "{absent}");
    }
    // A loop of links stands here for all that the system refuses to say.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("loop", dir.path().join("loop")).unwrap();
        assert!(is_worth_a_look(&dir.path().join("loop")));
    }
}

#[test]
fn a_walk_that_was_told_to_stop_ends() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("d")).unwrap();
    let (roots, progress) = ([dir.path().to_path_buf()], Progress::default());
    let stop = AtomicBool::new(true);
    walk(&Everything, &Options { roots: &roots, named: true, threads: 2, stop: &stop, progress: &progress });
    assert_eq!(progress.directories.load(Ordering::Relaxed), 0);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_counted_and_not_followed_even_in_loops() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
        std::fs::create_dir(&inside).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret"), b"x").unwrap();
        symlink(&outside, inside.join("away")).unwrap();
        symlink(".", inside.join("loop")).unwrap();
        symlink("b", inside.join("a")).unwrap();
        symlink("a", inside.join("b")).unwrap();
        let (seen, _) = walk_it(&[&inside]);
        assert!(seen.files.is_empty());
        assert_eq!(seen.links, 4);
    }

    #[test]
    fn a_fifo_is_counted_and_never_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
        let (seen, progress) = walk_it(&[dir.path()]);
        assert!(seen.files.is_empty());
        assert_eq!(progress.special.load(Ordering::Relaxed), 1);
        let (seen, progress) = walk_it(&[&path]);
        assert!(seen.files.is_empty() && seen.unreadable.is_empty());
        assert_eq!(progress.special.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_root_on_a_kernel_file_system_is_entered_only_if_it_was_named() {
        let roots = [PathBuf::from("/proc/self/ns")];
        let (progress, stop) = (Progress::default(), AtomicBool::new(false));
        for named in [false, true] {
            let options = Options { roots: &roots, named, threads: 2, stop: &stop, progress: &progress };
            let walked = walk(&Everything, &options);
            assert_eq!(walked.roots.is_empty(), !named, "{:?}", walked.roots);
            assert_eq!(walked.skipped_mounts.is_empty(), named);
        }
        assert_eq!(progress.directories.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_name_that_is_not_utf8_is_visited_byte_for_byte() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
        std::fs::write(dir.path().join(name), b"x").unwrap();
        let (seen, _) = walk_it(&[dir.path()]);
        assert!(seen.files.iter().all(|path| path.ends_with(b"/caf\xe9")) && seen.files.len() == 1);
    }
}

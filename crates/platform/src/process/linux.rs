//! Processes from `/proc`. Source of the formats: proc(5).

use std::{
    collections::HashMap,
    fs::File,
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{MappedFile, OpenFile, Process};
use crate::read::{self, FileId};

/// Command lines of agents reach 50,000 characters; nothing useful is beyond this.
const ARGUMENTS_LIMIT: u64 = 256 << 10;
const ENVIRONMENT_LIMIT: u64 = 512 << 10;
/// A browser has some thousand mappings; the kernel's default limit is 65,530.
const MAPS_LIMIT: u64 = 32 << 20;
const STAT_LIMIT: u64 = 8 << 10;
const DESCRIPTOR_LIMIT: usize = 65_536;

/// All processes that the system shows to us, by id. Kernel threads are left out.
///
/// # Errors
/// When `/proc` cannot be listed.
pub fn list() -> io::Result<Vec<Process>> {
    let boot = boot_time();
    let mut names = HashMap::new();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that ends while we look is no longer of interest.
        if let Some(process) = process(pid, boot, &mut names) {
            found.push(process);
        }
    }
    found.sort_by_key(|process| process.pid);
    Ok(found)
}

fn process(pid: u32, boot: Option<i64>, names: &mut HashMap<u32, String>) -> Option<Process> {
    let stat = stat(&contents(pid, "stat", STAT_LIMIT).ok()?)?;
    let arguments = arguments(&contents(pid, "cmdline", ARGUMENTS_LIMIT).unwrap_or_default());
    let exe = std::fs::read_link(format!("/proc/{pid}/exe")).ok().map(without_deleted);
    if arguments.is_empty() && exe.is_none() {
        return None;
    }
    let user_id = std::fs::metadata(format!("/proc/{pid}")).ok().map(|metadata| metadata.uid());
    let user = user_id.map(|uid| names.entry(uid).or_insert_with(|| crate::accounts::name(uid)).clone());
    let ticks = rustix::param::clock_ticks_per_second();
    let started_at = boot
        .zip(stat.start_ticks.checked_div(ticks))
        .and_then(|(boot, since)| Timestamp::from_second(boot.checked_add_unsigned(since)?).ok());
    let directory = std::fs::read_link(format!("/proc/{pid}/cwd")).ok();
    Some(Process {
        pid,
        parent: stat.parent,
        name: stat.name,
        exe,
        arguments,
        user_id,
        user,
        started_at,
        directory,
    })
}

/// What we need of proc_pid_stat(5).
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: String,
    parent: Option<u32>,
    start_ticks: u64,
}

/// The name stands in parentheses and may hold any byte, parentheses too, so the last one ends it.
fn stat(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|&byte| byte == b'(')?;
    let close = line.iter().rposition(|&byte| byte == b')')?;
    let name = String::from_utf8_lossy(line.get(open + 1..close)?).into_owned();
    let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok().filter(|&pid: &u32| pid != 0);
    let start_ticks = fields.nth(17)?.parse().ok()?;
    Some(Stat { name, parent, start_ticks })
}

/// Arguments end in a zero byte each. A process that rewrites its title may leave one string with spaces.
fn arguments(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes.split(|&byte| byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

fn boot_time() -> Option<i64> {
    let stat = read_proc(Path::new("/proc/stat"), 4 << 20).ok()?;
    let text = String::from_utf8_lossy(&stat).into_owned();
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// Names of the environment variables that a process started with. Values are never kept.
///
/// # Errors
/// The system's error, `PermissionDenied` for a process of another user.
pub fn environment_names(pid: u32) -> io::Result<Vec<String>> {
    Ok(names_of(&contents(pid, "environ", ENVIRONMENT_LIMIT)?))
}

fn names_of(environment: &[u8]) -> Vec<String> {
    environment
        .split(|&byte| byte == 0)
        .filter_map(|pair| pair.split(|&byte| byte == b'=').next())
        .filter(|name| !name.is_empty())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// The files mapped into a process, each once.
///
/// # Errors
/// The system's error, `PermissionDenied` for a process of another user.
pub fn mapped_files(pid: u32) -> io::Result<Vec<MappedFile>> {
    Ok(maps(&contents(pid, "maps", MAPS_LIMIT)?))
}

/// proc_pid_maps(5): `range perms offset major:minor inode path`, a newline in a path as `\012`.
fn maps(text: &[u8]) -> Vec<MappedFile> {
    let mut seen = std::collections::HashSet::new();
    text.split(|&byte| byte == b'\n')
        .filter_map(mapped_file)
        .filter(|mapped| seen.insert(mapped.file))
        .collect()
}

fn mapped_file(line: &[u8]) -> Option<MappedFile> {
    let slash = line.iter().position(|&byte| byte == b'/')?;
    let fields = std::str::from_utf8(line.get(..slash)?).ok()?;
    let mut fields = fields.split_ascii_whitespace();
    let range = fields.next()?.to_owned();
    let (major, minor) = fields.nth(2)?.split_once(':')?;
    let (major, minor) = (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    let inode = fields.next()?.parse().ok().filter(|&inode: &u64| inode != 0)?;
    let path = line.get(slash..)?;
    let (path, deleted) = path.strip_suffix(b" (deleted)").map_or((path, false), |path| (path, true));
    let path = crate::path::from_bytes(&unescape_newlines(path));
    let file = FileId { device: rustix::fs::makedev(major, minor), inode };
    Some(MappedFile { path, file, range, deleted })
}

fn unescape_newlines(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"\\012") {
            plain.push(b'\n');
            rest = after;
        } else {
            plain.push(byte);
            rest = after;
        }
    }
    plain
}

/// The descriptors that a process holds: files, devices and sockets.
///
/// # Errors
/// The system's error, `PermissionDenied` for a process of another user.
pub fn open_files(pid: u32) -> io::Result<Vec<OpenFile>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd"))?.take(DESCRIPTOR_LIMIT) {
        let entry = entry?;
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        let descriptor = entry.file_name().to_str().and_then(|name| name.parse().ok());
        match (socket_inode(&target), descriptor) {
            (Some(inode), _) => found.push(OpenFile::Socket(inode)),
            (None, Some(descriptor)) if target.is_absolute() => {
                found.push(OpenFile::Path { descriptor, path: without_deleted(target) });
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether a process may write through a descriptor.
pub fn opened_for_writing(pid: u32, descriptor: u32) -> bool {
    let info =
        read_proc(&PathBuf::from(format!("/proc/{pid}/fdinfo/{descriptor}")), STAT_LIMIT).unwrap_or_default();
    let text = String::from_utf8_lossy(&info);
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & 0o3 != 0)
}

fn socket_inode(target: &Path) -> Option<u64> {
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Opens a file that a process has mapped: through the mapping where we may, else by its path in the process's own root,
/// and then only if it is still the same file.
///
/// # Errors
/// The system's error; `NotFound` when the path now names another file.
pub fn open_mapped(pid: u32, mapped: &MappedFile) -> io::Result<(File, read::Identity)> {
    if let Ok(opened) = open_magic(&format!("/proc/{pid}/map_files/{}", mapped.range)) {
        return Ok(opened);
    }
    let opened = read::open(&in_root_of(pid, &mapped.path))?;
    // Some file systems (overlay, btrfs) show another device number in maps than to stat: the inode decides.
    if opened.1.file.is_some_and(|file| file.inode == mapped.file.inode) {
        return Ok(opened);
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "the path names another file now"))
}

/// Opens a file that a process holds open, by the path it had.
///
/// # Errors
/// The system's error.
pub fn open_of(pid: u32, path: &Path) -> io::Result<(File, read::Identity)> {
    read::open(&in_root_of(pid, path))
}

/// Where a path of a process leads when its links are followed; `None` in another root, whose links mean other files.
pub fn resolve(pid: u32, path: &Path) -> Option<PathBuf> {
    let root = std::fs::read_link(format!("/proc/{pid}/root")).ok()?;
    (root == Path::new("/")).then(|| path.canonicalize().ok()).flatten()
}

/// A process in a container has another root.
fn in_root_of(pid: u32, path: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    match std::fs::read_link(&root) {
        Ok(target) if target == Path::new("/") => path.to_owned(),
        _ => root.join(path.strip_prefix("/").unwrap_or(path)),
    }
}

/// `map_files` holds magic links: what opens is the mapped file itself, so the link is followed on purpose.
#[allow(clippy::disallowed_methods, reason = "a link of /proc, and the file is checked to be a regular one")]
fn open_magic(path: &str) -> io::Result<(File, read::Identity)> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let file = File::open(path)?;
    let identity = read::identity_of_file(&file)?;
    Ok((file, identity))
}

fn without_deleted(path: PathBuf) -> PathBuf {
    match path.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
        Some(bytes) => crate::path::from_bytes(bytes),
        None => path,
    }
}

fn contents(pid: u32, name: &str, limit: u64) -> io::Result<Vec<u8>> {
    read_proc(&PathBuf::from(format!("/proc/{pid}/{name}")), limit)
}

/// Files of `/proc` are made by the kernel when they are read; what is longer than the limit is cut.
#[allow(clippy::disallowed_methods, reason = "a file of the kernel's")]
pub(crate) fn read_proc(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut content = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(bytes: &[u8]) {
    stat(bytes);
    maps(bytes);
    arguments(bytes);
    names_of(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_process_named_to_confuse_is_read() {
        let line = b"42 (a) R 1 (b) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 99 9";
        let stat = stat(line).unwrap();
        assert_eq!((stat.name.as_str(), stat.parent, stat.start_ticks), ("a) R 1 (b", Some(7), 12345));
    }

    #[test]
    fn a_mapped_file_is_listed_once_with_its_odd_name() {
        let text = b"7f00-7f10 r--p 00000000 fe:01 77 /m/my\\012model (deleted)\n\
                     7f10-7f20 r--p 00010000 fe:01 77 /m/my\\012model (deleted)\n7f30-7f40 rw-p 0 00:00 0 [heap]\n";
        let files = maps(text);
        assert_eq!(files.len(), 1);
        assert_eq!((files[0].path.as_path(), files[0].deleted), (Path::new("/m/my\nmodel"), true));
    }

    #[test]
    fn only_names_of_the_environment_are_kept() {
        assert_eq!(names_of(b"A=secret\0B=\0\0C"), ["A", "B", "C"]);
    }

    #[test]
    fn this_process_is_among_all_with_its_program_and_its_maps() {
        let own = std::process::id();
        let process = list().unwrap().into_iter().find(|process| process.pid == own).unwrap();
        let exe = std::env::current_exe().unwrap();
        assert_eq!(process.exe.as_deref(), Some(exe.as_path()));
        assert!(process.started_at.is_some_and(|time| time <= crate::clock::now()));
        let mapped = mapped_files(own).unwrap();
        let program = mapped.iter().find(|mapped| mapped.path == exe).unwrap();
        let (_, identity) = open_mapped(own, program).unwrap();
        assert_eq!(identity.file.unwrap().inode, program.file.inode);
    }

    proptest! {
        #[test]
        fn no_line_makes_a_parser_panic(bytes: Vec<u8>) {
            stat(&bytes);
            maps(&bytes);
            arguments(&bytes);
            names_of(&bytes);
        }
    }
}

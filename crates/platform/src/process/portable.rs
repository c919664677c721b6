//! Processes of systems other than Linux, through a portable library. Loses: mapped files, open files and sockets, so a
//! renamed runtime is not recognised by what it has loaded.

use std::{fs::File, io, path::Path};

use jiff::Timestamp;

use super::{MappedFile, OpenFile, Process};
use crate::read::Identity;

/// All processes that the system shows to us, by id.
///
/// # Errors
/// The system's error.
pub fn list() -> io::Result<Vec<Process>> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind, Users};
    let kind = ProcessRefreshKind::nothing()
        .with_cmd(UpdateKind::Always)
        .with_exe(UpdateKind::Always)
        .with_cwd(UpdateKind::Always)
        .with_user(UpdateKind::Always);
    let refused = |error: sysinfo::Error| io::Error::other(error.to_string());
    let mut system = System::new().map_err(refused)?;
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
    let users = Users::new_with_refreshed_list().ok();
    let mut found: Vec<_> = system
        .processes()
        .values()
        .map(|process| Process {
            pid: process.pid().as_u32(),
            parent: process.parent().map(sysinfo::Pid::as_u32),
            name: process.name().to_string_lossy().into_owned(),
            exe: process.exe().map(Path::to_path_buf),
            arguments: process.cmd().iter().map(|part| part.to_string_lossy().into_owned()).collect(),
            user_id: None,
            user: process
                .user_id()
                .and_then(|id| users.as_ref()?.get_user_by_id(id))
                .map(|user| user.name().to_owned()),
            started_at: i64::try_from(process.start_time()).ok().and_then(|s| Timestamp::from_second(s).ok()),
            directory: process.cwd().map(Path::to_path_buf),
        })
        .collect();
    found.sort_by_key(|process| process.pid);
    Ok(found)
}

/// Not to be had without rights that a scan should not need.
///
/// # Errors
/// Always `Unsupported`.
pub fn environment_names(_pid: u32) -> io::Result<Vec<String>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not written for these systems.
///
/// # Errors
/// Always `Unsupported`.
pub fn mapped_files(_pid: u32) -> io::Result<Vec<MappedFile>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not written for these systems.
///
/// # Errors
/// Always `Unsupported`.
pub fn open_files(_pid: u32) -> io::Result<Vec<OpenFile>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not to be known on these systems.
pub fn opened_for_writing(_pid: u32, _descriptor: u32) -> bool {
    false
}

/// Opens the file by its path.
///
/// # Errors
/// The system's error.
pub fn open_mapped(_pid: u32, mapped: &MappedFile) -> io::Result<(File, Identity)> {
    crate::read::open(&mapped.path)
}

/// Opens the file by its path.
///
/// # Errors
/// The system's error.
pub fn open_of(_pid: u32, path: &Path) -> io::Result<(File, Identity)> {
    crate::read::open(path)
}

/// Where a path of a process leads when its links are followed.
pub fn resolve(_pid: u32, path: &Path) -> Option<std::path::PathBuf> {
    path.canonicalize().ok()
}

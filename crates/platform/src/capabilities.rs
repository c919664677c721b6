//! What Eyeline can see on which operating system, and how far that was checked.
//!
//! `docs/src/platforms.md` is this table; a test writes it and fails when it is out of date.

use std::fmt;

/// How far a capability was checked on an operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// The tests run it there.
    Tested,
    /// It is compiled and linked for it; nobody ran it. Never counts as sight.
    Built,
    /// The compiler accepted it; nothing was linked. Never counts as sight.
    TypeChecked,
    /// It is not written.
    Absent,
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tested => "tested",
            Self::Built => "built",
            Self::TypeChecked => "type-checked",
            Self::Absent => "absent",
        })
    }
}

/// Something Eyeline can see or do with the help of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct Capability {
    /// A short stable name.
    pub id: &'static str,
    /// What it gives, in words.
    pub gives: &'static str,
    /// On Linux.
    pub linux: Support,
    /// On macOS.
    pub macos: Support,
    /// On Windows.
    pub windows: Support,
    /// What is not known without it.
    pub without: &'static str,
}

use Support::{Absent, Built, Tested, TypeChecked};

/// All capabilities.
pub const ALL: &[Capability] = &[
    Capability {
        id: "walk",
        gives: "files and folders, by content, no link followed",
        linux: Tested,
        macos: TypeChecked,
        windows: Built,
        without: "model files",
    },
    Capability {
        id: "mount-table",
        gives: "network and kernel file systems are not entered",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "a scan may wander into network shares",
    },
    Capability {
        id: "unchanged-files",
        gives: "a rescan opens only what changed (needs inode change times)",
        linux: Tested,
        macos: TypeChecked,
        windows: Absent,
        without: "every rescan reads as much as the first scan",
    },
    Capability {
        id: "processes",
        gives: "running programs, their command lines and users",
        linux: Tested,
        macos: TypeChecked,
        windows: Built,
        without: "running runtimes and agents",
    },
    Capability {
        id: "process-maps",
        gives: "model files and inference libraries in the memory of a process, whatever its name",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "renamed or embedded runtimes, and which model is loaded",
    },
    Capability {
        id: "process-files",
        gives: "files and sockets that a process holds open",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "models that are read and not mapped, and agents under another name",
    },
    Capability {
        id: "process-environment",
        gives: "names of environment variables of a process",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "one kind of evidence for agents",
    },
    Capability {
        id: "listeners",
        gives: "listening addresses of a process",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "runtimes that listen beyond loopback",
    },
    Capability {
        id: "accounts",
        gives: "every account's home for a privileged scan",
        linux: Tested,
        macos: TypeChecked,
        windows: Absent,
        without: "other people's models",
    },
    Capability {
        id: "gpu-nvidia",
        gives: "NVIDIA GPUs, their load and processes (NVML)",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "which process uses an NVIDIA GPU",
    },
    Capability {
        id: "gpu-drm",
        gives: "other GPUs, their load and processes (DRM fdinfo)",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "which process uses a GPU",
    },
    Capability {
        id: "npu",
        gives: "NPUs and their load",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "inference on an NPU",
    },
    Capability {
        id: "device-id",
        gives: "an id that stays the same for one installation",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "recognising a device again",
    },
    Capability {
        id: "low-priority",
        gives: "a sensor that scans gives way to other programs",
        linux: Tested,
        macos: Absent,
        windows: Absent,
        without: "a scan of the sensor may slow other programs down",
    },
];

impl Capability {
    /// How far it was checked on the operating system this program was built for.
    pub const fn here(&self) -> Support {
        if cfg!(target_os = "linux") {
            self.linux
        } else if cfg!(target_os = "macos") {
            self.macos
        } else if cfg!(windows) {
            self.windows
        } else {
            Absent
        }
    }
}

/// The table as a documentation page.
pub fn page() -> String {
    let mut page = String::from(
        "# Platforms\n\n<!-- Generated from crates/platform/src/capabilities.rs by its test; do not edit. -->\n\n\
         *tested*: the tests run it there. *built*: compiled and linked, not run. *type-checked*: the compiler accepted it.\n\
         *absent*: not written. Only what is tested counts as sight: on a system where a capability is anything else, a scan\n\
         names it in `coverage.gaps`.\n\n\
         | capability | gives | Linux | macOS | Windows | not known without it |\n|---|---|---|---|---|---|\n",
    );
    for row in ALL {
        let Capability { id, gives, linux, macos, windows, without } = row;
        page.push_str(&format!("| `{id}` | {gives} | {linux} | {macos} | {windows} | {without} |\n"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "reads and writes a file of the repository")]
    fn the_page_of_platforms_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/platforms.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(committed, page(), "run `UPDATE_DOCS=1 ./dev test platforms`");
    }
}

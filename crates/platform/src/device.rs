//! What the machine is called and what runs on it.

use domain::{Device, DeviceId};

/// The machine this process runs on.
pub fn device() -> Device {
    Device {
        id: system::stable_id(),
        hostname: system::hostname(),
        os: std::env::consts::OS.to_owned(),
        os_version: system::os_version(),
        arch: std::env::consts::ARCH.to_owned(),
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::path::Path;

    use sha2::{Digest, Sha256};

    use super::DeviceId;

    const SMALL: usize = 64 << 10;

    /// machine-id(5) is confidential, so the id is a hash of it under our own name.
    pub(super) fn stable_id() -> Option<DeviceId> {
        let id = text("/etc/machine-id").or_else(|| text("/var/lib/dbus/machine-id"))?;
        let id = id.trim();
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let hash = Sha256::new().chain_update(b"eyeline device id v1\0").chain_update(id).finalize();
        let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Some(DeviceId::new(hex))
    }

    pub(super) fn hostname() -> Option<String> {
        Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
    }

    pub(super) fn os_version() -> Option<String> {
        let release = text("/etc/os-release").or_else(|| text("/usr/lib/os-release"))?;
        pretty_name(&release)
    }

    /// `PRETTY_NAME` of os-release(5).
    fn pretty_name(release: &str) -> Option<String> {
        let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(value.trim().trim_matches(['"', '\'']).to_owned())
    }

    /// `/etc/os-release` is a link on most distributions.
    fn text(path: &str) -> Option<String> {
        let path = Path::new(path).canonicalize().ok()?;
        let bytes = crate::read::whole(&path, SMALL).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_distribution_is_named_as_it_names_itself() {
            let release = "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
            assert_eq!(pretty_name(release).as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
            assert_eq!(pretty_name(""), None);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::DeviceId;

    /// Needs a call of its own on each system, which is not written; unknown is a value.
    pub(super) fn stable_id() -> Option<DeviceId> {
        None
    }

    pub(super) fn hostname() -> Option<String> {
        sysinfo::System::host_name().ok()
    }

    pub(super) fn os_version() -> Option<String> {
        sysinfo::System::long_os_version().ok()
    }
}

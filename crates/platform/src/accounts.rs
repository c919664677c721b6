//! Accounts of the device: whose home is where, and what a user number is called.

use std::path::PathBuf;

/// Whether this process may look into every account.
pub fn is_privileged() -> bool {
    #[cfg(unix)]
    {
        nix::unistd::Uid::effective().is_root()
    }
    #[cfg(not(unix))]
    {
        false
    }
}

/// The user number of this process, where the system has them.
pub fn current() -> Option<u32> {
    #[cfg(unix)]
    {
        Some(nix::unistd::Uid::effective().as_raw())
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// The home of the account that runs this process.
pub fn own_home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}

/// The homes to look into: the own one, and every account's for a privileged process. Those that are not there are left out.
pub fn homes() -> Vec<PathBuf> {
    let mut homes: Vec<_> = own_home().into_iter().collect();
    if is_privileged() {
        homes.extend(registered_home());
        homes.extend(all_homes());
    }
    homes.retain(|home| crate::walk::is_worth_a_look(home));
    homes.sort();
    homes.dedup();
    homes
}

/// The home that the account database has for this process, which need not be what the environment says.
fn registered_home() -> Option<PathBuf> {
    #[cfg(unix)]
    {
        let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok().flatten()?;
        Some(user.dir).filter(|home| home.is_absolute() && home.parent().is_some())
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// The homes named by `/etc/passwd`, and the folders of `/home` and `/Users`, which also hold those of directory services.
#[cfg(unix)]
fn all_homes() -> Vec<PathBuf> {
    const PASSWD_LIMIT: usize = 4 << 20;
    let passwd = crate::read::whole(std::path::Path::new("/etc/passwd"), PASSWD_LIMIT).unwrap_or_default();
    let mut homes = homes_in_passwd(&String::from_utf8_lossy(&passwd));
    for parent in ["/home", "/Users", "/var/home"] {
        let names = crate::read::entries(std::path::Path::new(parent), 100_000).unwrap_or_default();
        homes.extend(names.into_iter().map(|entry| PathBuf::from(parent).join(entry.name)));
    }
    homes
}

#[cfg(not(unix))]
fn all_homes() -> Vec<PathBuf> {
    Vec::new()
}

/// Home directories of accounts in passwd(5) format. System accounts whose home is a system folder are left out.
#[cfg(unix)]
fn homes_in_passwd(passwd: &str) -> Vec<PathBuf> {
    const SYSTEM_FOLDERS: [&str; 7] = ["/", "/bin", "/sbin", "/dev", "/proc", "/usr/sbin", "/nonexistent"];
    passwd
        .lines()
        .filter_map(|line| line.split(':').nth(5))
        .filter(|home| home.starts_with('/') && !SYSTEM_FOLDERS.contains(home))
        .filter(|home| {
            !["/run/", "/var/run/", "/usr/", "/dev/", "/proc/"].iter().any(|system| home.starts_with(system))
        })
        .map(PathBuf::from)
        .collect()
}

/// The name of a user, or the number where no name is known.
#[cfg(unix)]
pub fn name(uid: u32) -> String {
    match nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn homes_of_people_and_services_are_found_and_system_folders_are_not() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\n\
                      ollama:x:998:998::/usr/share/ollama:/bin/false\nann:x:1000:1000:Ann:/home/ann:/bin/zsh\nbroken line\n\
                      _apt:x:42:65534::/nonexistent:/usr/sbin/nologin\nllm:x:999:999::/var/lib/llm:/bin/false\n";
        let homes = homes_in_passwd(passwd);
        assert_eq!(homes, ["/root", "/home/ann", "/var/lib/llm"].map(PathBuf::from));
    }

    #[test]
    fn root_keeps_its_own_home_when_the_environment_has_another() {
        let Some(home) = registered_home().filter(|home| is_privileged() && home.is_dir()) else { return };
        assert!(homes().contains(&home));
    }

    #[test]
    fn a_user_without_a_name_is_shown_by_number() {
        assert_eq!(name(0), "root");
        assert_eq!(name(4_242_424), "4242424");
    }
}

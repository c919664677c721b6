//! How much the system lets this process have open.

/// What is assumed where the system is not asked.
const USUAL: u64 = 1024;

/// More than this is never asked for: some systems make tables of that length.
#[cfg(unix)]
const ENOUGH: u64 = 1 << 18;

/// Raises how many files and sockets this process may have open to what the system allows it, and says how many that are. Most
/// systems begin with 1,024, which a thousand open pages use up.
pub fn raise_open_files() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let now = getrlimit(Resource::Nofile);
        let wanted = now.maximum.unwrap_or(ENOUGH).min(ENOUGH);
        if now.current.is_some_and(|current| current < wanted) {
            // Where it is refused, what there was is still there.
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum });
        }
    }
    open_files()
}

/// How many files and sockets this process may have open.
pub fn open_files() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        getrlimit(Resource::Nofile).current.unwrap_or(USUAL.max(ENOUGH))
    }
    #[cfg(not(unix))]
    {
        USUAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_never_lowers() {
        let before = open_files();
        assert!(raise_open_files() >= before);
        assert_eq!(open_files(), raise_open_files());
    }
}

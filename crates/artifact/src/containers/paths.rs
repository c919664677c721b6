//! Names, links and devices that lead out of the folder into which an archive is unpacked.

use crate::{inspect::Look, rules::containers as rules};

/// Says when unpacking a member of this name writes outside.
pub(super) fn say_path(name: &str, at: u64, look: &mut Look<'_>) {
    if climbs(name) {
        let message = format!("the member `{name}` is unpacked outside the folder");
        look.say(&rules::TRAVERSAL, at, name, message);
    } else if is_absolute(name) {
        let message = format!("the member `{name}` has an absolute path");
        look.say(&rules::ABSOLUTE, at, name, message);
    }
}

/// Says when a link leads outside.
pub(super) fn say_link(name: &str, target: &str, at: u64, look: &mut Look<'_>) {
    let folder = name.trim_end_matches('/').rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder);
    if is_absolute(target) || climbs(&format!("{folder}/{target}")) {
        let message = format!("the link `{name}` leads to `{target}`, outside the folder");
        look.say(&rules::LINK, at, name, message);
    }
}

/// Says that a member is a device or a pipe.
pub(super) fn say_device(name: &str, at: u64, look: &mut Look<'_>) {
    look.say(&rules::DEVICE, at, name, format!("the member `{name}` is a device or a pipe"));
}

fn is_absolute(path: &str) -> bool {
    let drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    path.starts_with(['/', '\\']) || drive
}

/// Whether a path leaves the folder that it begins in.
fn climbs(path: &str) -> bool {
    let mut depth = 0i64;
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => depth = depth.saturating_sub(1),
            _ => depth = depth.saturating_add(1),
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_climbs_only_when_it_leaves_its_folder() {
        for path in ["../x", "a/../../x", "..\\x", "a/./../..", ".."] {
            assert!(climbs(path), "{path}");
        }
        for path in ["a/../x", "a..b/x", "...", "a/b/../../c", ""] {
            assert!(!climbs(path), "{path}");
        }
        assert!(is_absolute("/etc/passwd") && is_absolute("C:\\x") && is_absolute("\\\\host\\x"));
        assert!(!is_absolute("a/b"));
    }
}

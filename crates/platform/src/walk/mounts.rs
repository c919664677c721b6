//! Which mounted file systems a walk enters by itself. Source of the format: proc_pid_mountinfo(5).

use std::{collections::HashMap, path::Path};

const MOUNTINFO_LIMIT: usize = 16 << 20;

/// File systems that are not files of this device: the kernel's own, those behind a network, and those whose mere
/// listing mounts something. File system types in user space (`fuse.*`) are judged by their subtype.
const NOT_ENTERED: [&str; 45] = [
    "proc",
    "sysfs",
    "devtmpfs",
    "devpts",
    "cgroup",
    "cgroup2",
    "debugfs",
    "tracefs",
    "securityfs",
    "bpf",
    "pstore",
    "configfs",
    "efivarfs",
    "fusectl",
    "mqueue",
    "hugetlbfs",
    "binfmt_misc",
    "nsfs",
    "selinuxfs",
    "smackfs",
    "rpc_pipefs",
    "nfsd",
    "autofs",
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "ceph",
    "afs",
    "coda",
    "ncpfs",
    "gfs2",
    "ocfs2",
    "lustre",
    "orangefs",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.gvfsd-fuse",
    "fuse.portal",
    "davfs",
];

/// What to do at a mount point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    Enter,
    Skip,
}

/// The mount points, and what to do at each.
#[derive(Debug, Default)]
pub(super) struct MountTable {
    points: HashMap<Vec<u8>, Treatment>,
}

impl MountTable {
    /// Reads the mount table of this process. Without one, everything is entered.
    pub(super) fn read() -> Self {
        let table =
            crate::read::whole(Path::new("/proc/self/mountinfo"), MOUNTINFO_LIMIT).unwrap_or_default();
        Self::parse(&table)
    }

    fn parse(mountinfo: &[u8]) -> Self {
        let mut points = HashMap::new();
        for line in mountinfo.split(|&byte| byte == b'\n') {
            let Some((point, kind)) = point_and_type(line) else { continue };
            let treatment = if NOT_ENTERED.contains(&kind) { Treatment::Skip } else { Treatment::Enter };
            // The last mount over a point is the one that is seen.
            points.insert(point, treatment);
        }
        Self { points }
    }

    /// What to do at a directory below one that was entered: only a mount point changes anything.
    pub(super) fn treatment(&self, path: &[u8]) -> Treatment {
        self.points.get(path).copied().unwrap_or(Treatment::Enter)
    }

    /// What to do with a path of which nothing above was entered: the nearest mount point above it decides.
    pub(super) fn treatment_of_root(&self, path: &Path) -> Treatment {
        let nearest =
            path.ancestors().find_map(|above| self.points.get(above.as_os_str().as_encoded_bytes()));
        nearest.copied().unwrap_or(Treatment::Enter)
    }
}

/// Field 5 and, after the separator, the type.
fn point_and_type(line: &[u8]) -> Option<(Vec<u8>, &str)> {
    let mut fields = line.split(|&byte| byte == b' ');
    let point = unescape(fields.nth(4)?);
    let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
    Some((point, std::str::from_utf8(kind).ok()?))
}

/// Undoes `\040` and its kind.
pub(crate) fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        if let (b'\\', Some(value)) = (byte, after.get(..3).and_then(octal)) {
            plain.push(value);
            rest = after.get(3..).unwrap_or_default();
        } else {
            plain.push(byte);
            rest = after;
        }
    }
    plain
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(feature = "fuzzing")]
pub(super) fn fuzz(bytes: &[u8]) {
    MountTable::parse(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn network_and_kernel_file_systems_are_not_entered_and_disks_are() {
        let table = MountTable::parse(
            b"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
              23 22 0:21 / /proc rw - proc proc rw\n\
              24 22 0:44 / /home/a\\040b/team rw shared:9 master:1 - nfs4 srv:/x rw\n\
              25 22 0:45 / /mnt/s3 rw - fuse.rclone r rw\n\
              26 22 0:46 / /data rw - fuse.ntfs-3g r rw\n\
              27 22 0:47 / /auto rw - autofs a rw\n28 22 0:48 / /auto rw - ext4 /dev/vdb rw\n",
        );
        let skipped = |path: &[u8]| table.treatment(path) == Treatment::Skip;
        assert!(skipped(b"/proc") && skipped(b"/home/a b/team") && skipped(b"/mnt/s3"));
        assert!(!skipped(b"/") && !skipped(b"/data") && !skipped(b"/auto") && !skipped(b"/home"));
    }

    #[test]
    fn a_path_belongs_to_the_nearest_mount_above_it() {
        let table = MountTable::parse(
            b"22 1 254:0 / / rw - ext4 /dev/vda rw\n24 22 0:44 / /home rw - nfs4 srv:/x rw\n\
              25 24 0:45 / /home/ann/scratch rw - xfs /dev/vdb rw\n",
        );
        let skipped = |path: &str| table.treatment_of_root(Path::new(path)) == Treatment::Skip;
        assert!(skipped("/home") && skipped("/home/ann") && skipped("/home/ann/models"));
        assert!(!skipped("/home/ann/scratch/models") && !skipped("/homes") && !skipped("/opt"));
    }

    proptest! {
        #[test]
        fn no_table_makes_the_parser_panic(table: Vec<u8>) {
            MountTable::parse(&table);
        }
    }
}

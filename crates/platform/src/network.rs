//! Listening TCP sockets.

use std::net::SocketAddr;

/// A listening socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// The inode of the socket, which descriptors of processes name.
    pub inode: u64,
}

/// The sockets that listen in the network namespace of a process. Empty where the system does not tell.
pub fn listeners_seen_by(pid: u32) -> Vec<Listener> {
    #[cfg(target_os = "linux")]
    {
        linux::listeners(pid)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = pid;
        Vec::new()
    }
}

/// Something that is the same for two processes exactly when they share a network.
pub fn namespace_of(pid: u32) -> Option<std::path::PathBuf> {
    #[cfg(target_os = "linux")]
    {
        std::fs::read_link(format!("/proc/{pid}/ns/net")).ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = pid;
        None
    }
}

/// Who listens at this address: the id and the name of the process. `None` where nobody does or the system does not tell.
pub fn holder_of(address: SocketAddr) -> Option<(u32, String)> {
    let taken = |listener: &Listener| {
        let ip = listener.address.ip();
        listener.address.port() == address.port()
            && (ip == address.ip() || ip.is_unspecified() || address.ip().is_unspecified())
    };
    let inodes: Vec<_> = listeners_seen_by(std::process::id())
        .into_iter()
        .filter(taken)
        .map(|listener| listener.inode)
        .collect();
    let holds = |pid: u32| {
        let open = crate::process::open_files(pid).unwrap_or_default();
        open.iter()
            .any(|file| matches!(file, crate::process::OpenFile::Socket(inode) if inodes.contains(inode)))
    };
    if inodes.is_empty() {
        return None;
    }
    let processes = crate::process::list().ok()?;
    processes.into_iter().find(|process| holds(process.pid)).map(|process| (process.pid, process.name))
}

#[cfg(all(feature = "fuzzing", target_os = "linux"))]
pub(crate) fn fuzz(bytes: &[u8]) {
    linux::parse(&String::from_utf8_lossy(bytes));
}

#[cfg(target_os = "linux")]
mod linux {
    //! Source of the format: proc_pid_net(5). Addresses are written as they lie in memory, word by word.

    use std::{
        net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
        path::PathBuf,
    };

    use super::Listener;

    const TABLE_LIMIT: u64 = 64 << 20;
    const LISTEN: &str = "0A";

    pub(super) fn listeners(pid: u32) -> Vec<Listener> {
        ["tcp", "tcp6"]
            .iter()
            .filter_map(|table| {
                let path = PathBuf::from(format!("/proc/{pid}/net/{table}"));
                crate::process::read_proc(&path, TABLE_LIMIT).ok()
            })
            .flat_map(|table| parse(&String::from_utf8_lossy(&table)))
            .collect()
    }

    pub(super) fn parse(table: &str) -> Vec<Listener> {
        table.lines().skip(1).filter_map(listener).collect()
    }

    fn listener(line: &str) -> Option<Listener> {
        let mut fields = line.split_ascii_whitespace();
        let local = fields.nth(1)?;
        if fields.nth(1)? != LISTEN {
            return None;
        }
        let inode = fields.nth(5)?.parse().ok()?;
        let (address, port) = local.split_once(':')?;
        let address = SocketAddr::new(ip(address)?, u16::from_str_radix(port, 16).ok()?);
        Some(Listener { address, inode })
    }

    fn ip(hex: &str) -> Option<IpAddr> {
        let mut bytes = Vec::with_capacity(16);
        for word in hex.as_bytes().chunks(8) {
            let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
            bytes.extend_from_slice(&word.to_ne_bytes());
        }
        if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
            return Some(Ipv4Addr::from(four).into());
        }
        let sixteen = <[u8; 16]>::try_from(bytes.as_slice()).ok()?;
        Some(Ipv6Addr::from(sixteen).into())
    }

    #[cfg(test)]
    mod tests {
        use proptest::prelude::*;

        use super::*;

        #[test]
        fn a_real_listener_is_found_by_its_inode() {
            let bound = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = bound.local_addr().unwrap();
            let found =
                listeners(std::process::id()).into_iter().find(|listener| listener.address == address);
            let inode = found.unwrap().inode;
            let held = crate::process::open_files(std::process::id()).unwrap();
            assert!(held.contains(&crate::process::OpenFile::Socket(inode)));
        }

        #[test]
        fn who_has_a_port_is_known_by_pid() {
            let bound = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = bound.local_addr().unwrap();
            assert_eq!(super::super::holder_of(address).unwrap().0, std::process::id());
            drop(bound);
            assert_eq!(super::super::holder_of(address), None);
        }

        #[test]
        fn both_families_are_read() {
            let any = "sl local\n 0: 00000000000000000000000000000000:1F90 0:0 0A 0:0 0:0 0 0 0 77 1\n\
                       1: 0100007F:2CAA 0:0 0A 0:0 0:0 0 0 0 78 1\n 2: 0100007F:2CAB 0:0 01 0:0 0:0 0 0 0 79 1\n";
            let addresses: Vec<_> = parse(any).iter().map(|listener| listener.address.to_string()).collect();
            assert_eq!(addresses, ["[::]:8080", "127.0.0.1:11434"]);
        }

        proptest! {
            #[test]
            fn no_table_makes_the_parser_panic(table: String) {
                parse(&table);
            }
        }
    }
}

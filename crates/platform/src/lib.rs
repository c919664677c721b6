//! The machine as Eyeline sees it: one file per capability, one implementation per operating system.
//!
//! First floor. Knows the kernel's formats and calls, and nothing of models, tools or policy. What an operating system
//! cannot show has a portable fallback here that says what it loses; [`capabilities::ALL`] is the list.
//!
//! A file on a device is hostile: everything here that opens one follows no link, blocks on no FIFO and stops at a limit.

pub mod accelerator;
pub mod accounts;
pub mod capabilities;
pub mod clock;
pub mod cores;
pub mod data;
pub mod device;
pub mod disk;
pub mod limits;
pub mod network;
pub mod path;
pub mod priority;
pub mod process;
pub mod random;
pub mod read;
pub mod spool;
pub mod walk;

/// Every parser of what the kernel writes, for the fuzz targets.
#[cfg(all(feature = "fuzzing", target_os = "linux"))]
pub fn fuzz_kernel_tables(bytes: &[u8]) {
    process::fuzz(bytes);
    walk::fuzz(bytes);
    network::fuzz(bytes);
    accelerator::fuzz(bytes);
}

//! What AI is on a device: files, stores, packages, processes and agents, seen through `platform` and explained by the
//! catalogue. The scan, the sensor and the hub's import share it.
//!
//! First floor. Nothing found is executed, imported or loaded. Nothing here judges: conclusions are `assess`'s.

pub mod agents;
pub mod files;
pub mod holdings;
pub mod inspect;
pub mod memory;
pub mod programs;
pub mod scan;
pub mod stores;

/// Every parser of configurations and store files, for the fuzz targets.
#[cfg(feature = "fuzzing")]
pub fn fuzz_documents(secrets: &catalog::Secrets, bytes: &[u8]) {
    agents::fuzz(secrets, bytes);
    stores::card::read(bytes);
    stores::fuzz(bytes);
}

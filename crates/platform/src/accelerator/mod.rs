//! GPUs and NPUs: which there are, how busy they are, and which processes use them. None present is a normal answer.

use std::time::Duration;

use domain::Accelerator;

#[cfg(target_os = "linux")]
mod drm;
#[cfg(target_os = "linux")]
mod nvml;

#[cfg(all(feature = "fuzzing", target_os = "linux"))]
pub(crate) fn fuzz(bytes: &[u8]) {
    drm::client(1, &String::from_utf8_lossy(bytes));
}

/// All accelerators of the device. Blocks for `measure` where busyness is a difference between two readings; a zero
/// duration leaves those readings out.
pub fn accelerators(measure: Duration) -> Vec<Accelerator> {
    #[cfg(target_os = "linux")]
    {
        let nvidia = nvml::accelerators();
        let rest = drm::accelerators(measure);
        // The proprietary driver has a DRM node too, and tells nothing there.
        let known: Vec<_> = nvidia.iter().filter_map(|gpu| gpu.bus.clone()).collect();
        let rest = rest.into_iter().filter(|gpu| gpu.bus.as_ref().is_none_or(|bus| !known.contains(bus)));
        nvidia.into_iter().chain(rest).collect()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = measure;
        Vec::new()
    }
}

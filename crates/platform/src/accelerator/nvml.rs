//! NVIDIA GPUs through the driver's own library, loaded at run time: a device without it simply has none.

use std::collections::BTreeMap;

use domain::{Accelerator, AcceleratorProcess};
use nvml_wrapper::{Device, Nvml, enums::device::UsedGpuMemory};

pub(super) fn accelerators() -> Vec<Accelerator> {
    let Ok(nvml) = Nvml::init() else { return Vec::new() };
    let count = nvml.device_count().unwrap_or_default();
    (0..count).filter_map(|index| nvml.device_by_index(index).ok()).map(|gpu| accelerator(&gpu)).collect()
}

/// A reading that the driver refuses (as it does for many under MIG) is absent, never zero.
fn accelerator(gpu: &Device<'_>) -> Accelerator {
    let memory = gpu.memory_info().ok();
    Accelerator {
        kind: "gpu".to_owned(),
        name: gpu.name().unwrap_or_else(|_| "NVIDIA GPU".to_owned()),
        source: "nvml".to_owned(),
        driver: Some("nvidia".to_owned()),
        bus: gpu.pci_info().ok().map(|pci| bus_address(&pci.bus_id)),
        utilization: gpu.utilization_rates().ok().map(|rates| f64::from(rates.gpu) / 100.0),
        memory_used: memory.as_ref().map(|memory| memory.used),
        memory_total: memory.map(|memory| memory.total),
        processes: processes(gpu),
    }
}

/// Compute and graphics processes with the memory they hold, and the share of time the driver last sampled.
fn processes(gpu: &Device<'_>) -> Vec<AcceleratorProcess> {
    let compute = gpu.running_compute_processes().unwrap_or_default();
    let graphics = gpu.running_graphics_processes().unwrap_or_default();
    let mut by_pid = BTreeMap::new();
    for process in compute.into_iter().chain(graphics) {
        let memory = match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        };
        by_pid.insert(process.pid, AcceleratorProcess { pid: process.pid, memory, utilization: None });
    }
    for sample in gpu.process_utilization_stats(None).unwrap_or_default() {
        if let Some(process) = by_pid.get_mut(&sample.pid) {
            process.utilization = Some(f64::from(sample.sm_util.min(100)) / 100.0);
        }
    }
    by_pid.into_values().collect()
}

/// NVML writes the PCI domain with eight digits, the kernel with four.
fn bus_address(nvml: &str) -> String {
    let start = nvml.len().saturating_sub("0000:00:00.0".len());
    nvml.get(start..).unwrap_or(nvml).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bus_address_is_the_kernels() {
        assert_eq!(bus_address("00000000:0A:00.0"), "0000:0a:00.0");
        assert_eq!(bus_address("0:1"), "0:1");
    }
}

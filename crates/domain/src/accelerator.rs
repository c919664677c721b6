//! GPUs and NPUs, and who uses them.

use serde::{Deserialize, Serialize};

/// A GPU or NPU of the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accelerator {
    /// `gpu` or `npu`.
    pub kind: String,
    /// Its name for people, or the driver and bus address where it has none.
    pub name: String,
    /// What told us of it: `nvml`, `drm` or `accel`.
    pub source: String,
    /// The kernel driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// The bus address, such as `0000:01:00.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// How busy it is, 0 to 1; absent where nothing measures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<f64>,
    /// Memory in use, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_used: Option<u64>,
    /// Memory in all, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_total: Option<u64>,
    /// The processes that use it, where the kernel or the driver says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<AcceleratorProcess>,
}

/// A process that uses an accelerator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceleratorProcess {
    /// The process id.
    pub pid: u32,
    /// Device memory it holds, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// The share of the accelerator's time it used while we measured, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<f64>,
}

//! The machine that was looked at.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An id that stays the same for one installation of an operating system and tells nothing else about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(String);

impl DeviceId {
    /// Wraps an id made by the platform.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The machine that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id; null where the system offers nothing stable to make one from.
    pub id: Option<DeviceId>,
    /// Its name on the network.
    pub hostname: Option<String>,
    /// `linux`, `macos` or `windows`.
    pub os: String,
    /// The distribution or edition with its version, for people.
    pub os_version: Option<String>,
    /// `x86_64`, `aarch64`, …
    pub arch: String,
}

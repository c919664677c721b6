//! AI packages that language and editor package managers installed.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{
    HostPath,
    path::{NotBase64, exact, serialize_path},
};

/// An installed package that the catalogue knows as AI.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Package {
    /// `pypi`, `npm` or `vscode`.
    pub ecosystem: String,
    /// Its name in the ecosystem's own spelling.
    pub name: String,
    /// Its version, if the installation says.
    pub version: Option<String>,
    /// The catalogue id of the tool that it is or belongs to.
    pub tool: Option<String>,
    /// Where it is installed.
    pub path: HostPath,
}

impl Serialize for Package {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Package", 6)?;
        out.serialize_field("ecosystem", &self.ecosystem)?;
        out.serialize_field("name", &self.name)?;
        out.serialize_field("version", &self.version)?;
        out.serialize_field("tool", &self.tool)?;
        serialize_path(&mut out, &self.path)?;
        out.end()
    }
}

/// A package in JSON.
#[derive(Deserialize)]
struct Wire {
    ecosystem: String,
    name: String,
    version: Option<String>,
    tool: Option<String>,
    path: HostPath,
    path_base64: Option<String>,
}

impl TryFrom<Wire> for Package {
    type Error = NotBase64;

    fn try_from(wire: Wire) -> Result<Self, NotBase64> {
        let Wire { ecosystem, name, version, tool, path, path_base64 } = wire;
        Ok(Self { ecosystem, name, version, tool, path: exact(path, path_base64.as_deref())? })
    }
}

//! The nouns of Eyeline: artefacts, holdings, runtimes, agents, findings, and the ids and values they are made of.
//!
//! Ground floor: values in, values out. Nothing here touches a file, a clock, a process or the network, and
//! nothing here knows a single tool, licence or format by name; that knowledge is in `catalog/`.
//!
//! The `Serialize` implementations are the wire shape of `eyeline.scan/1`: fields may be added, never renamed.

mod accelerator;
mod artifact;
mod content;
mod coverage;
mod device;
mod digest;
mod evidence;
mod finding;
mod package;
mod path;
mod program;

pub use accelerator::{Accelerator, AcceleratorProcess};
pub use artifact::{
    Artifact, CommercialUse, Digest, DigestStatus, Fact, License, Metadata, Origin, Role, Verdict,
};
pub use content::{Bundle, BundleKind, Content, Identification, Member, Sureness};
pub use coverage::{Coverage, Gap, Unreadable};
pub use device::{Device, DeviceId};
pub use digest::{DigestError, Sha256Digest};
pub use evidence::{Confidence, Evidence, EvidenceFamily, confidence};
pub use finding::{Finding, Severity, UnknownSeverity};
pub use package::Package;
pub use path::{HostPath, is_unsafe_to_print};
pub use program::{Agent, LoadedModel, McpServer, PlainSecret, Program, Runtime, Transport};

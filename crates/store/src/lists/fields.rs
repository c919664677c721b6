//! The fields and orders of every list: what people may ask, in the words that the console's help and the docs print.

mod artifacts;
mod devices;
mod findings;
mod holdings;
mod packages;
mod programs;
mod records;

use protocol::query::Kind;

use super::{
    Collection,
    shape::{Known, Meaning, Shape, field},
};

impl Collection {
    pub(crate) fn shape(self) -> &'static Shape {
        match self {
            Self::Devices => &devices::SHAPE,
            Self::Artifacts => &artifacts::SHAPE,
            Self::Holdings => &holdings::SHAPE,
            Self::Runtimes => &programs::RUNTIMES,
            Self::Agents => &programs::AGENTS,
            Self::Packages => &packages::SHAPE,
            Self::Findings => &findings::SHAPE,
            Self::Records => &records::SHAPE,
        }
    }
}

const YES_NO: Kind = Kind::Word(&["yes", "no"]);
const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];
const DIGESTS: Kind = Kind::Word(&["computed", "claimed", "pending"]);
const VERDICTS: Kind = Kind::Word(&["not-scanned", "clean", "unscannable", "suspicious", "malicious"]);

/// The device of a row of a list.
const fn device(column: &'static str) -> Known {
    field("device", Kind::Text, "the device: its name or its id", Meaning::Device(column))
}

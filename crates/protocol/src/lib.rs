//! The shapes that leave this program: the `--json` documents, the rows of `--format csv`, and what sensor and server say to
//! each other.
//!
//! Ground floor. A document is made of the domain's types; fields may be added, never renamed.

mod inspect;
pub mod query;
mod rows;
mod scan;
pub mod sensor;
pub mod signing;

pub use inspect::{INSPECT_SCHEMA, InspectReport, RuleText, cyclonedx, sarif};
pub use rows::{RowsError, harmless, write_rows};
pub use scan::{SCAN_SCHEMA, ScanReport};

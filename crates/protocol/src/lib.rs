//! The shapes that leave this program: the `--json` documents and the rows of `--format csv`.
//!
//! Ground floor. A document is made of the domain's types; fields may be added, never renamed.

pub mod query;
mod rows;
mod scan;

pub use rows::{RowsError, write_rows};
pub use scan::{SCAN_SCHEMA, ScanReport};

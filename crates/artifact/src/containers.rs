//! Archives and compressed files: their members are found as every loader finds them, unpacked within limits and looked at.

use std::io;

use crate::{
    Format,
    inspect::{Bytes, Look},
};

/// Looks into a model that is an archive.
pub(crate) fn inspect_model(_bytes: &Bytes<'_>, _format: Format, _look: &mut Look<'_>) -> io::Result<()> {
    Ok(())
}

/// Looks into an archive or compressed file that is no model by itself; false when it is none.
pub(crate) fn inspect(_bytes: &Bytes<'_>, _name: &str, _look: &mut Look<'_>) -> io::Result<bool> {
    Ok(false)
}

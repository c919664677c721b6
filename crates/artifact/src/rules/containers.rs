//! What can be said of archives and compressed files.

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[];

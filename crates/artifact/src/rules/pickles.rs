//! What can be said of pickles.

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[];

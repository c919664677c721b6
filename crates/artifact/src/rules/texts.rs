//! What can be said of configurations, templates and code beside a model.

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[];

//! Texts beside a model that say what is loaded and run: configurations, templates, code, cards. They are told by name.

#[allow(dead_code)]
pub(crate) mod jinja;

use std::io;

use crate::inspect::{Bytes, Look};

/// Looks at a text of a known name; false when the name is none of them.
pub(crate) fn inspect(_bytes: &Bytes<'_>, _name: &str, _look: &mut Look<'_>) -> io::Result<bool> {
    Ok(false)
}

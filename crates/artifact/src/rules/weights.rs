//! What can be said of formats that hold weights and metadata: GGUF, GGML, safetensors.

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[];

//! What can be said of formats that hold a program of operators: ONNX, TensorFlow, Keras and their like, and executables.

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[];

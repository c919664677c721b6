//! The model files of the tree: small and valid, of the common formats in turn, some without an extension.

use artifact::testkit::{self, Value};

/// A model file.
pub(crate) struct Model {
    /// What its name ends in; empty for those that only content gives away.
    pub(crate) extension: &'static str,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

/// One of the models; the same for the same number.
pub(crate) fn model(number: usize) -> Model {
    let (extension, bytes) = match number % 5 {
        0 => (".gguf", gguf()),
        1 => (".safetensors", safetensors()),
        2 => (".pt", testkit::torch_zip(&testkit::pickle(&[("torch._utils", "_rebuild_tensor_v2")]))),
        3 => (".onnx", testkit::onnx(true)),
        _ => ("", gguf()),
    };
    Model { extension, bytes }
}

/// A small GGUF.
pub(crate) fn gguf() -> Vec<u8> {
    let keys = [
        ("general.architecture", Value::Text("llama")),
        ("general.name", Value::Text("bench")),
        ("general.license", Value::Text("apache-2.0")),
    ];
    testkit::gguf(&keys, &[("token_embd.weight", &[64, 64])])
}

fn safetensors() -> Vec<u8> {
    testkit::safetensors(&[("format", "pt")], &[("weight", &[64, 64])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_large_enough_to_be_looked_into() {
        for number in 0..5 {
            let length = model(number).bytes.len();
            assert!(length > 4096, "model {number} has {length} bytes");
        }
    }
}

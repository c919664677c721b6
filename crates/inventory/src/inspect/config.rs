//! What a folder's configuration says of its model, for those of its claims that weights do not carry themselves.

use std::path::Path;

use domain::Metadata;
use serde_json::Value;

/// Longer configurations are not read: they hold a few dozen keys.
const LIMIT: usize = 4 << 20;
/// The longest text that is kept, in characters.
const TEXT: usize = 256;

/// Adds what a configuration says to what is known; the weights have the say.
pub(super) fn describe(path: &Path, metadata: &mut Metadata) {
    let Ok(content) = platform::read::whole(path, LIMIT) else { return };
    let Ok(config) = serde_json::from_slice::<Value>(&content) else { return };
    let text = |key: &str| config.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(cut);
    let number = |key: &str| config.get(key).and_then(Value::as_u64);
    let first = || config.get("architectures")?.get(0)?.as_str().map(cut);
    let kind = text("model_type").or_else(|| text("_class_name")).or_else(first);
    metadata.architecture = metadata.architecture.take().or(kind);
    // The second is that of MLC.
    let length = || number("max_position_embeddings").or_else(|| number("context_window_size"));
    metadata.context_length = metadata.context_length.or_else(length);
    let quantized = || config.get("quantization_config")?.get("quant_method")?.as_str().map(cut);
    // MLX says how many bits, MLC a word of its own.
    let mlx = || Some(format!("MLX {}-bit", config.get("quantization")?.get("bits")?.as_u64()?));
    let quantized = || quantized().or_else(mlx).or_else(|| text("quantization"));
    metadata.quantization = metadata.quantization.take().or_else(quantized);
    if let Some(base) = text("base_model_name_or_path").filter(|base| !metadata.base_models.contains(base)) {
        metadata.base_models.push(base);
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

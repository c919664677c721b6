//! The bytes of small models, honest and lying.

use artifact::testkit::{self, Value};

/// A GGUF of about 8 KiB with these keys and one tensor.
pub fn gguf(keys: &[(&str, &str)]) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(|&(key, value)| (key, Value::Text(value))).collect();
    testkit::gguf(&keys, &[("token_embd.weight", &[64, 32])])
}

/// A GGUF under Apache 2.0: nothing about it is odd.
pub fn plain_gguf() -> Vec<u8> {
    gguf(&[("general.architecture", "llama"), ("general.name", "plain"), ("general.license", "apache-2.0")])
}

/// A GGUF (version 3) that claims this many keys and holds none of them.
pub fn gguf_claiming_keys(count: u64) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3u32.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.resize(64 * 1024, 0xff);
    bytes
}

/// A pickle of numbers that is larger than what is identified by name alone.
pub fn pickle() -> Vec<u8> {
    testkit::pickle_text(2000)
}

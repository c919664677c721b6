//! Chance without surprise, and the words that rows are made of.

/// Numbers that look like chance (the mixing function of SplitMix64), each from its own coordinates, so that a row does not depend
/// on those before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance(u64);

impl Chance {
    /// For one row of one table.
    pub(super) fn new(seed: u64, table: u64, row: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ table.rotate_left(48) ^ row)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below another one.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Small numbers far more often than great ones.
    pub(super) fn small(&mut self, end: u64) -> u64 {
        let (a, b, c) = (self.below(end), self.below(end), self.below(end));
        a.min(b).min(c)
    }

    /// In so many of a hundred cases.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn of(&mut self, words: &[&'static str]) -> &'static str {
        let at = usize::try_from(self.below(words.len() as u64)).unwrap_or(0);
        words.get(at).copied().unwrap_or("")
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }
}

pub(super) const FAMILIES: &[&str] = &[
    "Aster", "Birch", "Coral", "Dune", "Ember", "Flint", "Gale", "Heron", "Iris", "Juniper", "Kestrel",
    "Larch",
];
pub(super) const PUBLISHERS: &[&str] = &["northwind", "contoso", "fabrikam", "tailspin", "litware", "adatum"];
pub(super) const FORMATS: &[&str] =
    &["gguf", "gguf", "gguf", "safetensors", "safetensors", "onnx", "pytorch", "keras"];
pub(super) const LICENSES: &[(&str, &str)] = &[
    ("apache-2.0", "yes"),
    ("mit", "yes"),
    ("cc-by-nc-4.0", "no"),
    ("llama3.2", "conditional"),
    ("other", "unknown"),
];
pub(super) const STORES: &[&str] = &["hugging-face", "ollama", "lm-studio"];
pub(super) const SYSTEMS: &[&str] = &["linux", "linux", "macos", "windows"];
pub(super) const RUNTIMES: &[&str] = &["ollama", "llama.cpp", "vllm", "lm-studio"];
pub(super) const AGENTS: &[&str] = &["claude-code", "codex", "aider", "goose"];
pub(super) const PACKAGES: &[&str] = &["torch", "transformers", "vllm", "langchain", "openai", "onnxruntime"];
pub(super) const RULES: &[(&str, i64)] = &[
    ("unknown-origin", 0),
    ("license-conditional", 1),
    ("pickle-weights", 2),
    ("license-noncommercial", 2),
    ("mcp-unpinned", 2),
    ("agent-unattended", 2),
    ("runtime-exposed", 3),
    ("mcp-plain-secret", 3),
    ("malicious-model", 4),
];
pub(super) const KINDS: &[&str] =
    &["artifact-appeared", "artifact-disappeared", "runtime-started", "finding-opened", "finding-resolved"];
pub(super) const GAPS: &[&str] = &["process-maps", "sockets", "other-accounts"];

//! Inputs that once found a fault, and what it was. A fault that a fuzzer finds comes here with the change that mends it.

use artifact::testkit::archives::{part, zip};

/// An input that once found a fault.
#[derive(Debug)]
pub struct Finding {
    /// The target it was handed to.
    pub target: &'static str,
    /// What was wrong.
    pub what: &'static str,
    /// The input.
    pub input: fn() -> Vec<u8>,
}

/// All of them, the oldest first.
pub const FINDINGS: &[Finding] = &[Finding {
    target: "containers",
    what: "a tensor that is said to end behind the file, which lost its digest",
    input: || {
        let tensor = part("m/data/0", &[7; 64]).with(|part| part.in_directory.size = Some(1 << 24));
        let pickle = artifact::testkit::pickle(&[("torch._utils", "_rebuild_tensor_v2")]);
        let file = zip(&[part("m/data.pkl", &pickle), tensor, part("m/version", b"3\n")]);
        [&[0], &file[4..]].concat()
    },
}];

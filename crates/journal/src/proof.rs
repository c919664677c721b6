//! A proof that stands alone: that an entry is in a log, verified with the log's key and nothing else (c2sp.org/tlog-proof).

use std::fmt;

use crate::{
    checkpoint::{Checkpoint, CheckpointError, decimal},
    note::{Note, NoteError, VerifierKey},
    tree::{Hash, check_inclusion},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// No tree is higher.
const MAX_PATH: usize = 64;

/// That an entry is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Which entry, from zero.
    pub index: u64,
    /// From the leaf's sibling up to a child of the root.
    pub path: Vec<Hash>,
    /// The checkpoint of the tree in which the entry is, with who cosigned it.
    pub checkpoint: Note,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not in the format.
    #[error("it is not a proof in the format {HEADER}")]
    Malformed,
    /// Its checkpoint is not one of the log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not the one that it is about.
    #[error("the entry is not at index {index} of the {size} entries of `{origin}`")]
    NotThere {
        /// The log.
        origin: String,
        /// Where the entry is said to be.
        index: u64,
        /// How many entries the log had.
        size: u64,
    },
}

impl From<NoteError> for ProofError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(error.into())
    }
}

impl Proof {
    /// Reads a proof; it proves nothing until it is verified. Extra data is allowed by the format and left aside.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofError::Malformed)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ProofError::Malformed);
        }
        let mut line = lines.next();
        if line.is_some_and(|line| line.starts_with("extra ")) {
            line = lines.next();
        }
        let index =
            line.and_then(|line| decimal(line.strip_prefix("index ")?)).ok_or(ProofError::Malformed)?;
        let path = lines.map(Hash::from_base64).collect::<Option<Vec<_>>>();
        let path = path.filter(|path| path.len() <= MAX_PATH).ok_or(ProofError::Malformed)?;
        Ok(Self { index, path, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }

    /// Checks that an entry is in the log of this key. Gives the checkpoint that says so.
    ///
    /// # Errors
    ///
    /// When it is not, or the proof does not show it.
    pub fn verify(&self, entry: &[u8], key: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let (size, root) = (checkpoint.size, checkpoint.root);
        match check_inclusion(&self.path, Hash::of_entry(entry), self.index, size, root) {
            Ok(()) => Ok(checkpoint),
            Err(_) => Err(ProofError::NotThere { origin: checkpoint.origin, index: self.index, size }),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nindex {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Signer;

    fn proof() -> (Proof, VerifierKey) {
        let signer = Signer::new("a.log", &[3; 32]).unwrap();
        let (left, right) = (Hash::of_entry(b"left"), Hash::of_entry(b"right"));
        let checkpoint = Checkpoint {
            origin: "a.log".into(),
            size: 2,
            root: Hash::of_pair(left, right),
            extensions: vec![],
        };
        let note = Note::new(checkpoint.to_string(), &signer);
        (Proof { index: 1, path: vec![left], checkpoint: note }, signer.verifier())
    }

    #[test]
    fn a_proof_is_about_one_entry_of_one_log() {
        let (proof, key) = proof();
        let read = Proof::parse(&proof.to_string()).unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.verify(b"right", &key).unwrap().size, 2);
        let not_there = ProofError::NotThere { origin: "a.log".into(), index: 1, size: 2 };
        assert_eq!(read.verify(b"left", &key), Err(not_there));
        let other = Signer::new("b.log", &[3; 32]).unwrap().verifier();
        assert!(matches!(read.verify(b"right", &other), Err(ProofError::Checkpoint(_))));
        let extra = proof.to_string().replace("\nindex", "\nextra AAAA\nindex");
        assert_eq!(Proof::parse(&extra).unwrap(), proof);
        for wrong in
            [proof.to_string().replace("@v1", "@v2"), proof.to_string().replace("index 1", "index 01")]
        {
            assert_eq!(Proof::parse(&wrong), Err(ProofError::Malformed));
        }
    }

    proptest! {
        #[test]
        fn no_changed_byte_goes_unnoticed(at: proptest::sample::Index, to: u8) {
            let (proof, key) = proof();
            let mut bytes = proof.to_string().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            let verified = std::str::from_utf8(&bytes).ok().and_then(|text| Proof::parse(text).ok()?.verify(b"right", &key).ok());
            prop_assert_eq!(verified, None);
        }
    }
}

//! Checkpoints: how long a log is and what its root is, as the text of a signed note (c2sp.org/tlog-checkpoint).

use std::fmt;

use crate::{
    note::{Note, NoteError, VerifierKey},
    tree::Hash,
};

/// The head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is; the name of the key that signs it as well.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
    /// Lines that the log adds, none of them empty.
    pub extensions: Vec<String>,
}

/// Why a text is no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text of the note is not an origin, a size and a root.
    #[error("it is not a checkpoint: an origin, a size and a root, each on a line of its own")]
    Malformed,
    /// It is the checkpoint of another log.
    #[error("it is the checkpoint of `{0}`")]
    OtherLog(String),
    /// The note is none or is not signed by the log's key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// Reads the text of a note.
    ///
    /// # Errors
    ///
    /// When it is no checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Malformed);
        };
        let number = decimal(size).ok_or(CheckpointError::Malformed)?;
        let root = Hash::from_base64(root).ok_or(CheckpointError::Malformed)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        let made = Self { origin: origin.to_owned(), size: number, root, extensions };
        let well_made = !origin.is_empty() && made.extensions.iter().all(|line| !line.is_empty());
        if well_made && made.to_string() == text { Ok(made) } else { Err(CheckpointError::Malformed) }
    }

    /// The checkpoint in a note, if the key of its log signed it.
    ///
    /// # Errors
    ///
    /// When it is none, of another log, or not signed by that key.
    pub fn open(note: &Note, key: &VerifierKey) -> Result<Self, CheckpointError> {
        note.verify(key)?;
        let checkpoint = Self::parse(&note.text)?;
        if checkpoint.origin == key.name() {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::OtherLog(checkpoint.origin))
        }
    }
}

/// A number without leading zeros or signs.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl fmt::Display for Checkpoint {
    /// The text of its note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Signer;

    #[test]
    fn the_example_of_the_format_is_read() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!(
            (checkpoint.size, checkpoint.origin.as_str()),
            (20_852_163, "example.com/behind-the-sofa")
        );
        for wrong in [
            text.replace("2085", "02085"),
            text.replace("2085", "+2085"),
            text.replace("q2I=", "q2J="),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replace("example.com/behind-the-sofa", ""),
            "a\n1\n".into(),
        ] {
            assert_eq!(Checkpoint::parse(&wrong), Err(CheckpointError::Malformed), "{wrong:?}");
        }
        assert_eq!(Checkpoint::parse(&format!("{text}more\n")).unwrap().extensions, ["more"]);
    }

    #[test]
    fn the_checkpoint_of_one_log_is_not_that_of_another() {
        let one = Signer::new("one", &[1; 32]).unwrap();
        let text = Checkpoint { origin: "two".into(), size: 0, root: Hash::empty(), extensions: vec![] };
        let note = Note::new(text.to_string(), &one);
        assert_eq!(Checkpoint::open(&note, &one.verifier()), Err(CheckpointError::OtherLog("two".into())));
        let two = Signer::new("two", &[2; 32]).unwrap();
        let unsigned = NoteError::Unsigned("two".into());
        assert_eq!(Checkpoint::open(&note, &two.verifier()), Err(CheckpointError::Note(unsigned)));
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "[a-z0-9+/=\n]{0,80}") {
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }
    }
}

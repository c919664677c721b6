//! Signed notes (c2sp.org/signed-note) with plain Ed25519 signatures and with cosignatures (c2sp.org/tlog-cosignature, version 1).
//!
//! It must not know what a note says. Names of keys and their text form are those of the format: `NAME+ID+KEY`.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The longest note that is read, in bytes: some 16 signatures, were they of kinds to come.
const MAX_NOTE: usize = 128 * 1024;
/// What every line of a signature begins with.
const DASH: &str = "\u{2014} ";

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// The text.
    Plain,
    /// The text and a time, as a witness does.
    Cosignature,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::Cosignature => 4,
        }
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not three parts with plus signs between them.
    #[error("a key is written `NAME+ID+KEY`")]
    Shape,
    /// The name has a space or a plus sign, or is empty.
    #[error("the name of a key is not empty and has neither spaces nor plus signs")]
    Name,
    /// Neither Ed25519 nor an Ed25519 cosignature.
    #[error("the key is of a kind that is not known here")]
    Kind,
    /// The id is not that of this name and key.
    #[error("the id does not belong to this name and key")]
    Id,
}

/// A public key with its name, by which signatures are verified.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    kind: Kind,
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, kind: Kind, key: VerifyingKey) -> Result<Self, KeyError> {
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control()) {
            return Err(KeyError::Name);
        }
        let id = key_id(name, kind, &key);
        Ok(Self { name: name.to_owned(), id, kind, key })
    }

    /// Reads the text form, such as `example.com/log+1a2b3c4d+AQ…`.
    ///
    /// # Errors
    ///
    /// When it is no such text, or its parts do not belong together.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Shape);
        };
        let key = STANDARD.decode(key).map_err(|_| KeyError::Shape)?;
        let (&kind, key) = key.split_first().ok_or(KeyError::Shape)?;
        let kind = [Kind::Plain, Kind::Cosignature].into_iter().find(|known| known.byte() == kind);
        let key: [u8; 32] = key.try_into().map_err(|_| KeyError::Kind)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| KeyError::Kind)?;
        let made = Self::new(name, kind.ok_or(KeyError::Kind)?, key)?;
        if format!("{:08x}", made.id) == id { Ok(made) } else { Err(KeyError::Id) }
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its signatures are cosignatures, with the time at which they were made.
    #[must_use]
    pub fn is_cosigner(&self) -> bool {
        self.kind == Kind::Cosignature
    }

    /// The raw public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The key of the same name and bytes as one that cosigns.
    #[must_use]
    pub fn as_cosigner(&self) -> Self {
        let kind = Kind::Cosignature;
        Self { id: key_id(&self.name, kind, &self.key), kind, ..self.clone() }
    }

    /// Whether a line of a note says that it is by this key.
    fn names(&self, signature: &Signature) -> bool {
        signature.name == self.name && signature.id == self.id
    }

    /// Whether it signed this text; for a cosignature, when, in seconds since 1970.
    fn signed(&self, text: &str, signature: &Signature) -> Option<Option<u64>> {
        let (message, time, bytes) = match self.kind {
            Kind::Plain => (text.to_owned(), None, signature.bytes.as_slice()),
            Kind::Cosignature => {
                let (time, bytes) = signature.bytes.split_first_chunk::<8>()?;
                let time = u64::from_be_bytes(*time);
                (cosigned(text, time), Some(time), bytes)
            }
        };
        let bytes = ed25519_dalek::Signature::from_slice(bytes).ok()?;
        self.key.verify_strict(message.as_bytes(), &bytes).ok()?;
        Some(time)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key: Vec<u8> = [self.kind.byte()].into_iter().chain(self.key.to_bytes()).collect();
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

fn key_id(name: &str, kind: Kind, key: &VerifyingKey) -> u32 {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', kind.byte()])
        .chain_update(key.to_bytes())
        .finalize();
    hash.first_chunk().map_or(0, |id| u32::from_be_bytes(*id))
}

/// What a cosigner signs.
fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A key that signs the checkpoints of a log.
pub struct Signer {
    name: String,
    key: SigningKey,
}

impl Signer {
    /// From a name and the 32 secret bytes of an Ed25519 key.
    ///
    /// # Errors
    ///
    /// When the name cannot stand in a note.
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(secret);
        VerifierKey::new(name, Kind::Plain, key.verifying_key())?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// The key by which its signatures are verified.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        let key = self.key.verifying_key();
        VerifierKey {
            name: self.name.clone(),
            id: key_id(&self.name, Kind::Plain, &key),
            kind: Kind::Plain,
            key,
        }
    }

    /// Its signature of a text.
    #[must_use]
    pub fn sign(&self, text: &str) -> Signature {
        let bytes = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        Signature { name: self.name.clone(), id: self.verifier().id, bytes }
    }

    /// Its signature of any message, without the form of a note: by it a key names its successor.
    #[must_use]
    pub fn sign_message(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.name)
    }
}

/// A key that cosigns checkpoints of others' logs. Its key must not be used for anything else.
pub struct Cosigner(Signer);

impl Cosigner {
    /// From a name and the 32 secret bytes of an Ed25519 key.
    ///
    /// # Errors
    ///
    /// When the name cannot stand in a note.
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, KeyError> {
        Signer::new(name, secret).map(Self)
    }

    /// The key by which its cosignatures are verified.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.0.verifier().as_cosigner()
    }

    /// Its cosignature of a checkpoint's text, made `at` so many seconds since 1970.
    #[must_use]
    pub fn sign(&self, text: &str, at: u64) -> Signature {
        let signature = self.0.key.sign(cosigned(text, at).as_bytes()).to_bytes();
        let bytes = at.to_be_bytes().into_iter().chain(signature).collect();
        Signature { name: self.0.name.clone(), id: self.verifier().id, bytes }
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.0.name)
    }
}

/// A line of a note that says who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub id: u32,
    /// What the key made, without the id.
    pub bytes: Vec<u8>,
}

impl Signature {
    /// Reads one line without its end.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, bytes) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(bytes).ok()?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        let named = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+');
        (named && !bytes.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: u32::from_be_bytes(*id),
            bytes: bytes.to_vec(),
        })
    }
}

impl fmt::Display for Signature {
    /// The line without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = self.id.to_be_bytes().iter().chain(&self.bytes).copied().collect();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Why a text is no note, or not one that a key signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a text, a blank line and signatures.
    #[error("it is not a signed note")]
    Malformed,
    /// No line is by the key.
    #[error("it is not signed by `{0}`")]
    Unsigned(String),
    /// A line is said to be by the key and is not.
    #[error("the signature of `{0}` is wrong")]
    WrongSignature(String),
}

/// A text with signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, which ends with a line feed.
    pub text: String,
    /// Who signed it, in the order of the lines.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// A note that has been signed once.
    #[must_use]
    pub fn new(text: String, signer: &Signer) -> Self {
        let signatures = vec![signer.sign(&text)];
        Self { text, signatures }
    }

    /// Reads a note: its signatures are not verified yet.
    ///
    /// # Errors
    ///
    /// When it is none, or longer than 128 KiB.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let whole = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_NOTE);
        let whole = whole.filter(|text| !text.bytes().any(|byte| byte < b' ' && byte != b'\n'));
        let at = whole.and_then(|text| text.rfind("\n\n")).ok_or(NoteError::Malformed)?;
        let (text, lines) =
            whole.and_then(|whole| whole.split_at_checked(at + 1)).ok_or(NoteError::Malformed)?;
        let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let signatures = lines.ok_or(NoteError::Malformed)?.split('\n').map(Signature::parse);
        let signatures = signatures.collect::<Option<Vec<_>>>().ok_or(NoteError::Malformed)?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Checks that a key signed it. Gives the time of a cosignature, in seconds since 1970: the latest, where it cosigned twice.
    ///
    /// # Errors
    ///
    /// When it did not, or what is said to be its signature is not.
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<u64>, NoteError> {
        let mut found = None;
        for signature in self.signatures.iter().filter(|signature| key.names(signature)) {
            let wrong = || NoteError::WrongSignature(key.name.clone());
            found = found.max(Some(key.signed(&self.text, signature).ok_or_else(wrong)?));
        }
        found.ok_or_else(|| NoteError::Unsigned(key.name.clone()))
    }

    /// Adds a signature, in the place of an older one by the same key.
    pub fn add(&mut self, signature: Signature) {
        self.signatures.retain(|known| (&known.name, known.id) != (&signature.name, signature.id));
        self.signatures.push(signature);
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

#[cfg(test)]
mod tests;

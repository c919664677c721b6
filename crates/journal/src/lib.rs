//! The journal: what happened, in an order that nobody changes unnoticed.
//!
//! An append-only Merkle log in the formats of the [C2SP](https://c2sp.org): tiles, signed notes, checkpoints, cosignatures and
//! proofs, which tools of others read. This crate is pure: it knows neither files nor clock nor network. A [`Folder`] keeps the
//! bytes; on a device that is a directory, in a test it is one that loses power at a chosen moment.

mod bundle;
mod checkpoint;
mod folder;
mod log;
mod note;
mod proof;
mod reader;
mod tile;
mod tree;
mod verify;
mod wal;

pub use bundle::{Entries, MAX_ENTRY, TooLong};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use folder::{Folder, MemoryFolder};
pub use log::{Appended, Log, LogError, Opened};
pub use note::{Cosigner, KeyError, Note, NoteError, Signature, Signer, VerifierKey};
pub use proof::{Proof, ProofError};
pub use reader::{ReadError, Reader};
pub use tile::{Tile, TilePath};
pub use tree::{
    Frontier, Hash, HashSource, Inconsistent, check_consistency, check_inclusion, consistency, inclusion,
};
pub use verify::{Fault, Report, Seen, verify};

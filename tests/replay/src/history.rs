//! Journals from strangers: notes, proofs and whole logs. Nothing that was not signed is believed.

use std::collections::BTreeMap;

use journal::{
    Checkpoint, Cosigner, Entries, Log, MemoryFolder, Note, Proof, Reader, Signer, TilePath, VerifierKey,
    verify,
};

/// The files of a small log.
const FILES: [&str; 5] = ["checkpoint", "witnessed", "wal", "tile/0/000.p/3", "tile/entries/000.p/3"];
const ORIGIN: &str = "example.com/log";

fn signer() -> Signer {
    Signer::new(ORIGIN, &[7; 32]).expect("a name without spaces")
}

fn witness() -> Cosigner {
    Cosigner::new("witness.example", &[9; 32]).expect("a name without spaces")
}

/// A log of three entries and one that waits.
fn log() -> MemoryFolder {
    let folder = MemoryFolder::new();
    let mut log = Log::open(folder.clone(), signer()).expect("an empty folder").log;
    log.append(&["first", "second", "third"]).expect("room");
    let note = log.publish().expect("room");
    let cosignature = witness().sign(&note.text, 1_700_000_000);
    log.keep_witnessed(note, cosignature).expect("room");
    log.append(&["waits"]).expect("room");
    folder
}

/// A number of a file, its length in two bytes, its bytes; again and again.
fn packed(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let pack = |(number, name): (u8, &&str)| {
        let bytes = files.get(*name)?;
        let length = u16::try_from(bytes.len()).ok()?.to_be_bytes();
        Some([&[number], &length[..], bytes].concat())
    };
    (0u8..).zip(&FILES).filter_map(pack).flatten().collect()
}

fn unpacked(mut data: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    while let Some((&number, rest)) = data.split_first() {
        let bytes = Entries::of(rest).next().unwrap_or_default();
        let name = FILES[usize::from(number) % FILES.len()];
        files.insert(name.to_owned(), bytes.to_vec());
        data = rest.get(bytes.len() + 2..).unwrap_or_default();
    }
    files
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let folder = log();
    let mut reader = Reader::open(&folder, &signer().verifier()).expect("a log");
    let (_, proof) = reader.prove(1).expect("an entry");
    let files = folder.files();
    let mut seeds =
        vec![packed(&files), proof.to_string().into_bytes(), signer().verifier().to_string().into()];
    seeds.extend([b"tile/0/x001/234.p/7".to_vec(), b"tile/entries/000".to_vec()]);
    seeds.extend(files.into_values());
    seeds
}

pub(crate) fn run(data: &[u8]) {
    let key = signer().verifier();
    if let Ok(text) = std::str::from_utf8(data) {
        texts(text, &key);
    }
    let (original, files) = (log().files(), unpacked(data));
    let folder = MemoryFolder::of(files.clone());
    let report = verify(&folder, &key, &[witness().verifier()], &[]);
    let signed = ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"];
    let as_it_was = signed.iter().all(|name| files.get(*name) == original.get(*name));
    assert!(!report.faults.is_empty() || as_it_was, "what was altered is named");
    if let Ok(opened) = Log::open(folder, signer()) {
        assert!(opened.log.size() < 100_000, "no more than was handed over");
    }
}

/// What is read is written the same; what was not signed is not believed.
fn texts(text: &str, key: &VerifierKey) {
    if let Some(path) = TilePath::parse(text) {
        assert_eq!(path.to_string(), text);
    }
    if let Ok(read) = VerifierKey::parse(text) {
        assert_eq!(VerifierKey::parse(&read.to_string()).as_ref(), Ok(&read));
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(note) = Note::parse(text.as_bytes()) {
        assert_eq!(Note::parse(note.to_string().as_bytes()).as_ref(), Ok(&note));
    }
    if let Ok(proof) = Proof::parse(text)
        && proof.verify(b"second", key).is_ok()
    {
        assert_eq!(proof.index, 1);
    }
}

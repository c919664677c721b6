//! The promises about containers: every trick with an archive is seen, and its benign twin is left alone.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss
)]

mod bombs;
mod bounds;
mod packing;
mod tricks;

use std::{io::Cursor, sync::LazyLock};

use catalog::Catalog;
use domain::{Severity, Verdict};

use crate::{
    Inspection, Limits, inspect,
    testkit::{self, archives as writer},
};

/// What is known, loaded once for all tests.
fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().unwrap());
    &CATALOG
}

/// What a full inspection of these bytes says.
fn look(bytes: &[u8], name: &str) -> Inspection {
    inspect(Cursor::new(bytes), bytes.len() as u64, name, catalog(), &Limits::full()).unwrap()
}

fn rules(inspection: &Inspection) -> Vec<&str> {
    inspection.facts.iter().map(|fact| fact.rule.as_str()).collect()
}

fn says(inspection: &Inspection, rule: &str) -> bool {
    inspection.facts.iter().any(|fact| fact.rule == rule)
}

/// Whether a pickle at this path was taken apart as one.
fn is_pickle(inspection: &Inspection, path: &str) -> bool {
    inspection.members.iter().any(|member| member.path == path && member.format.as_deref() == Some("pickle"))
}

/// Asserts that nothing above a remark is said of an ordinary file.
fn assert_ordinary(inspection: &Inspection) {
    let grave = inspection.facts.iter().any(|fact| fact.severity > Severity::Low);
    assert!(
        !grave && inspection.verdict == Verdict::Clean,
        "{:?} {:?}",
        inspection.verdict,
        inspection.facts
    );
}

/// A pickle that runs a command, and one that rebuilds a tensor.
fn evil() -> Vec<u8> {
    b"cposix\nsystem\n(S'id'\ntR.".to_vec()
}

fn evil_protocol_2() -> Vec<u8> {
    b"\x80\x02cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03.".to_vec()
}

fn good() -> Vec<u8> {
    b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02K\x01s.".to_vec()
}

#[test]
fn every_sample_of_the_testkit_is_ordinary() {
    for (name, bytes) in [
        ("model.pt", testkit::torch_zip(&good())),
        ("model.npz", testkit::npz(3)),
        ("model.keras", testkit::keras_zip()),
        ("model.pt", writer::torch(&good(), &[])),
    ] {
        assert_ordinary(&look(&bytes, name));
    }
}

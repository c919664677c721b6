//! The interpreter of pickles: every byte of the input is walked over as a loader would, in each context.

#![no_main]

use std::{io::Cursor, sync::LazyLock};

use artifact::{Limits, inspect};

static CATALOG: LazyLock<catalog::Catalog> = LazyLock::new(|| catalog::load().expect("the catalogue is compiled in"));

const MAGICS: &[&[u8]] = &[
    b"\x80\x04",
    b"\x80\x02",
    b"(",
    b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(",
    b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    let file = [magic, data].concat();
    let len = file.len() as u64;
    let found = inspect(Cursor::new(&file), len, "x.pkl", &CATALOG, &Limits::full());
    assert!(found.expect("a file in memory has no errors").facts.len() <= 250);
});

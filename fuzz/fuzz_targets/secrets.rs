//! Cleaning of command lines: never a panic, and a second time changes nothing.

#![no_main]

use std::sync::LazyLock;

use catalog::Catalog;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().expect("the catalogue is read"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let words: Vec<_> = String::from_utf8_lossy(data).split('\n').map(str::to_owned).collect();
    let clean = CATALOG.secrets.clean_argv(&words);
    assert_eq!(clean.len(), words.len());
    assert_eq!(CATALOG.secrets.clean_argv(&clean), clean, "cleaning twice changed something: {words:?}");
});

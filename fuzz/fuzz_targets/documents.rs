//! Configurations of agents, model cards and the small files of stores.

#![no_main]

use std::sync::LazyLock;

use catalog::Catalog;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().expect("the catalogue is read"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| inventory::fuzz_documents(&CATALOG.secrets, data));

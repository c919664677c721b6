//! What every fuzz target of the artefact parsers checks, behind the magic number of its format.

use std::{io::Cursor, sync::LazyLock};

use artifact::{HEAD, Limits, identify, inspect, plausible};
use catalog::Catalog;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().expect("the catalogue is read"));

/// Identifies a file that begins with `magic`, and checks what holds for every answer.
pub fn check(magic: &[u8], data: &[u8]) {
    let file = [magic, data].concat();
    let len = file.len() as u64;
    let cheap = plausible(file.get(..HEAD).unwrap_or(&file), len);
    let found = identify(&mut Cursor::new(&file), len).expect("a file in memory has no errors");
    if let Some(found) = found {
        assert!(cheap, "identified but not plausible: {found:?}");
        assert!(found.metadata.keys.values().all(|value| value.chars().count() <= 256));
        assert!(found.facts.len() <= 8 && found.license_claims.len() <= 96);
    }
}

/// Inspects a file of that name to its end, and checks what holds for every answer.
pub fn check_inspection(name: &str, file: &[u8]) {
    let limits = Limits { unpacked: 64 << 20, text: 16 << 20, ..Limits::full() };
    let found = inspect(Cursor::new(file), file.len() as u64, name, &CATALOG, &limits)
        .expect("a file in memory has no errors");
    assert!(found.facts.len() <= 400);
    assert!(found.facts.iter().all(|fact| fact.message.chars().count() <= 256));
    assert!(found.sha256.is_some());
}

/// Inspects a file that begins with `magic`, and checks what holds for every answer.
pub fn inspect_after(magic: &[u8], data: &[u8]) {
    check_inspection("", &[magic, data].concat());
}

/// Splits off a selector, so that one target can begin with one of several magic numbers.
pub fn choose<'m>(magics: &[&'m [u8]], data: &mut &[u8]) -> &'m [u8] {
    let Some((first, rest)) = data.split_first() else { return magics[0] };
    *data = rest;
    magics[usize::from(*first) % magics.len()]
}

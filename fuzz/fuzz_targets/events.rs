//! Server-sent events: never a panic, never more than the limits, and the same however the stream is cut.

#![no_main]

use sensor::sse::{Event, LARGEST_EVENT, Reader};

fn read(data: &[u8], piece: usize) -> Option<Vec<Event>> {
    let mut reader = Reader::default();
    let events = data.chunks(piece).map(|piece| reader.push(piece).ok()).collect::<Option<Vec<_>>>()?;
    Some(events.concat())
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let whole = read(rest, rest.len().max(1));
    assert_eq!(whole, read(rest, usize::from(*first) + 1));
    assert!(whole.iter().flatten().all(|event| event.data.len() <= LARGEST_EVENT));
});

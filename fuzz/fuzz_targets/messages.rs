//! Reports and commands from the other side: never a panic, never more memory than the limits, and what is read can be written.

#![no_main]

use protocol::sensor::{Command, EnrolRequest, Problem, Report, pack, unpack};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = unpack(data);
    let _ = serde_json::from_slice::<Command>(data);
    let _ = serde_json::from_slice::<EnrolRequest>(data);
    let _ = serde_json::from_slice::<Problem>(data);
    if let Ok(report) = serde_json::from_slice::<Report>(data) {
        let again = unpack(&pack(&report).expect("a small report")).expect("what was packed");
        assert_eq!(again.changes.artifacts.put.len(), report.changes.artifacts.put.len());
        assert!(again.changes.artifacts.put.iter().all(|artifact| !artifact.paths.is_empty()));
    }
});

use domain::{Confidence, Digest, HostPath, Metadata, Program, Severity, Verdict};
use proptest::prelude::*;

use super::*;

fn artifact(path: HostPath) -> Artifact {
    Artifact {
        paths: vec![path],
        size: 1,
        format: "gguf".into(),
        digest: Digest::PENDING,
        store: None,
        origin: None,
        license: None,
        metadata: Metadata::default(),
        verdict: Verdict::Clean,
        facts: vec![],
        content: domain::Content::default(),
    }
}

fn report(changes: Changes) -> Report {
    let device =
        Device { id: None, hostname: None, os: "linux".into(), os_version: None, arch: "x86_64".into() };
    let scan = ScanSummary {
        device,
        started_at: Timestamp::UNIX_EPOCH,
        elapsed_ms: 7,
        complete: true,
        coverage: Coverage::default(),
        accelerators: vec![],
        notes: vec![],
    };
    let (base, state) = (Some("a".into()), "b".into());
    Report { sequence: 3, base, state, sensor_version: "0".into(), scan, changes, answers: vec![4] }
}

fn program(tool: Option<&str>, pid: Option<u32>) -> Program {
    let tool = tool.map(str::to_owned);
    Program { pid, ..Program::installed(tool, Some("ann".into()), vec![], Confidence::Likely) }
}

#[test]
fn every_thing_has_a_key_of_its_own() {
    assert_eq!(artifact(HostPath::from("/m/a.gguf")).key(), "/m/a.gguf");
    assert_eq!(artifact(HostPath::from_bytes(*b"/\xff")).key(), "base64:L/8=");
    let package = Package {
        ecosystem: "npm".into(),
        name: "n".into(),
        version: None,
        tool: None,
        path: HostPath::from("/p"),
    };
    assert_eq!(package.key(), "npm\0n\0\0/p");
    let started_at = Some(Timestamp::from_millisecond(1500).unwrap());
    let running = Program { started_at, ..program(Some("t"), Some(7)) };
    let unnamed = Program { exe: Some(HostPath::from("/x")), ..program(None, None) };
    let keys: Vec<_> = keyed_runtimes(vec![
        running,
        program(Some("t"), Some(8)),
        program(Some("t"), None),
        program(Some("t"), None),
        unnamed,
    ])
    .iter()
    .map(Item::key)
    .collect();
    assert_eq!(keys, ["p7-1500", "p8-0", "i-t-ann", "i-t-ann-2", "i-/x-ann"]);
}

#[test]
fn a_command_reads_back_and_an_order_from_the_future_is_unknown_not_an_error() {
    let device = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let command = Command { device, serial: 1, issued_at: at, expires_at: at, order: Order::Rescan };
    let key = SigningKey::from_bytes(&[1; 32]);
    let payload = command.sign(&key).unwrap().open(&key.verifying_key(), COMMAND_TYPE).unwrap();
    assert_eq!(serde_json::from_slice::<Command>(&payload).unwrap(), command);
    let text = String::from_utf8(payload).unwrap();
    assert!(text.contains(r#""order":{"type":"rescan"}"#), "{text}");
    let future = text.replace(r#"{"type":"rescan"}"#, r#"{"type":"dance","tempo":3}"#);
    assert_eq!(serde_json::from_str::<Command>(&future).unwrap().order, Order::Unknown);
    assert!(Command { order: Order::Unknown, ..command }.sign(&key).is_err(), "nobody gives it");
}

#[test]
fn a_secret_is_not_shown_by_accident() {
    let request = EnrolRequest {
        token: "hush".into(),
        device: report(Changes::default()).scan.device,
        public_key: PublicKey::new(SigningKey::from_bytes(&[1; 32]).verifying_key()),
        sensor_version: "0".into(),
    };
    assert!(!format!("{request:?}").contains("hush"));
}

#[test]
fn a_report_that_unpacks_to_more_than_the_limit_is_refused() {
    let packed_too_large = vec![0; LARGEST_PACKED + 1];
    assert!(matches!(unpack(&packed_too_large), Err(PackError::TooLarge(_))));
    let filler = vec![b' '; (1 << 20) + 1];
    let bomb =
        ruzstd::encoding::compress_to_vec(filler.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    assert!(bomb.len() < 1 << 12);
    assert!(matches!(pack::unpack_within(&bomb, 1 << 20), Err(PackError::TooLarge(_))));
}

#[test]
fn a_window_larger_than_any_decoder_must_have_is_refused() {
    // A frame whose header asks for a window of 3.75 TiB (RFC 8878, section 3.1.1.1.2).
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0x00, 0x00];
    assert!(matches!(unpack(&frame), Err(PackError::Compression(_))));
}

#[test]
fn the_state_depends_on_what_is_where() {
    let mark = Mark::of(&1).unwrap();
    let hash = |kinds: &[(&str, &[&str])]| {
        let mut hash = StateHash::default();
        kinds.iter().for_each(|(kind, keys)| hash.add(kind, keys.iter().map(|key| (*key, &mark))));
        hash.finish()
    };
    let states = [
        hash(&[("a", &[]), ("b", &[])]),
        hash(&[("a", &["x"]), ("b", &[])]),
        hash(&[("a", &[]), ("b", &["x"])]),
        hash(&[("a", &["x", "b"])]),
    ];
    assert_eq!(states.iter().collect::<std::collections::BTreeSet<_>>().len(), states.len());
    assert!(states.iter().all(|state| state.len() == 64));
}

proptest! {
    // Compressing is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_report_survives_the_way(names in proptest::collection::vec(any::<Vec<u8>>(), 0..20), full: bool) {
        let put: Vec<_> = names.iter().map(|name| artifact(HostPath::from_bytes(name.clone()))).collect();
        let finding = Finding {
            rule: "r".into(), severity: Severity::Low, subject: "s".into(), message: "m".into(),
            evidence: vec![], help: String::new(), paths: put.iter().map(|one| one.path().clone()).collect(),
        };
        let report = report(Changes {
            full,
            artifacts: Delta { put, remove: vec!["x\0y".into()] },
            runtimes: Delta { put: keyed_runtimes(vec![program(Some("t"), Some(1))]), remove: vec![] },
            agents: Delta { put: keyed_agents(vec![Agent::new(program(None, None))]), remove: vec![] },
            packages: Delta::default(),
            findings: Delta { put: vec![finding], remove: vec![] },
        });
        prop_assert_eq!(unpack(&pack(&report).unwrap()).unwrap(), report);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let _ = unpack(&bytes);
        let mut packed = pack(&report(Changes::default())).unwrap();
        for (at, with) in flips {
            let at = at.index(packed.len());
            packed[at] ^= with;
        }
        let _ = unpack(&packed);
    }
}

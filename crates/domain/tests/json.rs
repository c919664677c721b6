//! Whatever a device found reaches whoever reads its JSON as it was.

#![allow(clippy::unwrap_used, reason = "this is all test, also what stands outside of a test function")]

use std::fmt::Debug;

use domain::{
    Accelerator, AcceleratorProcess, Agent, Artifact, Bundle, BundleKind, CommercialUse, Confidence, Content,
    Coverage, Device, DeviceId, Digest, Evidence, EvidenceFamily, Fact, Finding, Gap, HostPath,
    Identification, License, LoadedModel, McpServer, Member, Metadata, Origin, Package, PlainSecret, Program,
    Role, Severity, Sha256Digest, Sureness, Transport, Unreadable, Verdict,
};
use jiff::Timestamp;
use proptest::{collection::vec, option::of, prelude::*, sample::select};
use serde::{Serialize, de::DeserializeOwned};

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let json = serde_json::to_string(value).unwrap();
    prop_assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{}", json);
    Ok(())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z/ ]{0,6}", any::<String>()]
}

fn path() -> impl Strategy<Value = HostPath> {
    let plain = "/[a-z]{1,5}(/[a-zé]{1,4})?".prop_map(|text| HostPath::from(text.as_str()));
    prop_oneof![plain, any::<Vec<u8>>().prop_map(HostPath::from_bytes)]
}

fn paths() -> impl Strategy<Value = Vec<HostPath>> {
    vec(path(), 0..4)
}

fn sha256() -> impl Strategy<Value = Sha256Digest> {
    any::<[u8; 32]>().prop_map(Sha256Digest::from_bytes)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000i64).prop_map(|at| Timestamp::from_millisecond(at).unwrap())
}

/// Shares that decimal notation holds exactly: what JSON is for, not what a parser does with the last bit.
fn share() -> impl Strategy<Value = f64> {
    any::<u8>().prop_map(|part| f64::from(part) / 256.0)
}

fn severity() -> impl Strategy<Value = Severity> {
    select(&Severity::ALL[..])
}

fn digest() -> impl Strategy<Value = Digest> {
    prop_oneof![
        Just(Digest::PENDING),
        sha256().prop_map(Digest::claimed),
        (sha256(), of(sha256())).prop_map(|(digest, claim)| Digest::computed(digest, claim)),
    ]
}

fn origin() -> impl Strategy<Value = Origin> {
    (text(), of(text()), of(text()), text()).prop_map(|(registry, repository, revision, evidence)| Origin {
        registry,
        repository,
        revision,
        evidence,
    })
}

fn license() -> impl Strategy<Value = License> {
    let uses = [CommercialUse::Yes, CommercialUse::No, CommercialUse::Conditional, CommercialUse::Unknown];
    (text(), text(), select(uses.to_vec())).prop_map(|(id, evidence, commercial_use)| License {
        id,
        evidence,
        commercial_use,
    })
}

prop_compose! {
    fn metadata()(
        role in of(select(vec![Role::Weights, Role::Adapter, Role::Data])),
        name in of(text()), architecture in of(text()), quantization in of(text()),
        parameters: Option<u64>, tensors: Option<u64>, context_length: Option<u64>,
        base_models in vec(text(), 0..3),
        keys in proptest::collection::btree_map(text(), text(), 0..3),
    ) -> Metadata {
        Metadata { role, name, architecture, quantization, parameters, tensors, context_length, base_models, keys }
    }
}

prop_compose! {
    fn fact()(
        rule in text(), severity in severity(), message in text(), offset: Option<u64>, member in of(text()),
        name in of(text()), count: u64, help in of(text()),
    ) -> Fact {
        Fact { rule, severity, message, offset, member, name, count, help }
    }
}

prop_compose! {
    fn artifact()(
        paths in vec(path(), 1..4), size: u64, format in text(), digest in digest(), store in of(text()),
        origin in of(origin()), license in of(license()), metadata in metadata(),
        verdict in verdict(), facts in vec(fact(), 0..3), content in content(),
    ) -> Artifact {
        Artifact { paths, size, format, digest, store, origin, license, metadata, verdict, facts, content }
    }
}

fn verdict() -> impl Strategy<Value = Verdict> {
    use Verdict::*;
    select(vec![NotScanned, Clean, Unscannable, Suspicious, Malicious])
}

fn bundle() -> impl Strategy<Value = Bundle> {
    use BundleKind::*;
    let kinds = vec![Shards, Pair, Snapshot, Adapter, Pipeline, SavedModel, CoreMl, Image];
    (select(kinds), path()).prop_map(|(kind, folder)| Bundle { kind, folder })
}

prop_compose! {
    fn content()(
        sure in select(vec![Sureness::Probable, Sureness::Certain]), reason in of(text()), weights in of(sha256()),
        bundle in of(bundle()), members in vec(member(), 0..3), unlisted_members: u64,
    ) -> Content {
        let identification = reason.map(|reason| Identification { confidence: sure, reason });
        Content { identification, weights, bundle, members, unlisted_members }
    }
}

prop_compose! {
    fn member()(
        path in text(), size: u64, format in of(text()), sha256 in of(sha256()), verdict in verdict(),
        role in of(select(vec![Role::Weights, Role::Adapter, Role::Data])),
    ) -> Member {
        Member { path, size, format, role, sha256, verdict }
    }
}

fn evidence() -> impl Strategy<Value = Evidence> {
    use EvidenceFamily::*;
    let families =
        vec![MappedModel, MappedLibrary, Http, Store, Parent, OpenFile, Environment, Argument, Name, Port];
    (select(families), text()).prop_map(|(family, detail)| Evidence { family, detail })
}

fn loaded_model() -> impl Strategy<Value = LoadedModel> {
    (path(), text(), of(sha256())).prop_map(|(path, format, sha256)| LoadedModel { path, format, sha256 })
}

prop_compose! {
    fn program()(
        (tool, pid, exe, user) in (of(text()), any::<Option<u32>>(), of(path()), of(text())),
        cmdline in vec(text(), 0..3), started_at in of(time()), listeners in vec(text(), 0..3),
        own_network: bool, models in vec(loaded_model(), 0..3), children: Vec<u32>,
        evidence in vec(evidence(), 0..3),
        confidence in select(vec![Confidence::Possible, Confidence::Likely, Confidence::Confirmed]),
    ) -> Program {
        Program {
            tool, pid, exe, cmdline, user, started_at, listeners, own_network, models, children, evidence,
            confidence,
        }
    }
}

prop_compose! {
    fn server()(
        name in text(),
        transport in select(vec![Transport::Stdio, Transport::Http, Transport::Sse, Transport::Ws]),
        command in vec(text(), 0..3), url in of(text()), package in of(text()), pinned: Option<bool>,
        plain_secrets in vec((text(), text()).prop_map(|(place, name)| PlainSecret { place, name }), 0..3),
        disabled: bool, config in path(), config_readable_by_others: bool,
    ) -> McpServer {
        McpServer {
            name, transport, command, url, package, pinned, plain_secrets, disabled, config,
            config_readable_by_others,
        }
    }
}

prop_compose! {
    fn agent()(
        program in program(), risk_flags in vec(text(), 0..3), configs in paths(), instructions in paths(),
        mcp_servers in vec(server(), 0..3),
    ) -> Agent {
        Agent { program, risk_flags, configs, instructions, mcp_servers }
    }
}

prop_compose! {
    fn coverage()(
        (roots, skipped_mounts) in (paths(), paths()), numbers: [u64; 10],
        unreadable in vec((path(), text()).prop_map(|(path, error)| Unreadable { path, error }), 0..3),
        gaps in vec((text(), text(), text()), 0..3),
    ) -> Coverage {
        let [files, directories, bytes_read, unchanged, empty, special, links, changed, model_bytes, unreadable_total] = numbers;
        let gaps = gaps.into_iter().map(|(capability, lost, remedy)| Gap { capability, lost, remedy }).collect();
        Coverage {
            roots, files, directories, bytes_read, unchanged, empty, special, links, changed,
            model_bytes, unreadable_total, unreadable, skipped_mounts, gaps,
        }
    }
}

prop_compose! {
    fn finding()(
        rule in text(), severity in severity(), subject in text(), message in text(),
        evidence in vec(text(), 0..3), help in text(), paths in paths(),
    ) -> Finding {
        Finding { rule, severity, subject, message, evidence, help, paths }
    }
}

prop_compose! {
    fn accelerator()(
        (kind, name, source) in (text(), text(), text()), driver in of(text()), bus in of(text()),
        utilization in of(share()), memory_used: Option<u64>, memory_total: Option<u64>,
        processes in vec((any::<u32>(), any::<Option<u64>>(), of(share())), 0..3),
    ) -> Accelerator {
        let process = |(pid, memory, utilization)| AcceleratorProcess { pid, memory, utilization };
        let processes = processes.into_iter().map(process).collect();
        Accelerator { kind, name, source, driver, bus, utilization, memory_used, memory_total, processes }
    }
}

prop_compose! {
    fn device()(
        id in of(text().prop_map(DeviceId::new)), hostname in of(text()), os in text(),
        os_version in of(text()), arch in text(),
    ) -> Device {
        Device { id, hostname, os, os_version, arch }
    }
}

prop_compose! {
    fn package()(
        ecosystem in text(), name in text(), version in of(text()), tool in of(text()), path in path(),
    ) -> Package {
        Package { ecosystem, name, version, tool, path }
    }
}

proptest! {
    #[test]
    fn an_artifact_survives(artifact in artifact()) { survives(&artifact)?; }

    #[test]
    fn an_agent_survives_and_with_it_every_program_and_server(agent in agent()) {
        survives(&agent.program)?;
        survives(&agent)?;
    }

    #[test]
    fn coverage_survives(coverage in coverage()) { survives(&coverage)?; }

    #[test]
    fn a_finding_survives(finding in finding()) { survives(&finding)?; }

    #[test]
    fn an_accelerator_survives(accelerator in accelerator()) { survives(&accelerator)?; }

    #[test]
    fn a_device_survives(device in device()) { survives(&device)?; }

    #[test]
    fn a_package_survives(package in package()) { survives(&package)?; }
}

#[test]
fn what_a_newer_version_adds_is_ignored_and_what_an_older_one_lacks_is_empty() {
    let finding: Finding = serde_json::from_str(
        r#"{"rule": "r", "severity": "high", "subject": "s", "message": "m", "novelty": [1, {"a": 2}]}"#,
    )
    .unwrap();
    assert_eq!((finding.rule.as_str(), finding.evidence.len(), finding.paths.len()), ("r", 0, 0));
    let program: Program = serde_json::from_str(r#"{"confidence": "likely"}"#).unwrap();
    assert_eq!(program, Program::installed(None, None, vec![], Confidence::Likely));
    let agent: Agent = serde_json::from_str(r#"{"confidence": "likely", "novelty": null}"#).unwrap();
    assert_eq!(agent, Agent::new(program));
    assert_eq!(serde_json::from_str::<Coverage>("{}").unwrap(), Coverage::default());
}

#[test]
fn an_artifact_always_has_a_path() {
    let json = r#"{"path": "\\xff", "path_base64": "/w==", "size": 1, "format": "gguf", "paths": [],
        "digest": {"sha256": null, "status": "pending"}, "verdict": "clean"}"#;
    let artifact: Artifact = serde_json::from_str(json).unwrap();
    assert_eq!(artifact.paths, [HostPath::from_bytes([0xff])]);
}

#[test]
fn exact_bytes_that_are_none_are_refused() {
    let json = r#"{"ecosystem": "npm", "name": "n", "path": "/x", "path_base64": "!"}"#;
    let error = serde_json::from_str::<Package>(json).unwrap_err().to_string();
    assert!(error.contains("the exact bytes of the path `/x` are not in base64"), "{error}");
}

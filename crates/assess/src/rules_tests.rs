use domain::{
    Agent, Digest, Evidence, EvidenceFamily, Fact, Finding, HostPath, License, Metadata, Origin, PlainSecret,
    Runtime, Sha256Digest, Transport,
};

use crate::{Facts, findings};

use super::*;

fn model(path: &str, format: &str) -> Artifact {
    Artifact {
        paths: vec![HostPath::from(path)],
        size: 5000,
        format: format.into(),
        digest: Digest::PENDING,
        store: None,
        origin: None,
        license: None,
        metadata: Metadata { role: Some(Role::Weights), ..Metadata::default() },
        verdict: Verdict::NotScanned,
        facts: vec![],
        content: domain::Content::default(),
    }
}

fn from(repository: &str, artifact: Artifact) -> Artifact {
    let origin = Origin {
        registry: "huggingface.co".into(),
        repository: Some(repository.into()),
        revision: None,
        evidence: String::new(),
    };
    Artifact { origin: Some(origin), ..artifact }
}

/// A folder with these files, each with weights.
fn folder(files: &[(&str, &str)]) -> Artifact {
    let member = |(path, format): &(&str, &str)| Member {
        path: (*path).into(),
        size: 1000,
        format: Some((*format).into()),
        role: Some(Role::Weights),
        sha256: None,
        verdict: Verdict::NotScanned,
    };
    let mut artifact = model("/m", files.first().unwrap().1);
    artifact.content.bundle =
        Some(domain::Bundle { kind: domain::BundleKind::Snapshot, folder: HostPath::from("/m") });
    artifact.content.members = files.iter().map(member).collect();
    artifact
}

fn licensed(commercial_use: CommercialUse, id: &str, artifact: Artifact) -> Artifact {
    let license = License { id: id.into(), evidence: "card".into(), commercial_use };
    Artifact { license: Some(license), ..artifact }
}

fn of_artifacts(artifacts: &[Artifact]) -> Vec<Finding> {
    findings(&catalog::load().unwrap(), Facts { artifacts, ..Facts::default() })
}

fn rules_of(findings: &[Finding]) -> Vec<(&str, Severity)> {
    findings.iter().map(|finding| (finding.rule.as_str(), finding.severity)).collect()
}

fn runtime(listeners: &[&str], confidence: Confidence) -> Runtime {
    let evidence = vec![Evidence { family: EvidenceFamily::Name, detail: String::new() }];
    Runtime {
        pid: Some(7),
        listeners: listeners.iter().map(ToString::to_string).collect(),
        ..Runtime::installed(Some("x".into()), None, evidence, confidence)
    }
}

fn agent(servers: Vec<McpServer>, flags: &[&str]) -> Agent {
    let mut agent = Agent::new(Runtime::installed(Some("agent".into()), None, vec![], Confidence::Likely));
    agent.program.pid = Some(8);
    agent.risk_flags = flags.iter().map(ToString::to_string).collect();
    agent.mcp_servers = servers;
    agent
}

fn mcp(name: &str, package: &str, pinned: bool, config: &str) -> McpServer {
    McpServer {
        name: name.into(),
        transport: Transport::Stdio,
        command: vec!["npx".into(), package.into()],
        url: None,
        package: Some(format!("npm:{package}")),
        pinned: Some(pinned),
        plain_secrets: vec![],
        disabled: false,
        config: config.into(),
        config_readable_by_others: false,
    }
}

#[test]
fn a_safe_model_of_known_origin_and_free_licence_raises_nothing() {
    let model = licensed(CommercialUse::Yes, "apache-2.0", from("a/b", model("/m/a.gguf", "gguf")));
    assert_eq!(of_artifacts(&[model]), []);
}

#[test]
fn a_model_of_unknown_origin_is_worth_knowing() {
    assert_eq!(rules_of(&of_artifacts(&[model("/m/a.gguf", "gguf")])), [("unknown-origin", Severity::Info)]);
}

#[test]
fn weights_in_a_pickle_are_a_finding_once_however_many_files_and_paths() {
    let shard = |n: u32| from("a/b", model(&format!("/m/pytorch_model-0000{n}-of-00002.bin"), "pytorch"));
    let mut first = shard(1);
    first.paths.push("/m/link.bin".into());
    let found = of_artifacts(&[first, shard(2)]);
    assert_eq!(rules_of(&found), [("pickle-weights", Severity::Medium)]);
    assert_eq!((found[0].subject.as_str(), found[0].evidence.len()), ("huggingface.co/a/b", 3));
}

#[test]
fn a_pickle_beside_the_same_model_in_a_safe_format_says_which_file_to_use() {
    let (pickle, safe) =
        (model("/m/pytorch_model.bin", "pytorch"), model("/m/model.safetensors", "safetensors"));
    let found = of_artifacts(&[from("a/b", pickle), from("a/b", safe)]);
    assert!(found[0].help.contains("/m/model.safetensors"), "{}", found[0].help);
}

#[test]
fn a_pickle_that_came_with_a_package_is_only_worth_knowing() {
    let found = of_artifacts(&[model("/v/lib/python3.11/site-packages/x/m.pkl", "pickle")]);
    assert_eq!(rules_of(&found), [("pickle-weights", Severity::Info)]);
}

#[test]
fn a_pickle_without_weights_is_no_finding() {
    let mut data = model("/home/a/.cache/x.pickle", "pickle");
    data.metadata.role = Some(Role::Data);
    assert_eq!(of_artifacts(&[data]), []);
}

#[test]
fn a_licence_that_forbids_is_a_finding_and_one_that_limits_is_worth_knowing() {
    let nc = licensed(CommercialUse::No, "cc-by-nc-4.0", from("a/nc", model("/m/a.gguf", "gguf")));
    let conditional =
        licensed(CommercialUse::Conditional, "llama3.2", from("a/c", model("/m/b.gguf", "gguf")));
    let found = of_artifacts(&[nc, conditional]);
    assert_eq!(
        rules_of(&found),
        [("license-noncommercial", Severity::Medium), ("license-conditional", Severity::Info)]
    );
}

#[test]
fn a_digest_that_is_not_the_claimed_one_is_high() {
    let mut model = from("a/b", model("/m/a.gguf", "gguf"));
    let (one, two) = (Sha256Digest::from_bytes([1; 32]), Sha256Digest::from_bytes([2; 32]));
    model.digest = Digest::computed(one, Some(two));
    let found = of_artifacts(&[model]);
    assert_eq!(rules_of(&found), [("digest-mismatch", Severity::High)]);
    assert!(found[0].evidence.contains(&"/m/a.gguf".to_owned()), "{:?}", found[0].evidence);
}

#[test]
fn a_broken_or_executable_model_is_named() {
    let mut broken = from("a/b", model("/m/a.gguf", "gguf"));
    broken.verdict = Verdict::Unscannable;
    let mut program = from("a/c", model("/m/b.llamafile", "llamafile"));
    program.verdict = Verdict::Suspicious;
    let mut attack = from("a/d", model("/m/c.gguf", "gguf"));
    attack.verdict = Verdict::Malicious;
    let found = of_artifacts(&[broken, program, attack]);
    let expected = [
        ("malicious-model", Severity::Critical),
        ("executes-by-design", Severity::Low),
        ("unscannable-model", Severity::Low),
    ];
    assert_eq!(rules_of(&found), expected);
}

#[test]
fn a_finding_about_a_model_says_what_an_inspection_saw_and_where() {
    let mut attack = from("a/d", model("/m/c.pkl", "pickle"));
    attack.verdict = Verdict::Malicious;
    let fact = Fact::new("pickle-call", Severity::Critical, "calls os.system").at(9);
    attack.facts = vec![Fact { member: Some("x > y".into()), name: Some("os.system".into()), ..fact }];
    let found = of_artifacts(&[attack.clone()]);
    assert_eq!(found[0].message, "huggingface.co/a/d attacks whoever loads it: calls os.system");
    let told = "pickle-call (os.system) in x > y at byte 9: calls os.system";
    assert!(found[0].evidence.contains(&told.to_owned()), "{:?}", found[0].evidence);
    attack.verdict = Verdict::Suspicious;
    assert!(rules_of(&of_artifacts(&[attack])).contains(&("executes-by-design", Severity::High)));
}

#[test]
fn a_runtime_beyond_loopback_is_high_and_one_on_loopback_is_nothing() {
    let catalog = catalog::load().unwrap();
    let of = |listeners: &[&str], confidence| {
        let runtimes = [runtime(listeners, confidence)];
        findings(&catalog, Facts { runtimes: &runtimes, ..Facts::default() })
    };
    assert_eq!(
        of(&["127.0.0.1:1", "[::1]:1", "127.8.8.8:1", "[::ffff:127.0.0.1]:1"], Confidence::Confirmed),
        []
    );
    assert_eq!(
        rules_of(&of(&["0.0.0.0:11434"], Confidence::Confirmed)),
        [("runtime-exposed", Severity::High)]
    );
    assert_eq!(rules_of(&of(&["[::]:1"], Confidence::Possible)), [("runtime-exposed", Severity::Medium)]);
    assert_eq!(rules_of(&of(&["192.168.1.5:1"], Confidence::Likely)), [("runtime-exposed", Severity::High)]);
}

#[test]
fn a_runtime_in_a_network_of_its_own_is_only_worth_knowing() {
    let mut contained = runtime(&["0.0.0.0:8080"], Confidence::Confirmed);
    contained.own_network = true;
    let runtimes = [contained];
    let found = findings(&catalog::load().unwrap(), Facts { runtimes: &runtimes, ..Facts::default() });
    assert_eq!(rules_of(&found), [("runtime-exposed", Severity::Info)]);
}

#[test]
fn an_unpinned_server_in_several_files_is_one_finding() {
    let catalog = catalog::load().unwrap();
    let mut off = mcp("off", "z", false, "/c");
    off.disabled = true;
    let servers =
        vec![mcp("a", "x", false, "/one"), mcp("b", "x", false, "/two"), mcp("c", "y", true, "/one"), off];
    let agents = [agent(servers, &[])];
    let found = findings(&catalog, Facts { agents: &agents, ..Facts::default() });
    assert_eq!(rules_of(&found), [("mcp-unpinned", Severity::Medium)]);
    assert!(found[0].evidence.contains(&"/one".to_owned()) && found[0].evidence.contains(&"/two".to_owned()));
}

#[test]
fn a_plain_secret_matters_more_where_others_can_read_it() {
    let catalog = catalog::load().unwrap();
    let of = |open: bool| {
        let secret = PlainSecret { place: "env".into(), name: "TOKEN".into() };
        let server = McpServer {
            plain_secrets: vec![secret],
            config_readable_by_others: open,
            ..mcp("a", "x", true, "/c")
        };
        let agents = [agent(vec![server], &[])];
        findings(&catalog, Facts { agents: &agents, ..Facts::default() })[0].severity
    };
    assert_eq!((of(false), of(true)), (Severity::Info, Severity::Low));
}

#[test]
fn an_agent_that_asks_nobody_is_a_finding_while_it_runs() {
    let catalog = catalog::load().unwrap();
    let mut agents = [agent(vec![], &["--yolo"])];
    let found = findings(&catalog, Facts { agents: &agents, ..Facts::default() });
    assert_eq!(rules_of(&found), [("agent-unattended", Severity::Medium)]);
    agents[0].program.pid = None;
    assert_eq!(findings(&catalog, Facts { agents: &agents, ..Facts::default() }), []);
}

#[test]
fn a_finding_names_every_shard_it_is_about_and_never_more_than_a_hundred() {
    let shard = |number: u32| {
        let name = format!("/m/x-{number:05}-of-00150.gguf");
        licensed(CommercialUse::No, "cc-by-nc-4.0", model(&name, "gguf"))
    };
    let few: Vec<_> = (1..=3).map(shard).collect();
    let found = of_artifacts(&few);
    let finding = found.iter().find(|finding| finding.rule == "license-noncommercial").unwrap();
    assert_eq!(finding.paths, few.iter().map(|one| one.path().clone()).collect::<Vec<_>>());
    let many: Vec<_> = (1..=150).map(shard).collect();
    assert!(of_artifacts(&many).iter().all(|finding| finding.paths.len() == 100));
    let facts = Facts { runtimes: &[runtime(&["0.0.0.0:1"], Confidence::Confirmed)], ..Facts::default() };
    let found = findings(&catalog::load().unwrap(), facts);
    assert!(!found.is_empty() && found.iter().all(|finding| finding.paths.is_empty()));
}

/// Models, runtimes and agents about which every rule has something to say.
fn everything_wrong() -> (Vec<Artifact>, Vec<Runtime>, Vec<Agent>) {
    let mut replaced = licensed(CommercialUse::No, "cc-by-nc-4.0", model("/m/a.pkl", "pickle"));
    replaced.verdict = Verdict::Malicious;
    let (is, claimed) = (Sha256Digest::from_bytes([1; 32]), Sha256Digest::from_bytes([2; 32]));
    replaced.digest = Digest::computed(is, Some(claimed));
    let mut program = licensed(CommercialUse::Conditional, "llama3.2", model("/m/b.gguf", "gguf"));
    program.verdict = Verdict::Suspicious;
    program.facts = vec![Fact::new("a-rule", Severity::Critical, "it does something")];
    let mut broken = model("/m/c.gguf", "gguf");
    broken.verdict = Verdict::Unscannable;
    let mut server = mcp("files", "files-server", false, "/home/ada/mcp.json");
    server.plain_secrets = vec![PlainSecret { name: "TOKEN".into(), place: "env".into() }];
    server.config_readable_by_others = true;
    let agent = agent(vec![server], &["--yolo"]);
    (vec![replaced, program, broken], vec![runtime(&["0.0.0.0:8080"], Confidence::Confirmed)], vec![agent])
}

#[test]
fn every_rule_is_described_once_at_its_place_with_the_gravest_that_it_decides() {
    let (artifacts, runtimes, agents) = everything_wrong();
    let catalog = catalog::load().unwrap();
    let ask = |resource| Question {
        principal: crate::Principal::Device,
        action: crate::Action::HoldModel,
        resource,
    };
    let mut questions: Vec<_> =
        artifacts.iter().map(|artifact| ask(Resource::Model(artifact, &artifacts))).collect();
    questions.extend(runtimes.iter().map(|runtime| ask(Resource::Runtime(runtime))));
    questions.extend(agents.iter().map(|agent| ask(Resource::Agent(agent))));
    let servers = agents.iter().flat_map(|agent| &agent.mcp_servers);
    questions.extend(servers.map(|server| ask(Resource::McpServer(server))));
    let decided: Vec<_> = ALL
        .iter()
        .map(|rule| {
            let reasons = questions.iter().filter_map(|question| rule(&catalog, question));
            let gravest = reasons.max_by_key(|reason| reason.severity).unwrap();
            (gravest.rule, gravest.severity)
        })
        .collect();
    let described: Vec<_> = RULES.iter().map(|rule| (rule.id, rule.severity)).collect();
    assert_eq!(decided, described);
}

#[test]
fn a_pickle_among_the_files_of_a_model_is_named_with_the_safe_file_beside_it() {
    let both = folder(&[("model.safetensors", "safetensors"), ("pytorch_model.bin", "pytorch")]);
    let findings = of_artifacts(&[both]);
    let pickle = findings.iter().find(|finding| finding.rule == "pickle-weights").unwrap();
    assert_eq!(pickle.evidence, ["/m/pytorch_model.bin"]);
    assert!(pickle.help.contains("use model.safetensors"), "{}", pickle.help);
    let safe = of_artifacts(&[folder(&[("model.safetensors", "safetensors")])]);
    assert!(!safe.iter().any(|finding| finding.rule == "pickle-weights"), "{safe:?}");
}

use domain::{
    Agent, Artifact, Confidence, Coverage, Device, Digest, Evidence, EvidenceFamily, Finding, Gap, HostPath,
    License, LoadedModel, McpServer, Metadata, Origin, Package, PlainSecret, Role, Runtime, Sha256Digest,
    Transport, Unreadable, Verdict,
};

use super::*;

fn model(path: &str, name: Option<&str>) -> Artifact {
    Artifact {
        paths: vec![HostPath::from(path)],
        size: 2_019_377_376,
        format: "gguf".into(),
        digest: Digest::claimed(Sha256Digest::from_bytes([1; 32])),
        store: None,
        origin: None,
        license: None,
        metadata: Metadata {
            role: Some(Role::Weights),
            name: name.map(str::to_owned),
            quantization: Some("Q4_K_M".into()),
            ..Metadata::default()
        },
        verdict: Verdict::NotScanned,
        facts: vec![],
        content: domain::Content::default(),
    }
}

fn full_report() -> ScanReport {
    let mut llama = model("/home/ann/.ollama/models/blobs/sha256-01", Some("llama3.2:3b"));
    llama.paths.push("/home/ann/m/llama.gguf".into());
    llama.origin = Some(Origin {
        registry: "registry.ollama.ai".into(),
        repository: Some("library/llama3.2".into()),
        revision: None,
        evidence: String::new(),
    });
    llama.license = Some(License {
        id: "llama3.2".into(),
        evidence: String::new(),
        commercial_use: domain::CommercialUse::Conditional,
    });
    let mut odd = model("/home/ann/Downloads/\u{202e}ffug.nib", None);
    odd.digest = Digest::PENDING;
    odd.verdict = Verdict::Unscannable;
    let evidence = vec![Evidence { family: EvidenceFamily::Name, detail: String::new() }];
    let runtime = Runtime {
        pid: Some(4711),
        exe: Some("/usr/local/bin/ollama".into()),
        listeners: vec!["0.0.0.0:11434".into()],
        models: vec![LoadedModel {
            path: "/home/ann/m/llama.gguf".into(),
            format: "gguf".into(),
            sha256: None,
        }],
        ..Runtime::installed(Some("ollama".into()), Some("ann".into()), evidence, Confidence::Confirmed)
    };
    let server = McpServer {
        name: "github".into(),
        transport: Transport::Stdio,
        command: vec!["npx".into(), "-y".into(), "@modelcontextprotocol/server-github".into()],
        url: None,
        package: Some("npm:@modelcontextprotocol/server-github".into()),
        pinned: Some(false),
        plain_secrets: vec![PlainSecret { place: "env".into(), name: "GITHUB_TOKEN".into() }],
        disabled: false,
        config: "/home/ann/.claude.json".into(),
        config_readable_by_others: false,
    };
    let program =
        Runtime::installed(Some("claude-code".into()), Some("ann".into()), vec![], Confidence::Likely);
    let configs = vec!["/home/ann/.claude.json".into()];
    let agent = Agent { configs, mcp_servers: vec![server], ..Agent::new(program) };
    let finding = |severity, rule: &str, message: &str| Finding {
        rule: rule.into(),
        severity,
        subject: "x".into(),
        message: message.into(),
        evidence: vec![],
        help: "let it listen on 127.0.0.1".into(),
        paths: vec![],
    };
    ScanReport {
        schema: protocol::SCAN_SCHEMA,
        version: "0".into(),
        complete: true,
        device: Device {
            id: None,
            hostname: Some("laptop".into()),
            os: "linux".into(),
            os_version: Some("Debian GNU/Linux 12".into()),
            arch: "x86_64".into(),
        },
        started_at: jiff::Timestamp::UNIX_EPOCH,
        elapsed_ms: 1340,
        coverage: Coverage {
            files: 1_000_000,
            directories: 50_000,
            bytes_read: 1_234_000_000,
            model_bytes: 4_038_754_752,
            unreadable_total: 5,
            unreadable: vec![Unreadable { path: "/home/bob".into(), error: "permission denied".into() }],
            gaps: vec![Gap {
                capability: "accounts".into(),
                lost: "models and agents in other people's homes".into(),
                remedy: "run as root".into(),
            }],
            ..Coverage::default()
        },
        artifacts: vec![llama, odd],
        runtimes: vec![runtime],
        agents: vec![agent],
        packages: vec![Package {
            ecosystem: "pypi".into(),
            name: "torch".into(),
            version: Some("2.9.0".into()),
            tool: None,
            path: "/v".into(),
        }],
        accelerators: vec![],
        findings: vec![
            finding(
                Severity::High,
                "runtime-exposed",
                "ollama listens on 0.0.0.0:11434: others on the network can use its models",
            ),
            finding(Severity::Info, "license-conditional", "llama3.2 allows commercial use under conditions"),
        ],
        notes: vec![],
    }
}

fn plain(report: &ScanReport, width: usize) -> String {
    anstream::adapter::strip_str(&render(&catalog::load().unwrap(), report, Some(width))).to_string()
}

#[test]
fn the_report_is_readable_without_colour() {
    insta::assert_snapshot!(plain(&full_report(), 120));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    for width in [60, 80, 100] {
        for line in plain(&full_report(), width).lines() {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn without_a_terminal_nothing_is_cut() {
    let long = format!("/home/ann/{}/model.gguf", "a-long-folder/".repeat(30));
    let report = ScanReport { artifacts: vec![model(&long, None)], ..full_report() };
    let text = anstream::adapter::strip_str(&render(&catalog::load().unwrap(), &report, None)).to_string();
    assert!(text.contains(&long));
}

#[test]
fn an_empty_machine_gets_a_calm_answer() {
    let report = ScanReport {
        artifacts: vec![],
        runtimes: vec![],
        agents: vec![],
        packages: vec![],
        findings: vec![],
        coverage: Coverage::default(),
        ..full_report()
    };
    insta::assert_snapshot!(plain(&report, 80));
}

#[test]
fn an_interrupted_scan_says_so() {
    let report = ScanReport { complete: false, ..full_report() };
    assert!(plain(&report, 80).contains("Interrupted"));
}

#[test]
fn numbers_are_for_people() {
    assert_eq!((count(1_234_567), count(999)), ("1,234,567".into(), "999".into()));
    assert_eq!(bytes(0), "0 B");
    assert_eq!(bytes(2_019_377_376), "2.0 GB");
    assert_eq!(bytes(150_500_000_000), "150 GB");
    assert_eq!(bytes(u64::MAX), "18446744 TB");
}

#[test]
fn nothing_that_was_found_draws_on_the_terminal() {
    let evil = |word: &str| format!("{word}\u{1b}[31m\u{9b}2J\u{202e}\r");
    let mut report = full_report();
    report.device.hostname = Some(evil("host"));
    for runtime in &mut report.runtimes {
        runtime.user = Some(evil("user"));
        runtime.tool = None;
        runtime.exe = Some(evil("exe").as_str().into());
        runtime.listeners = vec![evil("listener")];
    }
    for agent in &mut report.agents {
        let mut remote = agent.mcp_servers.first().unwrap().clone();
        remote.url = Some(evil("https"));
        for server in &mut agent.mcp_servers {
            server.name = evil("server");
            server.command.push(evil("argument"));
            server.plain_secrets.iter_mut().for_each(|secret| secret.name = evil("secret"));
        }
        agent.mcp_servers.push(remote);
    }
    for artifact in &mut report.artifacts {
        artifact.metadata.name = Some(evil("model"));
        artifact.metadata.quantization = Some(evil("quantization"));
        artifact.format = evil("format");
    }
    report.packages.iter_mut().for_each(|package| package.version = Some(evil("version")));
    report.accelerators = vec![domain::Accelerator {
        kind: "gpu".into(),
        name: evil("accelerator"),
        source: "drm".into(),
        driver: None,
        bus: None,
        utilization: None,
        memory_used: None,
        memory_total: None,
        processes: vec![],
    }];
    for finding in &mut report.findings {
        finding.message = evil("message");
        finding.help = evil("help");
    }
    report.coverage.unreadable.iter_mut().for_each(|one| one.error = evil("error"));
    report.notes = vec![evil("note")];
    let text = plain(&report, 160);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{text:?}");
    for word in ["host", "user", "exe", "server", "secret", "model", "accelerator", "message", "help", "note"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    // Our own colours are the only ones: without them nothing differs.
    let painted = render(&catalog::load().unwrap(), &report, Some(160));
    assert!(!painted.contains("\u{1b}[31m\u{9b}"), "{painted:?}");
}

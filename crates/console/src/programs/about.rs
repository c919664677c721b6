//! Which findings are about a program. A finding names its subject as `assess` does, and one subject can be several programs of a tool, so
//! each rule is asked again what it asked of the program. Pure.

use domain::McpServer;
use store::{FindingRow, ProgramRow};

/// The rules that speak of programs and of what they are configured with.
pub(crate) const RULES: [&str; 4] =
    ["runtime-exposed", "agent-unattended", "mcp-unpinned", "mcp-plain-secret"];

/// Whether a finding of the program's own device is about this program.
pub(crate) fn is_about(finding: &FindingRow, program: &ProgramRow) -> bool {
    match finding.rule.as_str() {
        "runtime-exposed" => listens(finding, program),
        "agent-unattended" => {
            program.pid.is_some()
                && !program.risk_flags.is_empty()
                && finding.subject == program.tool.as_deref().unwrap_or("unknown agent")
        }
        "mcp-unpinned" => has_server(finding, program, |server| server.pinned == Some(false)),
        "mcp-plain-secret" => has_server(finding, program, |server| !server.plain_secrets.is_empty()),
        _ => false,
    }
}

/// The evidence of an open runtime names its process.
fn listens(finding: &FindingRow, program: &ProgramRow) -> bool {
    program.pid.is_some_and(|pid| finding.evidence.contains(&format!("process {pid}")))
}

fn has_server(finding: &FindingRow, program: &ProgramRow, wrong: fn(&McpServer) -> bool) -> bool {
    let mut on = program.mcp_servers.iter().filter(|server| !server.disabled && wrong(server));
    on.any(|server| assess::server_subject(server) == finding.subject)
}

#[cfg(test)]
mod tests {
    use assess::Facts;
    use domain::{Agent, Confidence, Finding, PlainSecret, Program, Transport};
    use jiff::Timestamp;
    use store::{DeviceRef, FindingState, ProgramKind};

    use super::*;

    fn server(package: &str) -> McpServer {
        McpServer {
            name: "files".into(),
            transport: Transport::Stdio,
            command: vec!["npx".into(), package.into()],
            url: None,
            package: Some(package.into()),
            pinned: Some(false),
            plain_secrets: vec![PlainSecret { place: "env".into(), name: "TOKEN".into() }],
            disabled: false,
            config: "/home/ada/.claude.json".into(),
            config_readable_by_others: false,
        }
    }

    fn agent(pid: Option<u32>, flags: &[&str], servers: Vec<McpServer>) -> Agent {
        let tool = Some("claude-code".to_owned());
        let program = Program::installed(tool, None, Vec::new(), Confidence::Confirmed);
        let risk_flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Agent { risk_flags, mcp_servers: servers, ..Agent::new(Program { pid, ..program }) }
    }

    fn runtime(pid: u32, address: &str) -> Program {
        let program = Program::installed(Some("ollama".to_owned()), None, Vec::new(), Confidence::Confirmed);
        Program { pid: Some(pid), listeners: vec![address.into()], ..program }
    }

    fn device() -> DeviceRef {
        DeviceRef { id: "d".into(), name: "d".into() }
    }

    fn row(kind: ProgramKind, agent: &Agent) -> ProgramRow {
        let program = &agent.program;
        ProgramRow {
            id: "p".into(),
            kind,
            device: device(),
            tool: program.tool.clone(),
            name: "p".into(),
            pid: program.pid,
            exe: None,
            cmdline: Vec::new(),
            user: None,
            started_at: None,
            listeners: program.listeners.clone(),
            own_network: false,
            exposed: false,
            models: Vec::new(),
            evidence: Vec::new(),
            confidence: program.confidence,
            risk_flags: agent.risk_flags.clone(),
            configs: Vec::new(),
            instructions: Vec::new(),
            mcp_servers: agent.mcp_servers.clone(),
            first_seen_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn stored(finding: &Finding) -> FindingRow {
        FindingRow {
            id: "f".into(),
            rule: finding.rule.clone(),
            severity: finding.severity,
            state: FindingState::Open,
            subject: finding.subject.clone(),
            message: finding.message.clone(),
            evidence: finding.evidence.clone(),
            help: finding.help.clone(),
            device: device(),
            artifact: None,
            assignee: None,
            due: None,
            acknowledged: None,
            first_seen_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// The rules of the findings of a device that are about one of its programs.
    fn about(findings: &[Finding], program: &ProgramRow) -> Vec<String> {
        let own = findings.iter().filter(|finding| is_about(&stored(finding), program));
        let mut rules: Vec<_> = own.map(|finding| finding.rule.clone()).collect();
        rules.sort();
        rules
    }

    #[test]
    fn each_program_of_a_tool_has_its_own_findings_and_not_those_of_another() {
        let agents = [
            agent(Some(7), &["--yolo"], vec![]),
            agent(Some(8), &[], vec![server("@acme/files")]),
            agent(None, &["--yolo"], vec![McpServer { disabled: true, ..server("@acme/files") }]),
        ];
        let runtimes = [runtime(21, "0.0.0.0:11434"), runtime(22, "127.0.0.1:11434")];
        let facts = Facts { artifacts: &[], runtimes: &runtimes, agents: &agents };
        let findings = assess::findings(&catalog::load().unwrap(), facts);
        assert_eq!(findings.len(), RULES.len());
        let of_agent = |at: usize| about(&findings, &row(ProgramKind::Agent, &agents[at]));
        assert_eq!(of_agent(0), ["agent-unattended"]);
        assert_eq!(of_agent(1), ["mcp-plain-secret", "mcp-unpinned"]);
        assert_eq!(of_agent(2), Vec::<String>::new());
        let of_runtime =
            |at: usize| about(&findings, &row(ProgramKind::Runtime, &Agent::new(runtimes[at].clone())));
        assert_eq!(of_runtime(0), ["runtime-exposed"]);
        assert_eq!(of_runtime(1), Vec::<String>::new());
    }
}

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

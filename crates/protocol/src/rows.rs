//! `--format csv`: one row per thing found, all kinds in one table. RFC 4180, UTF-8, LF.

use std::io::Write;

use domain::{Coverage, HostPath};

use crate::ScanReport;

/// The columns, in order.
const COLUMNS: [&str; 18] = [
    "kind",
    "name",
    "path",
    "format",
    "size",
    "sha256",
    "digest_status",
    "store",
    "origin",
    "revision",
    "license",
    "commercial_use",
    "verdict",
    "severity",
    "rule",
    "pid",
    "user",
    "detail",
];

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write rows: {0}")]
pub struct RowsError(#[from] csv::Error);

/// A row, by column name.
#[derive(Default)]
struct Row([String; COLUMNS.len()]);

impl Row {
    fn new(kind: &str) -> Self {
        Self::default().with("kind", kind)
    }

    #[allow(clippy::needless_pass_by_value, reason = "most values are made for the call")]
    fn with(mut self, column: &str, value: impl ToString) -> Self {
        let at = COLUMNS.iter().position(|name| *name == column);
        if let Some(cell) = at.and_then(|at| self.0.get_mut(at)) {
            *cell = harmless(&value.to_string());
        }
        self
    }

    fn maybe(self, column: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(column, value),
            None => self,
        }
    }
}

/// A text as a cell of a table that is looked at in terminals and spreadsheets: what could draw on the first is escaped, and
/// what the second takes for a formula gets a quote in front, for names come from strangers.
pub fn harmless(text: &str) -> String {
    let text = HostPath::from(text).to_string();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// Writes a header, one row per artefact, runtime, agent, MCP server, package, accelerator and finding, and what a reader
/// must know of how far the scan reached.
///
/// # Errors
/// The writer's error.
pub fn write_rows(report: &ScanReport, out: impl Write) -> Result<(), RowsError> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for row in rows(report) {
        out.write_record(row.0)?;
    }
    out.flush().map_err(csv::Error::from)?;
    Ok(())
}

fn rows(report: &ScanReport) -> impl Iterator<Item = Row> {
    let servers =
        report.agents.iter().flat_map(|agent| agent.mcp_servers.iter().map(move |server| (agent, server)));
    models(report)
        .chain(programs(report))
        .chain(servers.map(|(agent, server)| {
            Row::new("mcp-server")
                .with("name", &server.name)
                .with("path", &server.config)
                .maybe("origin", server.package.as_ref().or(server.url.as_ref()))
                .maybe("user", agent.program.user.as_ref())
                .with("detail", server.command.join(" "))
        }))
        .chain(report.packages.iter().map(|package| {
            Row::new("package")
                .with("name", &package.name)
                .with("path", &package.path)
                .with("format", &package.ecosystem)
                .maybe("revision", package.version.as_ref())
        }))
        .chain(report.accelerators.iter().map(|accelerator| {
            Row::new("accelerator")
                .with("name", &accelerator.name)
                .with("format", &accelerator.kind)
                .maybe("size", accelerator.memory_total)
                .maybe("detail", accelerator.utilization.map(|share| format!("{:.0}% busy", share * 100.0)))
        }))
        .chain(report.findings.iter().map(|finding| {
            Row::new("finding")
                .with("name", &finding.subject)
                .with("severity", finding.severity)
                .with("rule", &finding.rule)
                .with("detail", &finding.message)
        }))
        .chain(reach(report))
}

/// How far the scan reached: whether to its end, what it could not read, what it could not see, and what it has to say.
fn reach(report: &ScanReport) -> impl Iterator<Item = Row> {
    let coverage = &report.coverage;
    let whole = Row::new("coverage")
        .with("name", if report.complete { "complete" } else { "incomplete" })
        .with("detail", sum(coverage));
    let unreadable = coverage
        .unreadable
        .iter()
        .map(|one| Row::new("unreadable").with("path", &one.path).with("detail", &one.error));
    let mounts = coverage
        .skipped_mounts
        .iter()
        .map(|mount| Row::new("skipped-mount").with("path", mount).with("detail", "file system not entered"));
    let gaps = coverage.gaps.iter().map(|gap| {
        Row::new("gap").with("name", &gap.capability).with("detail", format!("{} ({})", gap.lost, gap.remedy))
    });
    let notes = report.notes.iter().map(|note| Row::new("note").with("detail", note));
    std::iter::once(whole).chain(unreadable).chain(mounts).chain(gaps).chain(notes)
}

/// The numbers by their names in the JSON document.
fn sum(coverage: &Coverage) -> String {
    let Coverage { files, directories, bytes_read, changed, unreadable_total, .. } = coverage;
    format!(
        "files={files} directories={directories} bytes_read={bytes_read} changed={changed} unreadable_total={unreadable_total}"
    )
}

fn models(report: &ScanReport) -> impl Iterator<Item = Row> {
    report.artifacts.iter().map(|artifact| {
        let origin = artifact.origin.as_ref();
        let repository = origin.map(|origin| match &origin.repository {
            Some(repository) => format!("{}/{repository}", origin.registry),
            None => origin.registry.clone(),
        });
        Row::new("artifact")
            .maybe("name", artifact.metadata.name.as_ref())
            .with("path", artifact.path())
            .with("format", &artifact.format)
            .with("size", artifact.size)
            .maybe("sha256", artifact.digest.sha256)
            .with("digest_status", word(&artifact.digest.status))
            .maybe("store", artifact.store.as_ref())
            .maybe("origin", repository)
            .maybe("revision", origin.and_then(|origin| origin.revision.as_ref()))
            .maybe("license", artifact.license.as_ref().map(|license| &license.id))
            .maybe("commercial_use", artifact.license.as_ref().map(|license| word(&license.commercial_use)))
            .with("verdict", word(&artifact.verdict))
    })
}

fn programs(report: &ScanReport) -> impl Iterator<Item = Row> {
    let runtimes = report.runtimes.iter().map(|runtime| {
        let detail = runtime
            .listeners
            .iter()
            .cloned()
            .chain(runtime.models.iter().map(|model| model.path.to_string()));
        program("runtime", runtime.tool.as_ref(), runtime.exe.as_ref())
            .maybe("pid", runtime.pid)
            .maybe("user", runtime.user.as_ref())
            .with("detail", detail.collect::<Vec<_>>().join(" "))
    });
    let agents = report.agents.iter().map(|agent| {
        program("agent", agent.program.tool.as_ref(), agent.program.exe.as_ref())
            .maybe("pid", agent.program.pid)
            .maybe("user", agent.program.user.as_ref())
            .with("detail", agent.program.cmdline.join(" "))
    });
    runtimes.chain(agents)
}

fn program(kind: &str, tool: Option<&String>, exe: Option<&HostPath>) -> Row {
    Row::new(kind).maybe("name", tool).maybe("path", exe)
}

/// The word that the JSON document has for a value.
fn word(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use domain::{Artifact, Device, Digest, Finding, Gap, Metadata, Severity, Unreadable, Verdict};

    use super::*;
    use crate::SCAN_SCHEMA;

    #[test]
    fn every_thing_found_or_not_seen_is_a_row_and_a_name_cannot_be_a_formula() {
        let artifact = Artifact {
            paths: vec![HostPath::from("/m/a, \"b\".gguf")],
            size: 7,
            format: "gguf".into(),
            digest: Digest::PENDING,
            store: None,
            origin: None,
            license: None,
            metadata: Metadata { name: Some("=cmd|'/c calc'!A1".into()), ..Metadata::default() },
            verdict: Verdict::NotScanned,
            facts: vec![],
            content: domain::Content::default(),
        };
        let finding = Finding {
            rule: "unknown-origin".into(),
            severity: Severity::Info,
            subject: "/m".into(),
            message: "m".into(),
            evidence: vec![],
            help: String::new(),
            paths: vec![],
        };
        let device =
            Device { id: None, hostname: None, os: "linux".into(), os_version: None, arch: "x86_64".into() };
        let report = ScanReport {
            schema: SCAN_SCHEMA,
            version: "0".into(),
            complete: false,
            device,
            started_at: jiff::Timestamp::UNIX_EPOCH,
            elapsed_ms: 0,
            coverage: Coverage {
                files: 2,
                unreadable_total: 1,
                unreadable: vec![Unreadable { path: "/m/closed".into(), error: "permission denied".into() }],
                skipped_mounts: vec!["/net".into()],
                gaps: vec![Gap {
                    capability: "accounts".into(),
                    lost: "homes".into(),
                    remedy: "be root".into(),
                }],
                ..Coverage::default()
            },
            artifacts: vec![artifact],
            runtimes: vec![],
            agents: vec![],
            packages: vec![],
            accelerators: vec![],
            findings: vec![finding],
            notes: vec!["without memory".into()],
        };
        let mut out = Vec::new();
        write_rows(&report, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
        kind,name,path,format,size,sha256,digest_status,store,origin,revision,license,commercial_use,verdict,severity,rule,pid,user,detail
        artifact,'=cmd|'/c calc'!A1,"/m/a, ""b"".gguf",gguf,7,,pending,,,,,,not-scanned,,,,,
        finding,/m,,,,,,,,,,,,info,unknown-origin,,,m
        coverage,incomplete,,,,,,,,,,,,,,,,files=2 directories=0 bytes_read=0 changed=0 unreadable_total=1
        unreadable,,/m/closed,,,,,,,,,,,,,,,permission denied
        skipped-mount,,/net,,,,,,,,,,,,,,,file system not entered
        gap,accounts,,,,,,,,,,,,,,,,homes (be root)
        note,,,,,,,,,,,,,,,,,without memory
        "#);
    }
}

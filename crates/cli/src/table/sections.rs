//! The sections of the report, in the order of a reader's questions: what is wrong, what is there, what was not seen.

use std::{collections::BTreeMap, fmt::Write};

use catalog::Catalog;
use domain::{
    Agent, Artifact, CommercialUse, Confidence, DigestStatus, HostPath, LoadedModel, Role, Runtime, Severity,
    Verdict,
};
use protocol::ScanReport;

use super::{
    BOLD, DIM, Page, bytes,
    columns::{Column, lines, shown, wrapped},
    count, plural, style,
};

/// Lines of things that are merely worth knowing; `--format json` has all.
const SHOWN_INFO: usize = 6;
const SHOWN_UNREADABLE: usize = 3;

impl Page {
    pub(super) fn heading(&self, text: &mut String, report: &ScanReport) {
        let device = &report.device;
        let parts = [device.hostname.clone(), device.os_version.clone().or_else(|| Some(device.os.clone()))];
        let machine: Vec<_> = parts.into_iter().flatten().collect();
        let _ = writeln!(text, "{BOLD}Eyeline{BOLD:#}  {}", shown(&machine.join(" · ")));
        let coverage = &report.coverage;
        let seconds = report.elapsed_ms / 1000;
        let tenths = report.elapsed_ms % 1000 / 100;
        let mut looked = format!(
            "{} in {}, {} read, {seconds}.{tenths} s",
            plural(coverage.files, "file", "files"),
            plural(coverage.directories, "folder", "folders"),
            bytes(coverage.bytes_read),
        );
        if coverage.unchanged > 0 {
            let _ = write!(looked, ", {} unchanged since the last scan", count(coverage.unchanged));
        }
        let _ = writeln!(text, "{DIM}{looked}{DIM:#}");
        if !report.complete {
            let incomplete = style(Severity::Medium);
            let _ = writeln!(
                text,
                "{incomplete}Interrupted: what follows is only what was found until then.{incomplete:#}"
            );
        }
    }

    pub(super) fn findings(&self, text: &mut String, report: &ScanReport) {
        let (serious, info): (Vec<_>, Vec<_>) =
            report.findings.iter().partition(|finding| finding.severity > Severity::Info);
        if serious.is_empty() {
            self.section(text, "Nothing needs a decision", "");
        } else {
            self.section(text, "Needs a decision", &plural(serious.len() as u64, "finding", "findings"));
        }
        for finding in &serious {
            let style = style(finding.severity);
            let indent = " ".repeat(12);
            let room = self.text.saturating_sub(12);
            for (at, line) in wrapped(&finding.message, room).iter().enumerate() {
                if at == 0 {
                    let _ = writeln!(text, "  {style}{:<8}{style:#}  {line}", finding.severity);
                } else {
                    let _ = writeln!(text, "{indent}{line}");
                }
            }
            for line in wrapped(&format!("→ {}", finding.help), room) {
                let _ = writeln!(text, "{indent}{DIM}{line}{DIM:#}");
            }
        }
        if info.is_empty() {
            return;
        }
        self.section(text, "Worth knowing", "");
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for finding in info {
            groups.entry(&finding.rule).or_default().push(&finding.message);
        }
        for messages in groups.values() {
            let hidden = messages.len().saturating_sub(SHOWN_INFO);
            for message in messages.iter().take(SHOWN_INFO) {
                for (at, line) in wrapped(message, self.text.saturating_sub(4)).iter().enumerate() {
                    let _ = writeln!(text, "  {}{line}", if at == 0 { "" } else { "  " });
                }
            }
            if hidden > 0 {
                let _ = writeln!(text, "  {DIM}and {hidden} more of that kind{DIM:#}");
            }
        }
    }

    pub(super) fn models(&self, text: &mut String, catalog: &Catalog, report: &ScanReport) {
        let (models, data): (Vec<_>, Vec<_>) =
            report.artifacts.iter().partition(|artifact| artifact.metadata.role != Some(Role::Data));
        let remark = if models.is_empty() {
            "none found".to_owned()
        } else {
            format!("{}, {}", count(models.len() as u64), bytes(report.coverage.model_bytes))
        };
        self.section(text, "Models", &remark);
        let columns = [
            Column::flexible("NAME", 16),
            Column::fixed("FORMAT"),
            Column::number("SIZE"),
            Column::fixed("QUANT"),
            Column::flexible("LICENCE", 12),
            Column::fixed("STATUS"),
            Column::flexible("FROM", 16),
            Column::number("PATHS"),
        ];
        let rows: Vec<_> = models.iter().map(|artifact| model_row(catalog, artifact)).collect();
        self.table(text, &columns, &rows);
        if !data.is_empty() {
            let what = plural(data.len() as u64, "data file", "data files");
            let _ = writeln!(
                text,
                "  {DIM}and {what} in formats that can hold models (pickles, arrays) without sign of one{DIM:#}"
            );
        }
    }

    pub(super) fn running(&self, text: &mut String, catalog: &Catalog, report: &ScanReport) {
        let (live, installed): (Vec<_>, Vec<_>) =
            report.runtimes.iter().partition(|runtime| runtime.pid.is_some());
        if report.runtimes.is_empty() {
            return;
        }
        self.section(
            text,
            "Runtimes",
            &format!("{} running, {} installed only", live.len(), installed.len()),
        );
        let columns = [
            Column::flexible("TOOL", 12),
            Column::number("PID"),
            Column::fixed("USER"),
            Column::flexible("LISTENS ON", 14),
            Column::flexible("MODEL", 16),
            Column::fixed("SURE"),
        ];
        let rows: Vec<_> = live
            .iter()
            .chain(&installed)
            .map(|runtime| runtime_row(catalog, &report.artifacts, runtime))
            .collect();
        self.table(text, &columns, &rows);
    }

    pub(super) fn agents(&self, text: &mut String, catalog: &Catalog, report: &ScanReport) {
        if report.agents.is_empty() {
            return;
        }
        let live = report.agents.iter().filter(|agent| agent.program.pid.is_some()).count();
        self.section(
            text,
            "Agents",
            &format!("{live} running, {} installed only", report.agents.len() - live),
        );
        let columns = [
            Column::flexible("TOOL", 12),
            Column::number("PID"),
            Column::fixed("USER"),
            Column::number("MCP"),
            Column::flexible("CONFIGURATION", 16),
            Column::fixed("SURE"),
        ];
        let rows: Vec<_> = report.agents.iter().map(|agent| agent_row(catalog, agent)).collect();
        self.table(text, &columns, &rows);
    }

    pub(super) fn servers(&self, text: &mut String, report: &ScanReport) {
        let servers: Vec<_> = report.agents.iter().flat_map(|agent| &agent.mcp_servers).collect();
        if servers.is_empty() {
            return;
        }
        self.section(text, "MCP servers", &count(servers.len() as u64));
        let columns = [
            Column::flexible("NAME", 10),
            Column::flexible("RUNS", 16),
            Column::fixed("VERSION"),
            Column::flexible("SECRETS IN PLAIN TEXT", 10),
            Column::flexible("CONFIGURED IN", 16),
        ];
        let rows: Vec<_> = servers
            .iter()
            .map(|server| {
                let version = match server.pinned {
                    Some(true) => "pinned",
                    Some(false) => "any",
                    None => "",
                };
                let runs = server.url.clone().unwrap_or_else(|| server.command.join(" "));
                let secrets: Vec<_> = server.plain_secrets.iter().map(|secret| secret.name.clone()).collect();
                let off = if server.disabled { " (off)" } else { "" };
                vec![
                    format!("{}{off}", server.name),
                    runs,
                    version.to_owned(),
                    secrets.join(", "),
                    server.config.to_string(),
                ]
            })
            .collect();
        self.table(text, &columns, &rows);
    }

    pub(super) fn packages(&self, text: &mut String, report: &ScanReport) {
        if report.packages.is_empty() {
            return;
        }
        self.section(text, "AI packages", &count(report.packages.len() as u64));
        let mut by_ecosystem: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for package in &report.packages {
            let version = package.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            let names = by_ecosystem.entry(&package.ecosystem).or_default();
            let name = format!("{}{version}", package.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for (ecosystem, names) in by_ecosystem {
            for (at, line) in wrapped(&names.join(", "), self.text.saturating_sub(10)).iter().enumerate() {
                let _ = writeln!(text, "  {:<6}  {line}", if at == 0 { ecosystem } else { "" });
            }
        }
    }

    pub(super) fn accelerators(&self, text: &mut String, report: &ScanReport) {
        if report.accelerators.is_empty() {
            return;
        }
        self.section(text, "Accelerators", "");
        let columns = [
            Column::fixed("KIND"),
            Column::flexible("NAME", 16),
            Column::number("BUSY"),
            Column::number("MEMORY"),
            Column::flexible("USED BY", 8),
        ];
        let rows: Vec<_> = report
            .accelerators
            .iter()
            .map(|accelerator| {
                let busy =
                    accelerator.utilization.map(|share| format!("{:.0}%", share * 100.0)).unwrap_or_default();
                let memory = match (accelerator.memory_used, accelerator.memory_total) {
                    (Some(used), Some(total)) => format!("{} of {}", bytes(used), bytes(total)),
                    (None, Some(total)) => bytes(total),
                    _ => String::new(),
                };
                let users: Vec<_> =
                    accelerator.processes.iter().map(|process| process.pid.to_string()).collect();
                vec![accelerator.kind.clone(), accelerator.name.clone(), busy, memory, users.join(", ")]
            })
            .collect();
        self.table(text, &columns, &rows);
    }

    /// What was not seen, and what would show it. Silence would be a claim.
    pub(super) fn unseen(&self, text: &mut String, report: &ScanReport) {
        let coverage = &report.coverage;
        let mut remarks: Vec<String> =
            coverage.gaps.iter().map(|gap| format!("{} ({})", gap.lost, gap.remedy)).collect();
        if coverage.unreadable_total > 0 {
            let mut line =
                format!("{} could not be read", plural(coverage.unreadable_total, "path", "paths"));
            let first: Vec<_> = coverage
                .unreadable
                .iter()
                .take(SHOWN_UNREADABLE)
                .map(|one| format!("{}: {}", one.path, one.error))
                .collect();
            let more = if coverage.unreadable_total > first.len() as u64 { ", …" } else { "" };
            let _ = write!(line, " ({}{more})", first.join("; "));
            remarks.push(line);
        }
        if !coverage.skipped_mounts.is_empty() {
            let mounts: Vec<_> = coverage.skipped_mounts.iter().take(4).map(ToString::to_string).collect();
            let more = if coverage.skipped_mounts.len() > mounts.len() { ", …" } else { "" };
            remarks.push(format!(
                "file systems not entered: {}{more} (name one to enter it)",
                mounts.join(", ")
            ));
        }
        if coverage.changed > 0 {
            remarks
                .push(format!("{} changed or vanished meanwhile", plural(coverage.changed, "file", "files")));
        }
        remarks.extend(report.notes.iter().cloned());
        if remarks.is_empty() {
            return;
        }
        self.section(text, "Not seen", "");
        for remark in remarks {
            for (at, line) in wrapped(&remark, self.text.saturating_sub(4)).iter().enumerate() {
                let _ = writeln!(text, "  {}{line}", if at == 0 { "" } else { "  " });
            }
        }
    }

    fn table(&self, text: &mut String, columns: &[Column], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        for (at, line) in lines(columns, rows, self.width).iter().enumerate() {
            let _ = if at == 0 { writeln!(text, "{DIM}{line}{DIM:#}") } else { writeln!(text, "{line}") };
        }
    }
}

fn model_row(catalog: &Catalog, artifact: &Artifact) -> Vec<String> {
    let name = artifact_name(artifact);
    let license = artifact.license.as_ref().map(|license| {
        let limit = match license.commercial_use {
            CommercialUse::No => " (non-commercial)",
            CommercialUse::Conditional => " (conditions)",
            CommercialUse::Unknown | CommercialUse::Yes => "",
        };
        format!("{}{limit}", license.id)
    });
    let status = match (artifact.digest.status, artifact.verdict) {
        (_, Verdict::Malicious) => "MALICIOUS",
        (_, Verdict::Unscannable) => "unscannable",
        (_, Verdict::Suspicious) => "suspicious",
        (DigestStatus::Computed, _) if artifact.digest.claimed.is_some() => "MISMATCH",
        (DigestStatus::Computed, _) => "computed",
        (DigestStatus::Claimed, _) => "claimed",
        (DigestStatus::Pending, _) => "pending",
    };
    let from = place(artifact, &name);
    let paths = Some(artifact.paths.len()).filter(|paths| *paths > 1).map(|paths| paths.to_string());
    vec![
        name,
        catalog.format(&artifact.format).map_or_else(|| artifact.format.clone(), |format| format.id.clone()),
        bytes(artifact.size),
        artifact.metadata.quantization.clone().unwrap_or_default(),
        license.unwrap_or_default(),
        status.to_owned(),
        from,
        paths.unwrap_or_default(),
    ]
}

/// What people call a model: what it calls itself, else its repository where its folder has the name of a revision, else its file.
fn artifact_name(artifact: &Artifact) -> String {
    let of_folder = artifact.content.bundle.as_ref().is_some_and(|bundle| bundle.folder == *artifact.path());
    let repository = || artifact.origin.as_ref()?.repository.as_deref()?.rsplit('/').next();
    let name = artifact.metadata.name.clone();
    let name = name.or_else(|| repository().filter(|_| of_folder).map(str::to_owned));
    name.unwrap_or_else(|| artifact.path().file_name().to_string())
}

/// The registry, with the repository where the name does not say it already; else the path: something to find it by.
fn place(artifact: &Artifact, name: &str) -> String {
    let Some(origin) = &artifact.origin else { return artifact.path().to_string() };
    match &origin.repository {
        Some(repository) if !repository.ends_with(name) => format!("{}/{repository}", origin.registry),
        _ => origin.registry.clone(),
    }
}

fn tool_name(catalog: &Catalog, tool: Option<&str>, exe: Option<&HostPath>) -> String {
    let named = tool.and_then(|id| catalog.tool(id)).map(|tool| tool.name.clone());
    named
        .or_else(|| exe.map(|exe| format!("unknown ({})", exe.file_name())))
        .unwrap_or_else(|| "unknown".to_owned())
}

fn runtime_row(catalog: &Catalog, models: &[Artifact], runtime: &Runtime) -> Vec<String> {
    let models: Vec<_> = runtime.models.iter().map(|model| model_name(models, model)).collect();
    vec![
        tool_name(catalog, runtime.tool.as_deref(), runtime.exe.as_ref()),
        runtime.pid.map_or_else(|| "–".to_owned(), |pid| pid.to_string()),
        runtime.user.clone().unwrap_or_default(),
        runtime.listeners.join(" "),
        models.join(" "),
        sure(runtime.confidence).to_owned(),
    ]
}

/// The file that is loaded; of a model of several files, the model.
fn model_name(models: &[Artifact], model: &LoadedModel) -> String {
    let whole = models
        .iter()
        .find(|artifact| artifact.content.bundle.is_some() && artifact.paths.contains(&model.path));
    whole.map_or_else(|| model.path.file_name().to_string(), artifact_name)
}

fn agent_row(catalog: &Catalog, agent: &Agent) -> Vec<String> {
    let servers =
        if agent.mcp_servers.is_empty() { String::new() } else { agent.mcp_servers.len().to_string() };
    vec![
        tool_name(catalog, agent.program.tool.as_deref(), agent.program.exe.as_ref()),
        agent.program.pid.map_or_else(|| "–".to_owned(), |pid| pid.to_string()),
        agent.program.user.clone().unwrap_or_default(),
        servers,
        agent.configs.first().map(ToString::to_string).unwrap_or_default(),
        sure(agent.program.confidence).to_owned(),
    ]
}

fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "confirmed",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}

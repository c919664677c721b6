//! One model: what it is and how we know, what policy says, who holds it. Pure.

use domain::{DigestStatus, Severity};
use maud::{Markup, html};
use store::{ArtifactDetail, HoldingRow, ProgramRow};

use super::{SPEC, content};
use crate::{
    list::escaped,
    names,
    panel::{self, Frame, facts, section},
    severity,
    shell::Shell,
    time,
    words::{self, Noun},
};

/// What is shown with a model.
#[derive(Default)]
pub(crate) struct Beside {
    /// Where it is held: the first of them.
    pub(crate) holdings: Vec<HoldingRow>,
}

/// The panel of a model.
pub(crate) fn panel(shell: &Shell, frame: Frame<'_>, model: &ArtifactDetail, beside: &Beside) -> Markup {
    let row = &model.row;
    let marks = html! {
        @if let Some(gravest) = row.severity.filter(|severity| *severity > Severity::Info) { (severity::mark(gravest)) }
        (severity::verdict(row.verdict))
    };
    let body = html! {
        @if let Some(hex) = &row.sha256 { div.copy { code.clip title=(hex) { "sha256 " (hex) } button.button.small.needs-scripts type="button" data-copy=(hex) { "Copy" } } }
        p { (sentence(shell, model)) }
        @if !model.findings.is_empty() { (section("Findings", &panel::findings(&model.findings))) }
        @if !model.facts.is_empty() { (section("What an inspection saw", &content::evidence(&model.facts))) }
        (section("Identity", &identity(shell, model)))
        @if !model.content.members.is_empty() { (section("Members", &content::members(&model.content))) }
        (section("Origin and licence", &origin(shell, model)))
        @if !model.loaded_by.is_empty() { (section("Loaded now by", &loaded(shell, &model.loaded_by))) }
        @if !beside.holdings.is_empty() { (section("Held by", &held(shell, model, &beside.holdings))) }
    };
    panel::panel(frame, SPEC.place, &marks, &row.name, &body)
}

/// The page of a model.
pub(crate) fn page(shell: &Shell, model: &ArtifactDetail, beside: &Beside) -> Markup {
    panel::page(shell, SPEC.place, &model.row.name, SPEC.live, &panel(shell, Frame::Page, model, beside))
}

/// What a person would say of it.
fn sentence(shell: &Shell, model: &ArtifactDetail) -> Markup {
    let row = &model.row;
    html! {
        (shell.names.format(&row.format)) ", " (words::size(row.size)) ", held "
        @if shell.one_machine() { "at " (Noun("path", "paths").told(row.holdings)) } @else { "on " (Noun("device", "devices").told(row.devices)) }
        ". "
        @if row.loaded > 0 { "In use now by " (Noun("program", "programs").told(row.loaded)) ". " } @else { "Not loaded now. " }
        "It appeared " (time::ago(shell.now, row.first_seen_at)) "."
    }
}

fn identity(shell: &Shell, model: &ArtifactDetail) -> Markup {
    let (row, meta) = (&model.row, &model.row.metadata);
    let text = |value: Option<&String>| value.map(|value| html! { (value) });
    let number = |value: Option<u64>| value.map(|value| html! { (words::count(value)) });
    let digest = match row.digest_status {
        DigestStatus::Computed => "computed from the bytes",
        DigestStatus::Claimed => "what its store claims; nobody checked",
        DigestStatus::Pending => "not computed yet",
    };
    facts([
        ("Digest", Some(html! { (digest) })),
        (
            "Format",
            Some(
                html! { (shell.names.format(&row.format)) @if let Some(kind) = &meta.quantization { ", " (kind) } },
            ),
        ),
        ("Recognised", content::identified(&model.content)),
        ("Several files", model.content.bundle.as_ref().map(|bundle| html! { (bundle.kind.words()) })),
        ("Same weights", content::twins(shell, &model.same_weights)),
        ("Name", text(meta.name.as_ref())),
        ("Architecture", text(meta.architecture.as_ref())),
        ("Weights", meta.parameters.map(|weights| html! { (words::parameters(weights)) })),
        ("Tensors", number(meta.tensors)),
        ("Context", meta.context_length.map(|tokens| html! { (words::count(tokens)) " tokens" })),
        (
            "Made from",
            Some(html! { (words::list(&meta.base_models)) }).filter(|_| !meta.base_models.is_empty()),
        ),
    ])
}

fn origin(shell: &Shell, model: &ArtifactDetail) -> Markup {
    let row = &model.row;
    let license = row.license.as_ref();
    facts([
        ("Origin", Some(row.origin.as_ref().map_or_else(|| html! { span.faint { "unknown: neither store nor file says" } }, |origin| html! {
            (words::path(&names::origin(origin)))
            @if let Some(revision) = &origin.revision { " at " span.mono { (revision.get(..12).unwrap_or(revision)) } }
            span.sub { (origin.evidence) }
        }))),
        ("Licence", Some(license.map_or_else(|| html! { span.faint { "none stated" } }, |license| html! {
            (shell.names.license(&license.id))
            @if let Some(terms) = names::commercial(license) { ", " (terms) }
            span.sub { (license.evidence) }
        }))),
        ("It asks for", license.and_then(|license| shell.names.conditions(&license.id)).map(|text| html! { (text) })),
    ])
}

fn loaded(shell: &Shell, programs: &[ProgramRow]) -> Markup {
    html! {
        @for program in programs {
            div.evidence {
                a href={ "/runtimes/" (program.id) } { (crate::programs::name(shell, program)) @if let Some(pid) = program.pid { ", process " (pid) } }
                span.at { "on " (panel::device(&program.device)) @if let Some(user) = &program.user { ", as " (user) } }
            }
        }
    }
}

fn held(shell: &Shell, model: &ArtifactDetail, holdings: &[HoldingRow]) -> Markup {
    let more = model.row.holdings.saturating_sub(u64::try_from(holdings.len()).unwrap_or(u64::MAX));
    html! {
        @for holding in holdings {
            div.evidence {
                span.where { (words::path(&holding.path)) }
                span.at {
                    @if !shell.one_machine() { (panel::device(&holding.device)) ", " }
                    @if let Some(store) = &holding.store { (shell.names.store(store)) ", " }
                    "first seen " (time::ago(shell.now, holding.first_seen_at))
                }
            }
        }
        @if more > 0 {
            p.dim { "and " (words::count(more)) " more; all of them:" }
            (panel::command(&format!(
                "curl -H \"Authorization: Bearer $EYELINE_TOKEN\" '{}/api/v1/holdings?q=artifact:{}'",
                shell.address,
                escaped(&model.row.id)
            )))
        }
        @if let Some(first) = holdings.first() { (panel::command(&format!("eyeline inspect {}", panel::quoted(&first.path)))) }
    }
}

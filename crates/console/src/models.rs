//! Models: every artefact, where it came from, what it allows, who holds it. Pure.

mod content;
mod panel;

use domain::{DigestStatus, Role};
use maud::{Markup, html};
use serde_json::{Value, json};
use store::{ArtifactRow, Collection};

pub(crate) use panel::{Beside, page, panel};

use crate::{
    list::{Chip, Head, Spec, State, opener},
    names, severity,
    shell::{Place, Shell},
    time,
    words::{self, Noun},
};

/// The list of models.
pub(crate) static SPEC: Spec = Spec {
    collection: Collection::Artifacts,
    place: Place::Models,
    noun: Noun("model", "models"),
    example: "license:cc-by-nc* size:>4GB seen:<7d",
    usual: "-role:data",
    unsaid: "",
    chips: &[
        Chip { label: "New since yesterday", term: "seen:<1d" },
        Chip { label: "Loaded now", term: "loaded:>0" },
        Chip { label: "No commercial use", term: "commercial:no" },
        Chip { label: "Unknown origin", term: "origin:unknown" },
        Chip { label: "Malicious or suspicious", term: "verdict:malicious,suspicious" },
        Chip { label: "Held more than once", term: "held:>1" },
        Chip { label: "Models only", term: "-role:data" },
    ],
    heads: &[
        Head::new("Model", Some("name"), ""),
        Head::new("Licence", Some("license"), "p3"),
        Head::new("Origin", None, "p2"),
        Head::new("Size", Some("size"), "num"),
        Head::new("Held by", Some("held"), "num p3"),
        Head::new("Inspection", Some("severity"), "p4"),
    ],
    live: "artifacts holdings",
};

/// The cells of a model.
pub(crate) fn cells(shell: &Shell, state: &State, model: &ArtifactRow) -> Markup {
    html! {
        td.main {
            (opener(&SPEC, state, &model.id, &html! { (model.name) }))
            span.sub { (identity(shell, model)) }
            @if is_marked(model) { span.in4 { (conclusion(model)) } }
        }
        td.p3 { (license(shell, model)) }
        td.p2 { (origin(model)) }
        td.num { (words::size(model.size)) }
        td.num.p3 { (held(shell, model)) }
        td.p4 { (conclusion(model)) }
    }
}

/// What the cells say.
pub(crate) fn values(shell: &Shell, model: &ArtifactRow) -> Vec<Value> {
    vec![
        json!(model.name),
        json!(model.license.as_ref().map(|license| &license.id)),
        json!(model.origin.as_ref().map(names::origin)),
        json!(model.size),
        json!(if shell.one_machine() { model.holdings } else { model.devices }),
        finding(model).map_or_else(|| json!(model.verdict), |severity| json!(severity)),
    ]
}

/// The beginning of the digest, the format, the quantisation.
fn identity(shell: &Shell, model: &ArtifactRow) -> Markup {
    html! {
        (digest(model)) " · " (shell.names.format(&model.format))
        @if let Some(quantization) = &model.metadata.quantization { " " (quantization) }
        @if model.metadata.role == Some(Role::Adapter) { " adapter" }
    }
}

/// The digest as far as it is known, and how.
fn digest(model: &ArtifactRow) -> Markup {
    match (&model.sha256, model.digest_status) {
        (Some(hex), DigestStatus::Computed) => words::digest(hex),
        (Some(hex), _) => html! { (words::digest(hex)) " claimed" },
        (None, _) => html! { "digest pending" },
    }
}

/// The licence and what it says of commercial use.
fn license(shell: &Shell, model: &ArtifactRow) -> Markup {
    match &model.license {
        Some(license) => html! {
            (shell.names.license(&license.id))
            @if let Some(terms) = names::commercial(license) { span.sub { (terms) } }
        },
        None => html! { span.faint { "none stated" } },
    }
}

fn origin(model: &ArtifactRow) -> Markup {
    match &model.origin {
        Some(origin) => html! { (words::path(&names::origin(origin))) },
        None => html! { span.faint { "unknown" } },
    }
}

/// On how many devices, or at how many paths where there is only one device; and whether it is in use.
fn held(shell: &Shell, model: &ArtifactRow) -> Markup {
    html! {
        @if shell.one_machine() { (Noun("path", "paths").count(model.holdings)) } @else { (words::count(model.devices)) }
        span.sub {
            @if model.loaded > 0 { (words::count(model.loaded)) "\u{a0}loaded\u{a0}now" } @else { "first\u{a0}seen\u{a0}" (time::ago(shell.now, model.first_seen_at)) }
        }
    }
}

/// The gravest open finding where there is one that asks for something, else the verdict.
fn conclusion(model: &ArtifactRow) -> Markup {
    match finding(model) {
        Some(severity) => html! { (severity::mark(severity)) span.sub { "open finding" } },
        None => severity::verdict(model.verdict),
    }
}

/// Whether its conclusion is one to look at.
fn is_marked(model: &ArtifactRow) -> bool {
    model.severity.is_some_and(|severity| severity > domain::Severity::Info)
        || model.verdict > domain::Verdict::Clean
}

/// The gravest open finding, where that says more than the verdict.
fn finding(model: &ArtifactRow) -> Option<domain::Severity> {
    let says_more = model.verdict < domain::Verdict::Suspicious;
    model.severity.filter(|severity| *severity > domain::Severity::Info && says_more)
}

/// What is said of all models.
pub(crate) fn lead(shell: &Shell) -> Markup {
    html! { @if shell.one_machine() { " on this machine." } @else { " on " (Noun("device", "devices").count(shell.counts.devices)) "." } }
}

/// What would be here.
pub(crate) fn empty() -> Markup {
    html! {
        h2 { "No model was found yet" }
        p { "Every model file that a scan finds is listed here once, whoever holds it and however often: weights, adapters and what ships inside
            packages, with its origin, its licence and what an inspection saw." }
        p { "To see one appear, fetch a small one with a tool you use, such as " code { "ollama pull smollm2:135m" } "." }
    }
}

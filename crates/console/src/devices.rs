//! Devices: every machine with a sensor, whether it is heard from, how much of it is seen. Pure.

mod coverage;
mod page;
mod timeline;

use maud::{Markup, html};
use serde_json::{Value, json};
use store::{Collection, DeviceRow, DeviceState, Sight};

pub(crate) use page::{Beside, page, panel};

use crate::{
    list::{Chip, Head, Spec, State, opener},
    panel::person,
    severity,
    shell::{Place, Shell},
    time,
    words::{self, Noun},
};

/// The list of devices.
pub(crate) static SPEC: Spec = Spec {
    collection: Collection::Devices,
    place: Place::Devices,
    noun: Noun("device", "devices"),
    example: "os:linux sight:partial findings:>0",
    usual: "",
    unsaid: "",
    chips: &[
        Chip { label: "Silent", term: "state:silent" },
        Chip { label: "Seen in part", term: "sight:partial" },
        Chip { label: "With findings", term: "findings:>0" },
        Chip { label: "New this week", term: "enrolled:<7d" },
        Chip { label: "Nobody's", term: "person:none" },
    ],
    heads: &[
        Head::new("Device", Some("name"), ""),
        Head::new("Person", None, "p2"),
        Head::new("Findings", Some("findings"), "p4"),
        Head::new("Artefacts", Some("artifacts"), "num p3"),
        Head::new("Runtimes", Some("runtimes"), "num p3"),
        Head::new("Agents", Some("agents"), "num p3"),
        Head::new("Sight", None, "p2"),
        Head::new("Heard from", Some("seen"), "num"),
    ],
    live: "devices",
};

/// What people call a device.
pub(crate) fn name(device: &DeviceRow) -> &str {
    device.hostname.as_deref().unwrap_or(&device.id)
}

/// The cells of a device.
pub(crate) fn cells(shell: &Shell, state: &State, device: &DeviceRow) -> Markup {
    html! {
        td.main {
            (opener(&SPEC, state, &device.id, &html! { (name(device)) }))
            span.sub { (system(device)) }
            span.in4 { (severity::counts(&device.findings)) }
        }
        td.p2 { (person(device.person.as_ref())) }
        td.p4 { (severity::counts(&device.findings)) }
        td.num.p3 { (words::count(device.artifacts)) }
        td.num.p3 { (words::count(device.runtimes)) }
        td.num.p3 { (words::count(device.agents)) }
        td.p2 { (sight(device.sight)) }
        td.num { (heard(shell, device)) }
    }
}

/// What the cells say.
pub(crate) fn values(_: &Shell, device: &DeviceRow) -> Vec<Value> {
    vec![
        json!(name(device)),
        json!(device.person.as_ref().map(|person| &person.name)),
        json!(severity::told(&device.findings)),
        json!(device.artifacts),
        json!(device.runtimes),
        json!(device.agents),
        json!(device.sight),
        json!(device.seen_at),
    ]
}

/// The operating system and the processor.
pub(crate) fn system(device: &DeviceRow) -> String {
    format!("{}, {}", device.os_version.as_deref().unwrap_or(&device.os), device.arch)
}

/// How much is seen; quiet where nothing is missing.
pub(crate) fn sight(sight: Sight) -> Markup {
    match sight {
        Sight::Full => html! { span.dim { "full" } },
        Sight::Partial => html! { span.sev.medium.bare { "in part" } },
        Sight::None => html! { span.sev.low.bare { "not yet" } },
    }
}

/// Whether it is heard from.
pub(crate) fn heard(shell: &Shell, device: &DeviceRow) -> Markup {
    match device.state {
        DeviceState::Reporting => time::ago_or(shell.now, device.seen_at, "never"),
        DeviceState::Silent => {
            html! { span.sev.high.bare { "silent" } span.sub { (time::ago_or(shell.now, device.seen_at, "never heard")) } }
        }
        DeviceState::Revoked => html! { span.sev.info.bare { "revoked" } },
    }
}

/// What is said of all of them.
pub(crate) fn lead(shell: &Shell) -> Markup {
    html! { @if shell.one_machine() { ": this machine." } @else { " enrolled." } }
}

/// What would be here.
pub(crate) fn empty() -> Markup {
    html! {
        h2 { "No device reports yet" }
        p { "A machine appears here as soon as its sensor is enrolled. " code { "eyeline up" } " enrols the machine that it runs on by itself." }
    }
}

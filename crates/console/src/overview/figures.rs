//! Numbers, what they mean, and their last fortnight. Pure.

use std::fmt::Write;

use maud::{Markup, html};
use store::{Figure, Overview};

use super::lead;
use crate::{
    shell::Shell,
    words::{self, Noun},
};

/// The picture of a fortnight, in its own units.
const WIDTH: u64 = 84;
const HEIGHT: u64 = 28;

/// The row of figures.
pub(super) fn figures(shell: &Shell, overview: &Overview) -> Markup {
    let figures = &overview.figures;
    let models = note(&[
        (figures.noncommercial, "not for commercial use"),
        (figures.unknown_origin, "of unknown origin"),
    ]);
    let runtimes = match figures.runtimes.now {
        0 if lead::first_look(overview) => "not looked for yet".to_owned(),
        0 => "no program runs inference".to_owned(),
        now if figures.confirmed_runtimes == now => "all of them confirmed".to_owned(),
        _ => format!("{} confirmed", words::count(figures.confirmed_runtimes)),
    };
    let agents = match figures.installed_agents {
        0 if lead::first_look(overview) => "not looked for yet".to_owned(),
        installed => format!("{} installed", words::count(installed)),
    };
    let silent = note(&[(figures.silent_devices, "silent for more than a day")]);
    html! {
        section.figures #figures data-live-region aria-label="Figures" {
            (figure("/models", if shell.one_machine() { "Models on this machine" } else { "Models held" }, &figures.artifacts, &models))
            (figure("/runtimes", "Runtimes running now", &figures.runtimes, &runtimes))
            (figure("/agents?q=state:running", "Agents running now", &figures.agents, &agents))
            @if shell.one_machine() { (this_machine(overview)) }
            @else { (figure("/devices", "Devices reporting", &figures.devices, if shell.counts.devices == 0 { "none is enrolled" } else if silent.is_empty() { "none is silent" } else { &silent })) }
        }
    }
}

/// Where there is one machine, its state says more than a number of one.
fn this_machine(overview: &Overview) -> Markup {
    let state = if overview.figures.silent_devices > 0 { "Silent" } else { "Reporting" };
    let sight = match (overview.sight.full, overview.sight.none) {
        (1.., _) => "seen in full",
        (_, 1..) => "not scanned yet",
        _ => "seen only in part",
    };
    html! { a.figure href="/devices" { span.k { "This machine" } span.v { (state) } span.n { (sight) } } }
}

fn note(parts: &[(u64, &str)]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", words::count(*number)))
        .collect();
    parts.join(", ")
}

fn figure(href: &str, name: &str, figure: &Figure, note: &str) -> Markup {
    html! {
        a.figure href=(href) {
            span.k { (name) }
            span.v { (words::count(figure.now)) }
            (spark(figure))
            span.n { (note) }
        }
    }
}

/// The last days as a line, now at its end; nothing until there are three days to compare.
fn spark(figure: &Figure) -> Markup {
    let days: Vec<u64> = figure.days.iter().copied().chain([figure.now]).collect();
    if days.len() < 3 {
        return html! {};
    }
    let line = path(&days);
    let told: Vec<_> = days.iter().map(|day| words::count(*day)).collect();
    html! {
        svg.spark width=(WIDTH) height=(HEIGHT) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) aria-hidden="true" {
            path.area d=(format!("{line}V{HEIGHT}H0Z")) {}
            path.line d=(line) {}
        }
        span.visually-hidden { "Last " (Noun("day", "days").count(u64::try_from(days.len()).unwrap_or(u64::MAX))) ": " (told.join(", ")) }
    }
}

/// The line through these numbers: the greatest near the top, the least near the bottom, a level line in the middle.
fn path(days: &[u64]) -> String {
    let (least, most) = (days.iter().min().copied().unwrap_or(0), days.iter().max().copied().unwrap_or(0));
    let steps = u64::try_from(days.len().saturating_sub(1)).unwrap_or(1).max(1);
    let mut line = String::new();
    for (at, day) in (0u64..).zip(days) {
        let x = at * WIDTH / steps;
        let y = match most - least {
            0 => HEIGHT / 2,
            range => HEIGHT - 4 - (day - least).saturating_mul(HEIGHT - 8) / range,
        };
        // Writing to a string does not fail.
        let _ = write!(line, "{}{x} {y}", if at == 0 { 'M' } else { 'L' });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_within_its_picture_and_ends_at_now() {
        assert_eq!(path(&[10, 20, 30]), "M0 24L42 14L84 4");
        assert_eq!(path(&[5, 5, 5]), "M0 14L42 14L84 14");
        assert_eq!(path(&[0, u64::MAX]), "M0 24L84 23");
    }

    #[test]
    fn there_is_no_picture_before_there_is_a_past() {
        assert_eq!(spark(&Figure { now: 3, days: vec![1] }).into_string(), "");
        assert!(spark(&Figure { now: 3, days: vec![1, 2] }).into_string().contains("<path"));
    }
}

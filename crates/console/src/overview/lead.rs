//! What a person would say of the morning, in three sentences. Pure.

use maud::{Markup, html};
use store::Overview;

use crate::{
    shell::Shell,
    words::{Noun, count},
};

const DEVICE: Noun = Noun("device", "devices");

/// Whether nothing was ever reported, by any device.
pub(super) fn first_look(overview: &Overview) -> bool {
    let sight = overview.sight;
    sight.none > 0 && sight.full + sight.partial == 0
}

/// The lead.
pub(super) fn lead(shell: &Shell, overview: &Overview) -> Markup {
    let sight = overview.sight;
    let devices = sight.full + sight.partial + sight.none;
    html! {
        @if devices == 0 {
            b { "No device reports yet." } " A machine appears as soon as its sensor is enrolled."
        } @else if first_look(overview) {
            b { "The first scan is under way." } " It reads the beginnings of files and asks programs nothing; a home with some models takes seconds."
        } @else {
            b { (decisions(overview.open)) } " " (appeared(overview, shell.one_machine())) " " (sights(overview, devices)) (silent(overview, devices))
        }
    }
}

fn decisions(open: u64) -> String {
    match open {
        0 => "Nothing needs a decision.".to_owned(),
        1 => "1\u{a0}finding needs a decision.".to_owned(),
        more => format!("{} need a decision.", Noun("finding", "findings").count(more)),
    }
}

fn appeared(overview: &Overview, one_machine: bool) -> String {
    let place = match overview.new_devices {
        _ if one_machine => " on this machine".to_owned(),
        0 => String::new(),
        devices => format!(" on {}", DEVICE.told(devices)),
    };
    let strangers = match overview.new_publishers {
        0 => String::new(),
        1 if overview.new_count == 1 => ", from a publisher not seen before".to_owned(),
        1 => "; one from a publisher not seen before".to_owned(),
        more => format!("; {} from publishers not seen before", count(more)),
    };
    match overview.new_count {
        // Everything is new: the console is.
        all if all > 0 && all >= overview.figures.artifacts.now => {
            format!("{} found so far{place}.", Noun("model was", "models were").count(all))
        }
        0 => "No model appeared since yesterday.".to_owned(),
        number => {
            format!("Since yesterday {} appeared{place}{strangers}.", Noun("model", "models").told(number))
        }
    }
}

fn sights(overview: &Overview, devices: u64) -> String {
    let sight = overview.sight;
    match (devices, sight.partial, sight.none) {
        (1, 0, 0) => "Nothing on this machine is known to be out of sight.".to_owned(),
        (1, _, _) => "This machine is seen only in part.".to_owned(),
        (all, 0, 0) => format!("All {} are seen in full.", DEVICE.count(all)),
        (all, partial, 0) => {
            format!("{} of {} {} seen only in part.", count(partial), DEVICE.count(all), is(partial))
        }
        (all, 0, none) => format!("{} of {} {} not reported yet.", count(none), DEVICE.count(all), has(none)),
        (all, partial, none) => format!(
            "{} of {} {} seen only in part, {} {} not reported yet.",
            count(partial),
            DEVICE.count(all),
            is(partial),
            count(none),
            has(none)
        ),
    }
}

fn silent(overview: &Overview, devices: u64) -> String {
    match (devices, overview.figures.silent_devices) {
        (_, 0) => String::new(),
        (1, _) => " Its sensor has been silent for more than a day.".to_owned(),
        (_, number) => format!(
            " {} silent for more than a day.",
            Noun("device has been", "devices have been").count(number)
        ),
    }
}

fn is(number: u64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

fn has(number: u64) -> &'static str {
    if number == 1 { "has" } else { "have" }
}

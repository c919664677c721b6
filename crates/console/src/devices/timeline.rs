//! What happened on a device, as a picture with a table behind it. Pure.

use jiff::Timestamp;
use maud::{Markup, html};
use store::RecordRow;

use crate::{records, shell::Shell, time, words};

/// The width of the picture in its own units; the height of a lane.
const WIDTH: i64 = 1000;
const LANE: usize = 26;
const DAY: i64 = 86_400;

/// Which lane a kind of record is drawn in.
const LANES: [(&str, &str); 5] = [
    ("artifact", "Models"),
    ("runtime", "Runtimes"),
    ("agent", "Agents"),
    ("finding", "Findings"),
    ("device", "Device"),
];

/// The picture, and the records it was drawn from.
pub(super) fn timeline(shell: &Shell, records: &[RecordRow]) -> Markup {
    html! {
        @if records.is_empty() {
            p.dim { "Nothing has changed since it was enrolled." }
        } @else {
            (picture(shell.now, records))
            details {
                summary { "The same as a list" }
                table.plain-table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "To what" } } }
                    tbody {
                        @for record in records {
                            tr { td { (time::ago(shell.now, record.at)) } td { (records::kind(record)) } td { (record.subject) } }
                        }
                    }
                }
            }
        }
    }
}

fn picture(now: Timestamp, records: &[RecordRow]) -> Markup {
    let days = span(now, records);
    let x = |at: Timestamp| {
        WIDTH - (now.as_second() - at.as_second()).clamp(0, days * DAY) * WIDTH / (days * DAY).max(1)
    };
    let lanes: Vec<_> =
        LANES.iter().filter(|(lane, _)| records.iter().any(|record| in_lane(record, lane))).collect();
    let height = lanes.len() * LANE;
    html! {
        figure.swim role="img" aria-label=(format!("Changes in the last {}, by kind", words::Noun("day", "days").count(u64::try_from(days).unwrap_or(1)))) {
            ul.lanes aria-hidden="true" { @for (_, name) in &lanes { li { (name) } } }
            svg viewBox=(format!("0 0 {WIDTH} {height}")) preserveAspectRatio="none" height=(height) aria-hidden="true" {
                @for day in 0..=days.min(31) {
                    @let at = WIDTH - day * WIDTH / days.max(1);
                    line.grid x1=(at) x2=(at) y1="0" y2=(height) {}
                }
                @for (row, (lane, _)) in lanes.iter().enumerate() {
                    @let y = row * LANE + LANE / 2;
                    line.lane x1="0" x2=(WIDTH) y1=(y) y2=(y) {}
                    @for record in records.iter().filter(|record| in_lane(record, lane)) {
                        rect.(tone(&record.kind)) x=(x(record.at) - 2) y=(y - 7) width="4" height="14" rx="1" {
                            title { (records::kind(record)) ": " (record.subject) ", " (time::exact(record.at)) }
                        }
                    }
                }
            }
            p.axis aria-hidden="true" { span { (words::Noun("day", "days").count(u64::try_from(days).unwrap_or(1))) " ago" } span { "now" } }
        }
    }
}

fn in_lane(record: &RecordRow, lane: &str) -> bool {
    let kind = record.kind.split('-').next().unwrap_or_default();
    let kind = if LANES.iter().any(|(known, _)| *known == kind) { kind } else { "device" };
    kind == lane
}

/// What came, what went, what is to be looked at.
fn tone(kind: &str) -> &'static str {
    match kind.rsplit('-').next() {
        Some("vanished" | "stopped" | "removed" | "resolved" | "gone") => "went",
        _ if kind.starts_with("finding") => "found",
        _ => "came",
    }
}

/// How many days the picture shows: as many as there is something to see, a week at least, a month at most.
fn span(now: Timestamp, records: &[RecordRow]) -> i64 {
    let oldest = records.iter().map(|record| record.at.as_second()).min().unwrap_or(now.as_second());
    ((now.as_second() - oldest) / DAY + 1).clamp(7, 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, second: i64) -> RecordRow {
        RecordRow {
            id: 1,
            at: Timestamp::from_second(second).unwrap(),
            kind: kind.into(),
            actor: None,
            device: None,
            subject: "llama".into(),
            subject_id: None,
            detail: String::new(),
        }
    }

    #[test]
    fn a_week_is_shown_even_when_everything_happened_today() {
        let now = Timestamp::from_second(40 * DAY).unwrap();
        assert_eq!(span(now, &[record("artifact-appeared", 40 * DAY - 60)]), 7);
        assert_eq!(span(now, &[record("artifact-appeared", 0)]), 30);
    }

    #[test]
    fn every_record_is_drawn_in_a_lane_within_the_picture() {
        let now = Timestamp::from_second(40 * DAY).unwrap();
        for (kind, second) in
            [("artifact-appeared", 0), ("scan-finished", 40 * DAY), ("finding-opened", 50 * DAY)]
        {
            let html = picture(now, &[record(kind, second)]).into_string();
            assert_eq!(html.matches("<rect").count(), 1, "{html}");
            let x = html.split(r#" x=""#).nth(1).unwrap().split('"').next().unwrap();
            assert!((-2..=WIDTH).contains(&x.parse().unwrap()), "{x}");
        }
    }
}

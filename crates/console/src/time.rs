//! Times as people read them: relative, with the exact time on hover. The script of the page turns the hover into the reader's
//! own time zone and keeps the words fresh. Takes the time as an argument; reads no clock.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use maud::{Markup, html};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment, seen from now.
pub(crate) fn ago(now: Timestamp, then: Timestamp) -> Markup {
    html! { time datetime=(then.strftime("%FT%TZ")) title=(exact(then)) data-relative { (relative(now, then)) } }
}

/// A moment that may not have come: `never` where there is none.
pub(crate) fn ago_or(now: Timestamp, then: Option<Timestamp>, otherwise: &str) -> Markup {
    match then {
        Some(then) => ago(now, then),
        None => html! { span.faint { (otherwise) } },
    }
}

/// A moment to the second, in UTC.
pub(crate) fn exact(then: Timestamp) -> String {
    then.strftime("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// `just now`, `4 min ago`, `2 h ago`, `yesterday`, `3 days ago`, then the day.
pub(crate) fn relative(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    let (ahead, seconds) = (seconds < 0, seconds.saturating_abs());
    let amount = match seconds {
        ..MINUTE => return "just\u{a0}now".to_owned(),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        DAY.. if seconds < 2 * DAY => return if ahead { "tomorrow" } else { "yesterday" }.to_owned(),
        DAY.. if seconds < 30 * DAY => format!("{} days", seconds / DAY),
        _ => return then.strftime("%-d %b %Y").to_string().replace(' ', "\u{a0}"),
    };
    let text = if ahead { format!("in {amount}") } else { format!("{amount} ago") };
    text.replace(' ', "\u{a0}")
}

/// How long something took, in milliseconds: `0.4 s`, `12 s`, `3 min`.
pub(crate) fn duration(millis: u64) -> String {
    match millis {
        0..100 => "less than 0.1\u{a0}s".to_owned(),
        100..10_000 => format!("{}.{}\u{a0}s", millis / 1000, millis % 1000 / 100),
        10_000..120_000 => format!("{}\u{a0}s", millis / 1000),
        _ => format!("{}\u{a0}min", millis / 60_000),
    }
}

/// A day by which something is to be done.
pub(crate) fn due(now: Timestamp, day: Date) -> Markup {
    let today = now.to_zoned(TimeZone::UTC).date();
    let days = today.until(day).map_or(0, |span| span.get_days());
    let text = match days {
        ..0 => format!("overdue since {}", day.strftime("%-d %b")),
        0 => "due today".to_owned(),
        1 => "due tomorrow".to_owned(),
        2..14 => format!("due in {days} days"),
        _ => format!("due {}", day.strftime("%-d %b %Y")),
    };
    html! { time.due.late[days < 0] datetime=(day) title=(day.strftime("%A, %-d %B %Y")) { (text.replace(' ', "\u{a0}")) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn the_past_is_told_as_people_do() {
        let now = at(1_800_000_000);
        let said: Vec<_> = [0, 59, 60, 3599, 7200, DAY, 2 * DAY, 29 * DAY, 40 * DAY, -30, -90, -3 * DAY]
            .map(|age| relative(now, at(1_800_000_000 - age)))
            .into();
        assert_eq!(
            said.join("|").replace('\u{a0}', " "),
            "just now|just now|1 min ago|59 min ago|2 h ago|yesterday|2 days ago|29 days ago|6 Dec 2026|just now|in 1 min|in 3 days"
        );
    }

    #[test]
    fn nothing_takes_no_time_at_all() {
        let said: Vec<_> = [0, 100, 12_000, 180_000].map(duration).into();
        assert_eq!(said.join("|").replace('\u{a0}', " "), "less than 0.1 s|0.1 s|12 s|3 min");
    }

    #[test]
    fn the_exact_time_is_on_hover() {
        let html = ago(at(1_800_000_000), at(1_799_990_000)).into_string().replace('\u{a0}', " ");
        insta::assert_snapshot!(html, @r#"<time datetime="2027-01-15T05:13:20Z" title="15 Jan 2027, 05:13:20 UTC" data-relative>2 h ago</time>"#);
    }

    #[test]
    fn what_is_overdue_says_so() {
        let now = at(1_800_000_000);
        let said = |day: &str| due(now, day.parse().unwrap()).into_string();
        assert!(said("2027-01-14").contains(r#"class="due late""#));
        assert!(said("2027-01-15").contains("due\u{a0}today"));
        assert!(said("2027-03-15").contains("due\u{a0}15\u{a0}Mar\u{a0}2027"));
    }
}

//! Values of conditions: patterns, numbers, sizes, ages and dates, as text is turned into them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::Kind;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Equal; for a date, on that day.
    Is,
    /// Less, or nearer to now for an age.
    Less,
    /// Less or equal.
    AtMost,
    /// More, or longer ago for an age.
    More,
    /// More or equal.
    AtLeast,
}

/// One alternative of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text or word.
    Text {
        /// It must be another one.
        negated: bool,
        /// What it must match.
        pattern: Pattern,
    },
    /// A number or a number of bytes.
    Number {
        /// How to compare with it.
        compare: Compare,
        /// The number.
        number: i64,
    },
    /// How long ago, in milliseconds.
    Age {
        /// Less is nearer to now.
        compare: Compare,
        /// The age.
        millis: i64,
    },
    /// A day in UTC: from its first millisecond to the one after its last.
    Day {
        /// How to compare with it.
        compare: Compare,
        /// The day's first millisecond since 1970.
        from: i64,
        /// The next day's first millisecond.
        until: i64,
    },
}

/// A text with stars: the pieces between them. One piece is a text without a star.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(pub Vec<String>);

impl Pattern {
    /// The whole text, when there is no star.
    pub fn exact(&self) -> Option<&str> {
        match self.0.as_slice() {
            [whole] => Some(whole),
            _ => None,
        }
    }
}

/// Why a text is no value of its field: the end of "`x` …".
pub(super) type Wrong = String;

/// Takes `<`, `<=`, `>` or `>=` off the front.
pub(super) fn comparison(text: &str) -> (Compare, &str) {
    let signs =
        [("<=", Compare::AtMost), (">=", Compare::AtLeast), ("<", Compare::Less), (">", Compare::More)];
    signs
        .into_iter()
        .find_map(|(sign, compare)| Some((compare, text.strip_prefix(sign)?)))
        .unwrap_or((Compare::Is, text))
}

pub(super) fn number(kind: Kind, text: &str) -> Result<Value, Wrong> {
    let (compare, digits) = comparison(text);
    let number = if kind == Kind::Size { bytes(digits) } else { digits.parse().ok() };
    let example = if kind == Kind::Size { "a size such as `>4GB`" } else { "a number such as `>3`" };
    Ok(Value::Number { compare, number: number.ok_or_else(|| format!("is not {example}"))? })
}

/// `4GB`, `1.5GiB`, `300`. Decimal units unless they have an `i`, as the table of a scan prints them.
fn bytes(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let factor: i64 = match unit.to_ascii_lowercase().trim_end_matches('b') {
        "" => 1,
        "k" => 1000,
        "m" => 1000_i64.pow(2),
        "g" => 1000_i64.pow(3),
        "t" => 1000_i64.pow(4),
        "ki" => 1 << 10,
        "mi" => 1 << 20,
        "gi" => 1 << 30,
        "ti" => 1 << 40,
        _ => return None,
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.parse::<i64>().ok()?.checked_mul(factor)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let places = u32::try_from(fraction.len()).ok().filter(|&places| places <= 6)?;
    whole.checked_add(fraction.parse::<i64>().ok()?.checked_mul(factor)? / 10_i64.pow(places))
}

pub(super) fn time(text: &str) -> Result<Value, Wrong> {
    let (compare, rest) = comparison(text);
    if let Some(millis) = age(rest) {
        return match compare {
            Compare::Is => Err(format!("is an age without `<` or `>`: `<{rest}` is less than {rest} ago")),
            _ => Ok(Value::Age { compare, millis }),
        };
    }
    let (from, until) = rest
        .parse()
        .ok()
        .and_then(day)
        .ok_or("is neither an age such as `<7d` nor a date such as `2026-11-20`")?;
    Ok(Value::Day { compare, from, until })
}

fn age(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'y' => 365 * 86_400,
        _ => return None,
    };
    let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count >= 0)?;
    count.checked_mul(seconds)?.checked_mul(1000)
}

fn day(date: Date) -> Option<(i64, i64)> {
    let start = |date: Date| Some(Timestamp::as_millisecond(date.to_zoned(TimeZone::UTC).ok()?.timestamp()));
    Some((start(date)?, start(date.tomorrow().ok()?)?))
}

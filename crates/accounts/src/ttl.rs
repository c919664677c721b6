//! `--ttl 30d`: how long a token lives.

use jiff::SignedDuration;

/// The longest life of a token: ten years.
const MOST_HOURS: i64 = 10 * 366 * 24;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no duration: write a number and s, m, h, d or w, such as 12h or 30d, at most 10 years")]
pub struct TtlError(String);

/// Reads a duration: a positive whole number and one of `s`, `m`, `h`, `d`, `w`.
///
/// # Errors
/// [`TtlError`] for any other text, and for more than ten years.
pub fn parse_ttl(text: &str) -> Result<SignedDuration, TtlError> {
    let error = || TtlError(text.to_owned());
    let unit = text.chars().last().ok_or_else(error)?;
    let number = text.strip_suffix(unit).ok_or_else(error)?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error());
    }
    let number: i64 = number.parse().map_err(|_| error())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return Err(error()),
    };
    let seconds = number.checked_mul(seconds).filter(|seconds| (1..=MOST_HOURS * 3600).contains(seconds));
    seconds.map(SignedDuration::from_secs).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, hours) in [("1h", 1), ("30d", 720), ("2w", 336), ("60m", 1)] {
            assert_eq!(parse_ttl(text).unwrap(), SignedDuration::from_hours(hours), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_an_example() {
        for text in
            ["", "d", "30", "-1d", "0d", "+1d", "1.5h", "30 d", "1y", "99999w", "9223372036854775807w", "3٣d"]
        {
            let error = parse_ttl(text).unwrap_err().to_string();
            assert!(error.contains("30d"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(text in ".{0,12}") {
            if let Ok(ttl) = parse_ttl(&text) {
                prop_assert!(ttl.is_positive() && ttl.as_hours() <= MOST_HOURS);
            }
        }
    }
}

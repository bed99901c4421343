//! Lengths of time as users type them.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::decimal;

/// Times as they may be typed, and how many milliseconds each is: a refusal names those that would be allowed.
const EXAMPLES: [(&str, u64); 3] = [("500ms", 500), ("1.5s", 1_500), ("2m", 120_000)];

/// Reads `30s`, `500ms`, `1.5s` or `2m` and holds it to `allowed`.
///
/// Units: `us`, `ms`, `s`, `m`, `h`; one number, one unit, at most nine digits after the point.
///
/// # Errors
/// A sentence with the allowed range, for a number without a unit, a sign, an exponent, `NaN` and the like, and for
/// times outside the range.
pub fn parse_span(text: &str, allowed: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let expected = || {
        let is_allowed = |(_, millis): &&(&str, u64)| allowed.contains(&Duration::from_millis(*millis));
        let such: Vec<&str> = EXAMPLES.iter().filter(is_allowed).map(|(text, _)| *text).collect();
        let such = match &such[..] {
            [] => String::new(),
            [only] => format!(", such as {only}"),
            [rest @ .., last] => format!(", such as {} or {last}", rest.join(", ")),
        };
        format!(
            "expected a time from {} to {}{such}: one number with one unit",
            show_span(*allowed.start()),
            show_span(*allowed.end())
        )
    };
    let (number, unit) = decimal::split_unit(text);
    let nanos_per_unit: u128 = match unit {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(expected()),
    };
    let billionths = decimal::billionths(number).ok_or_else(expected)?;
    let nanos = billionths * nanos_per_unit / 1_000_000_000;
    let span = u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| expected())?;
    if allowed.contains(&span) { Ok(span) } else { Err(expected()) }
}

/// A time as a user would type it, to the nanosecond: `0s`, `1.5s`, `250ms`, `60s`.
#[must_use]
pub fn show_span(span: Duration) -> String {
    match span.as_nanos() {
        0 => "0s".into(),
        nanos @ 1..1_000_000 => format!("{}us", in_units(nanos, 3)),
        nanos @ 1_000_000..1_000_000_000 => format!("{}ms", in_units(nanos, 6)),
        nanos if nanos.is_multiple_of(3_600_000_000_000) => format!("{}h", nanos / 3_600_000_000_000),
        nanos => format!("{}s", in_units(nanos, 9)),
    }
}

/// `nanos` in units of ten to the power of `digits`, without floating point, which would show 1.364 as 1.3639999999999999.
fn in_units(nanos: u128, digits: usize) -> String {
    let unit = 10u128.pow(digits as u32);
    let fraction = format!("{:0digits$}", nanos % unit);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}", nanos / unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(86_400);

    #[test]
    fn units_mean_what_they_say() {
        for (text, nanos) in [
            ("250us", 250_000),
            ("1.5ms", 1_500_000),
            ("30s", 30_000_000_000),
            ("2m", 120_000_000_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_span(text, &DAY), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_range() {
        for text in ["", "5", "-1s", "+5s", "NaN", "1e18s", "999999999999h", "s", "1 s", "25h"] {
            let error = parse_span(text, &DAY).unwrap_err();
            assert!(error.contains("from 0s to 24h"), "{text:?}: {error}");
        }
        let refusal = |allowed| parse_span("1m30s", &allowed).unwrap_err();
        let second = Duration::from_secs(1);
        assert_eq!(
            refusal(second..=3600 * second),
            "expected a time from 1s to 1h, such as 1.5s or 2m: one number with one unit"
        );
        assert_eq!(refusal(second..=second), "expected a time from 1s to 1s: one number with one unit");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
            if let Ok(span) = parse_span(&text, &DAY) {
                prop_assert!(DAY.contains(&span));
            }
        }

        #[test]
        fn what_is_shown_reads_back(nanos in 0u64..86_400_000_000_000) {
            let span = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_span(&show_span(span), &DAY), Ok(span));
        }
    }
}

//! Value parsers for clap: each refusal is a sentence with the allowed range.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use loadgen::parse_span;

/// Whole numbers in `allowed`: digits only, no sign.
pub(crate) fn whole<T>(allowed: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|number| digits && allowed.contains(number))
            .ok_or_else(|| format!("expected a whole number from {} to {}", allowed.start(), allowed.end()))
    }
}

/// Times in `allowed`, such as `500ms`.
pub(crate) fn span(allowed: RangeInclusive<Duration>) -> impl Fn(&str) -> Result<Duration, String> + Clone {
    move |text| parse_span(text, &allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_in_range_are_a_whole_number() {
        let parse = whole(1..=100u32);
        assert_eq!(parse("100"), Ok(100));
        for text in ["", "0", "101", "-1", "+5", "1e1", "NaN", "0x5", "1.0", "99999999999999999999"] {
            assert_eq!(parse(text), Err("expected a whole number from 1 to 100".into()), "{text:?}");
        }
    }
}

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
        text.parse().ok().filter(|number| digits && allowed.contains(number)).ok_or_else(|| {
            let written_out = written_out(text);
            format!("expected a whole number from {} to {}{written_out}", allowed.start(), allowed.end())
        })
    }
}

/// For `1k`, as other programs have it: how to write it here.
fn written_out(text: &str) -> String {
    let thousands = text.strip_suffix(['k', 'K']).map(|digits| (digits, "000"));
    let number = thousands.or_else(|| text.strip_suffix(['m', 'M']).map(|digits| (digits, "000000")));
    match number {
        Some((digits, zeros)) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!(" (write {digits}{zeros})")
        }
        _ => String::new(),
    }
}

/// Times in `allowed`, such as `500ms`.
pub(crate) fn span(allowed: RangeInclusive<Duration>) -> impl Fn(&str) -> Result<Duration, String> + Clone {
    move |text| parse_span(text, &allowed)
}

/// Shares in `allowed` (0–1), such as `5%` or `2.5%`.
pub(crate) fn share(allowed: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let digits = |number: &&str| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent = text.strip_suffix('%').filter(digits).and_then(|number| number.parse::<f64>().ok());
        percent.map(|percent| percent / 100.0).filter(|share| allowed.contains(share)).ok_or_else(|| {
            format!("expected a share from {}% to {}%", allowed.start() * 100.0, allowed.end() * 100.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_percent_in_range_are_a_share() {
        let parse = share(0.01..=0.5);
        assert_eq!((parse("1%"), parse("2.5%"), parse("50%")), (Ok(0.01), Ok(0.025), Ok(0.5)));
        for text in ["", "%", "5", "0.9%", "51%", "-5%", "+5%", "NaN%", "1e1%", "inf%", "5 %"] {
            assert_eq!(parse(text), Err("expected a share from 1% to 50%".into()), "{text:?}");
        }
    }

    #[test]
    fn only_digits_in_range_are_a_whole_number() {
        let parse = whole(1..=100u32);
        assert_eq!(parse("100"), Ok(100));
        for text in ["", "0", "101", "-1", "+5", "1e1", "NaN", "0x5", "1.0", "99999999999999999999"] {
            assert_eq!(parse(text), Err("expected a whole number from 1 to 100".into()), "{text:?}");
        }
    }
}

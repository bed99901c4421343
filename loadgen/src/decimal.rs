//! The one grammar of numbers that users type.

/// Reads `12`, `0.5` or `1.25` as billionths.
///
/// Digits, optionally a point and one to nine digits: no sign, no exponent, no `NaN`, no blanks. Floating point is
/// not used, because its parser takes all of those. `None` for anything else, and beyond 12 digits before the point.
pub(crate) fn billionths(text: &str) -> Option<u128> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if (1..=9).contains(&fraction.len()) => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=12).contains(&whole.len()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<9}").parse().ok()
}

/// So many billionths times `numerator` ÷ `denominator`, rounded once.
///
/// A figure that is the quotient of two counts is rounded once as well: where both are the same number, they compare as equal.
pub(crate) fn scaled(billionths: u128, numerator: u128, denominator: u128) -> f64 {
    quotient(billionths * numerator, 1_000_000_000 * denominator)
}

/// One whole number divided by another, in lowest terms, so that it is rounded once.
pub(crate) fn quotient(numerator: u128, denominator: u128) -> f64 {
    let common = greatest_common_divisor(numerator, denominator);
    (numerator / common) as f64 / (denominator / common) as f64
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Writes a number so that [`billionths`] reads it again: to nine digits after the point, none of them for show.
pub(crate) fn show(number: f64) -> String {
    let digits = format!("{number:.9}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Splits `2.5k/s` into `2.5` and `k/s`: where the number ends, its unit begins.
pub(crate) fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_decimals_are_exact() {
        assert_eq!(billionths("2"), Some(2_000_000_000));
        assert_eq!(billionths("0.1"), Some(100_000_000));
        assert_eq!(billionths("1.000000001"), Some(1_000_000_001));
    }

    #[test]
    fn a_scaled_number_is_the_nearest_to_the_quotient() {
        for tenths in 0..=1000u32 {
            let share = scaled(billionths(&format!("{}.{}", tenths / 10, tenths % 10)).unwrap(), 1, 100);
            assert_eq!(share, f64::from(tenths) / 1000.0, "{tenths} tenths of a percent");
        }
        for per_minute in 1..=6000u32 {
            let rate = scaled(billionths(&per_minute.to_string()).unwrap(), 1, 60);
            assert_eq!(rate, f64::from(per_minute) / 60.0, "{per_minute}/m");
        }
        assert_eq!((scaled(0, 7, 9), scaled(1, 1, 1)), (0.0, 1e-9));
    }

    #[test]
    fn counts_per_second_of_whole_nanoseconds_are_the_rates_that_users_type() {
        // 21 replies in 0.7 s: 21.0 / 0.7 is 30.000000000000004.
        for tenths in 1..=600u64 {
            for per_second in (10..=2000u64).step_by(10) {
                let (count, nanos) = (per_second * tenths / 10, tenths * 100_000_000);
                assert_eq!(quotient(u128::from(count) * 1_000_000_000, nanos.into()), per_second as f64);
            }
        }
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for (number, text) in [(500.0, "500"), (1e6, "1000000"), (0.5, "0.5"), (1.0 / 60.0, "0.016666667")] {
            assert_eq!(show(number), text);
            assert!(billionths(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_refused() {
        for text in
            ["", ".", ".5", "5.", "-1", "+5", "1e18", "NaN", "inf", " 1", "1_000", "0x21", "١", "1.2.3"]
        {
            assert_eq!(billionths(text), None, "{text:?}");
        }
        assert_eq!(billionths("1234567890123"), None);
    }
}

//! Numbers as a person reads them: three significant digits, a unit, and "no data" where there is none.

use reports_record::Metric;
use reports_stats::difference::Difference;
use reports_stats::effect::Interval;

use crate::analysis::estimate::Estimate;

/// What stands where a number would, had there been one. Never 0, never NaN.
pub const NO_DATA: &str = "no data";

/// `value` with three significant digits, thousands as `k`, `M`, `G`; [`NO_DATA`] unless finite.
#[must_use]
pub fn plain(value: f64) -> String {
    if !value.is_finite() {
        return NO_DATA.into();
    }
    const STEPS: [(f64, &str); 3] = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    // 999.5 would print as 1000: it belongs to the next step already.
    let step = STEPS.into_iter().find(|(size, _)| value.abs() >= size * 0.9995);
    let (size, suffix) = step.unwrap_or((1.0, ""));
    format!("{}{suffix}", three_digits(value / size))
}

/// Three significant digits without a suffix; trailing zeros stay, for they say how exact a figure is. A power of ten where
/// zeros alone would fill a column.
fn three_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let magnitude = value.abs().log10().floor() as i32;
    // Rounding can carry into the next decade: 9.996 has to print as 10.0, not 10.00.
    let carried = (value.abs() / 10_f64.powi(magnitude - 2)).round() >= 1000.0;
    match 2 - magnitude - i32::from(carried) {
        decimals @ ..=9 => format!("{value:.*}", decimals.max(0) as usize),
        _ => format!("{value:.2e}"),
    }
}

/// A count in full, with commas between thousands.
#[must_use]
pub fn count(value: usize) -> String {
    reports_terminal::count(wide(value))
}

/// A figure as it was given, with commas between thousands and at most six decimals: 1,024 connections are not 1,020.
#[must_use]
pub fn exact(value: f64) -> String {
    if !(0.0..1e15).contains(&value) {
        return NO_DATA.into();
    }
    let written = format!("{value:.6}");
    let (whole, decimals) = written.split_once('.').unwrap_or((&written, ""));
    let decimals = decimals.trim_end_matches('0');
    let whole = reports_terminal::count(whole.parse().unwrap_or(u64::MAX));
    if decimals.is_empty() { whole } else { format!("{whole}.{decimals}") }
}

/// A count in a sentence: one as a word, as a colleague would say it.
#[must_use]
pub fn one_or(value: usize) -> String {
    if value == 1 { "one".into() } else { count(value) }
}

/// A count of things, `1 block` or `2,000 blocks`.
#[must_use]
pub fn counted(value: usize, thing: &str) -> String {
    reports_terminal::counted(wide(value), thing)
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// A rate of requests.
#[must_use]
pub fn rate(per_second: f64) -> String {
    with_unit(per_second, "/s")
}

/// A rate of requests in a sentence: three digits that count, none of them behind a letter.
#[must_use]
pub fn whole_rate(per_second: f64) -> String {
    if !(0.0..1e15).contains(&per_second) {
        return NO_DATA.into();
    }
    if per_second < 100.0 {
        return rate(per_second);
    }
    let unit = 10_f64.powf((per_second.log10().floor() - 2.0).max(0.0));
    format!("{}/s", count(((per_second / unit).round() * unit) as usize))
}

/// A time given in microseconds, as µs, ms or s.
#[must_use]
pub fn micros(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 999_500.0 => (value / 1e6, "\u{a0}s"),
        size if size >= 999.5 => (value / 1e3, "\u{a0}ms"),
        _ => (value, "\u{a0}µs"),
    };
    with_unit(scaled, unit)
}

/// A size given in MiB, as KiB, MiB or GiB.
#[must_use]
pub fn mebibytes(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1000.0 => (value / 1024.0, "\u{a0}GiB"),
        size if size < 1.0 => (value * 1024.0, "\u{a0}KiB"),
        _ => (value, "\u{a0}MiB"),
    };
    with_unit(scaled, unit)
}

/// A share, 0–1, as a percentage with two significant digits: what is said of noise needs no third.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if !percent.is_finite() {
        return NO_DATA.into();
    }
    match percent.abs() {
        0.0 => "0\u{a0}%".into(),
        size if size >= 9999.5 => format!("{}\u{a0}%", plain(percent)),
        size if size >= 9.95 => format!("{percent:.0}\u{a0}%"),
        size if size >= 0.995 => format!("{percent:.1}\u{a0}%"),
        size if size >= 0.005 => format!("{percent:.2}\u{a0}%"),
        _ => "below 0.01\u{a0}%".into(),
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    if value.is_finite() { format!("{}{unit}", plain(value)) } else { NO_DATA.into() }
}

/// Text with its first letter large.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A figure of `metric` in the unit that suits its size.
#[must_use]
pub fn of_metric(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Throughput => rate(value),
        Metric::ResponseTimeP50
        | Metric::ResponseTimeP95
        | Metric::ResponseTimeP99
        | Metric::CpuPerRequest => micros(value),
        Metric::Memory => mebibytes(value),
    }
}

/// A difference in microseconds with the interval that it lies in, `3.20 (−0.50 to 6.90) µs`.
#[must_use]
pub fn difference_us(difference: &Difference) -> String {
    let written = |value: f64| plain(value).replace('-', "−");
    let ends = difference.interval;
    format!("{} ({} to {})\u{a0}µs", written(difference.mean), written(ends.lo), written(ends.hi))
}

/// A ratio async ÷ sync, `×1.98`: its one notation on pages, in terminals and in files for people.
#[must_use]
pub fn ratio(ratio: f64) -> String {
    if ratio.is_finite() && ratio > 0.0 { format!("×{}", plain(ratio)) } else { NO_DATA.into() }
}

/// A ratio with the interval that it lies in, `×1.98 (1.58–2.48)`.
#[must_use]
pub fn ratio_within(middle: Option<f64>, ends: Option<Interval>) -> String {
    match (middle, ends) {
        (None, _) => NO_DATA.into(),
        (Some(middle), None) => ratio(middle),
        (Some(middle), Some(ends)) => format!("{} ({})", ratio(middle), interval(ends)),
    }
}

/// `value` rounded to six significant digits, for files: more than any measurement here is good for.
#[must_use]
pub fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// A written number without the zeros that end its decimals, for an axis: `1.50 ms` as `1.5 ms`.
#[must_use]
pub fn trimmed(written: &str) -> String {
    let end = written.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(written.len());
    let (digits, unit) = written.split_at(end);
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}{unit}")
}

/// Ends of an interval that lie further apart than this say nothing, in many digits.
const TOO_WIDE: f64 = 1e3;

/// The ends of a ratio's interval, `1.20–1.28`.
#[must_use]
pub fn interval(interval: Interval) -> String {
    if interval.hi / interval.lo > TOO_WIDE {
        return "interval too wide".into();
    }
    format!("{}–{}", plain(interval.lo), plain(interval.hi))
}

/// An estimate with its interval, `12.3k/s (12.1k/s–12.5k/s)`; a lower bound as `≥ 2.00 s`.
#[must_use]
pub fn estimate(estimate: Option<&Estimate>, write: fn(f64) -> String) -> String {
    let Some(estimate) = estimate else { return NO_DATA.into() };
    let middle = write(estimate.middle);
    match estimate.interval {
        _ if estimate.at_least => format!("≥ {middle}"),
        Some(interval) => format!("{middle} ({}–{})", write(interval.lo), write(interval.hi)),
        None => middle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_kept_whatever_the_size() {
        let cases = [
            (0.0, "0"),
            (0.001_234, "0.00123"),
            (0.000_000_123_4, "0.000000123"),
            (0.000_000_012_34, "1.23e-8"),
            (-1.5e-16, "-1.50e-16"),
            (0.9996, "1.00"),
            (9.996, "10.0"),
            (99.96, "100"),
            (999.6, "1.00k"),
            (12_345.0, "12.3k"),
            (-1_234_567.0, "-1.23M"),
        ];
        for (value, expected) in cases {
            assert_eq!(plain(value), expected, "{value}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_no_data_in_every_unit() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for text in
                [plain(value), rate(value), micros(value), mebibytes(value), percent(value), ratio(value)]
            {
                assert_eq!(text, NO_DATA);
            }
        }
        assert_eq!(ratio(0.0), NO_DATA);
    }

    #[test]
    fn units_follow_the_size() {
        assert_eq!(micros(12.0), "12.0\u{a0}µs");
        assert_eq!(micros(999.6), "1.00\u{a0}ms");
        assert_eq!(micros(2.5e6), "2.50\u{a0}s");
        assert_eq!(mebibytes(0.5), "512\u{a0}KiB");
        assert_eq!(mebibytes(2048.0), "2.00\u{a0}GiB");
        assert_eq!(rate(87_000.0), "87.0k/s");
        assert_eq!(whole_rate(12_345.0), "12,300/s");
    }

    #[test]
    fn what_was_given_is_written_as_it_was() {
        let cases = [(1_024.0, "1,024"), (0.05, "0.05"), (20_000.5, "20,000.5"), (0.0, "0"), (1e-9, "0")];
        for (value, expected) in cases {
            assert_eq!(exact(value), expected);
        }
        assert_eq!((exact(f64::NAN), exact(-1.0)), (NO_DATA.to_owned(), NO_DATA.to_owned()));
    }

    #[test]
    fn an_axis_has_no_idle_zeros() {
        for (written, expected) in [
            ("1.00k/s", "1k/s"),
            ("1.50\u{a0}ms", "1.5\u{a0}ms"),
            ("100\u{a0}µs", "100\u{a0}µs"),
            ("no data", "no data"),
        ] {
            assert_eq!(trimmed(written), expected);
        }
    }

    #[test]
    fn a_ratio_has_one_notation_and_lies_in_its_interval() {
        for (value, expected) in [(1.24, "×1.24"), (0.92, "×0.920"), (7.2, "×7.20"), (0.0123, "×0.0123")]
        {
            assert_eq!(ratio(value), expected);
        }
        let ends = Some(Interval { lo: 1.58, hi: 2.48 });
        assert_eq!(ratio_within(Some(1.98), ends), "×1.98 (1.58–2.48)");
        assert_eq!(ratio_within(Some(1.98), None), "×1.98");
        assert_eq!(ratio_within(None, ends), NO_DATA);
    }

    #[test]
    fn a_share_has_two_digits() {
        let cases = [
            (0.0, "0\u{a0}%"),
            (0.000_01, "below 0.01\u{a0}%"),
            (0.007, "0.70\u{a0}%"),
            (0.0246, "2.5\u{a0}%"),
            (0.154, "15\u{a0}%"),
            (2.0, "200\u{a0}%"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected, "{share}");
        }
    }
}

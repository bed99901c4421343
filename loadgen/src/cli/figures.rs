//! Numbers for people.

use reports_record::Margin;

/// Counts from here on are shown in billions, so that a column of thirteen characters holds any count.
const BILLIONS: u64 = 10_000_000_000;

/// `12,345`, and from ten billion on `86.4 billion`.
pub(crate) fn count(number: u64) -> String {
    if number >= BILLIONS {
        return format!("{} billion", three_digits(number as f64 / 1e9));
    }
    reports_terminal::count(number)
}

/// A time given in microseconds, three digits and the unit that suits: `1.23 ms`. At most seven characters up to an hour.
pub(crate) fn time(micros: f64) -> String {
    let (divisor, unit) = unit(micros);
    format!("{} {unit}", three_digits(micros / divisor))
}

/// An interval of times, with its unit: `1.20–1.27 ms`, `590 µs–1.35 s`; without an upper end `≥ 1.20 ms`.
pub(crate) fn interval(interval: Margin) -> String {
    let Some(high) = interval.high else { return format!("≥ {}", time(interval.low)) };
    let (divisor, low_unit) = unit(interval.low);
    let (_, high_unit) = unit(high);
    if low_unit == high_unit {
        format!("{}–{}", three_digits(interval.low / divisor), time(high))
    } else {
        format!("{}–{}", time(interval.low), time(high))
    }
}

/// The divisor for a time, and the unit that it is then in.
fn unit(micros: f64) -> (f64, &'static str) {
    // 999.5 shows as 1000: it belongs to the next unit already.
    match micros {
        _ if micros < 999.5 => (1.0, "µs"),
        _ if micros < 999.5e3 => (1e3, "ms"),
        _ => (1e6, "s"),
    }
}

/// Three digits, or all of a whole number that has more.
fn three_digits(value: f64) -> String {
    let decimals = match value {
        _ if value < 9.995 => 2,
        _ if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// A rate: whole from 100 on, else with one decimal, and below one a second with three digits: what is not zero never shows as zero.
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        _ if per_second >= 99.95 => count(per_second.round() as u64),
        _ if per_second <= 0.0 || per_second >= 0.995 => format!("{per_second:.1}"),
        _ => {
            let decimals = 2 - per_second.log10().floor() as i32;
            let written = format!("{per_second:.*}", decimals.clamp(1, MOST_DECIMALS) as usize);
            written.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// Decimals of a rate: one request in a day has five before its first digit.
const MOST_DECIMALS: i32 = 7;

/// A length of time in seconds, with two decimals; one below a second in the unit that suits.
pub(crate) fn span(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 0.995 { time(seconds * 1e6) } else { format!("{seconds:.2} s") }
}

/// A share, 0–1, in percent, at most six characters: `0.12 %`, `12 %`; what is not zero never shows as zero, nor as all what is not.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".into(),
        percent if percent < 0.005 => "<.01 %".into(),
        percent if percent < 9.995 => format!("{percent:.2} %"),
        percent if (99.5..100.0).contains(&percent) => format!("{:.1} %", (percent * 10.0).floor() / 10.0),
        percent => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        let counts = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345, "12,345"),
            (1_234_567, "1,234,567"),
            (9_999_999_999, "9,999,999,999"),
            (86_400_000_000, "86.4 billion"),
        ];
        for (number, text) in counts {
            assert_eq!(count(number), text);
        }
        let times = [
            (0.0, "0.00 µs"),
            (67.43, "67.4 µs"),
            (9.996, "10.0 µs"),
            (999.6, "1.00 ms"),
            (1234.0, "1.23 ms"),
            (999_600.0, "1.00 s"),
            (2e6, "2.00 s"),
            (3.5e9, "3500 s"),
        ];
        for (micros, text) in times {
            assert_eq!(time(micros), text);
        }
        let shares =
            [(0.0, "0 %"), (1e-9, "<.01 %"), (0.001_23, "0.12 %"), (0.0999, "9.99 %"), (1.0, "100 %")];
        for (share, text) in shares {
            assert_eq!(percent(share), text);
        }
        assert_eq!([0.996, 0.999_99, 0.994].map(percent), ["99.6 %", "99.9 %", "99 %"]);
        assert_eq!(
            [1.0 / 60.0, 0.01, 1.0 / 86_400.0, 0.0, 0.996].map(rate),
            ["0.0167", "0.01", "0.0000116", "0.0", "1.0"]
        );
        assert_eq!(
            [0.0, 0.001_23, 0.5, 1.0, 86_400.0].map(span),
            ["0.00 s", "1.23 ms", "500 ms", "1.00 s", "86400.00 s"]
        );
        assert_eq!(
            (rate(1999.6).as_str(), rate(0.5).as_str(), rate(99.96).as_str()),
            ("2,000", "0.5", "100")
        );
    }

    #[test]
    fn an_interval_has_the_units_of_its_ends() {
        let shown = |low, high| interval(Margin { low, high });
        assert_eq!(shown(1204.0, Some(1270.0)), "1.20–1.27 ms");
        assert_eq!(shown(590.0, Some(1_346_560.0)), "590 µs–1.35 s");
        assert_eq!(shown(60.0, None), "≥ 60.0 µs");
    }
}

//! Numbers for people.

use reports_record::Margin;

/// `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = (digits.len() + 2) % 3 + 1;
    let (head, rest) = digits.split_at(first.min(digits.len()));
    rest.as_bytes()
        .chunks(3)
        .fold(head.to_owned(), |text, group| text + "," + &String::from_utf8_lossy(group))
}

/// A time given in microseconds, three digits and the unit that suits: `1.23 ms`.
pub(crate) fn time(micros: f64) -> String {
    let (divisor, unit) = unit(micros);
    let value = micros / divisor;
    format!("{value:.*} {unit}", decimals(value))
}

/// An interval around `micros`, in the unit in which [`time`] shows that: `1.20–1.27`; without an upper end `≥ 1.20`.
pub(crate) fn around(micros: f64, interval: Margin) -> String {
    let (divisor, _) = unit(micros);
    let show = |end: f64| format!("{:.*}", decimals(micros / divisor), end / divisor);
    match interval.high {
        Some(high) => format!("{}–{}", show(interval.low), show(high)),
        None => format!("≥ {}", show(interval.low)),
    }
}

/// What a time is divided by, and what it is then in.
fn unit(micros: f64) -> (f64, &'static str) {
    match micros {
        _ if micros < 1e3 => (1.0, "us"),
        _ if micros < 1e6 => (1e3, "ms"),
        _ => (1e6, "s"),
    }
}

/// Decimals that make three digits.
fn decimals(value: f64) -> usize {
    match value {
        _ if value < 10.0 => 2,
        _ if value < 100.0 => 1,
        _ => 0,
    }
}

/// A rate: whole from 100 on, else with one decimal.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second >= 100.0 { count(per_second.round() as u64) } else { format!("{per_second:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        let counts = [(0, "0"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")];
        for (number, text) in counts {
            assert_eq!(count(number), text);
        }
        for (micros, text) in [(0.0, "0.00 us"), (67.43, "67.4 us"), (1234.0, "1.23 ms"), (2e6, "2.00 s")] {
            assert_eq!(time(micros), text);
        }
        let interval = |low, high| Margin { low, high };
        assert_eq!(around(1234.0, interval(1204.0, Some(1270.0))), "1.20–1.27");
        assert_eq!(around(67.43, interval(60.0, None)), "≥ 60.0");
        assert_eq!((rate(1999.6).as_str(), rate(0.5).as_str()), ("2,000", "0.5"));
    }
}

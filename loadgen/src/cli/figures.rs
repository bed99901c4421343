//! Numbers for people.

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
    let (value, unit) = match micros {
        _ if micros < 1e3 => (micros, "us"),
        _ if micros < 1e6 => (micros / 1e3, "ms"),
        _ => (micros / 1e6, "s"),
    };
    let decimals = match value {
        _ if value < 10.0 => 2,
        _ if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
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
        assert_eq!((rate(1999.6).as_str(), rate(0.5).as_str()), ("2,000", "0.5"));
    }
}

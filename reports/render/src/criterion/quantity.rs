//! Times and sizes of benches as a person reads them.

use reports_record::BenchUnit;

use crate::number;

/// `value` in `unit`, three significant digits.
pub(super) fn written(value: f64, unit: BenchUnit) -> String {
    match unit {
        BenchUnit::Nanoseconds if value < 999.5 => format!("{}\u{a0}ns", number::plain(value)),
        BenchUnit::Nanoseconds => number::micros(value / 1e3),
        BenchUnit::Bytes if value < 1023.5 => format!("{}\u{a0}B", number::plain(value)),
        BenchUnit::Bytes => format!("{}\u{a0}KiB", number::plain(value / 1024.0)),
    }
}

/// A ratio, `×0.012`.
pub(super) fn ratio(value: f64) -> String {
    format!("×{}", number::plain(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_its_unit() {
        for (value, expected) in
            [(4.217, "4.22 ns"), (999.4, "999 ns"), (999.6, "1.00 µs"), (2.5e6, "2.50 ms")]
        {
            assert_eq!(written(value, BenchUnit::Nanoseconds).replace('\u{a0}', " "), expected);
        }
        for (value, expected) in [(416.0, "416 B"), (1024.0, "1.00 KiB"), (9_830.4, "9.60 KiB")] {
            assert_eq!(written(value, BenchUnit::Bytes).replace('\u{a0}', " "), expected);
        }
        assert_eq!(ratio(0.01234), "×0.0123");
    }
}

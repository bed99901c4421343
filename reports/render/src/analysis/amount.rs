//! What a cost or a wait amounts to where it is incurred: a ratio alone does not say whether it matters.

use reports_record::Metric;

use super::comparison::Comparison;
use super::grid::Grid;
use crate::number;

/// A smaller share of a core, and a shorter time in milliseconds, is told as one that hardly matters.
const LITTLE_CORES: f64 = 0.01;
const LITTLE_MS: f64 = 0.1;

/// A difference between two contenders in a unit that its payer knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Cores kept busy: CPU time per request × the offered rate.
    Cores(f64),
    /// Time that a request takes, milliseconds.
    Milliseconds(f64),
}

impl Amount {
    /// What async needs more than sync at the offered rate, negative where it needs less; `None` of a metric that is asked at no rate, and
    /// where no block or no rate is known.
    #[must_use]
    pub fn of(grid: &Grid<'_>, comparison: &Comparison<'_>) -> Option<Self> {
        let (sync, awaiting) = comparison.sides()?;
        let more_us = awaiting.middle - sync.middle;
        let (cell, level) = (comparison.cell, comparison.subject.level);
        match comparison.subject.metric {
            Metric::CpuPerRequest => {
                Some(Self::Cores(cores(more_us, grid.offered(cell, comparison.contrast.sync, level)?)))
            }
            metric if metric.is_response_time() => Some(Self::Milliseconds(more_us / 1e3)),
            _ => None,
        }
    }

    /// Its size, without its sign, in its own unit.
    #[must_use]
    pub fn size(self) -> f64 {
        match self {
            Self::Cores(value) | Self::Milliseconds(value) => value.abs(),
        }
    }

    /// Whether it is so little that a decided verdict hardly matters.
    #[must_use]
    pub fn is_little(self) -> bool {
        match self {
            Self::Cores(value) => value.abs() < LITTLE_CORES,
            Self::Milliseconds(value) => value.abs() < LITTLE_MS,
        }
    }

    /// Its size in words: `1.3 % of a core`, `120 µs`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Cores(value) if value.abs() < 1.0 => format!("{} of a core", number::percent(value.abs())),
            Self::Cores(value) => format!("{} cores", number::plain(value.abs())),
            Self::Milliseconds(value) => number::micros(value.abs() * 1e3),
        }
    }

    /// Two sizes of one unit in words, the smaller first: `0.17 to 17 % of a core`.
    #[must_use]
    pub fn span(least: Self, most: Self) -> String {
        let (from, to) = match most {
            Self::Cores(value) if value.abs() >= 1.0 => (number::plain(least.size()), most.words()),
            Self::Cores(_) => (number::percent(least.size()).replace("\u{a0}%", ""), most.words()),
            Self::Milliseconds(_) => (least.words(), most.words()),
        };
        if least.words() == most.words() { to } else { format!("{from} to {to}") }
    }

    /// What async needs more or less: `1.3 % of a core less`.
    #[must_use]
    pub fn directed(self) -> String {
        let (Self::Cores(value) | Self::Milliseconds(value)) = self;
        format!("{} {}", self.words(), if value < 0.0 { "less" } else { "more" })
    }
}

/// CPU time per request, µs, at a rate of requests per second: how many cores that keeps busy.
#[must_use]
pub fn cores(cpu_us: f64, rate_per_s: f64) -> f64 {
    cpu_us * rate_per_s / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_times_its_rate_is_a_number_of_cores() {
        assert_eq!(cores(20.0, 50_000.0), 1.0);
        // A third more of next to nothing is next to nothing.
        assert!(cores(27.0, 800.0) - cores(20.0, 800.0) < 0.006);
    }

    #[test]
    fn an_amount_says_its_unit_and_its_direction() {
        let cases = [
            (Amount::Cores(0.0056), "0.56\u{a0}% of a core more"),
            (Amount::Cores(-0.13), "13\u{a0}% of a core less"),
            (Amount::Cores(1.5), "1.50 cores more"),
            (Amount::Milliseconds(-0.04), "40.0\u{a0}µs less"),
            (Amount::Milliseconds(2.5), "2.50\u{a0}ms more"),
        ];
        for (amount, expected) in cases {
            assert_eq!(amount.directed(), expected);
        }
        let spans = [
            (Amount::Cores(-0.0017), Amount::Cores(-0.17), "0.17 to 17\u{a0}% of a core"),
            (Amount::Cores(0.01), Amount::Cores(1.02), "0.0100 to 1.02 cores"),
            (Amount::Cores(0.17), Amount::Cores(0.17), "17\u{a0}% of a core"),
            (Amount::Milliseconds(0.04), Amount::Milliseconds(2.5), "40.0\u{a0}µs to 2.50\u{a0}ms"),
        ];
        for (least, most, expected) in spans {
            assert_eq!(Amount::span(least, most), expected);
        }
    }
}

//! Which figure of many times.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use reports_record::{Measurement, Times};

use super::figure::Found;
use super::part::Part;
use crate::condition::ConditionError;

/// Which figure of many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statistic {
    Quantile(Percentile),
    Mean,
    Max,
}

/// A percentile in thousandths of a percent: above 0, below 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Percentile(u32);

impl Percentile {
    const WHOLE: u32 = 100_000;

    /// 0–1.
    pub(super) fn quantile(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }
}

impl Statistic {
    /// Whether every summary of times has it.
    pub(super) fn is_named(self) -> bool {
        let name = self.to_string();
        self == Self::Mean || self == Self::Max || named(&Times::default(), &name).is_some()
    }

    /// In microseconds; `None` where there are too few samples, or no such times.
    pub(super) fn of(self, part: Part, measurement: &Measurement) -> Option<Found> {
        let times = part.times(measurement)?;
        let name = self.to_string();
        let value = match self {
            Self::Mean => times.mean,
            Self::Max => times.max,
            Self::Quantile(percentile) => match named(times, &name) {
                Some(value) => value,
                None => {
                    let quantile = part.distribution(measurement)?.quantile(percentile.quantile());
                    return quantile.map(|(value, is_at_least)| Found { value, is_at_least, interval: None });
                }
            },
        };
        let (is_at_least, interval) = (times.is_at_least(&name), times.intervals.get(&name).copied());
        value.map(|value| Found { value, is_at_least, interval })
    }
}

/// The quantile of this name among those of every summary.
fn named(times: &Times, name: &str) -> Option<Option<f64>> {
    times.quantiles().into_iter().find(|(known, ..)| *known == name).map(|(.., value)| value)
}

impl FromStr for Statistic {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        match text {
            "mean" => Ok(Self::Mean),
            "max" => Ok(Self::Max),
            _ => percentile(text).map(Self::Quantile).ok_or(ConditionError::Figure),
        }
    }
}

/// `p99`, `p99.9` or, as in files, `p99_9`.
fn percentile(text: &str) -> Option<Percentile> {
    let digits = text.strip_prefix('p')?.replace('_', ".");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, "0"));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&whole.len()) || !(1..=3).contains(&fraction.len()) {
        return None;
    }
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let thousandths: u32 = format!("{whole}{fraction:0<3}").parse().ok()?;
    (thousandths > 0).then_some(Percentile(thousandths))
}

impl Display for Statistic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Max => f.write_str("max"),
            Self::Quantile(Percentile(thousandths)) => {
                let fraction = format!("{:03}", thousandths % 1000);
                let fraction = fraction.trim_end_matches('0');
                let point = if fraction.is_empty() { "" } else { "_" };
                write!(f, "p{}{point}{fraction}", thousandths / 1000)
            }
        }
    }
}

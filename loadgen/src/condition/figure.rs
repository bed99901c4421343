//! Which figure of a measurement, and in which unit.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::Duration;

use reports_record::{Margin, Measurement, replies_in};

use super::part::Part;
use super::statistic::Statistic;
use crate::condition::ConditionError;
use crate::{decimal, show_span};

/// A figure of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    Time(Part, Statistic),
    ErrorRate,
    Goodput,
    AchievedRate,
    AchievedOfOffered,
    CpuPerRequest,
}

/// What a measurement has for a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) value: f64,
    /// Whether the truth may be larger.
    pub(super) is_at_least: bool,
    /// Where the truth lies with 95 % confidence, if that is known.
    pub(super) interval: Option<Margin>,
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Microseconds.
    Time,
    /// 0–1.
    Share,
    /// Per second.
    Rate,
}

/// Digits of a figure that is found.
const FIGURES: i32 = 4;
/// As many of them as tell it from its bound, at the most.
const MOST_FIGURES: i32 = 12;

impl Figure {
    /// Those that are not about times.
    const PLAIN: [(&'static str, Self); 5] = [
        ("error_rate", Self::ErrorRate),
        ("goodput", Self::Goodput),
        ("achieved_rate", Self::AchievedRate),
        ("achieved_of_offered", Self::AchievedOfOffered),
        ("cpu_per_request", Self::CpuPerRequest),
    ];

    pub(super) fn unit(self) -> Unit {
        match self {
            Self::Time(..) | Self::CpuPerRequest => Unit::Time,
            Self::ErrorRate | Self::AchievedOfOffered => Unit::Share,
            Self::Goodput | Self::AchievedRate => Unit::Rate,
        }
    }

    pub(super) fn quantile(self) -> Option<f64> {
        match self {
            Self::Time(_, Statistic::Quantile(percentile)) => Some(percentile.quantile()),
            _ => None,
        }
    }

    /// Whether only requests with an intended start have it.
    pub(super) fn needs_schedule(self) -> bool {
        match self {
            Self::Time(part, _) => part.needs_schedule(),
            Self::AchievedOfOffered => true,
            _ => false,
        }
    }

    /// The figure of service times that a closed loop has in its place.
    pub(super) fn in_closed_loop(self) -> Option<Self> {
        match self {
            Self::Time(Part::ResponseTime, statistic) => Some(Self::Time(Part::ServiceTime, statistic)),
            _ => None,
        }
    }

    /// Whether only requests for which a connection was opened have it.
    pub(super) fn needs_churn(self) -> bool {
        matches!(self, Self::Time(Part::Connect, _))
    }

    /// `None` when there is no such figure: too few samples, a closed loop, nothing due.
    pub(super) fn of(self, measurement: &Measurement) -> Option<Found> {
        let exactly = |value| Found { value, is_at_least: false, interval: None };
        match self {
            Self::Time(part, statistic) => statistic.of(part, measurement),
            Self::ErrorRate => {
                let account = measurement.account;
                let share = (account.failed + account.censored) as f64 / account.due as f64;
                (account.due > 0).then_some(exactly(share))
            }
            Self::Goodput => Some(exactly(measurement.goodput_per_s)),
            Self::AchievedRate => Some(exactly(measurement.achieved_rate_per_s)),
            Self::AchievedOfOffered => {
                let (achieved, window_s) = (measurement.achieved_rate_per_s, measurement.window_s);
                let offered = measurement.offered_rate_per_s.filter(|offered| *offered > 0.0)?;
                // Of whole numbers where both are, so that a share is rounded once.
                let counts = replies_in(achieved, window_s).zip(replies_in(offered, window_s));
                let counts = counts.filter(|(_, due)| *due > 0);
                Some(exactly(counts.map_or(achieved / offered, |(replies, due)| replies as f64 / due as f64)))
            }
            Self::CpuPerRequest => measurement.client.cpu_per_request_us.map(exactly),
        }
    }
}

impl FromStr for Figure {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        if let Some((_, plain)) = Self::PLAIN.into_iter().find(|(name, _)| *name == text) {
            return Ok(plain);
        }
        let (part, statistic) = match Part::split(text) {
            Some(split) => split,
            // Bare, only a quantile says what it is of: "mean" and "max" could be anything's.
            None if text.starts_with('p') => (Part::ResponseTime, text),
            None => return Err(ConditionError::Figure),
        };
        let statistic: Statistic = statistic.parse()?;
        if statistic.is_named() || part.has_histogram() {
            Ok(Self::Time(part, statistic))
        } else {
            Err(ConditionError::Quantile)
        }
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Self::Time(part, statistic) = self {
            return write!(f, "{part}_{statistic}");
        }
        let name = Self::PLAIN.iter().find(|(_, known)| known == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl Unit {
    /// What a bound in it looks like.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Time => "a time from 0s to 1h, such as 500us, 50ms or 1.5s",
            Self::Share => "a share from 0% to 100%, such as 0.1%",
            Self::Rate => "a rate from 0/s to 1000k/s, such as 500/s, 2k/s or 30/m",
        }
    }

    /// So many billionths of `unit` in it, rounded once; `None` for another unit, and beyond what is allowed.
    pub(super) fn read(self, billionths: u128, unit: &str) -> Option<f64> {
        let (numerator, denominator, top) = match (self, unit) {
            (Self::Time, "us") => (1, 1, 3.6e9),
            (Self::Time, "ms") => (1_000, 1, 3.6e9),
            (Self::Time, "s") => (1_000_000, 1, 3.6e9),
            (Self::Time, "m") => (60_000_000, 1, 3.6e9),
            (Self::Time, "h") => (3_600_000_000, 1, 3.6e9),
            (Self::Share, "%") => (1, 100, 1.0),
            (Self::Rate, "/s") => (1, 1, 1e6),
            (Self::Rate, "k/s") => (1_000, 1, 1e6),
            (Self::Rate, "/m") => (1, 60, 1e6),
            _ => return None,
        };
        Some(decimal::scaled(billionths, numerator, denominator)).filter(|value| *value <= top)
    }

    /// As a user would type it, to the nanosecond and the billionth.
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Time => show_span(Duration::from_nanos((value * 1e3).round() as u64)),
            Self::Share => format!("{}%", (value * 1e11).round() / 1e9),
            Self::Rate => format!("{}/s", (value * 1e9).round() / 1e9),
        }
    }

    /// To four digits, as much as a figure is worth.
    pub(super) fn show_found(self, value: f64) -> String {
        self.show_digits(value, FIGURES)
    }

    /// The same, to as many more digits as it takes to differ from its bound: what is above one is not shown as equal to it.
    pub(super) fn show_found_beside(self, value: f64, bound: f64) -> String {
        let equal = self.show(bound);
        let mut shown = (FIGURES..=MOST_FIGURES).map(|digits| self.show_digits(value, digits));
        shown.find(|shown| value == bound || *shown != equal).unwrap_or_else(|| self.show_found(value))
    }

    fn show_digits(self, value: f64, digits: i32) -> String {
        let rounded = |value: f64| {
            let unit = 10f64.powi(digits - 1 - value.abs().max(1e-9).log10().floor() as i32);
            (value * unit).round() / unit
        };
        match self {
            Self::Time => self.show(rounded(value)),
            Self::Share => format!("{}%", rounded(value * 100.0)),
            Self::Rate => format!("{}/s", rounded(value)),
        }
    }
}

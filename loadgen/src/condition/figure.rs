//! Which figure of a measurement, and in which unit.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::Duration;

use reports_record::{Measurement, Times};

use crate::condition::ConditionError;
use crate::show_span;

/// A figure of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    Time(Part, Statistic),
    ErrorRate,
    Goodput,
    AchievedRate,
}

/// Which time of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    ResponseTime,
    ServiceTime,
    Lateness,
    ConnectionWait,
}

/// Which figure of many times; its name is the field's of [`Times`].
pub(super) type Statistic = &'static str;

const STATISTICS: [Statistic; 8] = ["p50", "p90", "p95", "p99", "p99_9", "p99_99", "mean", "max"];

/// What a measurement has for a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) value: f64,
    /// Whether the truth may be larger.
    pub(super) is_at_least: bool,
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

impl Part {
    const ALL: [(&'static str, Self); 4] = [
        ("response_time", Self::ResponseTime),
        ("service_time", Self::ServiceTime),
        ("lateness", Self::Lateness),
        ("connection_wait", Self::ConnectionWait),
    ];

    fn of(self, measurement: &Measurement) -> Option<&Times> {
        match self {
            Self::ResponseTime => measurement.response_time_us.as_ref(),
            Self::ServiceTime => Some(&measurement.service_time_us),
            Self::Lateness => measurement.lateness_us.as_ref(),
            Self::ConnectionWait => measurement.connection_wait_us.as_ref(),
        }
    }
}

impl Figure {
    pub(super) fn unit(self) -> Unit {
        match self {
            Self::Time(..) => Unit::Time,
            Self::ErrorRate => Unit::Share,
            Self::Goodput | Self::AchievedRate => Unit::Rate,
        }
    }

    pub(super) fn quantile(self) -> Option<f64> {
        let Self::Time(_, statistic) = self else { return None };
        Times::default().quantiles().into_iter().find(|(name, ..)| *name == statistic).map(|(_, q, _)| q)
    }

    /// `None` when there is no such figure: too few samples, a closed loop, nothing due.
    pub(super) fn of(self, measurement: &Measurement) -> Option<Found> {
        let exactly = |value| Found { value, is_at_least: false };
        match self {
            Self::Time(part, statistic) => {
                let times = part.of(measurement)?;
                let quantiles = times.quantiles().map(|(name, _, value)| (name, value));
                let all = quantiles.into_iter().chain([("mean", times.mean), ("max", times.max)]);
                let value = all.into_iter().find(|(name, _)| *name == statistic)?.1?;
                Some(Found { value, is_at_least: times.is_at_least(statistic) })
            }
            Self::ErrorRate => {
                let account = measurement.account;
                let share = (account.failed + account.censored) as f64 / account.due as f64;
                (account.due > 0).then_some(exactly(share))
            }
            Self::Goodput => Some(exactly(measurement.goodput_per_s)),
            Self::AchievedRate => Some(exactly(measurement.achieved_rate_per_s)),
        }
    }
}

impl FromStr for Figure {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        match text {
            "error_rate" => return Ok(Self::ErrorRate),
            "goodput" => return Ok(Self::Goodput),
            "achieved_rate" => return Ok(Self::AchievedRate),
            _ => {}
        }
        let named = Part::ALL.into_iter().find_map(|(name, part)| {
            text.strip_prefix(name).and_then(|rest| rest.strip_prefix('_')).map(|rest| (part, rest))
        });
        let (part, statistic) = match named {
            Some(named) => named,
            // Bare, only a quantile says what it is of: "mean" and "max" could be anything's.
            None if text.starts_with('p') => (Part::ResponseTime, text),
            None => return Err(ConditionError::Figure),
        };
        let statistic = statistic.replace('.', "_");
        let known = STATISTICS.into_iter().find(|known| *known == statistic);
        known.map(|known| Self::Time(part, known)).ok_or(ConditionError::Figure)
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(part, statistic) => {
                let name = Part::ALL.iter().find(|(_, known)| known == part).map_or("", |(name, _)| name);
                write!(f, "{name}_{statistic}")
            }
            Self::ErrorRate => f.write_str("error_rate"),
            Self::Goodput => f.write_str("goodput"),
            Self::AchievedRate => f.write_str("achieved_rate"),
        }
    }
}

impl Unit {
    /// What a bound in it looks like.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Time => "a time from 0s to 1h, such as 500us, 50ms or 1.5s",
            Self::Share => "a share from 0% to 100%, such as 0.1%",
            Self::Rate => "a rate from 0/s to 1000k/s, such as 500/s or 2k/s",
        }
    }

    pub(super) fn read(self, number: f64, unit: &str) -> Option<f64> {
        let (factor, top) = match (self, unit) {
            (Self::Time, "us") => (1.0, 3.6e9),
            (Self::Time, "ms") => (1e3, 3.6e9),
            (Self::Time, "s") => (1e6, 3.6e9),
            (Self::Time, "m") => (60e6, 3.6e9),
            (Self::Time, "h") => (3.6e9, 3.6e9),
            (Self::Share, "%") => (0.01, 1.0),
            (Self::Rate, "/s") => (1.0, 1e6),
            (Self::Rate, "k/s") => (1e3, 1e6),
            (Self::Rate, "/m") => (1.0 / 60.0, 1e6),
            _ => return None,
        };
        Some(number * factor).filter(|value| *value <= top)
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
        let digits = |value: f64| {
            let unit = 10f64.powi(3 - value.abs().max(1e-9).log10().floor() as i32);
            (value * unit).round() / unit
        };
        match self {
            Self::Time => self.show(digits(value)),
            Self::Share => format!("{}%", digits(value * 100.0)),
            Self::Rate => format!("{}/s", digits(value)),
        }
    }
}

//! One figure of a measurement held to a bound, as users write it.

mod figure;
mod judgement;
mod part;
mod statistic;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::Duration;

use reports_record::Measurement;

use self::figure::Figure;
pub use self::judgement::Judgement;
use crate::{Load, Pace, decimal};

/// A statement about a measurement: `response_time_p99 < 50ms`, `error_rate <= 0.1%`, `goodput >= 900/s`.
///
/// Times are `response_time`, `service_time`, `lateness`, `connection_wait`, `connect` or `first_byte`, each with `_p50`,
/// `_p90`, `_p95`, `_p99`, `_p99_9`, `_p99_99`, `_mean` or `_max`, the first two with any percentile (`_p97_5`); a bare `p99`
/// is the response time's. `error_rate` is the share of due requests that did not end in a correct reply. There are also
/// `goodput`, `achieved_rate`, `achieved_of_offered` and the client's own `cpu_per_request`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    figure: Figure,
    comparison: Comparison,
    /// Microseconds, a share, or requests per second.
    bound: f64,
}

/// A figure that a load does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchFigure {
    /// Only an open loop has it.
    #[error("a closed loop has no {figure}, for nothing is due in it: {remedy}")]
    ClosedLoop {
        /// Its name.
        figure: String,
        /// What to ask instead.
        remedy: String,
    },
    /// Only requests have it for which connections are opened.
    #[error("no connection is opened for a request, so there is no {0}: give --churn")]
    Churn(String),
}

/// A text that is no condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// No comparison, or nothing on one side of it.
    #[error(
        "expected a figure, one of < <= > >= and a bound, such as 'response_time_p99 < 50ms' or 'error_rate < 0.1%'"
    )]
    Shape,
    /// An unknown figure.
    #[error(
        "expected error_rate, goodput, achieved_rate, achieved_of_offered, cpu_per_request, or response_time, service_time, \
         lateness, connection_wait, connect or first_byte with _p50, _p90, _p95, _p99, _p99_9, _p99_99, _mean or _max; p99 \
         alone is response_time_p99; a closed loop has no response_time, lateness or connection_wait, but service_time"
    )]
    Figure,
    /// A quantile that is not among those of every summary, of times that are kept as nothing else.
    #[error(
        "expected response_time or service_time for this quantile; the others have p50, p90, p95, p99, p99_9 and p99_99"
    )]
    Quantile,
    /// A bound that is no such amount.
    #[error("expected {0}")]
    Bound(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Condition {
    /// What `measurement` says of it; it cannot tell where there are too few samples, or only a lower bound.
    #[must_use]
    pub fn judge(&self, measurement: &Measurement) -> Judgement {
        let found = self.figure.of(measurement);
        let holds = found.and_then(|found| {
            let compared = self.comparison.holds(found.value, self.bound);
            // A value that could be larger settles only what larger ones settle alike.
            let settled = !found.is_at_least || compared == self.comparison.wants_more();
            settled.then_some(compared)
        });
        Judgement::new(*self, found, holds)
    }

    /// Whether measurements of `load` have its figure at all, samples permitting.
    ///
    /// # Errors
    /// When they have not, with what to ask instead.
    pub fn ensure_in(&self, load: &Load) -> Result<(), NoSuchFigure> {
        let figure = self.figure();
        if self.figure.needs_schedule() && matches!(load.pace, Pace::Closed { .. }) {
            let instead = self.figure.in_closed_loop();
            let instead = instead.map_or_else(String::new, |instead| format!("ask for {instead}, or "));
            return Err(NoSuchFigure::ClosedLoop { figure, remedy: format!("{instead}give --rate") });
        }
        if self.figure.needs_churn() && load.churn.is_none() && !load.request.is_closing() {
            return Err(NoSuchFigure::Churn(figure));
        }
        Ok(())
    }

    /// The quantile (0–1) that it is about; `None` for a mean, a maximum, a rate.
    #[must_use]
    pub fn quantile(&self) -> Option<f64> {
        self.figure.quantile()
    }

    /// The bound of a request's time.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        matches!(self.figure, Figure::Time(..)).then(|| Duration::from_secs_f64(self.bound / 1e6))
    }

    /// The bound of the error rate (0–1).
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.figure == Figure::ErrorRate).then_some(self.bound)
    }

    /// The bound up to which (from which, for `achieved_of_offered`) a measurement is as it may be, where this states what it must
    /// not be like: `error_rate > 5%` states that 5 % may be. `None` where it states the opposite.
    #[must_use]
    pub fn tolerated(&self) -> Option<f64> {
        let more_is_better = self.figure == Figure::AchievedOfOffered;
        (self.comparison.wants_more() != more_is_better).then_some(self.bound)
    }

    /// Whether no measurement can meet it: nothing is below zero, and no share of errors beyond all requests.
    #[must_use]
    pub fn is_impossible(&self) -> bool {
        match self.comparison {
            Comparison::Below => self.bound == 0.0,
            Comparison::Above => self.figure == Figure::ErrorRate && self.bound == 1.0,
            Comparison::AtMost | Comparison::AtLeast => false,
        }
    }

    /// The opposite condition, which holds exactly where this one does not.
    #[must_use]
    pub fn negated(self) -> Self {
        let comparison = match self.comparison {
            Comparison::Below => Comparison::AtLeast,
            Comparison::AtMost => Comparison::Above,
            Comparison::Above => Comparison::AtMost,
            Comparison::AtLeast => Comparison::Below,
        };
        Self { comparison, ..self }
    }

    /// Whether it asks for no more than its bound, rather than for no less.
    #[must_use]
    pub fn is_upper_bound(&self) -> bool {
        !self.comparison.wants_more()
    }

    /// The name of the figure in files, without its unit: `response_time_p99`.
    #[must_use]
    pub fn figure(&self) -> String {
        self.figure.to_string()
    }
}

impl Comparison {
    const ALL: [(&'static str, Self); 4] =
        [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Below), (">", Self::Above)];

    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
        }
    }

    fn wants_more(self) -> bool {
        matches!(self, Self::Above | Self::AtLeast)
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let parts = Comparison::ALL
            .into_iter()
            .find_map(|(sign, comparison)| text.split_once(sign).map(|parts| (parts, comparison)));
        let ((figure, bound), comparison) = parts.ok_or(ConditionError::Shape)?;
        let (figure, bound) = (figure.trim(), bound.trim());
        if figure.is_empty() || bound.is_empty() {
            return Err(ConditionError::Shape);
        }
        let figure: Figure = figure.parse()?;
        let (number, unit) = decimal::split_unit(bound);
        let refused = ConditionError::Bound(figure.unit().expected());
        let number = decimal::billionths(number).ok_or(refused)?;
        let bound = figure.unit().read(number, unit).ok_or(refused)?;
        Ok(Self { figure, comparison, bound })
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = Comparison::ALL.iter().find(|(_, comparison)| *comparison == self.comparison);
        let sign = sign.map_or("", |(sign, _)| sign);
        write!(f, "{} {sign} {}", self.figure, self.figure.unit().show(self.bound))
    }
}

//! One figure of a measurement held to a bound, as users write it.

mod figure;
mod judgement;

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::Duration;

use reports_record::Measurement;

use self::figure::{Figure, Unit};
pub use self::judgement::Judgement;
use crate::decimal;

/// A statement about a measurement: `response_time_p99 < 50ms`, `error_rate <= 0.1%`, `goodput >= 900/s`.
///
/// Times are `response_time`, `service_time`, `lateness` or `connection_wait`, each with `_p50`, `_p90`, `_p95`, `_p99`,
/// `_p99_9`, `_p99_99`, `_mean` or `_max`; a bare `p99` is the response time's. `error_rate` is the share of due requests
/// that did not end in a correct reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    figure: Figure,
    comparison: Comparison,
    /// Microseconds, a share, or requests per second.
    bound: f64,
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
        "expected error_rate, goodput, achieved_rate, or response_time, service_time, lateness or connection_wait with \
         _p50, _p90, _p95, _p99, _p99_9, _p99_99, _mean or _max; p99 alone is response_time_p99"
    )]
    Figure,
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

    /// The quantile (0–1) that it is about; `None` for a mean, a maximum, a rate.
    #[must_use]
    pub fn quantile(&self) -> Option<f64> {
        self.figure.quantile()
    }

    /// The bound of a time.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        (self.figure.unit() == Unit::Time).then(|| Duration::from_secs_f64(self.bound / 1e6))
    }

    /// The bound of a share (0–1).
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.figure.unit() == Unit::Share).then_some(self.bound)
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
        let number = decimal::billionths(number).ok_or(refused)? as f64 / 1e9;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reports_record::Account;

    use super::*;
    use crate::measured::measured;

    fn read(text: &str) -> Result<Condition, ConditionError> {
        text.parse()
    }

    #[test]
    fn a_condition_reads_back_as_it_is_shown() {
        for (text, shown) in [
            ("p99<50ms", "response_time_p99 < 50ms"),
            ("response_time_p99.9 >= 1.5s", "response_time_p99_9 >= 1.5s"),
            ("error_rate <= 0.1%", "error_rate <= 0.1%"),
            ("  goodput > 2k/s ", "goodput > 2000/s"),
            ("service_time_mean > 250us", "service_time_mean > 250us"),
            ("connection_wait_max < 1m", "connection_wait_max < 60s"),
        ] {
            let condition = read(text).unwrap();
            assert_eq!(condition.to_string(), shown);
            assert_eq!(read(shown), Ok(condition));
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_is_expected() {
        for text in ["", "p99", "p99 50ms", "< 50ms", "p99 <", "p99 = 50ms"] {
            assert_eq!(read(text), Err(ConditionError::Shape), "{text:?}");
        }
        for text in
            ["p98 < 5ms", "latency_p99 < 5ms", "response_time < 5ms", "lateness_p5 < 1ms", "P99 < 5ms"]
        {
            assert_eq!(read(text), Err(ConditionError::Figure), "{text:?}");
        }
        for text in [
            "p99 < 50",
            "p99 < -1ms",
            "p99 < 1e3ms",
            "p99 < 50%",
            "p99 < NaN",
            "error_rate < 1",
            "error_rate < 101%",
            "goodput > 5",
            "p99 < 5ms < 6ms",
        ] {
            assert!(matches!(read(text), Err(ConditionError::Bound(_))), "{text:?}");
        }
    }

    #[test]
    fn a_figure_is_held_to_its_bound_and_the_distance_is_said() {
        let measurement = measured(61);
        let judge = |text: &str| read(text).unwrap().judge(&measurement);
        assert_eq!(judge("p99 < 50ms").holds(), Some(false));
        assert_eq!(judge("p99 < 80ms").holds(), Some(true));
        assert_eq!(judge("error_rate <= 0%").holds(), Some(true));
        assert_eq!(judge("goodput > 200/s").holds(), Some(false));
        assert_eq!(judge("goodput >= 200/s").holds(), Some(true));
        // To the histogram's three digits.
        let said = judge("p99 < 50ms").to_string();
        assert!(said.starts_with("response_time_p99 is 61."), "{said}");
        assert!(said.ends_with(" % above 50ms") && said.contains(", 22."), "{said}");
        let mut failed = measurement.clone();
        failed.account = Account { due: 2000, finished: 1990, failed: 4, censored: 6 };
        let said = read("error_rate < 0.1%").unwrap().judge(&failed);
        assert_eq!(
            (said.holds(), said.to_string().as_str()),
            (Some(false), "error_rate is 0.5%, 5.0 times 0.1%")
        );
    }

    #[test]
    fn a_lower_bound_settles_only_what_larger_values_settle_alike() {
        let mut measurement = measured(61);
        if let Some(times) = &mut measurement.response_time_us {
            times.at_least = vec!["p99".into()];
        }
        let holds = |text: &str| read(text).unwrap().judge(&measurement).holds();
        assert_eq!((holds("p99 < 50ms"), holds("p99 > 50ms")), (Some(false), Some(true)));
        assert_eq!((holds("p99 < 80ms"), holds("p99 > 80ms")), (None, None));
        assert_eq!(holds("p95 < 80ms"), Some(true));
    }

    #[test]
    fn too_few_samples_settle_nothing() {
        let judged = read("p99_99 < 1h").unwrap().judge(&measured(61));
        assert_eq!((judged.holds(), judged.is_without_figure()), (None, true));
        assert!(judged.to_string().contains("too few samples"), "{judged}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(p99|error_rate|goodput)? ?[<>=]{0,2} ?\\PC{0,10}") {
            if let Ok(condition) = read(&text) {
                prop_assert!(condition.bound.is_finite() && condition.bound >= 0.0);
            }
        }
    }
}

//! The subject of a verdict: a metric, at one rate level where it has any.

use reports_record::{Definition, Metric};

/// A metric, and the rate level that it is asked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The metric that is compared.
    pub metric: Metric,
    /// The rate level, from 0; 0 for what is asked of the closed loop.
    pub level: usize,
}

impl Subject {
    /// Every subject of an experiment: each metric, at each rate level where it has them.
    #[must_use]
    pub fn all(definition: &Definition) -> Vec<Self> {
        let levels =
            |metric: Metric| if metric.is_at_a_rate() { definition.phases.open_loads.len() } else { 1 };
        Metric::ALL.into_iter().flat_map(|metric| Self::at_levels(metric, levels(metric))).collect()
    }

    /// A metric at each of the first `levels` rate levels.
    pub fn at_levels(metric: Metric, levels: usize) -> impl Iterator<Item = Self> {
        (0..levels).map(move |level| Self { metric, level })
    }

    /// Its name on screen, with its rate if it has one.
    #[must_use]
    pub fn title(self, levels: &[f64]) -> String {
        match levels.get(self.level) {
            Some(load) if self.metric.is_at_a_rate() => {
                format!("{} at {}", self.metric.title(), level_name(*load))
            }
            _ => self.metric.title().into(),
        }
    }
}

/// The closed loop's metric, or one at the first rate level.
impl From<Metric> for Subject {
    fn from(metric: Metric) -> Self {
        Self { metric, level: 0 }
    }
}

/// A rate level in words: `10 % load`.
#[must_use]
pub fn level_name(load: f64) -> String {
    format!("{}\u{a0}% load", crate::number::trimmed(&crate::number::plain(load * 100.0)))
}

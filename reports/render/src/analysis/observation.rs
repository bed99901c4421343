//! What one trial says about one metric.

use reports_record::{Cell, Loop, Measured, Measurement, Metric, Times, Trial, TrialOutcome};

use super::beyond_wait;
use super::subject::Subject;

const MIB: f64 = 1_048_576.0;

/// One trial's figure of one metric, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// A positive figure in [`Metric::unit`], from a believable measurement.
    Figure(f64),
    /// Known only to be at least this much: a censored request lies at or below the quantile.
    AtLeast(f64),
    /// Believable, but with too few requests for this quantile.
    TooFewRequests,
    /// Failed, interrupted, not believable, or without a figure.
    Unusable,
}

impl Observation {
    /// The figure that `trial`, made in `cell`, has for a subject.
    #[must_use]
    pub fn of(subject: Subject, cell: &Cell, trial: &Trial) -> Self {
        match &trial.outcome {
            TrialOutcome::Measured(measured) => of_measured(subject, cell, measured),
            TrialOutcome::Failed { .. } => Self::Unusable,
        }
    }

    /// The quantile `name` (`p50`, `p99`, …) of `times`.
    #[must_use]
    pub fn of_quantile(times: &Times, name: &str) -> Self {
        let quantile =
            times.quantiles().into_iter().find(|(of, ..)| *of == name).and_then(|(.., value)| value);
        match quantile {
            None => Self::TooFewRequests,
            Some(value) if times.is_at_least(name) => Self::AtLeast(value),
            value => positive(value),
        }
    }

    /// The figure less `wait_us`, the time that every request waits whoever serves it; unusable where nothing is left.
    #[must_use]
    pub fn less(self, wait_us: f64) -> Self {
        match self {
            Self::Figure(figure) => positive(Some(figure - wait_us)),
            Self::AtLeast(figure) if figure > wait_us => Self::AtLeast(figure - wait_us),
            Self::AtLeast(_) | Self::TooFewRequests | Self::Unusable => self,
        }
    }
}

/// Whether a measurement may feed figures: its checks let it, and it ran to its planned end.
#[must_use]
pub fn is_usable(measurement: &Measurement) -> bool {
    measurement.complete && measurement.is_believable()
}

/// The closed loop says what a contender can serve. What a request costs and how long it waits is asked at the offered
/// rate: in a saturated loop connections march in step, and one wake-up serves many.
fn of_measured(subject: Subject, cell: &Cell, measured: &Measured) -> Observation {
    let metric = subject.metric;
    let source = match metric {
        Metric::Throughput | Metric::Memory => measured.closed.as_ref(),
        Metric::CpuPerRequest
        | Metric::ResponseTimeP50
        | Metric::ResponseTimeP95
        | Metric::ResponseTimeP99 => measured.open_at(subject.level),
    };
    let Some(Loop { measurement: source, cost, .. }) = source.filter(|one| is_usable(&one.measurement))
    else {
        return Observation::Unusable;
    };
    match metric {
        Metric::Throughput => positive(Some(source.goodput_per_s)),
        Metric::CpuPerRequest => positive(cost.cpu_per_request_us()),
        Metric::Memory => positive(measured.resources.memory_bytes().map(|bytes| bytes as f64 / MIB)),
        Metric::ResponseTimeP50 => beyond_wait::quantile(source, cell, "p50"),
        Metric::ResponseTimeP95 => beyond_wait::quantile(source, cell, "p95"),
        Metric::ResponseTimeP99 => beyond_wait::quantile(source, cell, "p99"),
    }
}

/// A zero here is a missing figure (no reply, a counter not kept), and no ratio is taken of it.
fn positive(value: Option<f64>) -> Observation {
    match value {
        Some(value) if value.is_finite() && value > 0.0 => Observation::Figure(value),
        _ => Observation::Unusable,
    }
}

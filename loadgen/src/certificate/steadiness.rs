//! Whether the window was the same at its end as at its beginning.

use reports_record::Check;
use reports_stats::drift::{Drift, drift};

use super::{About, grade};
use crate::evidence::Evidence;

/// The margin within which two contenders count as equal: a drift within it cannot make a difference.
const DRIFT_BOUND: f64 = 0.05;
/// Beyond this the window saw two regimes and has no single figure.
const DRIFT_TOO_FAR: f64 = 0.50;
/// Standard errors that chance alone does not reach once in 300 quiet windows.
const STANDARD_ERRORS: f64 = 3.0;

/// Drift between the window's halves, in throughput and in the median service time; the larger one counts.
pub(super) fn stationarity(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "stationarity", unit: "ratio", bound: DRIFT_BOUND };
    if !evidence.load.pace.is_steady() {
        return about.not_applicable("the schedule itself changes, and what is measured may change with it");
    }
    let parts = evidence.tally.sub_windows();
    let open_loop = evidence.response.is_some();
    // In an open loop relative to what was due, which varies by chance and not by the server.
    let throughput: Vec<f64> = parts
        .iter()
        .map(|part| part.replies as f64 / if open_loop { part.due.max(1) as f64 } else { 1.0 })
        .collect();
    let medians: Option<Vec<f64>> = parts.iter().map(|part| part.service_time_us_p50).collect();
    let drifts =
        [("throughput", drift(&throughput)), ("the median service time", medians.as_deref().and_then(drift))];
    let beyond = |drift: &Drift| drift.relative.abs() / bound(drift);
    let worst = drifts
        .into_iter()
        .filter_map(|(what, drift)| Some((what, drift?)))
        .max_by(|a, b| beyond(&a.1).total_cmp(&beyond(&b.1)));
    let Some((what, drift)) = worst else {
        return about.not_applicable("too few parts of the window ended, or too little happened in them");
    };
    let about = About { bound: bound(&drift), ..about };
    let finding = format!(
        "from the first half to the second, {what} changed by {:+.1} % (standard error {:.1} %)",
        drift.relative * 100.0,
        drift.standard_error * 100.0
    );
    about.found(
        grade(drift.relative.abs(), about.bound, DRIFT_TOO_FAR.max(about.bound)),
        Some(drift.relative.abs()),
        finding,
        "warm up for longer, measure for longer, or look for what else runs on the machine",
    )
}

fn bound(drift: &Drift) -> f64 {
    DRIFT_BOUND.max(STANDARD_ERRORS * drift.standard_error)
}

//! Whether the window was long enough, and the same at its end as at its beginning.

use reports_record::{Check, CheckStatus};
use reports_stats::drift::{Drift, drift};

use super::{About, grade, percent};
use crate::Stop;
use crate::evidence::Evidence;

/// The margin within which two contenders count as equal: a drift within it cannot make a difference.
const DRIFT_BOUND: f64 = 0.05;
/// Beyond this the window saw two regimes and has no single figure.
const DRIFT_TOO_FAR: f64 = 0.50;
/// Standard errors that chance alone does not reach once in 300 quiet windows: with two halves of ten parts (18 degrees of
/// freedom) and two figures.
const STANDARD_ERRORS: f64 = 3.7;
/// Fewest replies to be compared by halves: of fewer, one more or less is a drift by itself.
const FEWEST: u64 = 20;

/// Reply times that a closed loop's window should hold: of fewer, each connection saw so few replies that one that is a little longer
/// changes their number by more than the 5 % that a drift may have.
pub(super) const REPLY_TIMES: f64 = 20.0;

/// Whether a closed loop's window holds enough of its reply times.
pub(super) fn window(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "window", unit: "reply times", bound: REPLY_TIMES };
    if evidence.response.is_some() || matches!(evidence.load.stop, Stop::Requests(_)) {
        return about.not_applicable("the schedule or a number of requests decides the window");
    }
    let replies = evidence.tally.replies as f64 + evidence.tally.edges.all;
    let held = replies / f64::from(evidence.crew.connections);
    if held <= 0.0 {
        return about.not_applicable("no reply says how long one takes");
    }
    let cycle = evidence.tally.window.length().as_secs_f64() / held;
    let mut finding =
        format!("each connection had {held:.1} replies in the window on average, one every {cycle:.3} s");
    let outlasted = evidence.tally.outlasted;
    if outlasted > 0 {
        finding += &format!(
            "; {outlasted} requests were in flight from before the window to its end, and no time and no outcome holds them"
        );
    }
    // To a whole number, so that a plan of just as many, each a little longer than planned, is held.
    let short = held.round() < REPLY_TIMES || outlasted > 0;
    let status = if short { CheckStatus::Warn } else { CheckStatus::Pass };
    about.found(status, Some(held), finding, "measure for longer (--duration)")
}

/// Drift between the window's halves, in throughput and in the median service time; the larger one counts.
pub(super) fn stationarity(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "stationarity", unit: "ratio", bound: DRIFT_BOUND };
    if !evidence.load.pace.is_steady() {
        return about.not_applicable("the schedule itself changes, and what is measured may change with it");
    }
    let parts = evidence.tally.sub_windows();
    if parts.iter().map(|part| part.replies).sum::<u64>() < FEWEST {
        return about.not_applicable(
            "fewer than 20 replies ended in the window, or its parts were not known beforehand",
        );
    }
    // In an open loop the schedule decides how many there are, and `achieved` whether the server follows: a pipe that fills is not a
    // drift.
    let throughput =
        evidence.response.is_none().then(|| parts.iter().map(|part| part.replies as f64).collect());
    let medians: Option<Vec<f64>> = parts.iter().map(|part| part.service_time_us_p50).collect();
    let drifts = [("throughput", throughput), ("the median service time", medians)];
    let beyond = |drift: &Drift| drift.relative().abs() / bound(drift);
    let worst = drifts
        .into_iter()
        .filter_map(|(what, values)| Some((what, drift(&values?)?)))
        .max_by(|a, b| beyond(&a.1).total_cmp(&beyond(&b.1)));
    let Some((what, drift)) = worst else {
        return about.not_applicable("too few parts of the window ended, or too little happened in them");
    };
    let about = About { bound: bound(&drift), ..about };
    let finding = format!(
        "{} (chance alone lets the halves differ by {})",
        change(what, &drift),
        percent(STANDARD_ERRORS * drift.standard_error)
    );
    about.found(
        grade(drift.relative().abs(), about.bound, DRIFT_TOO_FAR.max(about.bound)),
        Some(drift.relative().abs()),
        finding,
        "warm up for longer, measure for longer, or look for what else runs on the machine",
    )
}

fn bound(drift: &Drift) -> f64 {
    DRIFT_BOUND.max(STANDARD_ERRORS * drift.standard_error)
}

/// The drift in words: as a share of the first half, and from twice as much on as a ratio.
fn change(what: &str, drift: &Drift) -> String {
    let Drift { first, second, .. } = *drift;
    let much = if what.ends_with("time") { "long" } else { "much" };
    if first == 0.0 {
        format!("{what} was zero in the first half, and not in the second")
    } else if second == 0.0 {
        format!("{what} was zero in the second half, and not in the first")
    } else if second >= 2.0 * first {
        format!("{what} was {:.1} times as {much} in the second half as in the first", second / first)
    } else if first >= 2.0 * second {
        format!("{what} was {:.1} times as {much} in the first half as in the second", first / second)
    } else {
        let share = second / first - 1.0;
        format!(
            "{what} was {} {} in the second half than in the first",
            percent(share.abs()),
            if share < 0.0 { "less" } else { "more" }
        )
    }
}

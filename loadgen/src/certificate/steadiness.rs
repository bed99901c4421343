//! Whether the window was long enough, and the same at its end as at its beginning.

use reports_record::{Check, CheckStatus};
use reports_stats::drift::{Drift, drift};

use super::{About, grade, percent, percent_beside};
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

/// Whether the window holds enough reply times: all of a closed loop's, and those of an open loop that its warm-up had no time for.
pub(super) fn window(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "window", unit: "reply times", bound: REPLY_TIMES };
    if matches!(evidence.load.stop, Stop::Requests(_)) {
        return about.not_applicable("a number of requests decides the window");
    }
    if evidence.response.is_some() {
        return filling(evidence, about);
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
        finding += &match outlasted {
            1 => "; 1 request was".to_owned(),
            _ => format!("; {outlasted} requests were"),
        };
        finding += " under way from before the window to its end, and counted in full";
    }
    // To a whole number, so that a plan of just as many, each a little longer than planned, is held.
    let short = held.round() < REPLY_TIMES || outlasted > 0;
    let status = if short { CheckStatus::Warn } else { CheckStatus::Pass };
    about.found(status, Some(held), finding, "measure for longer (--duration)")
}

/// Whether replies to what was due in an open loop's window came in it. Without a warm-up none comes for the length of a reply, and
/// those that come after the window are no part of its rates.
fn filling(evidence: &Evidence<'_>, about: About) -> Check {
    if !evidence.load.pace.is_steady() {
        return about.not_applicable("the schedule itself changes, and with it the rate of replies");
    }
    let Some(mean) = evidence.service.mean.filter(|mean| *mean > 0.0) else {
        return about.not_applicable("no reply says how long one takes");
    };
    let (reply, warm_up) = (mean / 1e6, evidence.load.warm_up.as_secs_f64());
    let unfilled = reply - warm_up;
    if unfilled <= 0.0 {
        return about.not_applicable(
            "the warm-up was longer than a reply takes, so that the window begins with replies",
        );
    }
    let window = evidence.tally.window.length().as_secs_f64();
    let held = window / unfilled;
    let finding = format!(
        "replies take {reply:.3} s and the warm-up took {warm_up:.3} s, so that none came for {} of the window; those that came after it \
         are no part of its rates",
        percent((unfilled / window).min(1.0))
    );
    let status = if held < REPLY_TIMES { CheckStatus::Warn } else { CheckStatus::Pass };
    let enough = reply.ceil() + 1.0;
    about.found(
        status,
        Some(held),
        finding,
        &format!("leave out the beginning (--warm-up {enough}s), or measure for longer"),
    )
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
    let drifts = [
        Series { what: "throughput", better: 1.0 },
        Series { what: "the median service time", better: -1.0 },
    ];
    let worst = drifts
        .into_iter()
        .zip([throughput, medians])
        .filter_map(|(series, values)| {
            let values: Vec<f64> = values?;
            let drift = drift(&values)?;
            let bound = bound(evidence, &drift, &values);
            Some((series, drift, values, bound))
        })
        .max_by(|a, b| beyond(&a.1, a.3).total_cmp(&beyond(&b.1, b.3)));
    let Some((series, drift, values, bound)) = worst else {
        return about.not_applicable("too few parts of the window ended, or too little happened in them");
    };
    let about = About { bound, ..about };
    let status = grade(drift.relative().abs(), about.bound, DRIFT_TOO_FAR.max(about.bound));
    let (cause, remedy) = match status {
        CheckStatus::Pass => Default::default(),
        _ => series.explain(evidence, &drift, &values),
    };
    let by_chance = STANDARD_ERRORS * drift.standard_error;
    let chance = match bound < by_chance {
        true => "it went on throughout, which is no chance".to_owned(),
        false => format!("chance alone lets the halves differ by {}", percent(by_chance)),
    };
    let finding = format!("{} ({chance}){cause}", change(series.what, &drift, about.bound));
    about.found(status, Some(drift.relative().abs()), finding, &remedy)
}

/// By how many times a drift is beyond its `bound`.
fn beyond(drift: &Drift, bound: f64) -> f64 {
    drift.relative().abs() / bound
}

/// A figure that is looked at part by part.
struct Series {
    what: &'static str,
    /// 1 where more is better, −1 where less is.
    better: f64,
}

impl Series {
    /// What a drift looks like, and what to do about it.
    fn explain(&self, evidence: &Evidence<'_>, drift: &Drift, values: &[f64]) -> (String, String) {
        if drift.relative() * self.better < 0.0 {
            let remedy = "measure for longer, and look for what grows in the server (a queue, a heap) or else runs on the machine";
            return (String::new(), remedy.into());
        }
        let length = evidence.tally.window.length();
        let after = length.mul_f64(change_at(values) as f64 / values.len() as f64).as_secs_f64();
        let before = evidence.settled_after.unwrap_or(evidence.load.warm_up).as_secs_f64();
        let cause = format!(
            "; it changed {after:.1} s into the window, as where a server's warming up ends (its compiler, its caches)"
        );
        (cause, format!("leave that out: --warm-up {}s", (before + after).ceil()))
    }
}

/// The first part behind the change: where two levels, one on each side, fit the series best (least squares; Hinkley, *Inference about the
/// change-point in a sequence of random variables*, 1970).
fn change_at(values: &[f64]) -> usize {
    let misfit = |part: &[f64]| {
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        part.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    };
    let of_both = |at: usize| misfit(&values[..at]) + misfit(&values[at..]);
    (1..values.len()).min_by(|a, b| of_both(*a).total_cmp(&of_both(*b))).unwrap_or_default()
}

/// The drift that may be: what makes no difference, and what chance does. Parts that resemble their neighbours leave much to chance; where
/// they go one way throughout, as of a server that gets slower and slower, that is none. Not where drifts decide which measurements are made again.
fn bound(evidence: &Evidence<'_>, drift: &Drift, values: &[f64]) -> f64 {
    let by_chance = STANDARD_ERRORS * drift.standard_error;
    if evidence.load.stands_alone && goes_one_way(values) { DRIFT_BOUND } else { DRIFT_BOUND.max(by_chance) }
}

/// Of all pairs of parts, so many times more go one way than the other: so few of a random walk's twenty steps do in one of a hundred.
const ONE_WAY: f64 = 0.9;

/// Whether nearly every part is larger than those before it, or smaller (Kendall's rank correlation with time).
fn goes_one_way(values: &[f64]) -> bool {
    let pairs =
        values.iter().enumerate().flat_map(|(at, later)| values[..at].iter().map(move |one| later - one));
    let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), change| {
        let sign = if change == 0.0 { 0.0 } else { change.signum() };
        (sum + sign, count + 1.0)
    });
    count > 0.0 && f64::abs(sum) >= ONE_WAY * count
}

/// The drift in words, beside its bound: as a share of the first half, and from twice as much on as a ratio.
fn change(what: &str, drift: &Drift, bound: f64) -> String {
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
            percent_beside(share.abs(), &[bound]),
            if share < 0.0 { "less" } else { "more" }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gets_larger_throughout_goes_one_way_and_a_step_or_a_wave_does_not() {
        let series = |value: fn(f64) -> f64| (0..20).map(|part| value(f64::from(part))).collect::<Vec<_>>();
        assert!(goes_one_way(&series(|part| part)) && goes_one_way(&series(|part| 1.0 / (1.0 + part))));
        // Nine of 190 pairs lie the other way round, or eighteen.
        assert!(goes_one_way(&series(|part| part + 1.5 * (part % 2.0))));
        assert!(!goes_one_way(&series(|part| part + 3.5 * (part % 2.0))));
        let others: [fn(f64) -> f64; 4] = [
            |_| 1.0,
            |part| if part < 10.0 { 1.0 } else { 2.0 },
            |part| (part / 4.0).sin(),
            |part| part % 7.0,
        ];
        for other in others {
            assert!(!goes_one_way(&series(other)), "{:?}", series(other));
        }
        assert!(!goes_one_way(&[]));
    }

    #[test]
    fn a_change_is_where_two_levels_fit_best() {
        let stepping = |parts: usize| -> Vec<f64> {
            (0..20).map(|part| if part < parts { 400.0 } else { 100.0 }).collect()
        };
        assert_eq!([1, 10, 13, 19].map(|parts| change_at(&stepping(parts))), [1, 10, 13, 19]);
        let mut falling = stepping(0);
        falling[..4].copy_from_slice(&[400.0, 380.0, 360.0, 120.0]);
        assert_eq!(change_at(&falling), 3, "the last of a fall is nearer to the level behind it");
    }
}

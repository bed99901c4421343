//! One second of a measurement as a row of a table.

use loadgen::Interval;
use reports_record::{OutcomeKind, Times};

/// Names of the columns, in order.
pub(crate) fn columns() -> Vec<String> {
    let plain = [
        "start_s",
        "length_s",
        "measured_s",
        "due",
        "replies",
        "achieved_rate_per_s",
        "goodput_per_s",
        "in_flight",
        "failed",
    ];
    let outcomes = OutcomeKind::ALL.map(|kind| format!("outcome_{kind}"));
    let quantiles = Times::default().quantiles().map(|(name, ..)| format!("time_us_{name}"));
    let others = ["time_us_mean", "time_us_max", "time_us_count", "time_us_at_least"];
    let texts = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    [texts(&plain), outcomes.to_vec(), texts(&["time"]), quantiles.to_vec(), texts(&others)].concat()
}

/// The cells of `interval`, one for each column; empty where there is no such figure.
pub(crate) fn row(interval: &Interval, is_open: bool) -> Vec<String> {
    let Interval { start, length, measured, counts, times, .. } = interval;
    let per_second = |count: u64| {
        let rate = (!measured.is_zero()).then(|| count as f64 / measured.as_secs_f64());
        rate.map_or_else(String::new, |rate| format!("{rate:.3}"))
    };
    let count = |kind: &OutcomeKind| counts.outcomes.get(kind).copied().unwrap_or(0);
    let failed: u64 = counts.outcomes.values().sum::<u64>() - count(&OutcomeKind::Ok);
    let times = times.times();
    let figure = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let plain = [
        start.as_secs_f64().to_string(),
        length.as_secs_f64().to_string(),
        measured.as_secs_f64().to_string(),
        counts.due.to_string(),
        counts.replies.to_string(),
        per_second(counts.replies),
        per_second(counts.good_replies),
        counts.in_flight.to_string(),
        failed.to_string(),
    ];
    let outcomes = OutcomeKind::ALL.map(|kind| count(&kind).to_string());
    let quantiles = times.quantiles().map(|(.., value)| figure(value));
    let time = if is_open { "response_time" } else { "service_time" }.to_owned();
    let others = [figure(times.mean), figure(times.max), times.count.to_string(), times.at_least.join(" ")];
    [&plain[..], &outcomes, &[time], &quantiles, &others].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use loadgen::Counts;
    use reports_record::Distribution;

    use super::*;

    fn cells(interval: &Interval) -> BTreeMap<String, String> {
        let row = row(interval, true);
        assert_eq!(row.len(), columns().len());
        columns().into_iter().zip(row).collect()
    }

    #[test]
    fn what_there_is_no_figure_for_is_empty_and_what_is_a_lower_bound_is_named() {
        let mut times = Distribution::new();
        (0..90).for_each(|_| times.record(Duration::from_millis(1)));
        (0..10).for_each(|_| times.censor(Duration::from_secs(2)));
        let outcomes = [(OutcomeKind::Ok, 90), (OutcomeKind::Timeout, 9), (OutcomeKind::Reset, 1)].into();
        let counts = Counts { due: 120, replies: 91, good_replies: 90, outcomes, in_flight: 20 };
        let second = Duration::from_secs(1);
        let (start, measured, requests) = (second * 3, second / 2, Vec::new());
        let interval = Interval { start, length: second, measured, times, counts, requests };
        let cells = cells(&interval);
        let cell = |name: &str| cells[name].as_str();
        assert_eq!((cell("start_s"), cell("length_s"), cell("measured_s")), ("3", "1", "0.5"));
        assert_eq!((cell("achieved_rate_per_s"), cell("goodput_per_s")), ("182.000", "180.000"));
        assert_eq!((cell("due"), cell("failed"), cell("in_flight")), ("120", "10", "20"));
        assert_eq!((cell("outcome_timeout"), cell("outcome_io")), ("9", "0"));
        assert_eq!((cell("time"), cell("time_us_p99"), cell("time_us_p99_9")), ("response_time", "", ""));
        assert!(cell("time_us_p50").parse::<f64>().is_ok_and(|p50| (p50 / 1000.0 - 1.0).abs() < 0.002));
        assert_eq!(cell("time_us_at_least"), "mean max");
        assert_eq!(cell("time_us_count"), "100");
    }

    #[test]
    fn a_drain_has_no_rate_and_an_empty_second_no_times() {
        let interval = Interval {
            start: Duration::from_secs(9),
            length: Duration::from_secs(1),
            measured: Duration::ZERO,
            times: Distribution::new(),
            counts: Counts::default(),
            requests: Vec::new(),
        };
        let cells = cells(&interval);
        let empty = ["achieved_rate_per_s", "time_us_p50", "time_us_mean", "time_us_max", "time_us_at_least"];
        assert!(empty.iter().all(|name| cells[*name].is_empty()), "{cells:?}");
    }
}

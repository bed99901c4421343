//! The text for people on stdout: every rate, time and count of it.

use std::collections::BTreeMap;

use super::{DIGITS, QUANTILES, Run, Sample, digits, quantile_of};

/// Width of a name at the left.
const NAME: usize = 16;
/// Of the table in full: its names, a figure, and the space up to the next one.
const ROW: usize = 6;
const FIGURE: usize = 13;
const NOTE: usize = 24;
/// Of the other table: a figure, and the count.
const CELL: usize = 10;
const COUNT: usize = 14;

pub(super) fn check(run: &Run, samples: &BTreeMap<&'static str, Sample>) {
    rates(run);
    outcomes(run);
    let main = ["response_time_us", "service_time_us"].into_iter().filter(|name| samples.contains_key(name));
    for (column, name) in main.enumerate() {
        in_full(run, column, &samples[name]);
    }
    for (title, name) in [
        ("lateness", "lateness_us"),
        ("connection wait", "connection_wait_us"),
        ("connect", "connect_us"),
        ("first byte", "first_byte_us"),
        ("wrong replies", "wrong_reply_service_time_us"),
    ] {
        other(run, title, samples.get(name));
    }
}

/// What stands beside a name; `None` where there is no such line.
fn beside<'a>(run: &'a Run, name: &str) -> Option<&'a str> {
    let padded = format!("{name:NAME$}");
    run.summary.lines().find_map(|line| line.strip_prefix(&padded))
}

fn rates(run: &Run) {
    for (name, path) in [
        ("offered", "/offered_rate_per_s"),
        ("achieved", "/achieved_rate_per_s"),
        ("goodput", "/goodput_per_s"),
    ] {
        let rate = run.json.pointer(path).and_then(serde_json::Value::as_f64);
        let shown = beside(run, name).map(|text| text.strip_suffix("/s").unwrap().replace(',', ""));
        assert_eq!(shown.is_some(), rate.is_some(), "{name} {}", run.summary);
        let Some((shown, rate)) = shown.zip(rate) else { continue };
        let unit = if rate >= 99.95 { 1.0 } else { 0.1 };
        let shown: f64 = shown.parse().unwrap();
        assert!((shown - rate).abs() <= unit / 2.0 + 1e-9, "{name}: {shown} {rate} {}", run.summary);
        assert!(rate == 0.0 || shown > 0.0, "{name}: {rate} {}", run.summary);
    }
}

fn outcomes(run: &Run) {
    let shown = |name: &str| beside(run, name).map(|text| digits(text.split("  ").next().unwrap()));
    for (kind, count) in run.json["outcomes"].as_object().unwrap() {
        let name = if kind == "ok" { "correct replies" } else { kind };
        assert_eq!(shown(name), count.as_u64(), "{kind} {}", run.summary);
    }
    let censored = run.json["censored"].as_u64().filter(|count| *count > 0);
    assert_eq!(shown("censored"), censored, "{}", run.summary);
}

fn cut(line: &str, from: usize, width: usize) -> String {
    line.chars().skip(from).take(width).collect::<String>().trim().to_owned()
}

/// A time as it is shown, against that of `figure`.
fn time(shown: &str, figure: Option<(f64, bool)>, run: &Run) {
    let Some((time, is_bound)) = figure else {
        assert_eq!(shown, "—", "{}", run.summary);
        return;
    };
    assert_eq!(shown.starts_with('≥'), is_bound, "{shown} {}", run.summary);
    let (number, unit) = shown.trim_start_matches("≥ ").split_once(' ').unwrap();
    let unit = match unit {
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => panic!("{shown} {}", run.summary),
    };
    let told = number.parse::<f64>().unwrap() * unit;
    // Half a unit of the third digit, and the histogram's own.
    let slack = time * (0.005 + DIGITS) + 5.0;
    assert!((told - time).abs() <= slack, "{shown} {time} {}", run.summary);
}

fn quantiles(sample: &Sample) -> BTreeMap<String, Option<(f64, bool)>> {
    let named = QUANTILES.map(|(name, share)| {
        (name.replace('_', "."), quantile_of(sample, share).map(|(time, is_bound)| (time as f64, is_bound)))
    });
    let is_bound = !sample.bounds.is_empty();
    let known = |time: f64| (sample.len() > 0).then_some((time, is_bound));
    let others = [("mean", known(sample.mean())), ("max", known(sample.max() as f64))];
    named.into_iter().chain(others.map(|(name, figure)| (name.to_owned(), figure))).collect()
}

/// A row a quantile, response and service times side by side.
fn in_full(run: &Run, column: usize, sample: &Sample) {
    let from = ROW + column * (FIGURE + NOTE);
    for (name, figure) in quantiles(sample) {
        let row = run.summary.lines().find(|line| line.split(' ').next() == Some(name.as_str()));
        time(&cut(row.unwrap_or_else(|| panic!("{name} {}", run.summary)), from, FIGURE), figure, run);
    }
    let count = run.summary.lines().find(|line| line.starts_with("count ")).unwrap();
    assert_eq!(digits(&cut(count, from, FIGURE)), sample.len(), "{}", run.summary);
}

/// A row a kind of time.
fn other(run: &Run, title: &str, sample: Option<&Sample>) {
    let padded = format!("{title:NAME$}");
    let row = run.summary.lines().find(|line| line.starts_with(&padded));
    let Some(row) = row else {
        assert_eq!(sample.map_or(0, Sample::len), 0, "{title} {}", run.summary);
        return;
    };
    let sample = sample.unwrap_or_else(|| panic!("{title} {}", run.summary));
    let quantiles = quantiles(sample);
    for (index, name) in ["p50", "p90", "p99", "p99.9", "max"].into_iter().enumerate() {
        time(&cut(row, NAME + index * CELL, CELL), quantiles[name], run);
    }
    assert_eq!(digits(&cut(row, NAME + 5 * CELL, COUNT)), sample.len(), "{title} {}", run.summary);
}

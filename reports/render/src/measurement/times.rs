//! Every time of a request that was measured, as a table of quantiles with their intervals.

use maud::{Markup, html};
use reports_record::{Margin, Measurement, TOP, Times, rank};

use super::count;
use crate::number;
use crate::page::table::Table;

/// Columns of the table: the field's name in [`Times`], and its title.
const COLUMNS: [(&str, &str); 8] = [
    ("p50", "p50"),
    ("p90", "p90"),
    ("p95", "p95"),
    ("p99", "p99"),
    ("p99_9", "p99.9"),
    ("p99_99", "p99.99"),
    ("mean", "mean"),
    ("max", "longest"),
];

pub(super) fn markup(measurement: &Measurement) -> Markup {
    html! {
        section #times {
            h2 { "How long does a request take?" }
            p.note { "“—”: too few requests for the figure, which needs ten beyond it. “≥”: a lower bound, since requests that failed or \
                      were unfinished, which count as longer than all others, take this place in the order. Response times run from the intended start; service \
                      times from the first byte sent." }
            (table(measurement).markup())
        }
    }
}

fn table(measurement: &Measurement) -> Table {
    let mut table = Table::new("Times per request", &["time"], 1);
    table.head.extend(COLUMNS.map(|(_, title)| title.to_owned()));
    table.head.push("requests".into());
    for (name, times) in rows(measurement) {
        let cells = COLUMNS.map(|(field, _)| {
            written(times, field, value(times, field)).unwrap_or_else(|| withheld(times, field))
        });
        table.push([name.to_owned()].into_iter().chain(cells).chain([count(times.count)]).collect());
        if !times.intervals.is_empty() {
            let ends = COLUMNS.map(|(field, _)| times.intervals.get(field).map_or_else(String::new, around));
            let row = ["… 95\u{a0}% within".to_owned()].into_iter().chain(ends).chain([String::new()]);
            table.push(row.collect());
        }
    }
    table
}

/// In the place of a figure that there are too few requests for; of a quantile with how many it needs.
fn withheld(times: &Times, field: &str) -> String {
    let quantile = times.quantiles().into_iter().find(|(name, ..)| *name == field);
    match quantile.and_then(|(_, q, _)| rank::needed(q)) {
        Some(needed) => format!("— (needs\u{a0}{})", count(needed)),
        None => "—".into(),
    }
}

/// The times that this measurement has, in the order in which they explain each other.
fn rows(measurement: &Measurement) -> Vec<(&'static str, &Times)> {
    let wrong = &measurement.wrong_reply_service_time_us;
    [
        ("response time", measurement.response_time_us.as_ref()),
        ("response time − wait", measurement.beyond_wait_us.as_ref()),
        ("lateness of the client", measurement.lateness_us.as_ref()),
        ("connection wait", measurement.connection_wait_us.as_ref()),
        ("connect", measurement.connect_us.as_ref()),
        ("service time", Some(&measurement.service_time_us)),
        ("first byte", Some(&measurement.first_byte_us)),
        ("service time of wrong replies", Some(wrong).filter(|wrong| wrong.count > 0)),
    ]
    .into_iter()
    .filter_map(|(name, times)| Some((name, times?)))
    .collect()
}

fn value(times: &Times, field: &str) -> Option<f64> {
    let quantiles = times.quantiles().map(|(name, _, value)| (name, value));
    let all = quantiles.into_iter().chain([("mean", times.mean), ("max", times.max)]);
    all.into_iter().find(|(name, _)| *name == field).and_then(|(_, value)| value)
}

/// One time: `None` with too few samples, "≥" for a lower bound, "> 1 h" beyond what is told apart.
pub(super) fn written(times: &Times, field: &str, value: Option<f64>) -> Option<String> {
    let micros = value.filter(|micros| micros.is_finite())?;
    // Histograms tell values apart to 0.1 %, so the top shows as slightly less or more.
    if times.clamped > 0 && micros >= TOP.as_micros() as f64 * 0.999 {
        return Some("> 1\u{a0}h".into());
    }
    let at_least = if times.is_at_least(field) { "≥ " } else { "" };
    Some(format!("{at_least}{}", number::micros(micros)))
}

fn around(margin: &Margin) -> String {
    let low = number::micros(margin.low);
    match margin.high {
        Some(high) => format!("{low}–{}", number::micros(high)),
        None => format!("≥ {low}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reports_record::Distribution;

    use super::*;

    #[test]
    fn what_is_not_known_is_not_shown_as_a_figure() {
        let mut all = Distribution::new();
        (0..90).for_each(|_| all.record(Duration::from_millis(1)));
        (0..10).for_each(|_| all.censor(Duration::from_secs(2)));
        let times = all.times();
        assert_eq!(written(&times, "p50", times.p50).as_deref(), Some("1.00\u{a0}ms"));
        assert_eq!(written(&times, "p99", times.p99), None);
        assert_eq!(written(&times, "max", times.max).as_deref(), Some("≥ 2.00\u{a0}s"));
        all.record(Duration::from_secs(7200));
        let times = all.times();
        assert_eq!(written(&times, "max", times.max).as_deref(), Some("> 1\u{a0}h"));
        assert_eq!(written(&times, "max", Some(f64::INFINITY)), None);
    }

    #[test]
    fn an_interval_without_an_upper_end_is_a_lower_bound() {
        assert_eq!(around(&Margin { low: 1000.0, high: Some(2000.0) }), "1.00\u{a0}ms–2.00\u{a0}ms");
        assert_eq!(around(&Margin { low: 1000.0, high: None }), "≥ 1.00\u{a0}ms");
    }
}

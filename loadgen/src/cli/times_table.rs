//! Times of a measurement, in two tables of 80 columns.

use std::fmt::{self, Display, Formatter};

use reports_record::{Measurement, TOP, Times, rank};

use super::figures::{count, interval, time};
use super::page::NAME;

/// Widths of the first table: the row's name, a figure, and its interval or note.
const ROW: usize = 6;
const FIGURE: usize = 13;
const NOTE: usize = 22;
/// Widths of the second table: a figure, and the last column, which counts.
const CELL: usize = 10;
const COUNT: usize = 14;

/// Response and service times in full, with their intervals, and a row for each of the other times.
pub(crate) struct TimesTable<'a>(pub(crate) &'a Measurement);

impl Display for TimesTable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let response = self.0.response_time_us.as_ref().map(|times| ("response time", times));
        let main: Vec<_> = response.into_iter().chain([("service time", &self.0.service_time_us)]).collect();
        in_full(f, &main)?;
        writeln!(f)?;
        self.others(f)
    }
}

impl TimesTable<'_> {
    fn others(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:NAME$}", "")?;
        for title in ["p50", "p90", "p99", "p99.9", "max"] {
            write!(f, "{title:>CELL$}")?;
        }
        writeln!(f, "{:>COUNT$}", "count")?;
        let wrong = &self.0.wrong_reply_service_time_us;
        let rows = [
            ("lateness", self.0.lateness_us.as_ref()),
            ("connection wait", self.0.connection_wait_us.as_ref()),
            ("connect", self.0.connect_us.as_ref()),
            ("first byte", Some(&self.0.first_byte_us)),
            ("wrong replies", (wrong.count > 0).then_some(wrong)),
        ];
        rows.into_iter().filter_map(|(name, times)| Some((name, times?))).try_for_each(|(name, times)| {
            write!(f, "{name:NAME$}")?;
            let quantiles =
                [("p50", times.p50), ("p90", times.p90), ("p99", times.p99), ("p99_9", times.p99_9)];
            for (field, value) in quantiles.into_iter().chain([("max", times.max)]) {
                write!(f, "{:>CELL$}", cell(times, field, value))?;
            }
            writeln!(f, "{:>COUNT$}", count(times.count))
        })
    }
}

/// The named kinds of time side by side, a row for each quantile.
fn in_full(f: &mut Formatter<'_>, kinds: &[(&str, &Times)]) -> fmt::Result {
    let heads = kinds.iter().map(|(name, times)| {
        let note = if times.intervals.is_empty() { "" } else { "95 % within" };
        ((*name).to_owned(), note.to_owned())
    });
    line(f, "", heads)?;
    for (index, (field, ..)) in Times::default().quantiles().into_iter().enumerate() {
        let figures = kinds.iter().map(|(_, times)| figure(times, field, times.quantiles()[index].2));
        line(f, &field.replace('_', "."), figures)?;
    }
    line(f, "mean", kinds.iter().map(|(_, times)| figure(times, "mean", times.mean)))?;
    line(f, "max", kinds.iter().map(|(_, times)| figure(times, "max", times.max)))?;
    line(f, "count", kinds.iter().map(|(_, times)| (count(times.count), String::new())))
}

/// A figure, and beside it the interval in which the truth lies; of a quantile that is withheld, how many requests it needs.
fn figure(times: &Times, field: &str, value: Option<f64>) -> (String, String) {
    let quantile = times.quantiles().into_iter().find(|(name, ..)| *name == field);
    let needed = quantile.filter(|_| value.is_none()).and_then(|(_, q, _)| rank::needed(q));
    let within = value.and_then(|_| times.intervals.get(field).copied());
    let note =
        needed.map(|needed| format!("needs {} requests", count(needed))).or_else(|| within.map(interval));
    (cell(times, field, value), note.unwrap_or_default())
}

/// One row: a name, then figures at the right of their columns and notes at the left of theirs.
fn line(f: &mut Formatter<'_>, name: &str, cells: impl Iterator<Item = (String, String)>) -> fmt::Result {
    let mut text = format!("{name:ROW$}");
    for (figure, note) in cells {
        text += &format!("{figure:>FIGURE$}  {note:NOTE$}");
    }
    writeln!(f, "{}", text.trim_end())
}

/// One time: "—" with too few samples, "≥" for a lower bound, "> 1 h" beyond what is told apart.
pub(crate) fn cell(times: &Times, field: &str, value: Option<f64>) -> String {
    match value {
        None => "—".into(),
        // Histograms tell values apart to 0.1 %, so the top shows as slightly less or more.
        Some(micros) if times.clamped > 0 && micros >= TOP.as_micros() as f64 * 0.999 => "> 1 h".into(),
        Some(micros) if times.is_at_least(field) => format!("≥ {}", time(micros)),
        Some(micros) => time(micros),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reports_record::Distribution;

    use super::*;

    #[test]
    fn what_is_not_known_is_not_shown_as_a_figure() {
        let mut distribution = Distribution::new();
        (0..90).for_each(|_| distribution.record(Duration::from_millis(1)));
        (0..10).for_each(|_| distribution.censor(Duration::from_secs(2)));
        let times = distribution.times();
        assert_eq!(cell(&times, "p50", times.p50), "1.00 ms");
        assert_eq!(cell(&times, "p99", times.p99), "—");
        assert_eq!(cell(&times, "max", times.max), "≥ 2.00 s");
        distribution.record(Duration::from_secs(7200));
        let times = distribution.times();
        assert_eq!(cell(&times, "max", times.max), "> 1 h");
    }
}

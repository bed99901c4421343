//! HdrHistogram's percentile table (`.hgrm`), as its own and other plotters read it.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use crate::{Distribution, shown};

/// Longest comment that is written in full, characters.
const COMMENT: usize = 500;

/// Rows between a quantile and the one half as far from 1: what the Java implementation prints by default.
const TICKS: u32 = 5;

/// Steps that one of its buckets is cut into, for three significant digits.
const SUB_BUCKETS: u32 = 2048;

const NANOS_PER_MS: f64 = 1e6;

/// `times` as a percentile table in milliseconds; `comments` are added at its end, a line each.
///
/// A censored time enters at its lower bound. Without times there are no rows, and a dash for every figure.
#[must_use]
pub fn percentile_table(times: &Distribution, comments: &[&str]) -> String {
    let histogram = times.merged();
    let mut text =
        format!("{:>14} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    rows(&histogram, &mut text).expect("writing to a string cannot fail");
    let figure =
        |value: f64| if histogram.is_empty() { "-".into() } else { format!("{:.6}", value / NANOS_PER_MS) };
    let [mean, deviation, max] = [histogram.mean(), histogram.stdev(), histogram.max() as f64].map(figure);
    let buckets = format!("{:>14}, SubBuckets     = {:>14}", histogram.buckets(), SUB_BUCKETS);
    for line in [
        format!("Mean    = {mean:>14}, StdDeviation   = {deviation:>14}"),
        format!("Max     = {max:>14}, Total count    = {:>14}", histogram.len()),
        format!("Buckets = {buckets}"),
    ] {
        text.push_str(&format!("#[{line}]\n"));
    }
    let censored = times.censored();
    let comments = comments.iter().map(|comment| shown(comment, COMMENT));
    for comment in comments.chain([format!("Values in ms; {censored} of the times are lower bounds")]) {
        text.push_str(&format!("# {comment}\n"));
    }
    text
}

fn rows(histogram: &Histogram<u64>, text: &mut String) -> std::fmt::Result {
    if histogram.is_empty() {
        return Ok(());
    }
    let mut count = 0;
    for step in histogram.iter_quantiles(TICKS) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (step.value_iterated_to() as f64 / NANOS_PER_MS, step.quantile_iterated_to());
        write!(text, "{value:14.6} {quantile:14.12} {count:10}")?;
        // The last row's would be infinite; the format leaves it out.
        if quantile < 1.0 { writeln!(text, " {:14.2}", 1.0 / (1.0 - quantile))? } else { writeln!(text)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rows_rise_to_the_longest_time_and_to_every_count() {
        let mut times = Distribution::new();
        (1..=999).for_each(|ms| times.record(Duration::from_millis(ms)));
        times.censor(Duration::from_secs(1));
        let table = percentile_table(&times, &["of\nsomething"]);
        let rows: Vec<Vec<f64>> = table
            .lines()
            .skip(2)
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().map(|cell| cell.parse().unwrap()).collect())
            .collect();
        assert!((0..3).all(|column| rows.is_sorted_by(|a, b| a[column] <= b[column])), "{table}");
        let last = rows.last().unwrap();
        assert!(last.len() == 3 && last[1] == 1.0 && last[2] == 1000.0, "{table}");
        assert!((last[0] / 1000.0 - 1.0).abs() < 0.001, "{table}");
        let median = rows.iter().find(|row| row[1] == 0.5).unwrap();
        assert!((median[0] / 500.0 - 1.0).abs() < 0.002 && median[3] == 2.0, "{table}");
        assert!(
            table.contains("# of\\nsomething\n# Values in ms; 1 of the times are lower bounds\n"),
            "{table}"
        );
    }

    #[test]
    fn one_time_is_every_percentile() {
        let mut times = Distribution::new();
        times.record(Duration::from_millis(7));
        let table = percentile_table(&times, &[]);
        let values = table.lines().skip(2).filter(|line| !line.starts_with('#'));
        assert!(
            values.clone().count() > 0 && values.clone().all(|row| row.trim().starts_with("7.00")),
            "{table}"
        );
    }

    #[test]
    fn no_times_give_no_rows_and_no_zero_and_no_nan() {
        let table = percentile_table(&Distribution::new(), &[]);
        assert!(table.lines().skip(2).all(|line| line.starts_with('#')), "{table}");
        assert!(table.contains("Max     =              -, Total count    =              0"), "{table}");
        assert!(!table.contains("NaN") && !table.contains("0.000"), "{table}");
    }
}

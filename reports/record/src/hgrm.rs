//! HdrHistogram's percentile table (`.hgrm`), as its own and other plotters read it.

use std::fmt::Write as _;

use crate::{Distribution, rank, shown};

/// Longest comment that is written in full, characters.
const COMMENT: usize = 500;

/// Rows between a quantile and the one half as far from 1: what the Java implementation prints by default.
const TICKS: u32 = 5;

/// Steps that one of its buckets is cut into, for three significant digits.
const SUB_BUCKETS: u32 = 2048;

const NANOS_PER_MS: f64 = 1e6;

/// `times` as a percentile table in milliseconds; `comments` are added at its end, a line each.
///
/// A row's value is the quantile as [`Distribution::quantile`] has it: the observation of rank ⌈q·n⌉, censored ones beyond all
/// others. The mean takes censored times at their lower bounds. Without times there are no rows, and a dash for every figure.
#[must_use]
pub fn percentile_table(times: &Distribution, comments: &[&str]) -> String {
    let histogram = times.merged();
    let mut text =
        format!("{:>14} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    rows(times, &mut text).expect("writing to a string cannot fail");
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

fn rows(times: &Distribution, text: &mut String) -> std::fmt::Result {
    let count = times.count();
    if count == 0 {
        return Ok(());
    }
    let mut q = 0.0;
    loop {
        let rank = rank::rank(q, count);
        let (nanos, _) = times.at_rank(rank);
        let up_to = times.count_up_to(rank).max(rank);
        let value = nanos as f64 / NANOS_PER_MS;
        if up_to == count {
            // The last row's would be infinite; the format leaves it out.
            return writeln!(text, "{value:14.6} {:14.12} {count:10}", 1.0);
        }
        writeln!(text, "{value:14.6} {q:14.12} {up_to:10} {:14.2}", 1.0 / (1.0 - q))?;
        q += tick(q);
    }
}

/// From `q` to the next row: [`TICKS`] steps in each half of what is left to 1.
fn tick(q: f64) -> f64 {
    let halvings = (1.0 / (1.0 - q)).log2().floor() as i32 + 1;
    1.0 / (f64::from(TICKS) * 2f64.powi(halvings))
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
    fn a_row_has_the_quantile_that_a_summary_has_where_the_product_is_whole_too() {
        let mut times = Distribution::new();
        (1..=1000).for_each(|ms| times.record(Duration::from_millis(ms)));
        (0..1000).for_each(|_| times.censor(Duration::from_micros(1)));
        let table = percentile_table(&times, &[]);
        let row = |percentile: &str| {
            let line = table.lines().find(|line| line.split_whitespace().nth(1) == Some(percentile));
            line.unwrap().split_whitespace().map(|cell| cell.parse::<f64>().unwrap()).collect::<Vec<_>>()
        };
        for (percentile, q) in [("0.500000000000", 0.5), ("0.400000000000", 0.4), ("0.100000000000", 0.1)] {
            let (micros, _) = times.quantile(q).unwrap();
            assert!((row(percentile)[0] * 1e3 - micros).abs() < 1e-3, "{percentile}: {table}");
        }
        assert_eq!(row("0.500000000000")[2], 1000.0, "{table}");
        assert!((row("1.000000000000")[0] / 1000.0 - 1.0).abs() < 0.001, "{table}");
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

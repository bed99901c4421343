//! Summaries of times whose histograms are not kept.

use reports_record::Times;

use super::MergeError;
use super::sum::total;

/// Count, mean and maximum of all; no quantiles, which cannot be had from quantiles.
pub(super) fn added(parts: &[&Times]) -> Result<Times, MergeError> {
    let count = total("count", parts.iter().map(|part| part.count))?;
    let of_all = |of: fn(&Times) -> u64| total("count", parts.iter().map(|part| of(part)));
    let weighted =
        parts.iter().filter_map(|part| part.mean.map(|mean| mean * part.count as f64)).sum::<f64>();
    let bounds = ["mean", "max"].into_iter().filter(|name| parts.iter().any(|part| part.is_at_least(name)));
    Ok(Times {
        mean: (count > 0).then(|| weighted / count as f64),
        max: parts.iter().filter_map(|part| part.max).reduce(f64::max),
        count,
        censored: of_all(|part| part.censored)?,
        clamped: of_all(|part| part.clamped)?,
        at_least: bounds.map(String::from).collect(),
        ..Times::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: (2 × 10 + 3 × 20) ÷ 5, and the counts of both.
    #[test]
    fn counts_add_up_and_the_mean_weighs_by_them() {
        let part = |mean, count, max, censored, clamped, at_least: &[&str]| Times {
            mean,
            max,
            count,
            censored,
            clamped,
            at_least: at_least.iter().map(|&name| name.to_owned()).collect(),
            ..Times::default()
        };
        let (one, other) = (
            part(Some(10.0), 2, Some(15.0), 1, 4, &["max", "p99"]),
            part(Some(20.0), 3, Some(12.0), 2, 5, &[]),
        );
        let expected = part(Some(16.0), 5, Some(15.0), 3, 9, &["max"]);
        assert_eq!(added(&[&one, &other]).unwrap(), expected);
        let none = part(None, 0, None, 0, 0, &[]);
        assert_eq!(added(&[&none, &none]).unwrap(), none);
    }
}

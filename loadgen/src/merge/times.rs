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

//! A measurement's times in full, held against the summaries that stand beside them.

use crate::{Distribution, HistogramError, Measurement, Times};

/// A summary's mean may be exact where the histogram's is not: its buckets are a thousandth wide.
const MEAN_BOUND: f64 = 0.002;
/// A maximum is the same bucket's top in both, and a decimal text between them costs a few last digits.
const MAX_BOUND: f64 = 1e-9;

impl Measurement {
    /// The service times in full.
    ///
    /// # Errors
    /// When a histogram was altered, or is not of the times in `service_time_us`.
    pub fn service_times(&self) -> Result<Distribution, HistogramError> {
        let held = self.histograms.service_time()?;
        ensure_same("service_time_us", &self.service_time_us, &held)?;
        Ok(held)
    }

    /// The response times in full; `None` in a closed loop.
    ///
    /// # Errors
    /// When a histogram was altered, or is not of the times in `response_time_us`.
    pub fn response_times(&self) -> Result<Option<Distribution>, HistogramError> {
        match (&self.response_time_us, self.histograms.response_time()?) {
            (None, None) => Ok(None),
            (Some(told), Some(held)) => {
                ensure_same("response_time_us", told, &held)?;
                Ok(Some(held))
            }
            (Some(_), None) => {
                Err(HistogramError::OtherTimes("response times have a summary and no histogram".into()))
            }
            (None, Some(_)) => {
                Err(HistogramError::OtherTimes("response times have a histogram and no summary".into()))
            }
        }
    }

    /// The times that a request's user sees in full: response times, in a closed loop service times.
    ///
    /// # Errors
    /// As [`response_times`](Self::response_times) and [`service_times`](Self::service_times).
    pub fn main_times(&self) -> Result<Distribution, HistogramError> {
        self.response_times()?.map_or_else(|| self.service_times(), Ok)
    }
}

/// Counts, the longest and the mean: two measurements that have all of these in common are hardly two.
fn ensure_same(field: &str, told: &Times, held: &Distribution) -> Result<(), HistogramError> {
    let differs = |what: &str, told: &dyn std::fmt::Display, held: &dyn std::fmt::Display| {
        Err(HistogramError::OtherTimes(format!("{field} has {told} {what}, but its histograms {held}")))
    };
    if told.count != held.count() {
        return differs("observations", &told.count, &held.count());
    }
    if told.censored != held.censored() {
        return differs("censored observations", &told.censored, &held.censored());
    }
    let summary = held.times();
    for (what, told, held, bound) in [
        ("us as the longest", told.max, summary.max, MAX_BOUND),
        ("us as the mean", told.mean, summary.mean, MEAN_BOUND),
    ] {
        let (told, held) = (told.unwrap_or(0.0), held.unwrap_or(0.0));
        let is_same = (told - held).abs() <= bound * held.abs();
        if !is_same {
            return differs(what, &told, &held);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of_millis(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut times = Distribution::new();
        values.into_iter().for_each(|ms| times.record(Duration::from_millis(ms)));
        times
    }

    #[test]
    fn a_histogram_belongs_to_the_summary_that_was_made_of_it_and_to_no_other() {
        let own = of_millis(1..=100);
        let mut exact_mean = own.times();
        exact_mean.mean = Some(50_500.0);
        assert!(ensure_same("x", &own.times(), &own).is_ok() && ensure_same("x", &exact_mean, &own).is_ok());
        assert!(ensure_same("x", &Distribution::new().times(), &Distribution::new()).is_ok());
        let mut censored = of_millis(1..=99);
        censored.censor(Duration::from_millis(100));
        for (other, said) in [
            (of_millis(1..=101), "x has 100 observations, but its histograms 101"),
            (censored, "x has 0 censored observations, but its histograms 1"),
            (of_millis(2..=101), "us as the longest"),
            (of_millis((1..=100).map(|ms| if ms < 50 { 1 } else { ms })), "us as the mean"),
        ] {
            let error = ensure_same("x", &own.times(), &other).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}

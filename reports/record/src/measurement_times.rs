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
        held("response_time_us", self.response_time_us.as_ref(), self.histograms.response_time()?)
    }

    /// The response times in full, each less its request's own wait; `None` where `beyond_wait_us` is.
    ///
    /// # Errors
    /// When a histogram was altered, is not of the times in `beyond_wait_us`, or is of other requests than the response times are.
    pub fn beyond_wait_times(&self) -> Result<Option<Distribution>, HistogramError> {
        let beyond = held("beyond_wait_us", self.beyond_wait_us.as_ref(), self.histograms.beyond_wait()?)?;
        let Some(times) = &beyond else { return Ok(None) };
        let responses = self.response_time_us.as_ref().map_or((0, 0), |times| (times.count, times.censored));
        if (times.count(), times.censored()) != responses {
            return Err(HistogramError::OtherTimes(format!(
                "beyond_wait_us has {} observations, {} of them censored, but response_time_us {} and {}",
                times.count(),
                times.censored(),
                responses.0,
                responses.1
            )));
        }
        Ok(beyond)
    }

    /// The times that a request's user sees in full: response times, in a closed loop service times.
    ///
    /// # Errors
    /// As [`response_times`](Self::response_times) and [`service_times`](Self::service_times).
    pub fn main_times(&self) -> Result<Distribution, HistogramError> {
        self.response_times()?.map_or_else(|| self.service_times(), Ok)
    }
}

/// The times that a `field` sums up and a histogram holds; an error where only one of them is there, or they differ.
fn held(
    field: &str,
    told: Option<&Times>,
    held: Option<Distribution>,
) -> Result<Option<Distribution>, HistogramError> {
    match (told, held) {
        (None, None) => Ok(None),
        (Some(told), Some(held)) => ensure_same(field, told, &held).map(|()| Some(held)),
        (Some(_), None) => Err(HistogramError::OtherTimes(format!("{field} has a summary and no histogram"))),
        (None, Some(_)) => Err(HistogramError::OtherTimes(format!("{field} has a histogram and no summary"))),
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
    use crate::Histograms;

    /// An open loop with these response times and these beyond the waits.
    fn measurement(response: &Distribution, beyond: &Distribution) -> Measurement {
        let none = Distribution::new();
        serde_json::from_value(serde_json::json!({
            "schema": 3,
            "plan": {
                "url": "http://localhost/", "method": "GET", "mode": { "loop": "open", "arrivals": "poisson" },
                "connections": 1, "threads": 1, "warm_up_s": 0.0, "duration_s": 1.0, "requests": null,
                "timeout_s": 10.0, "grace_s": 2.0, "seed": 1,
            },
            "offered_rate_per_s": 0.0, "achieved_rate_per_s": 0.0, "goodput_per_s": 0.0, "window_s": 1.0,
            "account": { "due": 0, "finished": 0, "failed": 0, "censored": 0 },
            "outcomes": {}, "censored": 0,
            "service_time_us": none.times(), "response_time_us": response.times(), "lateness_us": null,
            "beyond_wait_us": beyond.times(),
            "connection_wait_us": null, "first_byte_us": none.times(),
            "wrong_reply_service_time_us": none.times(),
            "in_flight_mean": 0.0, "received_bytes": 0, "sent_in_all": 0, "answered_in_all": 0,
            "reopened": 0, "stale_reuse": 0,
            "client": {
                "cpu_user_us": 0, "cpu_system_us": 0, "cpu_per_request_us": null, "busiest_thread": 0.1,
                "involuntary_switches": 0, "steal": 0.0,
            },
            "sub_windows": [],
            "certificate": { "verdict": "valid", "checks": [] },
            "complete": true,
            "histograms": Histograms::encode(&none, Some(response)).with_beyond_wait(Some(beyond)),
        }))
        .unwrap()
    }

    #[test]
    fn times_beyond_the_waits_are_those_of_the_requests_that_the_response_times_are_of() {
        let (response, beyond) = (of_millis(11..=110), of_millis(1..=100));
        let sound = measurement(&response, &beyond);
        assert_eq!(sound.beyond_wait_times().unwrap(), Some(beyond.clone()));
        let mut old = sound.clone();
        (old.beyond_wait_us, old.histograms.beyond_wait) = (None, None);
        assert_eq!(old.beyond_wait_times().unwrap(), None);
        let written = serde_json::to_string(&old).unwrap();
        assert!(!written.contains("beyond_wait"), "{written}");

        let fewer = measurement(&response, &of_millis(1..=99));
        let mut alone = sound.clone();
        alone.beyond_wait_us = None;
        let mut told = sound.clone();
        told.histograms.beyond_wait = None;
        let mut other = sound;
        other.beyond_wait_us = Some(of_millis(2..=101).times());
        for (wrong, said) in [
            (fewer, "beyond_wait_us has 99 observations, 0 of them censored, but response_time_us 100 and 0"),
            (alone, "beyond_wait_us has a histogram and no summary"),
            (told, "beyond_wait_us has a summary and no histogram"),
            (other, "us as the longest"),
        ] {
            let error = wrong.beyond_wait_times().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

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

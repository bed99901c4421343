//! The time of a request beyond the wait that it asks for: the one home of *response − wait*.
//!
//! Where each request of an open loop has a wait of its own, the load generator took it away from that request's response time.
//! Where all ask for one wait, as in earlier runs, it is taken away here.

use std::time::Duration;

use reports_record::{Cell, Distribution, HistogramError, Measurement};

use super::observation::Observation;

/// Whether each request of an open loop had a wait of its own.
#[must_use]
pub fn is_drawn(open: &Measurement) -> bool {
    open.beyond_wait_us.is_some()
}

/// The quantile `name` (`p50`, `p99`, …) of a loop in `cell`, microseconds, whether or not the loop may be believed.
#[must_use]
pub fn quantile(open: &Measurement, cell: &Cell, name: &str) -> Observation {
    match (&open.beyond_wait_us, &open.response_time_us) {
        (Some(beyond), _) => Observation::of_quantile(beyond, name),
        (None, Some(response)) => Observation::of_quantile(response, name).less(cell.wait_ms * 1e3),
        (None, None) => Observation::Unusable,
    }
}

/// The times of a loop in `cell` in full; `None` in a closed loop.
///
/// # Errors
/// When a histogram was altered.
pub fn distribution(open: &Measurement, cell: &Cell) -> Result<Option<Distribution>, HistogramError> {
    if let Some(beyond) = open.histograms.beyond_wait()? {
        return Ok(Some(beyond));
    }
    let wait = Duration::try_from_secs_f64(cell.wait_ms / 1e3).unwrap_or_default();
    Ok(open.histograms.response_time()?.map(|response| response.less(wait)))
}

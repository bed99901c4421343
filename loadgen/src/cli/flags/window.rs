//! What counts of a measurement, and what ends it.

use std::time::Duration;

use clap::Args;
use loadgen::{Load, Stop};

use crate::cli::numbers::{span, whole};

/// The window when neither a duration nor a number of requests is given.
const DURATION: Duration = Duration::from_secs(10);
/// How long requests in flight may go on after the window.
const GRACE: Duration = Duration::from_secs(2);

/// What counts of a measurement, and what ends it.
#[derive(Debug, Clone, Args)]
pub(crate) struct WindowFlags {
    /// How long to measure [default: 10s]
    ///
    /// From 100ms to 24h, warm-up not included. Longer windows have more samples and higher quantiles.
    #[arg(long, short = 'd', value_name = "TIME", conflicts_with = "requests", allow_hyphen_values = true,
          value_parser = span(Load::WINDOW))]
    duration: Option<Duration>,

    /// How many requests to measure, instead of how long
    ///
    /// For small checks: such a window has no parts known beforehand, so drift within it is not looked for.
    #[arg(long, short = 'n', value_name = "N", allow_hyphen_values = true, value_parser = whole(Load::REQUESTS))]
    requests: Option<u64>,

    /// Leave out this long at the start
    ///
    /// Requests that start (open loop: are due) in it are sent but not measured. Up to 1h.
    #[arg(long, value_name = "TIME", default_value = "0s", allow_hyphen_values = true, value_parser = span(Load::MARGIN))]
    warm_up: Duration,

    /// How long requests that were due in the window may go on after it [default: 2s]
    ///
    /// Requests in flight may end, and those that waited for a connection are still sent. A request that is
    /// unfinished by then is censored: it is known only to have taken at least that long. Up to 1h.
    #[arg(long, value_name = "TIME", conflicts_with = "requests", allow_hyphen_values = true,
          value_parser = span(Load::MARGIN))]
    grace: Option<Duration>,
}

impl WindowFlags {
    /// What ends the measurement.
    pub(crate) fn stop(&self) -> Stop {
        match self.requests {
            Some(requests) => Stop::Requests(requests),
            None => Stop::After(self.duration.unwrap_or(DURATION)),
        }
    }

    /// What is left out at the start.
    pub(crate) fn warm_up(&self) -> Duration {
        self.warm_up
    }

    /// How long what was due in the window may go on after it.
    pub(crate) fn grace(&self) -> Duration {
        self.grace.unwrap_or(GRACE)
    }
}

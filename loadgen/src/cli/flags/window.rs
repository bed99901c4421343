//! What counts of a measurement, and what ends it.

use std::time::Duration;

use clap::Args;
use loadgen::{Load, Stop};

use crate::cli::numbers::{span, whole};

/// The window when neither a duration nor a number of requests is given.
const DURATION: Duration = Duration::from_secs(10);
/// How long requests may go on after the window; in a closed loop at the least.
const GRACE: Duration = Duration::from_secs(2);
/// How long a closed loop waits for the first replies at most, before the window begins: a connection whose opening was put off
/// twice by a full queue of the server has been opened by then.
const SETTLE: Duration = Duration::from_secs(5);

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

    /// Leave out this long at the start [default: until every connection of a closed loop had a reply, at most 5s; else 0s]
    ///
    /// Requests that start (open loop: are due) in it are sent but not measured. Up to 1h.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = span(Load::MARGIN))]
    warm_up: Option<Duration>,

    /// How long requests that were due in the window may go on after it [default: 2s; a closed loop adapts it to its replies]
    ///
    /// Requests in flight may end, and those that waited for a connection are still sent. A request that is
    /// unfinished by then is censored: it is known only to have taken at least that long. By default a closed loop waits for
    /// four times its mean reply, at least 2s and at most --timeout. Up to 1h.
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
        self.warm_up.unwrap_or_default()
    }

    /// How long a closed loop's warm-up may go on until every connection has had a reply.
    pub(crate) fn settle(&self) -> Option<Duration> {
        self.warm_up.is_none().then_some(SETTLE)
    }

    /// How long what was due in the window may go on after it. What a closed loop has in flight ends by `timeout`.
    pub(crate) fn grace(&self, is_closed: bool, timeout: Duration) -> Duration {
        self.grace.unwrap_or(if is_closed { timeout } else { GRACE })
    }

    /// How long at the least, where replies decide.
    pub(crate) fn grace_at_least(&self, is_closed: bool) -> Option<Duration> {
        (is_closed && self.grace.is_none() && self.requests.is_none()).then_some(GRACE)
    }
}

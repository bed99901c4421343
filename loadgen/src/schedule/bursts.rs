//! Many requests at once, again and again: `64/1s`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::span::{parse_span, show_span};

/// Requests in a burst: two at least, or it is a steady rate; at most as many as connections can carry at once.
const SIZE: RangeInclusive<u64> = 2..=100_000;
/// From one burst to the next.
const INTERVAL: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3_600);

/// So many requests, all due at the same moment, at every multiple of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bursts {
    size: u64,
    interval: Duration,
}

/// Why a text is no bursts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BurstsError {
    /// No slash, or no number before it.
    #[error("expected NUMBER/TIME, such as 64/1s, with a whole number from {} to {}", SIZE.start(), SIZE.end())]
    Size,
    /// No time after the slash.
    #[error("after the slash: {0}")]
    Interval(String),
}

impl Bursts {
    /// When the request of this number, from 0, is due.
    pub(super) fn start(&self, index: u64) -> Duration {
        let nanos = u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(nanos.saturating_mul(index / self.size))
    }
}

impl FromStr for Bursts {
    type Err = BurstsError;

    fn from_str(text: &str) -> Result<Self, BurstsError> {
        let (size, interval) = text.split_once('/').ok_or(BurstsError::Size)?;
        let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        let size = size.parse().ok().filter(|size| digits && SIZE.contains(size)).ok_or(BurstsError::Size)?;
        Ok(Self { size, interval: parse_span(interval, &INTERVAL).map_err(BurstsError::Interval)? })
    }
}

/// As it is typed.
impl fmt::Display for Bursts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.size, show_span(self.interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_time_are_bursts() {
        let bursts: Bursts = "64/1.5s".parse().unwrap();
        assert_eq!(bursts.to_string(), "64/1.5s");
        assert_eq!(bursts.start(63), Duration::ZERO);
        assert_eq!(bursts.start(64 * 7), Duration::from_millis(10_500));
    }

    #[test]
    fn anything_else_is_refused_with_what_is_allowed() {
        for text in ["", "64", "/1s", "1/1s", "+5/1s", "NaN/1s", "1e3/1s", "100001/1s", "-1/1s"] {
            let error = text.parse::<Bursts>().unwrap_err();
            assert!(error.to_string().contains("from 2 to 100000"), "{text}: {error}");
        }
        for text in ["5/", "5/1", "5/0s", "5/2h"] {
            let error = text.parse::<Bursts>().unwrap_err();
            assert!(error.to_string().contains("from 1ms to 1h"), "{text}: {error}");
        }
    }
}

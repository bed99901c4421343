//! How many requests a schedule starts per second.

use std::fmt;
use std::str::FromStr;

use crate::decimal;

/// Requests per second, between [`Rate::MIN`] and [`Rate::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// A rate outside what a schedule can keep, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a rate from 0.01/s to 1000k/s, such as 500/s, 2k/s or 30/m")]
pub struct RateError;

impl Rate {
    /// One request in 100 s: with less, an hour's window has too few for any quantile.
    pub const MIN: f64 = 0.01;
    /// A million per second: one per microsecond, several times what one thread can write to sockets.
    pub const MAX: f64 = 1e6;

    /// A rate of so many requests per second.
    ///
    /// # Errors
    /// Outside [`Rate::MIN`] to [`Rate::MAX`], or not a number.
    pub fn per_second(requests: f64) -> Result<Self, RateError> {
        if (Self::MIN..=Self::MAX).contains(&requests) { Ok(Self(requests)) } else { Err(RateError) }
    }

    /// Requests per second.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Reads `500/s`, `2k/s`, `1.5k/s`, `30/m`.
impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (number, unit) = decimal::split_unit(text);
        let requests = decimal::billionths(number).ok_or(RateError)?;
        let (numerator, denominator) = match unit {
            "/s" => (1, 1),
            "k/s" => (1000, 1),
            "/m" => (1, 60),
            _ => return Err(RateError),
        };
        Self::per_second(decimal::scaled(requests, numerator, denominator))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", decimal::show(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_mean_what_they_say() {
        for (text, per_second) in [("500/s", 500.0), ("2k/s", 2000.0), ("1.5k/s", 1500.0), ("30/m", 0.5)] {
            assert_eq!(text.parse::<Rate>().unwrap().get(), per_second, "{text}");
        }
    }

    #[test]
    fn a_rate_is_shown_as_it_can_be_typed() {
        let slow: Rate = "1/m".parse().unwrap();
        assert_eq!(slow.to_string(), "0.016666667/s");
        assert!(slow.to_string().parse::<Rate>().is_ok());
    }

    #[test]
    fn what_no_schedule_can_keep_is_refused() {
        for text in [
            "", "0/s", "-1/s", "NaN", "NaN/s", "1e18/s", "+5/s", "5", "2k", "2K/s", "1001k/s", "0.001/s",
            "/s",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(RateError), "{text:?}");
        }
        for requests in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
            assert_eq!(Rate::per_second(requests), Err(RateError), "{requests}");
        }
    }
}

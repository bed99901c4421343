//! What a measurement says of a condition.

use std::fmt::{self, Display, Formatter};

use reports_record::{Margin, rank};

use super::Condition;
use super::figure::Found;

/// The smallest distance from a bound that is told as a figure, percent.
const SMALLEST: f64 = 0.1;

/// What a measurement says of a [`Condition`], and a sentence with what was found and how far it is from the bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    condition: Condition,
    found: Option<Found>,
    holds: Option<bool>,
}

impl Judgement {
    pub(super) fn new(condition: Condition, found: Option<Found>, holds: Option<bool>) -> Self {
        Self { condition, found, holds }
    }

    /// Whether the condition holds; `None` when the measurement cannot tell.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        self.holds
    }

    /// Whether nothing was found that could be held to the bound: too few samples, most of all.
    #[must_use]
    pub fn is_without_figure(&self) -> bool {
        self.found.is_none()
    }
}

/// `response_time_p99 is 61.23ms (95 %: 58.1ms to 64.6ms), 22.5 % above 50ms`.
impl Display for Judgement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Condition { figure, bound, .. } = self.condition;
        let Some(Found { value, is_at_least, interval }) = self.found else {
            write!(f, "{figure} is not known: too few samples, or no such figure in this measurement")?;
            return match figure.quantile().and_then(rank::needed) {
                Some(needed) => write!(f, " (this quantile needs {needed} requests)"),
                None => Ok(()),
            };
        };
        let at_least = if is_at_least { "at least " } else { "" };
        write!(f, "{figure} is {at_least}{}", figure.unit().show_found_beside(value, bound))?;
        if let Some(Margin { low, high }) = interval {
            let [low, high] = [Some(low), high].map(|end| end.map(|end| figure.unit().show_found(end)));
            write!(
                f,
                " (95 %: {} to {})",
                low.unwrap_or_default(),
                high.as_deref().unwrap_or("an end that is not known")
            )?;
        }
        let bound_shown = figure.unit().show(bound);
        if is_at_least && value < bound {
            return write!(
                f,
                ", and whether it is below {bound_shown} is not known: requests failed or did not end"
            );
        }
        write!(f, ", ")?;
        let side = if value < bound { "below" } else { "above" };
        if value == bound {
            write!(f, "exactly {bound_shown}")
        } else if bound == 0.0 {
            write!(f, "{side} {bound_shown}")
        } else if value >= bound * 2.0 {
            write!(f, "{:.1} times {bound_shown}", value / bound)
        } else if value > 0.0 && value <= bound / 2.0 {
            write!(f, "below {bound_shown}, which is {:.1} times as much", bound / value)
        } else {
            let percent = (value / bound - 1.0).abs() * 100.0;
            match percent {
                _ if percent < SMALLEST => write!(f, "less than {SMALLEST} % {side} {bound_shown}"),
                _ => write!(f, "{percent:.1} % {side} {bound_shown}"),
            }
        }
    }
}

//! What is known of a capacity, in words.

use std::fmt::{self, Display, Formatter};

use crate::Rate;
use crate::capacity::{Doubt, SearchRange};

/// What is known of a capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    pub(crate) range: SearchRange,
    pub(crate) passed: Option<Rate>,
    pub(crate) failed: Option<Rate>,
    pub(crate) first_doubt: Option<(Rate, Doubt)>,
    pub(crate) is_finished: bool,
}

/// What an [`Answer`] comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// It lies between the highest rate that passed and the lowest that failed.
    Between {
        /// The highest rate that passed.
        passed: Rate,
        /// The lowest rate that failed.
        failed: Rate,
    },
    /// Even the highest rate of the range passed.
    AboveRange,
    /// Even the lowest rate of the range failed.
    BelowRange,
    /// The client was the limit before any rate failed.
    ClientLimited {
        /// The highest rate that passed.
        passed: Option<Rate>,
        /// The lowest rate at which the client was the limit.
        limit: Rate,
    },
    /// One end or both could not be decided.
    CannotTell {
        /// The highest rate that passed.
        passed: Option<Rate>,
        /// The lowest rate that failed.
        failed: Option<Rate>,
    },
}

impl Answer {
    /// What it comes to. Only a rate that passed or failed is ever an end; one in doubt is none.
    #[must_use]
    pub fn finding(&self) -> Finding {
        match (self.passed, self.failed, self.first_doubt) {
            (Some(passed), Some(failed), _) => Finding::Between { passed, failed },
            (Some(passed), None, _) if passed == self.range.to => Finding::AboveRange,
            (None, Some(failed), _) if failed == self.range.from => Finding::BelowRange,
            (passed, None, Some((limit, Doubt::Client))) => Finding::ClientLimited { passed, limit },
            (passed, failed, _) => Finding::CannotTell { passed, failed },
        }
    }

    /// The highest rate that passed.
    #[must_use]
    pub fn passed(&self) -> Option<Rate> {
        self.passed
    }

    /// The lowest rate that failed.
    #[must_use]
    pub fn failed(&self) -> Option<Rate> {
        self.failed
    }

    /// Whether both ends are as close as was asked for, or there is no second end to come closer to.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        match self.finding() {
            Finding::Between { passed, failed } => self.range.between(passed, failed).is_none(),
            Finding::AboveRange | Finding::BelowRange => true,
            Finding::ClientLimited { .. } | Finding::CannotTell { .. } => false,
        }
    }

    /// Whether nothing more would be asked: false for the answer of a search that was cut off.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }
}

/// A sentence of its own, without what was asked for.
impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let SearchRange { from, to, precision, .. } = self.range;
        match self.finding() {
            Finding::Between { passed, failed } => {
                write!(f, "between {passed}, which passed, and {failed}, which failed")?;
                match (self.is_narrow(), self.first_doubt) {
                    (true, _) => Ok(()),
                    (false, Some((rate, doubt))) => {
                        write!(
                            f,
                            "; wider than the {} % asked for, because of {rate}: {}",
                            precision * 100.0,
                            why(doubt)
                        )
                    }
                    (false, None) => write!(f, "; not yet narrowed to the {} % asked for", precision * 100.0),
                }
            }
            Finding::AboveRange => {
                write!(f, "at least {to}, which passed; nothing above it was asked for (raise --to)")
            }
            Finding::BelowRange => write!(f, "none in range: below {from}, which failed (lower --from)"),
            Finding::ClientLimited { passed: Some(passed), limit } => {
                write!(f, "at least {passed}, which passed; at {limit} {}", why(Doubt::Client))
            }
            Finding::ClientLimited { passed: None, limit } => {
                write!(f, "cannot tell: already at {limit} {}", why(Doubt::Client))
            }
            Finding::CannotTell { passed, failed } => {
                f.write_str("cannot tell: ")?;
                match (passed, failed) {
                    (Some(passed), _) => write!(f, "at least {passed}, which passed, and no rate failed")?,
                    (None, Some(failed)) => write!(f, "below {failed}, which failed, and no rate passed")?,
                    (None, None) => write!(f, "no rate was decided")?,
                }
                match self.first_doubt {
                    Some((rate, doubt)) => write!(f, "; at {rate} {}", why(doubt)),
                    None => Ok(()),
                }
            }
        }
    }
}

fn why(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Client => "the client was the limit, not the server",
        Doubt::Noise => "the trials could not be believed",
        Doubt::Samples => "trials were too short: too few requests were answered to tell",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_failed_above_one_in_doubt_is_not_below_the_range() {
        let rate = |per_second| Rate::per_second(per_second).unwrap();
        let range = SearchRange { from: rate(100.0), to: rate(1000.0), precision: 0.05, trials: 1 };
        let answer =
            |passed, failed| Answer { range, passed, failed, first_doubt: None, is_finished: true }.finding();
        let (low, middle, high) = (rate(100.0), rate(200.0), rate(1000.0));
        assert_eq!(answer(None, Some(low)), Finding::BelowRange);
        assert_eq!(answer(None, Some(middle)), Finding::CannotTell { passed: None, failed: Some(middle) });
        assert_eq!(answer(Some(high), None), Finding::AboveRange);
        assert_eq!(answer(Some(middle), None), Finding::CannotTell { passed: Some(middle), failed: None });
        assert_eq!(answer(Some(low), Some(middle)), Finding::Between { passed: low, failed: middle });
    }
}

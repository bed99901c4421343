//! The highest offered rate that meets an objective, as an interval, from repeated trials.
//!
//! Pure: rates in, the next rate or the answer out. Who carries out the trials, and where their figures are kept, is the
//! caller's business.
//!
//! - [`window`]: how long a trial has to be.
//! - [`judge`]: a trial's measurement becomes a [`Verdict`] on its rate.
//! - [`Ballot`]: the trials at one rate, and what they decide together.
//! - [`Search`]: which rate is asked next, and what is known so far.
//! - [`Answer`]: what is known, in words.

mod answer;
mod ballot;
mod range;
mod search;
#[cfg(test)]
mod search_tests;
mod trial;
mod verdict;
pub mod window;

pub use crate::certificate::TOLERATED_ERRORS;
pub use answer::{Answer, Finding};
pub use ballot::Ballot;
pub use range::{SearchRange, SearchRangeError};
pub use search::{Search, SearchError};
pub use trial::{doubled_connections, judge, judge_doubled, longest_bound};
pub use verdict::{Doubt, Verdict};

//! Servers asked the same, measured alternately block by block, and judged: what `compare` and `ask` stand on.
//!
//! An [`Entrant`] is a server that can be started again for every block. The first entrant is the one that each of the others
//! is held against. A [`Contest`] calibrates, measures one block after another in [`slices`](crate::slices), and ends with
//! [`Findings`]: one verdict by the rules of `reports_stats` for each [`Subject`] and entrant. [`words`] and [`table`] tell
//! them to a person, and they serialise as they are.

#[cfg(test)]
mod answer_tests;
mod bout;
mod entrant;
mod fail_if;
mod findings;
mod listeners;
mod queue_meter;
mod reading;
mod subject;
pub mod table;
pub mod words;

pub use bout::{Contest, Course, EXTENSION, Rates, Setting};
pub use entrant::{Entrant, Foreign, Source};
pub use fail_if::{Examined, FailIf, FailIfError};
pub use findings::{End, Finding, Findings, Keeping, Winner};
pub use reading::{Block, Level, Reading};
pub use subject::{Metric, Subject};

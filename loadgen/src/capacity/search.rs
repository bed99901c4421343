//! Which rate is asked next, and what is known so far.

use crate::Rate;
use crate::capacity::{Answer, Ballot, Doubt, SearchRange, SearchRangeError, Verdict};

/// Doubling goes on beyond one rate that nothing can be said of, but not beyond two in a row.
const UNSURE_IN_A_ROW: usize = 2;

/// A search for the highest rate that passes: doubling until a rate fails, then halving the gap, as ratios go.
///
/// Pure: no clock, no socket; the same verdicts give the same rates. Rests on one assumption: what fails at a rate fails at
/// every higher one. It never asks above a rate that failed, below one that passed, or a decided rate again. A rate that
/// nothing can be said of is no end of the interval: the search goes on at both sides of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    range: SearchRange,
    ballots: Vec<Ballot>,
}

/// A verdict on another rate than the one that is asked.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("expected a trial at {expected}, found one at {found}", expected = expected.map_or_else(|| "no further rate".into(), |rate| rate.to_string()))]
pub struct SearchError {
    /// The rate that is asked; `None` when the search has ended.
    pub expected: Option<Rate>,
    /// The rate that was judged.
    pub found: Rate,
}

impl Search {
    /// A search of which nothing is known yet.
    ///
    /// # Errors
    /// When the range cannot be searched.
    pub fn new(range: SearchRange) -> Result<Self, SearchRangeError> {
        range.validate()?;
        Ok(Self { range, ballots: Vec::new() })
    }

    /// Where is searched.
    #[must_use]
    pub fn range(&self) -> &SearchRange {
        &self.range
    }

    /// The rates that were tried, in that order.
    #[must_use]
    pub fn ballots(&self) -> &[Ballot] {
        &self.ballots
    }

    /// The rate of the next trial, and how many trials there were at it; `None` when there is nothing more to ask.
    #[must_use]
    pub fn next(&self) -> Option<(Rate, u32)> {
        match self.ballots.last() {
            None => Some((self.range.from, 0)),
            Some(open) if open.verdict().is_none() => Some((open.rate(), open.votes().len() as u32)),
            Some(_) => self.climb().or_else(|| self.narrow()).map(|rate| (rate, 0)),
        }
    }

    /// Takes what a trial at `rate` said.
    ///
    /// # Errors
    /// When another rate is asked, or none.
    pub fn take(&mut self, rate: Rate, verdict: Verdict) -> Result<(), SearchError> {
        let next = self.next();
        if next.is_none_or(|(expected, _)| expected != rate) {
            return Err(SearchError { expected: next.map(|(expected, _)| expected), found: rate });
        }
        if self.ballots.last().is_none_or(|last| last.verdict().is_some()) {
            self.ballots.push(Ballot::new(rate, self.range.trials));
        }
        if let Some(open) = self.ballots.last_mut() {
            open.cast(verdict);
        }
        Ok(())
    }

    /// What is known so far; once nothing more is asked, the answer.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let doubts: Vec<_> = self.doubts().collect();
        Answer {
            range: self.range,
            passed: self.passed(),
            failed: self.failed(),
            first_doubt: doubts.first().copied(),
            is_finished: self.next().is_none(),
        }
    }

    /// The highest rate that passed.
    fn passed(&self) -> Option<Rate> {
        self.decided().filter(|(_, verdict)| *verdict == Verdict::Pass).map(|(rate, _)| rate).next_back()
    }

    /// The lowest rate that failed.
    fn failed(&self) -> Option<Rate> {
        self.decided().find(|(_, verdict)| *verdict == Verdict::Fail).map(|(rate, _)| rate)
    }

    /// Rates between the two that nothing can be said of, lowest first.
    fn doubts(&self) -> impl DoubleEndedIterator<Item = (Rate, Doubt)> {
        let (passed, failed) = (self.passed(), self.failed());
        let is_between = move |rate: Rate| {
            passed.is_none_or(|passed| rate > passed) && failed.is_none_or(|failed| rate < failed)
        };
        self.decided().filter_map(move |(rate, verdict)| match verdict {
            Verdict::Unsure(doubt) if is_between(rate) => Some((rate, doubt)),
            _ => None,
        })
    }

    /// Every rate with a verdict, lowest first.
    fn decided(&self) -> std::vec::IntoIter<(Rate, Verdict)> {
        let mut decided: Vec<_> =
            self.ballots.iter().filter_map(|ballot| Some((ballot.rate(), ballot.verdict()?))).collect();
        decided.sort_by(|a, b| a.0.get().total_cmp(&b.0.get()));
        decided.into_iter()
    }

    /// Twice the highest rate so far, until one fails or a client that is the limit would only be more so.
    fn climb(&self) -> Option<Rate> {
        let decided = self.decided();
        let unsure = decided.clone().rev().take_while(|(_, verdict)| matches!(verdict, Verdict::Unsure(_)));
        let by_client = decided.clone().any(|(_, verdict)| verdict == Verdict::Unsure(Doubt::Client));
        if self.failed().is_some() || by_client || unsure.count() >= UNSURE_IN_A_ROW {
            return None;
        }
        let (highest, _) = decided.last()?;
        self.range.above(highest)
    }

    /// The middle of the widest gap that an answer could still hide in: from the highest pass up to the first rate that
    /// did not pass, or from the last rate in doubt up to the lowest fail.
    fn narrow(&self) -> Option<Rate> {
        let below = self.doubts().next().map(|(rate, _)| rate).or(self.failed());
        let above = self.doubts().next_back().map(|(rate, _)| rate);
        let gaps = [self.passed().zip(below), above.zip(self.failed())];
        let widest = gaps
            .into_iter()
            .flatten()
            .filter_map(|(low, high)| Some((high.get() / low.get(), self.range.between(low, high)?)));
        widest.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, middle)| middle)
    }
}

//! Whether a measurement's figures agree with each other.

use crate::{Measurement, Mode, OutcomeKind};

/// Whole replies behind a rate; `None` when it is no such rate, or beyond what a float counts exactly.
#[must_use]
pub fn replies_in(rate_per_s: f64, window_s: f64) -> Option<u64> {
    let replies = rate_per_s * window_s;
    let is_whole = (replies - replies.round()).abs() < 0.01;
    (is_whole && (0.0..9e15).contains(&replies)).then(|| replies.round() as u64)
}

impl Measurement {
    /// Whole replies in time, as the outcomes say.
    #[must_use]
    pub fn replies_by_outcome(&self) -> u128 {
        self.outcomes.iter().filter(|(kind, _)| kind.is_reply()).map(|(_, count)| u128::from(*count)).sum()
    }

    /// The first figures that do not agree, in words: the file was altered, or is no measurement of loadgen. `None` as far as they agree;
    /// histograms are not looked into.
    #[must_use]
    pub fn contradiction(&self) -> Option<String> {
        let Self { account, outcomes, window_s, plan, .. } = self;
        let is_open = matches!(plan.mode, Mode::Open { .. });
        // Wide, so that absurd counts are found to be that and do not overflow.
        let whole: u128 = [account.finished, account.failed, account.censored].map(u128::from).iter().sum();
        if u128::from(account.due) != whole {
            return Some(format!(
                "account.due is {}, but finished, failed and censored are {whole}",
                account.due
            ));
        }
        let ok = outcomes.get(&OutcomeKind::Ok).copied().unwrap_or(0);
        let others: u128 = outcomes.values().copied().map(u128::from).sum::<u128>() - u128::from(ok);
        if (u128::from(ok), others) != (u128::from(account.finished), u128::from(account.failed)) {
            let (finished, failed) = (account.finished, account.failed);
            return Some(format!(
                "outcomes have {ok} correct replies and {others} others, but account {finished} and {failed}"
            ));
        }
        let by_status: u128 = self.statuses.values().copied().map(u128::from).sum();
        let by_outcome = self.replies_by_outcome();
        if !self.statuses.is_empty() && by_status != by_outcome {
            return Some(format!("statuses have {by_status} replies, but outcomes {by_outcome}"));
        }
        if self.censored != account.censored {
            return Some(format!("censored is {}, but account.censored {}", self.censored, account.censored));
        }
        // What was cut short in its warm-up has none.
        let has_length = *window_s > 0.0 || (*window_s == 0.0 && !self.complete);
        if !(has_length && window_s.is_finite()) {
            return Some(format!("window_s is {window_s}, which is no length"));
        }
        for (name, rate) in
            [("achieved_rate_per_s", self.achieved_rate_per_s), ("goodput_per_s", self.goodput_per_s)]
        {
            if is_open && replies_in(rate, *window_s).is_none() {
                return Some(format!(
                    "{name} is {rate}, which is no whole number of replies in {window_s} s"
                ));
            }
            // Replies across the edges of a closed loop's window count in part.
            let most = self.answered_in_all as f64 + 0.01;
            if !is_open && !(0.0..=most).contains(&(rate * window_s)) {
                return Some(format!(
                    "{name} is {rate}, which is no number of replies that came in {window_s} s"
                ));
            }
        }
        if is_open != self.offered_rate_per_s.is_some() || is_open != self.response_time_us.is_some() {
            return Some("response times and an offered rate go with an open loop, and only with it".into());
        }
        None
    }
}

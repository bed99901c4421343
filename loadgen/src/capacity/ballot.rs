//! The trials at one rate, and what they decide together.

use crate::Rate;
use crate::capacity::{Doubt, Verdict};

/// The trials at one rate.
///
/// Decided by the first verdict on which more than half of the planned number agree. Of passes and fails that is the majority of
/// the planned number, only without the trials that could not change it any more (curtailed sampling), so that looking
/// after each trial changes no answer: unlike a rule that goes on until it likes what it sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Ballot {
    rate: Rate,
    planned: u32,
    votes: Vec<Verdict>,
}

impl Ballot {
    /// No trial yet of `planned` (odd) ones at `rate`.
    pub(crate) fn new(rate: Rate, planned: u32) -> Self {
        Self { rate, planned, votes: Vec::new() }
    }

    /// The rate that is judged.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// What each trial said, in order.
    #[must_use]
    pub fn votes(&self) -> &[Verdict] {
        &self.votes
    }

    pub(crate) fn cast(&mut self, vote: Verdict) {
        self.votes.push(vote);
    }

    /// What the trials say together; `None` while they do not.
    ///
    /// Unsure by the client as soon as one of the doubts is.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let count =
            |verdict: &dyn Fn(&Verdict) -> bool| self.votes.iter().filter(|vote| verdict(vote)).count();
        let enough = Self::agreeing(self.planned) as usize;
        if count(&|vote| *vote == Verdict::Pass) >= enough {
            return Some(Verdict::Pass);
        }
        if count(&|vote| *vote == Verdict::Fail) >= enough {
            return Some(Verdict::Fail);
        }
        let mut doubts = self.votes.iter().filter_map(|vote| match vote {
            Verdict::Unsure(doubt) => Some(*doubt),
            _ => None,
        });
        if doubts.clone().count() < enough {
            return None;
        }
        let last = doubts.clone().next_back()?;
        let doubt = if doubts.any(|doubt| doubt == Doubt::Client) { Doubt::Client } else { last };
        Some(Verdict::Unsure(doubt))
    }

    /// How many of `planned` trials have to agree: more than half.
    #[must_use]
    pub fn agreeing(planned: u32) -> u32 {
        planned / 2 + 1
    }

    /// Most trials that a rate can take: all verdicts one short of enough, and one more.
    #[must_use]
    pub fn most(planned: u32) -> u32 {
        3 * (Self::agreeing(planned) - 1) + 1
    }

    /// How often a majority of `planned` independent trials is wrong when each is with probability `error` (0–1).
    ///
    /// The binomial tail from more than half on: Condorcet's jury theorem (1785).
    #[must_use]
    pub fn error(planned: u32, error: f64) -> f64 {
        let choose =
            |k: u32| (0..k).fold(1.0, |product, i| product * f64::from(planned - i) / f64::from(i + 1));
        (Self::agreeing(planned)..=planned)
            .map(|wrong| {
                choose(wrong) * error.powi(wrong as i32) * (1.0 - error).powi((planned - wrong) as i32)
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOISE: Verdict = Verdict::Unsure(Doubt::Noise);
    const CLIENT: Verdict = Verdict::Unsure(Doubt::Client);

    fn ballot(planned: u32, votes: &[Verdict]) -> Ballot {
        Ballot { votes: votes.to_vec(), ..Ballot::new(Rate::per_second(10.0).unwrap(), planned) }
    }

    #[test]
    fn more_than_half_have_to_agree() {
        use Verdict::{Fail, Pass};
        assert_eq!(ballot(1, &[]).verdict(), None);
        assert_eq!(ballot(1, &[Fail]).verdict(), Some(Fail));
        assert_eq!(ballot(3, &[Pass, Fail, NOISE]).verdict(), None);
        assert_eq!(ballot(3, &[Pass, Fail, NOISE, Pass]).verdict(), Some(Pass));
        assert_eq!(ballot(3, &[Pass, NOISE, NOISE]).verdict(), Some(NOISE));
        assert_eq!(ballot(3, &[CLIENT, NOISE]).verdict(), Some(CLIENT));
        assert_eq!(ballot(5, &[Pass, Pass, Fail, Fail]).verdict(), None);
    }

    #[test]
    fn the_error_of_a_majority_is_the_binomial_tail() {
        assert_eq!(Ballot::error(1, 0.05), 0.05);
        assert!((Ballot::error(3, 0.05) - 0.00725).abs() < 1e-12);
        assert!((Ballot::error(5, 0.5) - 0.5).abs() < 1e-12);
    }

    fn vote() -> impl Strategy<Value = Verdict> {
        prop_oneof![Just(Verdict::Pass), Just(Verdict::Fail), Just(NOISE), Just(CLIENT)]
    }

    proptest! {
        #[test]
        fn some_verdict_is_reached_by_the_most_trials(
            half in 0u32..5,
            votes in proptest::collection::vec(vote(), 16),
        ) {
            let planned = 2 * half + 1;
            let most = Ballot::most(planned) as usize;
            prop_assert!(ballot(planned, &votes[..most]).verdict().is_some());
        }

        #[test]
        fn stopping_early_gives_the_majority_of_all(
            half in 0u32..5,
            passes in proptest::collection::vec(any::<bool>(), 11),
        ) {
            let planned = 2 * half + 1;
            let votes: Vec<_> = passes[..planned as usize]
                .iter()
                .map(|pass| if *pass { Verdict::Pass } else { Verdict::Fail })
                .collect();
            let first = (0..=votes.len()).find_map(|n| ballot(planned, &votes[..n]).verdict());
            let passed = votes.iter().filter(|vote| **vote == Verdict::Pass).count();
            let majority = if 2 * passed > votes.len() { Verdict::Pass } else { Verdict::Fail };
            prop_assert_eq!(first, Some(majority));
        }
    }
}

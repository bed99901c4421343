//! What may be said about one metric in one cell.

use std::fmt;

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Better {
    /// Throughput, goodput, capacity.
    More,
    /// Response time, CPU per request, memory per connection.
    Less,
}

/// The five answers; each goes with its interval ([`crate::judge::Judgement`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Async is better by more than the margin and than the set-up's own differences.
    AsyncWins,
    /// Sync is better by more than the margin and than the set-up's own differences.
    SyncWins,
    /// The two differ by less than the margin.
    Tie,
    /// The data are sound and do not decide. What noise leads to, never [`Verdict::Tie`].
    CannotTell,
    /// The data are not sound, or too few of them are.
    Invalid,
}

impl Verdict {
    /// Whether one of the two wins.
    pub fn is_win(self) -> bool {
        matches!(self, Self::AsyncWins | Self::SyncWins)
    }

    /// Whether the data decided: a win or a tie.
    pub fn is_decided(self) -> bool {
        self.is_win() || self == Self::Tie
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsyncWins => "async wins",
            Self::SyncWins => "sync wins",
            Self::Tie => "tie",
            Self::CannotTell => "cannot tell",
            Self::Invalid => "invalid",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wins_and_ties_are_decided() {
        use Verdict::{AsyncWins, CannotTell, Invalid, SyncWins, Tie};
        let decided = [AsyncWins, SyncWins, Tie, CannotTell, Invalid].map(Verdict::is_decided);
        assert_eq!(decided, [true, true, true, false, false]);
    }
}

//! The two sides of each group, and what their ratio says.

use reports_stats::two_samples::{self, Ratio};

use super::results::Bench;

/// Both sides of a group.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) sync: &'a Bench,
    pub(super) awaiting: &'a Bench,
    /// async ÷ sync; less is better, for times and sizes alike.
    pub(super) ratio: Ratio,
}

/// What the interval of a ratio says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// All of the interval lies below 1.
    AsyncLess,
    /// All of it lies above 1.
    SyncLess,
    /// It includes 1.
    CannotTell,
}

impl Pair<'_> {
    pub(super) fn group(&self) -> &str {
        &self.sync.group
    }

    pub(super) fn finding(&self) -> Finding {
        match self.ratio.interval {
            interval if interval.hi < 1.0 => Finding::AsyncLess,
            interval if interval.lo > 1.0 => Finding::SyncLess,
            _ => Finding::CannotTell,
        }
    }
}

/// The benches as pairs, and those without a counterpart.
pub(super) fn pair(benches: &[Bench]) -> (Vec<Pair<'_>>, Vec<&Bench>) {
    let (mut pairs, mut single) = (Vec::new(), Vec::new());
    for group in benches.chunk_by(|one, next| one.group == next.group) {
        let side = |name: &str| group.iter().find(|bench| bench.name == name);
        let both = side("sync").zip(side("async")).filter(|(sync, awaiting)| sync.unit == awaiting.unit);
        let pair = both.and_then(|(sync, awaiting)| {
            let ratio = two_samples::ratio(&awaiting.means, &sync.means)?;
            Some(Pair { sync, awaiting, ratio })
        });
        let paired = pair.is_some();
        pairs.extend(pair);
        single.extend(
            group.iter().filter(|bench| !(paired && matches!(bench.name.as_str(), "sync" | "async"))),
        );
    }
    (pairs, single)
}

//! The two sides of each group, and what their ratio says.

use reports_stats::effect::Interval;
use reports_stats::two_samples;

use super::results::Bench;

/// Fewest samples a side that carry an interval. `--quick` stops at two *because* they agree: an interval of those would
/// be narrow for that reason alone.
pub(super) const FEW: usize = 10;

/// Both sides of a group.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) sync: &'a Bench,
    pub(super) awaiting: &'a Bench,
    /// async ÷ sync; less is better, for times and sizes alike.
    pub(super) ratio: f64,
    /// Of the ratio; `None` with fewer than [`FEW`] samples on a side.
    pub(super) interval: Option<Interval>,
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
    /// There is none.
    TooFew,
}

impl Pair<'_> {
    pub(super) fn group(&self) -> &str {
        &self.sync.group
    }

    pub(super) fn finding(&self) -> Finding {
        match self.interval {
            None => Finding::TooFew,
            Some(interval) if interval.hi < 1.0 => Finding::AsyncLess,
            Some(interval) if interval.lo > 1.0 => Finding::SyncLess,
            Some(_) => Finding::CannotTell,
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
            let found = two_samples::ratio(&awaiting.means, &sync.means)?;
            let enough = sync.means.len().min(awaiting.means.len()) >= FEW;
            Some(Pair { sync, awaiting, ratio: found.ratio, interval: enough.then_some(found.interval) })
        });
        let paired = pair.is_some();
        pairs.extend(pair);
        single.extend(
            group.iter().filter(|bench| !(paired && matches!(bench.name.as_str(), "sync" | "async"))),
        );
    }
    (pairs, single)
}

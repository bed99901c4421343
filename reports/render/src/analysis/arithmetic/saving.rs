//! Which of two contenders costs less at a rate, and by how much.

use reports_stats::verdict::Verdict;
use serde::Serialize;

use super::{ALIKE, AtRate};
use crate::analysis::amount::Amount;

/// A side of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The contender that blocks.
    Sync,
    /// The contender that awaits.
    Async,
}

/// Which of two contenders costs less at a case's rate, and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Saving {
    /// The cheaper one; `None` where they cost alike as far as arithmetic can tell ([`ALIKE`]).
    pub cheaper: Option<Side>,
    /// What a request costs less with it, as a share of what it costs with the other, 0–1.
    pub share: f64,
    /// The same times the rate, in cores.
    pub cores: f64,
    /// Whether the nearest measured cell came to the same at its rate.
    pub is_confirmed: bool,
}

impl Saving {
    /// The saving between both sides at one rate, held against the verdict on the cost nearest to it; `None` where a cost is not
    /// above 0.
    pub(super) fn of(sync: &AtRate, awaiting: &AtRate, nearest: Option<Verdict>) -> Option<Self> {
        let (side, low, high) = if sync.cost_us < awaiting.cost_us {
            (Side::Sync, sync, awaiting)
        } else {
            (Side::Async, awaiting, sync)
        };
        if low.cost_us <= 0.0 {
            return None;
        }
        let confirms = match side {
            Side::Sync => Verdict::SyncWins,
            Side::Async => Verdict::AsyncWins,
        };
        Some(Self {
            cheaper: (high.cost_us >= ALIKE * low.cost_us).then_some(side),
            share: 1.0 - low.cost_us / high.cost_us,
            cores: high.cores_used - low.cores_used,
            is_confirmed: nearest == Some(confirms),
        })
    }

    /// Whether it is too small a part of a core to matter, by the page's own measure.
    #[must_use]
    pub fn is_little(&self) -> bool {
        Amount::Cores(self.cores).is_little()
    }
}

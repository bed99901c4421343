//! The reasons why questions with sound blocks end undecided.

use std::fmt;

use reports_record::{Metric, StopReason};
use reports_stats::judge::{Judgement, Standing};
use reports_stats::verdict::Verdict;
use reports_terminal::counted;

use super::contrast::Kind;
use super::verdicts::Verdicts;

/// Why a question that was judged is undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its own blocks have a verdict, which all combinations together do not bear out.
    Family {
        /// The verdict of its own blocks.
        alone: Verdict,
    },
    /// A look found that the blocks left were unlikely to decide it.
    Hopeless {
        /// Blocks by then.
        after: usize,
        /// Blocks of the run at most.
        of: usize,
    },
    /// All blocks of the run were measured.
    LastLook {
        /// Their number.
        blocks: usize,
    },
    /// The run's budget was used up.
    Budget {
        /// Blocks by then.
        after: usize,
        /// Blocks of the run at most.
        of: usize,
    },
    /// The questions that keep its loop going were settled.
    Loop {
        /// Blocks by then.
        after: usize,
        /// Blocks of the run at most.
        of: usize,
    },
}

impl End {
    /// The reason, by the judgement, by what ended the loop after how many blocks, and by the `blocks` of the run at most; `None` for
    /// a question that was decided or not judged, and for one that is still measured.
    #[must_use]
    pub fn of(judgement: &Judgement, stopped: Option<(u32, StopReason)>, blocks: usize) -> Option<Self> {
        if judgement.verdict != Verdict::CannotTell || judgement.evidence.is_err() {
            return None;
        }
        if judgement.is_withdrawn() {
            return Some(Self::Family { alone: judgement.alone });
        }
        match (judgement.standing, stopped) {
            (Standing::Decided, _) | (Standing::Open, None) => None,
            (Standing::Hopeless, _) => Some(Self::Hopeless { after: judgement.seen, of: blocks }),
            (Standing::Finished, _) => Some(Self::LastLook { blocks }),
            (Standing::Open, Some((after, StopReason::Budget))) => {
                Some(Self::Budget { after: after as usize, of: blocks })
            }
            (Standing::Open, Some((after, StopReason::Decided | StopReason::Hopeless))) => {
                Some(Self::Loop { after: after as usize, of: blocks })
            }
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Family { alone } => {
                write!(f, "“{alone}” by its own blocks, not borne out by all combinations together")
            }
            Self::Hopeless { after, of } => write!(f, "hopeless after {after} of {of} blocks"),
            Self::LastLook { blocks } => write!(f, "all {blocks} blocks leave it open"),
            Self::Budget { after, of } => write!(f, "the budget ended after {after} of {of} blocks"),
            Self::Loop { after, of } => write!(f, "its loop ended after {after} of {of} blocks"),
        }
    }
}

/// The metrics that keep loops going, and by which a choice is made.
const DECISIVE: [Metric; 3] = [Metric::Throughput, Metric::CpuPerRequest, Metric::ResponseTimeP50];

/// How many questions about capacity, CPU time and median waits are undecided, and why, in a sentence or two; `None` where none is. Cells
/// that connections ÷ wait bind are not counted.
#[must_use]
pub fn undecided(verdicts: &Verdicts<'_>) -> Option<String> {
    let subjects = DECISIVE.into_iter().flat_map(|metric| verdicts.subjects(metric));
    let all: Vec<_> = subjects
        .flat_map(|subject| Kind::OF_PAIRS.into_iter().flat_map(move |kind| verdicts.about(kind, subject)))
        .filter(|comparison| !comparison.is_by_construction())
        .collect();
    let open: Vec<_> = all.iter().filter(|comparison| !comparison.verdict.is_decided()).collect();
    if open.is_empty() {
        return None;
    }
    let count = |is: fn(End) -> bool| open.iter().filter(|one| one.end().is_some_and(is)).count();
    let withheld = open.iter().filter(|one| one.withheld.is_some()).count();
    let told = [
        (
            count(|end| matches!(end, End::Hopeless { .. })),
            "hopeless: the blocks left were unlikely to decide",
        ),
        (count(|end| matches!(end, End::LastLook { .. })), "open after all blocks"),
        (count(|end| matches!(end, End::Budget { .. })), "open when the budget ended"),
        (count(|end| matches!(end, End::Loop { .. })), "open when their loop ended"),
        (count(|end| matches!(end, End::Family { .. })), "not borne out by all combinations together"),
        (withheld, "taken back"),
    ];
    let known: usize = told.iter().map(|(count, _)| count).sum();
    let told = told.into_iter().chain([(open.len() - known, "without enough sound data")]);
    let told: Vec<String> =
        told.filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    Some(format!(
        "Undecided: {} of {} about capacity, CPU and median waits ({}).",
        open.len(),
        counted(all.len() as u64, "question"),
        told.join("; ")
    ))
}

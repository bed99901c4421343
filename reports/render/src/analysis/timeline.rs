//! How service and response times went on within one trial.

use reports_record::{Measurement, TrialOutcome};

use super::contrast::Contrast;
use super::grid::Grid;

/// A part of a trial's window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Its middle, seconds since the window began.
    pub at_s: f64,
    /// Median service time, microseconds; `None` where too little was answered.
    pub service_us_p50: Option<f64>,
    /// Longest response time, microseconds; `None` where nothing was answered.
    pub response_us_max: Option<f64>,
    /// Requests due in it.
    pub due: u64,
    /// Requests answered in it.
    pub replies: u64,
}

/// One block of one pair in one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The cell, by index.
    pub cell: usize,
    /// The block, from 0.
    pub block: u32,
    /// The blocking side.
    pub sync: Vec<Part>,
    /// The awaiting side.
    pub awaiting: Vec<Part>,
}

impl Timeline {
    /// The first block of `cell` in which both contenders have their windows in parts; `None` if there is none.
    ///
    /// Any complete loop at that rate level will do, an overloaded one too: a timeline shows, it does not judge.
    #[must_use]
    pub fn of(
        grid: &Grid<'_>,
        contrast: Contrast<'_>,
        cell: usize,
        level: usize,
        blocks: u32,
    ) -> Option<Self> {
        let of = |contender, block| match &grid.trial(cell, contender, block)?.outcome {
            TrialOutcome::Measured(measured) => parts(&measured.open_at(level)?.measurement),
            TrialOutcome::Failed { .. } => None,
        };
        (0..blocks).find_map(|block| {
            let (sync, awaiting) = (of(contrast.sync, block)?, of(contrast.awaiting, block)?);
            Some(Self { cell, block, sync, awaiting })
        })
    }
}

/// `None` where nothing was cut into parts or the loop did not run to its end.
fn parts(open: &Measurement) -> Option<Vec<Part>> {
    let count = open.sub_windows.len();
    if count < 2 || !open.complete || !(open.window_s.is_finite() && open.window_s > 0.0) {
        return None;
    }
    let length = open.window_s / count as f64;
    let part = |(index, window): (usize, &reports_record::SubWindow)| Part {
        at_s: (index as f64 + 0.5) * length,
        service_us_p50: window.service_time_us_p50,
        response_us_max: window.response_time_us_max,
        due: window.due,
        replies: window.replies,
    };
    Some(open.sub_windows.iter().enumerate().map(part).collect())
}

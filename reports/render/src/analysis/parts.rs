//! What a request costs, taken apart: user and kernel time, switches, and the client's share.

use reports_record::{Loop, Trial, TrialOutcome};

use super::grid::Grid;
use super::observation::is_usable;

/// Under which load a cost was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// At the offered rate of a level.
    Rate(usize),
    /// In the closed loop, where a server has no time to spare.
    Saturated,
}

/// A request's cost, in parts: means over believable blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// Server CPU time in user mode, microseconds per request.
    pub user_us: f64,
    /// Server CPU time in the kernel, microseconds per request.
    pub kernel_us: f64,
    /// Context switches per request that the server asked for; `None` where they are not known.
    pub voluntary: Option<f64>,
    /// Context switches per request that were forced on it; likewise.
    pub involuntary: Option<f64>,
    /// The client's CPU time but for spinning, microseconds per request; loopback charges part of the server's work to it.
    pub client_us: Option<f64>,
    /// The busiest client thread's share of its CPU, 0–1.
    pub client_busy: f64,
    /// Blocks behind the means.
    pub blocks: usize,
}

impl Parts {
    /// The parts of what a request costs `contender` in `cell`; `None` without a believable block.
    #[must_use]
    pub fn of(grid: &Grid<'_>, cell: usize, contender: &str, load: Load) -> Option<Self> {
        let loops: Vec<&Loop> =
            grid.blocks(cell, contender).filter_map(|trial| usable(trial, load)).collect();
        let per_request = |part: &dyn Fn(&Loop) -> Option<u64>| {
            let each: Option<Vec<f64>> =
                loops.iter().map(|one| Some(part(one)? as f64 / one.cost.requests as f64)).collect();
            mean(each?)
        };
        let client: Option<Vec<f64>> =
            loops.iter().map(|one| one.measurement.client.cpu_per_request_us).collect();
        Some(Self {
            user_us: per_request(&|one| Some(one.cost.cpu_user_us))?,
            kernel_us: per_request(&|one| Some(one.cost.cpu_system_us))?,
            voluntary: per_request(&|one| one.cost.voluntary_switches),
            involuntary: per_request(&|one| one.cost.involuntary_switches),
            client_us: client.and_then(mean),
            client_busy: mean(loops.iter().map(|one| one.measurement.client.busiest_thread).collect())?,
            blocks: loops.len(),
        })
    }

    /// Server CPU time, microseconds per request.
    #[must_use]
    pub fn server_us(&self) -> f64 {
        self.user_us + self.kernel_us
    }

    /// All context switches per request; `None` where they are not known.
    #[must_use]
    pub fn switches(&self) -> Option<f64> {
        Some(self.voluntary? + self.involuntary?)
    }
}

fn usable(trial: &Trial, load: Load) -> Option<&Loop> {
    let TrialOutcome::Measured(measured) = &trial.outcome else { return None };
    let one = match load {
        Load::Rate(level) => measured.open_at(level)?,
        Load::Saturated => measured.closed.as_ref()?,
    };
    (is_usable(&one.measurement) && one.cost.requests > 0).then_some(one)
}

fn mean(figures: Vec<f64>) -> Option<f64> {
    (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
}

//! What a contender used in a cell: switches, threads and memory besides the metrics that get verdicts.

use reports_record::{Loop, Measured, Resources, Trial, TrialOutcome};

use super::estimate::Estimate;
use super::grid::Grid;
use super::observation::is_usable;

const MIB: f64 = 1_048_576.0;

/// One contender in one cell, over its usable trials.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Server CPU per request in the closed loop, microseconds: what a request costs a server that has no time to spare.
    pub saturated_cpu_us: Option<Estimate>,
    /// Most threads seen in any block.
    pub threads_max: Option<u64>,
    /// Proportional set size and what the kernel holds, MiB.
    pub memory_mib: Option<Estimate>,
    /// Of it, what the kernel holds: page tables and stacks of threads, MiB, mean over blocks.
    pub kernel_mib: Option<f64>,
}

impl Usage {
    /// The resources that `contender` used in `cell`.
    #[must_use]
    pub fn of(grid: &Grid<'_>, cell: usize, contender: &str) -> Self {
        let measured = || grid.blocks(cell, contender).filter_map(measured);
        let estimate = |figures: Vec<f64>| {
            Estimate::of(&figures.into_iter().filter(|figure| *figure > 0.0).collect::<Vec<_>>())
        };
        let usable: Vec<(&Resources, &Loop)> = measured()
            .filter_map(|measured| Some((&measured.resources, measured.closed.as_ref()?)))
            .filter(|(_, closed)| is_usable(&closed.measurement))
            .collect();
        Self {
            saturated_cpu_us: estimate(
                usable.iter().filter_map(|(_, closed)| closed.cost.cpu_per_request_us()).collect(),
            ),
            threads_max: usable.iter().filter_map(|(resources, _)| resources.threads_max).max(),
            memory_mib: estimate(
                usable.iter().filter_map(|(held, _)| Some(held.memory_bytes()? as f64 / MIB)).collect(),
            ),
            kernel_mib: mean(usable.iter().filter_map(|(held, _)| Some(held.kernel_bytes? as f64 / MIB))),
        }
    }
}

fn measured(trial: &Trial) -> Option<&Measured> {
    match &trial.outcome {
        TrialOutcome::Measured(measured) => Some(measured),
        TrialOutcome::Failed { .. } => None,
    }
}

fn mean(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = figures.fold((0_u32, 0.0), |(count, sum), figure| (count + 1, sum + figure));
    (count > 0).then(|| sum / f64::from(count))
}

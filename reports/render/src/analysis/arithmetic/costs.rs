//! What requests cost one contender in the cells of a run.

use reports_record::{Cell, Definition, Metric};
use serde::Serialize;

use super::Case;
use crate::analysis::estimate::Estimate;
use crate::analysis::grid::{Grid, contenders};
use crate::analysis::observation::Observation;
use crate::analysis::subject::Subject;
use crate::analysis::usage::Usage;

/// Waits and CPU times this far below a measured one are as near as none, milliseconds: logarithms know no zero.
///
/// The wait is the shortest that a server's timer still tells from none; the CPU time about that of a whole small request.
const SHORT_WAIT_MS: f64 = 0.05;
const LITTLE_CPU_MS: f64 = 0.02;

/// How much a factor between two cells counts, along each of their three axes.
///
/// Chosen by leaving each cell of the published `grid` out in turn: a server's own cost follows connections most (one wake-up
/// serves many), then the wait, and hardly the case's own CPU time, which is added in full anyway.
const CONNECTIONS_WEIGHT: f64 = 2.0;
const WAIT_WEIGHT: f64 = 1.0;
const CPU_WEIGHT: f64 = 0.25;

/// Less than this is no server's own cost for a request, microseconds: a smaller difference is noise of the cell's own work.
const LEAST_OVERHEAD_US: f64 = 1.0;

/// One contender's costs, cell by cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs<'a> {
    /// The contender.
    pub contender: &'a str,
    /// Every cell in which a saturated loop of it was measured.
    pub points: Vec<Point<'a>>,
}

/// One cell: the case that it measured, and what the server added to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point<'a> {
    /// The cell, by index.
    pub cell: usize,
    /// Its name.
    pub name: &'a str,
    /// Connections.
    pub connections: u32,
    /// The wait, milliseconds.
    pub wait_ms: f64,
    /// CPU time of the cell's own work, milliseconds.
    pub cpu_ms: f64,
    /// CPU time that the server adds to a request in the closed loop, microseconds.
    pub saturated_us: f64,
    /// Correct replies per second in the closed loop.
    pub throughput_per_s: f64,
    /// Memory of the server with all connections open, MiB; `None` where it is not known.
    pub memory_mib: Option<f64>,
    /// The same server below its limit, by rate level.
    pub levels: Vec<Level>,
}

/// One rate level of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Level {
    /// The level, from 0.
    pub level: usize,
    /// The rate that was offered, requests per second.
    pub rate_per_s: f64,
    /// CPU time that the server adds to a request there, microseconds.
    pub added_cpu_us: f64,
    /// Median response time beyond the wait and the cell's own work, microseconds; `None` where it is not known.
    pub added_time_us: Option<f64>,
}

/// An axis of a case, and how much of it was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// A word for it that no two axes share.
    pub key: &'static str,
    /// The unit in words.
    pub unit: &'static str,
    /// The least that was measured.
    pub lowest: f64,
    /// The most.
    pub highest: f64,
}

impl Axis {
    /// Whether `value` lies outside, by more than its digits round away.
    #[must_use]
    pub fn is_beyond(&self, value: f64) -> bool {
        value < self.lowest / 1.001 || value > self.highest * 1.001
    }
}

impl<'a> Costs<'a> {
    /// What was measured along each axis of a case: connections, waiting and computing, in the order of [`Case`].
    #[must_use]
    pub fn axes(&self) -> [Axis; 3] {
        let axis = |key, unit, of: &dyn Fn(&Point<'_>) -> f64| {
            let values = || self.points.iter().map(of);
            let (lowest, highest) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
            Axis { key, unit, lowest, highest }
        };
        [
            axis("connections", "connections", &|point| f64::from(point.connections)),
            axis("wait", "ms of waiting", &|point| point.wait_ms),
            axis("cpu", "ms of CPU", &|point| point.cpu_ms),
        ]
    }

    /// The costs of `contender` in every comparable cell of a run; a cell whose own work is not known in time is left out.
    ///
    /// `round_us` is the time of one round of CPU work ([`round_us`]).
    #[must_use]
    pub fn of(
        definition: &'a Definition,
        grid: &Grid<'_>,
        contender: &'a str,
        round_us: Option<f64>,
    ) -> Self {
        let cells = definition.cells.iter().enumerate().filter(|(_, cell)| is_comparable(cell));
        let levels = definition.phases.open_loads.len();
        let points = cells.filter_map(|(index, cell)| {
            let own_us = match cell.rounds {
                0 => 0.0,
                rounds => f64::from(rounds) * round_us?,
            };
            let figure = |subject: Subject| {
                let trials = grid.blocks(index, contender);
                Estimate::of_observations(trials.map(|trial| Observation::of(subject, cell, trial)))
                    .map(|estimate| estimate.middle)
            };
            let level = |level: usize| {
                let at = |metric| figure(Subject { metric, level });
                Some(Level {
                    level,
                    rate_per_s: grid.offered(index, contender, level)?,
                    added_cpu_us: (at(Metric::CpuPerRequest)? - own_us).max(LEAST_OVERHEAD_US),
                    added_time_us: at(Metric::ResponseTimeP50).map(|beyond| (beyond - own_us).max(0.0)),
                })
            };
            let used = Usage::of(grid, index, contender);
            let saturated = used.saturated_cpu_us?.middle;
            Some(Point {
                cell: index,
                name: &cell.name,
                connections: cell.connections,
                wait_ms: cell.wait_ms,
                cpu_ms: own_us / 1e3,
                saturated_us: (saturated - own_us).max(LEAST_OVERHEAD_US),
                throughput_per_s: figure(Metric::Throughput.into())?,
                memory_mib: used.memory_mib.map(|memory| memory.middle),
                levels: (0..levels).filter_map(level).collect(),
            })
        });
        Self { contender, points: points.collect() }
    }

    /// Memory of the server with this many connections open, MiB: on the line through the fewest and the most that were measured, each
    /// the mean over its cells. `None` where one number of connections was measured, or no memory.
    #[must_use]
    pub fn memory_mib(&self, connections: u32) -> Option<f64> {
        let known =
            || self.points.iter().filter_map(|point| Some((f64::from(point.connections), point.memory_mib?)));
        let places = || known().map(|(connections, _)| connections);
        let (fewest, most) = (places().reduce(f64::min)?, places().reduce(f64::max)?);
        let mean = |place: f64| {
            let there: Vec<f64> =
                known().filter(|(connections, _)| *connections == place).map(|(_, memory)| memory).collect();
            there.iter().sum::<f64>() / there.len() as f64
        };
        let (low, high) = (mean(fewest), mean(most));
        let share = (f64::from(connections) - fewest) / (most - fewest);
        (most > fewest).then(|| (low + (high - low) * share).max(0.0))
    }

    /// The cell nearest to `case`, but for those that `leave_out` names; of two equally near ones the first.
    #[must_use]
    pub fn nearest(&self, case: &Case, leave_out: impl Fn(&Point<'_>) -> bool) -> Option<&Point<'a>> {
        let near = |point: &&Point<'_>| point.distance(case);
        let points = self.points.iter().filter(|point| !leave_out(point));
        points.min_by(|one, other| near(one).total_cmp(&near(other)))
    }

    /// The cell and level nearest to `case` at `rate_per_s`, the rate counting as connections do.
    #[must_use]
    pub fn nearest_level(&self, case: &Case, rate_per_s: f64) -> Option<(&Point<'a>, Level)> {
        let distance = |(point, level): &(&Point<'_>, Level)| {
            point.distance(case) + CONNECTIONS_WEIGHT * (level.rate_per_s / rate_per_s).ln().abs()
        };
        let levels =
            self.points.iter().flat_map(|point| point.levels.iter().map(move |&level| (point, level)));
        levels.min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }
}

impl Point<'_> {
    /// How far a case is from this cell, in weighted factors.
    fn distance(&self, case: &Case) -> f64 {
        let factor = |one: f64, other: f64, offset: f64| ((one + offset) / (other + offset)).ln().abs();
        CONNECTIONS_WEIGHT * factor(f64::from(self.connections), f64::from(case.connections), 0.0)
            + WAIT_WEIGHT * factor(self.wait_ms, case.wait_ms, SHORT_WAIT_MS)
            + CPU_WEIGHT * factor(self.cpu_ms, case.cpu_ms, LITTLE_CPU_MS)
    }

    /// The case that this cell measured.
    #[must_use]
    pub fn case(&self, cores: u32) -> Case {
        Case {
            connections: self.connections,
            wait_ms: self.wait_ms,
            cpu_ms: self.cpu_ms,
            rate_per_s: None,
            cores,
        }
    }
}

/// Whether a cell asks for waiting on a timer and computing alone: sockets, bodies, flags and sweeps are other questions.
fn is_comparable(cell: &Cell) -> bool {
    !cell.is_sweep() && cell.flags.is_empty() && cell.bytes == 0 && !cell.waits_on_a_socket()
}

/// The CPU time of one round of the CPU work, microseconds: what a cell with rounds costs more than the same cell without, in
/// the median over all such pairs and contenders. `None` where a run has none.
#[must_use]
pub fn round_us(definition: &Definition, grid: &Grid<'_>) -> Option<f64> {
    let cost = |cell: usize, contender: &str| {
        Usage::of(grid, cell, contender).saturated_cpu_us.map(|estimate| estimate.middle)
    };
    let cells = &definition.cells;
    let mut found = Vec::new();
    for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| is_comparable(cell) && cell.rounds > 0) {
        let without = cells.iter().position(|other| {
            is_comparable(other)
                && other.rounds == 0
                && (other.wait_ms, other.connections) == (cell.wait_ms, cell.connections)
        });
        let Some(without) = without else { continue };
        let differences = contenders(definition)
            .into_iter()
            .filter_map(|contender| Some(cost(index, contender)? - cost(without, contender)?));
        found.extend(differences.map(|difference| difference / f64::from(cell.rounds)));
    }
    found.sort_by(f64::total_cmp);
    found.get(found.len() / 2).copied().filter(|round| *round > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 2 and 4 MiB at 8 connections are 3, and 59 at 64 make 1 MiB a connection: 5,000 take 4,995.
    #[test]
    fn memory_lies_on_the_line_through_the_fewest_and_the_most_connections() {
        let point = |connections: u32, memory_mib: Option<f64>| Point {
            cell: 0,
            name: "",
            connections,
            wait_ms: 0.0,
            cpu_ms: 0.0,
            saturated_us: 10.0,
            throughput_per_s: 1.0,
            memory_mib,
            levels: Vec::new(),
        };
        let costs = |points| Costs { contender: "x", points };
        let all = costs(vec![
            point(8, Some(2.0)),
            point(8, Some(4.0)),
            point(16, Some(99.0)),
            point(64, Some(59.0)),
            point(512, None),
        ]);
        let found = |connections| all.memory_mib(connections).unwrap();
        assert!((found(5_000) - 4_995.0).abs() < 1e-9 && (found(8) - 3.0).abs() < 1e-9);
        assert_eq!(found(1), 0.0);
        assert_eq!(costs(vec![point(8, Some(2.0))]).memory_mib(8), None);
        assert_eq!(costs(vec![point(8, None), point(64, None)]).memory_mib(8), None);
    }
}

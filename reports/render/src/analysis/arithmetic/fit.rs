//! How far the arithmetic is off where the truth was measured.

use serde::Serialize;

use super::Costs;
use super::outlook::Limit;

/// How far limits worked out from *other* cells lie from the throughput that was measured, as factors: 1.10 is 10 % off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// Cells and contenders that were worked out and measured.
    pub cells: usize,
    /// Half of them are off by no more than this factor, in either direction.
    pub half_within: f64,
    /// Nine in ten are.
    pub most_within: f64,
    /// All are.
    pub all_within: f64,
}

impl Fit {
    /// The fit over all cells of these contenders: each cell is left out in turn and worked out from the nearest other one.
    /// `None` where no contender has two cells.
    #[must_use]
    pub fn of(contenders: &[&Costs<'_>], cores: u32) -> Option<Self> {
        let mut factors: Vec<f64> = contenders
            .iter()
            .flat_map(|costs| costs.points.iter().map(move |point| (costs, point)))
            .filter_map(|(costs, point)| {
                let limit = Limit::of(&point.case(cores), costs, |other| other.cell == point.cell)?;
                let factor = (limit.per_s / point.throughput_per_s).ln().abs().exp();
                factor.is_finite().then_some(factor)
            })
            .collect();
        factors.sort_by(f64::total_cmp);
        let last = factors.len().checked_sub(1)?;
        let rank = |share: f64| {
            factors[((factors.len() as f64 * share).ceil() as usize).saturating_sub(1).min(last)]
        };
        Some(Self {
            cells: factors.len(),
            half_within: rank(0.5),
            most_within: rank(0.9),
            all_within: rank(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::arithmetic::Point;

    /// Cells without a wait on these connections, each with the cost of a request and the throughput that was measured.
    fn costs(points: &[(u32, f64, f64)]) -> Costs<'static> {
        let point =
            |(cell, &(connections, saturated_us, throughput_per_s)): (usize, &(u32, f64, f64))| Point {
                cell,
                name: "",
                connections,
                wait_ms: 0.0,
                cpu_ms: 0.0,
                saturated_us,
                throughput_per_s,
                memory_mib: None,
                levels: Vec::new(),
            };
        Costs { contender: "x", points: points.iter().enumerate().map(point).collect() }
    }

    /// By hand: from its neighbour's 20 µs the first ends at 50,000 where 100,000 were measured; from the first's 10 µs the
    /// second ends at 100,000 where 50,000 were.
    #[test]
    fn a_cell_is_worked_out_from_the_others_and_never_from_itself() {
        let found = Fit::of(&[&costs(&[(64, 10.0, 100_000.0), (128, 20.0, 50_000.0)])], 1).unwrap();
        assert_eq!(found.cells, 2);
        assert!((found.half_within - 2.0).abs() < 1e-9 && (found.all_within - 2.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn equal_costs_fit_exactly_and_one_cell_has_no_fit() {
        let alike = costs(&[(64, 10.0, 100_000.0), (128, 10.0, 100_000.0), (256, 10.0, 110_000.0)]);
        let found = Fit::of(&[&alike], 1).unwrap();
        assert!((found.half_within - 1.0).abs() < 1e-9 && (found.all_within - 1.1).abs() < 1e-9, "{found:?}");
        assert_eq!(Fit::of(&[&costs(&[(64, 10.0, 1e5)])], 1), None);
    }
}

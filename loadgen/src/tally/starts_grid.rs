//! Whether requests really started as the schedule spreads them.

use crate::clock::Moment;
use crate::window::Window;

/// Slots of the grid: tells displacements of a thousandth of the window apart, in 16 KiB.
const SLOTS: usize = 1000;

/// Intended and actual starts, counted on a fixed grid over the window.
///
/// A bounded stand-in for the two empirical distributions: their distance is taken at the grid's lines.
#[derive(Debug, Clone)]
pub(crate) struct StartsGrid {
    window: Window,
    intended: Vec<u64>,
    actual: Vec<u64>,
}

impl StartsGrid {
    pub(crate) fn over(window: &Window) -> Self {
        // One slot more for what starts after the window, or never.
        Self { window: *window, intended: vec![0; SLOTS + 1], actual: vec![0; SLOTS + 1] }
    }

    /// A request of the window was meant to start at `intended` and did at `actual`.
    pub(crate) fn started(&mut self, intended: Moment, actual: Moment) {
        let (intended, actual) = (self.slot(intended), self.slot(actual));
        self.intended[intended] += 1;
        self.actual[actual] += 1;
    }

    /// So many `requests` of the window were meant to start at `intended` and never did.
    pub(crate) fn never_started(&mut self, intended: Moment, requests: u64) {
        let intended = self.slot(intended);
        self.intended[intended] += requests;
        self.actual[SLOTS] += requests;
    }

    fn slot(&self, at: Moment) -> usize {
        let offset = u128::from(at.since(self.window.start).as_nanos() as u64);
        let length = self.window.length().as_nanos().max(1);
        usize::try_from(offset * SLOTS as u128 / length).unwrap_or(SLOTS).min(SLOTS)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let add = |into: &mut [u64], from: &[u64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        add(&mut self.intended, &other.intended);
        add(&mut self.actual, &other.actual);
    }

    /// Kolmogorov–Smirnov distance of actual from intended starts, 0–1; `None` without starts.
    ///
    /// Source: Conover, *Practical Nonparametric Statistics*, 3rd ed., §6.3 (two empirical distributions).
    pub(crate) fn distance(&self) -> Option<f64> {
        let total: u64 = self.intended.iter().sum();
        let (mut intended, mut actual, mut largest) = (0u64, 0u64, 0u64);
        for (more_intended, more_actual) in self.intended.iter().zip(&self.actual) {
            intended += more_intended;
            actual += more_actual;
            largest = largest.max(intended.abs_diff(actual));
        }
        (total > 0).then(|| largest as f64 / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_the_share_of_starts_on_the_wrong_side_of_an_instant() {
        let at = |ms: u64| Moment::from_nanos(ms * 1_000_000);
        let mut grid = StartsGrid::over(&Window { start: at(1000), end: at(2000) });
        assert_eq!(grid.distance(), None);
        (1000..1100).for_each(|ms| grid.started(at(ms), at(ms)));
        assert_eq!(grid.distance(), Some(0.0));
        (1100..1200).for_each(|ms| grid.started(at(ms), at(1500)));
        assert_eq!(grid.distance(), Some(0.5));
        (0..200).for_each(|_| grid.started(at(1900), at(9000)));
        assert_eq!(grid.distance(), Some(0.5));
    }

    #[test]
    fn what_never_started_is_on_the_wrong_side_from_when_it_should_have() {
        let at = |ms: u64| Moment::from_nanos(ms * 1_000_000);
        let mut grid = StartsGrid::over(&Window { start: at(1000), end: at(2000) });
        (1000..1100).for_each(|ms| grid.started(at(ms), at(ms)));
        grid.never_started(at(1500), 300);
        assert_eq!(grid.distance(), Some(0.75));
    }
}

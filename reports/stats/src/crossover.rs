//! Where along an axis the verdict changes.

use crate::verdict::Verdict;

/// What an axis shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Crossover {
    /// The verdict changes, at least once; in the order of the axis.
    Changes(Vec<Change>),
    /// Every decided point has the same verdict: none in range.
    NoneInRange {
        /// That verdict.
        verdict: Verdict,
        /// The first decided point of the axis.
        first: f64,
        /// The last one; equal to `first` if only one is decided.
        last: f64,
    },
    /// No point is decided.
    CannotTell,
}

/// One change of verdict: somewhere after one measured point and before another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The last point where the earlier verdict holds.
    pub after: f64,
    /// The first point where the later verdict holds.
    pub before: f64,
    /// The earlier verdict; decided.
    pub from: Verdict,
    /// The later verdict; decided and another one.
    pub to: Verdict,
}

/// The axis is not one.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "cannot look for a crossover: point {index} of the axis is {value}, expected finite and strictly ascending \
     values: sort the points and give each once"
)]
pub struct UnorderedAxis {
    /// Index of the offending point, from 0.
    pub index: usize,
    /// Its value.
    pub value: f64,
}

/// Finds the changes of verdict along an axis, given its points in ascending order.
///
/// Points that are not decided never make a change, they only widen the interval in which one lies.
/// Nothing is interpolated: between two measured points nothing is known, and a line through noisy
/// ones would place a crossover wherever the noise crosses. To narrow an interval, measure inside
/// it. Several changes, back and forth, are reported as they are.
///
/// # Errors
/// A value that is not finite, or not above the one before it.
pub fn crossover(points: &[(f64, Verdict)]) -> Result<Crossover, UnorderedAxis> {
    let mut previous = f64::NEG_INFINITY;
    for (index, &(value, _)) in points.iter().enumerate() {
        if !(value.is_finite() && value > previous) {
            return Err(UnorderedAxis { index, value });
        }
        previous = value;
    }
    let decided: Vec<(f64, Verdict)> =
        points.iter().copied().filter(|(_, verdict)| verdict.is_decided()).collect();
    let (Some(&(first, verdict)), Some(&(last, _))) = (decided.first(), decided.last()) else {
        return Ok(Crossover::CannotTell);
    };
    let changes: Vec<Change> = decided
        .windows(2)
        .filter(|pair| pair[0].1 != pair[1].1)
        .map(|pair| Change { after: pair[0].0, before: pair[1].0, from: pair[0].1, to: pair[1].1 })
        .collect();
    Ok(if changes.is_empty() {
        Crossover::NoneInRange { verdict, first, last }
    } else {
        Crossover::Changes(changes)
    })
}

#[cfg(test)]
mod tests {
    use super::Verdict::{AsyncWins, CannotTell, Invalid, SyncWins, Tie};
    use super::*;

    #[test]
    fn a_change_lies_between_the_decided_points_around_it() {
        let points =
            [(1.0, SyncWins), (8.0, SyncWins), (64.0, CannotTell), (128.0, Invalid), (512.0, AsyncWins)];
        let expected = Change { after: 8.0, before: 512.0, from: SyncWins, to: AsyncWins };
        assert_eq!(crossover(&points), Ok(Crossover::Changes(vec![expected])));
    }

    #[test]
    fn a_tie_on_the_way_gives_two_changes() {
        let found = crossover(&[(1.0, SyncWins), (2.0, Tie), (3.0, Tie), (4.0, AsyncWins)]);
        let expected = vec![
            Change { after: 1.0, before: 2.0, from: SyncWins, to: Tie },
            Change { after: 3.0, before: 4.0, from: Tie, to: AsyncWins },
        ];
        assert_eq!(found, Ok(Crossover::Changes(expected)));
    }

    #[test]
    fn one_verdict_throughout_is_none_in_range() {
        let found = crossover(&[(0.0, CannotTell), (1.0, Tie), (10.0, CannotTell), (20.0, Tie)]);
        assert_eq!(found, Ok(Crossover::NoneInRange { verdict: Tie, first: 1.0, last: 20.0 }));
    }

    #[test]
    fn no_decided_point_cannot_tell() {
        assert_eq!(crossover(&[(1.0, CannotTell), (2.0, Invalid)]), Ok(Crossover::CannotTell));
        assert_eq!(crossover(&[]), Ok(Crossover::CannotTell));
    }

    #[test]
    fn a_disordered_axis_is_refused_with_its_point() {
        for (value, index) in [(1.0, 1), (0.5, 1), (f64::NAN, 1), (f64::INFINITY, 1)] {
            let error = crossover(&[(1.0, Tie), (value, Tie)]).expect_err("not ascending");
            assert_eq!(error.index, index, "{error}");
        }
    }
}

//! One contender's figure in one cell, over its blocks.

use reports_stats::effect::{Interval, Pair, effect};

use super::observation::Observation;

/// A geometric mean over blocks and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Geometric mean of the blocks' figures.
    pub middle: f64,
    /// 95 % t interval of that mean; `None` with fewer than [`MIN_BLOCKS`](reports_stats::effect::MIN_BLOCKS) blocks, or where the mean
    /// is a lower bound.
    pub interval: Option<Interval>,
    /// Whether the mean is only a lower bound, because a figure behind it is one.
    pub at_least: bool,
    /// Blocks behind it.
    pub blocks: usize,
}

impl Estimate {
    /// The estimate of positive `figures`; `None` without any.
    ///
    /// Geometric, so that the ratio of two estimates is the effect that the verdicts judge, and by the
    /// same interval: a figure is its own ratio to 1.
    #[must_use]
    pub fn of(figures: &[f64]) -> Option<Self> {
        if let [only] = figures {
            return Some(Self { middle: *only, interval: None, at_least: false, blocks: 1 });
        }
        let against_one: Vec<Pair> =
            figures.iter().map(|&figure| Pair { sync: 1.0, r#async: figure }).collect();
        let effect = effect(&against_one).ok()?;
        Some(Self {
            middle: effect.ratio(),
            interval: effect.ratio_interval(),
            at_least: false,
            blocks: effect.blocks(),
        })
    }

    /// The estimate of what several trials observed; unusable ones do not count.
    ///
    /// One lower bound among them makes the mean a lower bound, since the mean grows with each figure.
    #[must_use]
    pub fn of_observations(observations: impl IntoIterator<Item = Observation>) -> Option<Self> {
        let mut figures = Vec::new();
        let mut at_least = false;
        for observation in observations {
            match observation {
                Observation::Figure(figure) => figures.push(figure),
                Observation::AtLeast(figure) => {
                    figures.push(figure);
                    at_least = true;
                }
                Observation::TooFewRequests | Observation::Unusable => {}
            }
        }
        let estimate = Self::of(&figures)?;
        Some(if at_least { Self { interval: None, at_least, ..estimate } } else { estimate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_figures_give_no_estimate_and_fewer_than_six_no_interval() {
        assert_eq!(Estimate::of(&[]), None);
        assert_eq!(Estimate::of(&[0.0, 1.0]), None);
        assert_eq!(
            Estimate::of(&[3.0]),
            Some(Estimate { middle: 3.0, interval: None, at_least: false, blocks: 1 })
        );
        let five = Estimate::of(&[3.0, 4.0, 3.0, 4.0, 3.0]).unwrap();
        assert_eq!((five.interval, five.blocks), (None, 5));
    }

    #[test]
    fn one_lower_bound_makes_a_lower_bound() {
        use Observation::{AtLeast, Figure, TooFewRequests, Unusable};
        let estimate = Estimate::of_observations([Figure(10.0), AtLeast(1000.0), Unusable]).unwrap();
        assert!(estimate.at_least && estimate.interval.is_none());
        assert!((estimate.middle - 100.0).abs() < 1e-9);
        assert_eq!(Estimate::of_observations([TooFewRequests, Unusable]), None);
    }

    #[test]
    fn the_middle_is_the_geometric_mean_and_lies_inside_its_interval() {
        let estimate = Estimate::of(&[1.0, 100.0, 10.0, 10.0, 1.0, 100.0]).unwrap();
        let interval = estimate.interval.unwrap();
        assert!((estimate.middle - 10.0).abs() < 1e-9);
        assert!(interval.lo < 10.0 && 10.0 < interval.hi);
    }
}

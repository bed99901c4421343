//! When requests are meant to start.

mod bursts;
mod replay;
mod stages;
mod unit_rate;

use std::fmt;
use std::time::Duration;

use reports_record::Arrivals;

pub use bursts::{Bursts, BurstsError};
pub use replay::{Replay, ReplayError};
pub use stages::{Stages, StagesError};

use crate::Rate;
use stages::Crossing;
use unit_rate::UnitRate;

/// How many requests start when, but for chance.
#[derive(Debug, Clone, PartialEq)]
pub enum Course {
    /// The same rate for ever.
    Steady(Rate),
    /// Rates that step and ramp; warm-up is spent at the rate with which they begin.
    Stages(Stages),
    /// Many at once, again and again.
    Bursts(Bursts),
    /// As recorded.
    Replay(Replay),
}

impl From<Rate> for Course {
    fn from(rate: Rate) -> Self {
        Self::Steady(rate)
    }
}

impl Course {
    /// Whether the load is the same at any time, so that what is measured should be, too.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        matches!(self, Self::Steady(_))
    }

    /// Whether starts are spaced within it by [`Arrivals`], or each has its place anyway.
    #[must_use]
    pub fn leaves_spacing(&self) -> bool {
        matches!(self, Self::Steady(_) | Self::Stages(_))
    }

    /// The recording that is replayed; `None` where there is none.
    #[must_use]
    pub fn replay(&self) -> Option<&Replay> {
        match self {
            Self::Replay(replay) => Some(replay),
            Self::Steady(_) | Self::Stages(_) | Self::Bursts(_) => None,
        }
    }

    /// When it is over, `warm_up` before it included; `None` where it has no end.
    #[must_use]
    pub fn end(&self, warm_up: Duration) -> Option<Duration> {
        match self {
            Self::Steady(_) | Self::Bursts(_) => None,
            Self::Stages(stages) => Some(warm_up + stages.length()),
            Self::Replay(replay) => Some(replay.length()),
        }
    }
}

/// As the command line takes it; a recording by its size.
impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steady(rate) => write!(f, "{rate}"),
            Self::Stages(stages) => write!(f, "{stages}"),
            Self::Bursts(bursts) => write!(f, "bursts of {bursts}"),
            Self::Replay(replay) => write!(f, "{replay}"),
        }
    }
}

/// Intended starts as offsets from the schedule's beginning.
///
/// Pure: no clock, no sleeping; the same course, arrivals and seed give the same starts. Non-decreasing. An iterator and
/// not a list, so that memory does not grow with the number of requests. Starts never shift to follow a slow server:
/// that shift is coordinated omission.
///
/// A rate that changes is met by changing time: starts are those of one request per second, taken to where the integral
/// of the rate reaches them. So constant arrivals start wherever the integral is a whole number, each computed by itself
/// and without adding up rounding, and Poisson arrivals are exactly Poisson with that rate.
///
/// Source: Çinlar, *Introduction to Stochastic Processes* (1975), §4.7 (a Poisson process of varying rate by change of
/// time).
#[derive(Debug, Clone)]
pub struct Schedule(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Rates { units: UnitRate, crossing: Crossing },
    Bursts { bursts: Bursts, next_index: u64 },
    Replay { replay: Replay, next_index: usize },
}

impl Schedule {
    /// The schedule of `course`, behind `warm_up`; only [`Arrivals::Poisson`] looks at `seed`, and only where the course
    /// [leaves the spacing open](Course::leaves_spacing).
    #[must_use]
    pub fn new(course: &Course, warm_up: Duration, arrivals: Arrivals, seed: u64) -> Self {
        let rates = |crossing| Kind::Rates { units: UnitRate::new(arrivals, seed), crossing };
        Self(match course {
            Course::Steady(rate) => rates(Crossing::steady(*rate)),
            Course::Stages(stages) => rates(stages.crossing(warm_up)),
            Course::Bursts(bursts) => Kind::Bursts { bursts: *bursts, next_index: 0 },
            Course::Replay(replay) => Kind::Replay { replay: replay.clone(), next_index: 0 },
        })
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        match &mut self.0 {
            Kind::Rates { units, crossing } => crossing.reach(units.next()),
            Kind::Bursts { bursts, next_index } => {
                *next_index += 1;
                Some(bursts.start(*next_index - 1))
            }
            Kind::Replay { replay, next_index } => {
                *next_index += 1;
                replay.start(*next_index - 1)
            }
        }
    }

    /// Leaps over the starts between where each has its place by its number.
    fn nth(&mut self, skipped: usize) -> Option<Duration> {
        match &mut self.0 {
            Kind::Rates { units, .. } => units.skip(skipped as u64),
            Kind::Bursts { next_index, .. } => *next_index += skipped as u64,
            Kind::Replay { next_index, .. } => *next_index += skipped,
        }
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steady(per_second: f64) -> Course {
        Course::Steady(Rate::per_second(per_second).unwrap())
    }

    #[test]
    fn a_course_says_whether_it_is_steady_whether_it_leaves_spacing_and_what_it_is() {
        let replay = Replay::read("0.5\n1.5\n".as_bytes()).unwrap();
        for (course, is_steady, leaves_spacing, shown) in [
            (steady(500.0), true, true, "500/s"),
            (Course::Stages("500/s:10s".parse().unwrap()), false, true, "500/s:10s"),
            (Course::Bursts("64/1s".parse().unwrap()), false, false, "bursts of 64/1s"),
            (Course::Replay(replay.clone()), false, false, replay.to_string().as_str()),
        ] {
            assert_eq!(
                (course.is_steady(), course.leaves_spacing()),
                (is_steady, leaves_spacing),
                "{course}"
            );
            assert_eq!(course.to_string(), shown);
        }
    }

    fn schedule(course: &Course, arrivals: Arrivals, seed: u64) -> Schedule {
        Schedule::new(course, Duration::ZERO, arrivals, seed)
    }

    #[test]
    fn constant_starts_are_equally_spaced_and_do_not_drift() {
        let starts: Vec<_> = schedule(&steady(3.0), Arrivals::Constant, 0).take(3_000_001).collect();
        assert_eq!(starts[0], Duration::ZERO);
        assert_eq!(starts[3], Duration::from_secs(1));
        assert_eq!(starts[3_000_000], Duration::from_secs(1_000_000));
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let starts: Vec<_> = schedule(&steady(1000.0), Arrivals::Poisson, 7).take(20_001).collect();
        let gaps: Vec<f64> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        // Standard error of the mean of 20,000 exponential gaps: 0.7 %.
        assert!((mean / 1e-3 - 1.0).abs() < 0.03, "{mean}");
        let above_mean = gaps.iter().filter(|gap| **gap > 1e-3).count() as f64 / gaps.len() as f64;
        assert!((above_mean - (-1f64).exp()).abs() < 0.015, "{above_mean}");
    }

    #[test]
    fn warm_up_is_spent_at_the_rate_with_which_stages_begin() {
        let course = Course::Stages("100/s..300/s:2s".parse().unwrap());
        let warm_up = Duration::from_secs(3);
        let starts: Vec<_> = Schedule::new(&course, warm_up, Arrivals::Constant, 0).collect();
        let before = starts.iter().filter(|start| **start < warm_up).count();
        assert_eq!((before, starts.len()), (300, 700));
        assert_eq!(course.end(warm_up), Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_recording_is_replayed_start_by_start() {
        let course = Course::Replay(Replay::read("0.5\n0.5\n2s\n".as_bytes()).unwrap());
        let starts: Vec<_> = schedule(&course, Arrivals::Constant, 0).collect();
        assert_eq!(starts, [500, 500, 2000].map(Duration::from_millis));
    }

    #[test]
    fn all_of_a_burst_is_due_at_once() {
        let course = Course::Bursts("3/250ms".parse().unwrap());
        let starts: Vec<_> = schedule(&course, Arrivals::Constant, 0).take(7).collect();
        assert_eq!(starts, [0, 0, 0, 250, 250, 250, 500].map(Duration::from_millis));
    }

    fn any_stages() -> impl Strategy<Value = Course> {
        let rate = prop_oneof![Just(0.0), 0.01f64..5000.0];
        let stage = (rate.clone(), rate, 1u64..3000);
        proptest::collection::vec(stage, 1..6).prop_filter_map("no rate at all", |stages| {
            let text: Vec<String> =
                stages.iter().map(|(from, to, ms)| format!("{from:.3}/s..{to:.3}/s:{ms}ms")).collect();
            text.join(", ").parse().ok().map(Course::Stages)
        })
    }

    proptest! {
        #[test]
        fn starts_never_go_backwards(per_second in 0.01f64..1e6, seed: u64, poisson: bool) {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let starts: Vec<_> = schedule(&steady(per_second), arrivals, seed).take(2000).collect();
            prop_assert!(starts.is_sorted());
        }

        #[test]
        fn a_leap_lands_where_steps_do(course in any_stages(), seed: u64, poisson: bool, skipped in 0usize..2000) {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            for course in [course, steady(700.0), Course::Bursts("7/3ms".parse().unwrap())] {
                let (mut leaping, mut stepping) = (schedule(&course, arrivals, seed), schedule(&course, arrivals, seed));
                for _ in 0..2 {
                    prop_assert_eq!(leaping.nth(skipped), (0..=skipped).map(|_| stepping.next()).last().flatten());
                }
            }
        }

        #[test]
        fn stages_never_go_backwards_nor_beyond_their_end(course in any_stages(), seed: u64, poisson: bool) {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let starts: Vec<_> = schedule(&course, arrivals, seed).take(20_000).collect();
            prop_assert!(starts.is_sorted());
            let end = course.end(Duration::ZERO).unwrap();
            prop_assert!(starts.iter().all(|start| *start <= end));
        }

        #[test]
        fn a_stage_has_as_many_starts_as_its_rate_comes_to(
            from in 0.0f64..3000.0, to in 1.0f64..3000.0, ms in 100u64..3000, seed: u64
        ) {
            let text = format!("{from:.3}/s..{to:.3}/s:{ms}ms, 1/s:1ms");
            let course = Course::Stages(text.parse().unwrap());
            let end = Duration::from_millis(ms);
            let count = |arrivals| {
                schedule(&course, arrivals, seed).take_while(|start| *start < end).count() as f64
            };
            let expected = (from + to) / 2.0 * ms as f64 / 1e3;
            prop_assert!((count(Arrivals::Constant) - expected).abs() <= 1.01, "{expected}");
            // Six standard deviations of a Poisson count: once in five hundred million.
            prop_assert!((count(Arrivals::Poisson) - expected).abs() <= 6.0 * expected.sqrt() + 6.0, "{expected}");
        }

        #[test]
        fn the_seed_decides_the_starts(seed: u64) {
            let starts = |seed| schedule(&steady(50.0), Arrivals::Poisson, seed).take(100).collect::<Vec<_>>();
            prop_assert_eq!(starts(seed), starts(seed));
            prop_assert_ne!(starts(seed), starts(seed.wrapping_add(1)));
        }
    }
}

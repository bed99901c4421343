//! What a case comes to with each of two contenders, and what follows for the choice.

use std::time::Duration;

use reports_stats::prediction::{Ceiling, throughput_bound};
use reports_stats::verdict::Verdict;
use serde::Serialize;

use super::{Case, Costs, Point, Saving};

/// Limits closer than this are the same for the choice, as a ratio: the arithmetic is not better than that.
pub const ALIKE: f64 = 1.1;

/// A server that uses less than this share of its cores has room for any choice.
const LITTLE: f64 = 0.1;

/// What one contender would do with a case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast<'a> {
    /// The contender.
    pub contender: &'a str,
    /// The cell that its cost comes from, by index.
    pub cell: usize,
    /// C: CPU time of a request when the server has none to spare, the case's own included, microseconds.
    pub cost_us: f64,
    /// min(N ÷ (W + C), cores ÷ C), requests per second.
    pub limit_per_s: f64,
    /// Whether connections ÷ (wait + C) is the lower of the two.
    pub is_bound_by_connections: bool,
    /// Memory of the server with the case's connections open, MiB; `None` where the run does not tell.
    pub memory_mib: Option<f64>,
    /// The same server at the case's own rate; `None` without a rate, or where no cell was measured at any.
    pub at_rate: Option<AtRate>,
}

/// A server below its limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtRate {
    /// The cell that the figures come from, by index.
    pub cell: usize,
    /// Its rate level, from 0.
    pub level: usize,
    /// CPU time of a request, the case's own included, microseconds.
    pub cost_us: f64,
    /// The rate times that, in cores.
    pub cores_used: f64,
    /// Median response time beyond the wait and the case's own CPU time, microseconds; `None` where it is not known.
    pub added_time_us: Option<f64>,
}

/// A case with both contenders of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlook<'a> {
    /// The case.
    pub case: Case,
    /// The contender that blocks.
    pub sync: Forecast<'a>,
    /// The contender that awaits.
    pub awaiting: Forecast<'a>,
    /// The verdict on throughput in the measured cell that both costs come from; `None` where there is none.
    #[serde(skip)]
    pub nearest: Option<Verdict>,
    /// The verdict on the cost in the measured cell and at the rate that both costs at the case's rate come from; `None` where there
    /// is none.
    #[serde(skip)]
    pub nearest_cost: Option<Verdict>,
}

/// What a case comes to, for who has to choose. Not a verdict: arithmetic has no intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The rate keeps a small part of the cores busy, either way.
    EitherIdle,
    /// Connections ÷ wait is the limit, either way.
    EitherWaits,
    /// The case's own CPU time is the limit, either way.
    EitherComputes,
    /// The limits are nearly the same, either way.
    EitherAlike,
    /// The limits differ, and the nearest measured cell does not say the same.
    Open,
    /// The rate is more than either can serve.
    NeitherKeepsUp,
    /// The contender that blocks has the higher limit, and the nearest measured cell says the same.
    SyncServesMore,
    /// The contender that awaits has the higher limit, and the nearest measured cell says the same.
    AsyncServesMore,
}

impl<'a> Forecast<'a> {
    /// What `costs`' contender would do with `case`; `None` where nothing comparable was measured or the case makes no sense.
    #[must_use]
    pub fn of(case: &Case, costs: &Costs<'a>) -> Option<Self> {
        let limit = Limit::of(case, costs, |_| false)?;
        let at_rate = case.rate_per_s.and_then(|rate| {
            let (point, level) = costs.nearest_level(case, rate)?;
            let cost_us = case.cpu_ms * 1e3 + level.added_cpu_us;
            Some(AtRate {
                cell: point.cell,
                level: level.level,
                cost_us,
                cores_used: rate * cost_us / 1e6,
                added_time_us: level.added_time_us,
            })
        });
        Some(Self {
            contender: costs.contender,
            cell: limit.cell,
            cost_us: limit.cost_us,
            limit_per_s: limit.per_s,
            is_bound_by_connections: limit.is_bound_by_connections,
            memory_mib: costs.memory_mib(case.connections),
            at_rate,
        })
    }

    /// The share of the cores that the case's rate keeps busy; `None` without a rate.
    fn busy(&self, case: &Case) -> Option<f64> {
        let rate = case.rate_per_s?;
        // What a request costs at its limit stands in where no rate was measured.
        let used = self.at_rate.map_or(rate * self.cost_us / 1e6, |at| at.cores_used);
        Some(used / f64::from(case.cores))
    }
}

/// The highest rate of one contender in one case.
pub(super) struct Limit {
    cell: usize,
    cost_us: f64,
    pub(super) per_s: f64,
    is_bound_by_connections: bool,
}

impl Limit {
    /// From the nearest cell but for those that `leave_out` names.
    pub(super) fn of(case: &Case, costs: &Costs<'_>, leave_out: impl Fn(&Point<'_>) -> bool) -> Option<Self> {
        if !case.is_sound() {
            return None;
        }
        let point = costs.nearest(case, leave_out)?;
        let cost_us = case.cpu_ms * 1e3 + point.saturated_us;
        let time = |ms: f64| Duration::try_from_secs_f64(ms / 1e3).ok();
        let bound =
            throughput_bound(case.connections, case.cores, time(case.wait_ms)?, time(cost_us / 1e3)?)?;
        Some(Self {
            cell: point.cell,
            cost_us,
            per_s: bound.throughput_per_s,
            is_bound_by_connections: bound.ceiling == Ceiling::Connections,
        })
    }
}

impl<'a> Outlook<'a> {
    /// A case with both contenders of a pair; `None` where one has no comparable cell or the case makes no sense.
    #[must_use]
    pub fn of(case: Case, sync: &Costs<'a>, awaiting: &Costs<'a>) -> Option<Self> {
        let (sync, awaiting) = (Forecast::of(&case, sync)?, Forecast::of(&case, awaiting)?);
        Some(Self { case, sync, awaiting, nearest: None, nearest_cost: None })
    }

    /// Limit of the contender that awaits ÷ limit of the one that blocks.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.awaiting.limit_per_s / self.sync.limit_per_s
    }

    /// Whether the case's rate is below both limits; `None` without a rate.
    #[must_use]
    pub fn both_keep_up(&self) -> Option<bool> {
        let rate = self.case.rate_per_s?;
        Some([self.sync, self.awaiting].iter().all(|forecast| rate <= forecast.limit_per_s))
    }

    /// Which costs less at the case's rate; `None` without a rate, or where no cost was measured at any.
    #[must_use]
    pub fn saving(&self) -> Option<Saving> {
        Saving::of(&self.sync.at_rate?, &self.awaiting.at_rate?, self.nearest_cost)
    }

    /// What follows for the choice.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let both = [self.sync, self.awaiting];
        let is_above = |limit: f64| self.case.rate_per_s.is_some_and(|rate| rate > limit);
        if both.iter().all(|forecast| forecast.busy(&self.case).is_some_and(|busy| busy < LITTLE))
            && self.both_keep_up() == Some(true)
        {
            return Conclusion::EitherIdle;
        }
        if both.iter().all(|forecast| is_above(forecast.limit_per_s)) {
            return Conclusion::NeitherKeepsUp;
        }
        let ratio = self.ratio();
        if ratio.max(1.0 / ratio) >= ALIKE {
            // Arithmetic has no intervals: it takes a verdict's words only where a verdict has come to the same.
            return match (ratio > 1.0, self.nearest) {
                (true, Some(Verdict::AsyncWins)) => Conclusion::AsyncServesMore,
                (false, Some(Verdict::SyncWins)) => Conclusion::SyncServesMore,
                _ => Conclusion::Open,
            };
        }
        let own_us = self.case.cpu_ms * 1e3;
        if both.iter().all(|forecast| forecast.is_bound_by_connections) {
            Conclusion::EitherWaits
        } else if both.iter().all(|forecast| own_us > forecast.cost_us / 2.0) {
            Conclusion::EitherComputes
        } else {
            Conclusion::EitherAlike
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::arithmetic::Level;

    /// A contender measured at 10 ms on 128 connections, whose request costs it this much at its limit and at 1,000/s.
    fn costs(contender: &'static str, saturated_us: f64, at_rate_us: f64) -> Costs<'static> {
        let level = Level { level: 0, rate_per_s: 1e3, added_cpu_us: at_rate_us, added_time_us: Some(70.0) };
        let point = Point {
            cell: 3,
            name: "wait=10ms/c=128",
            connections: 128,
            wait_ms: 10.0,
            cpu_ms: 0.0,
            saturated_us,
            throughput_per_s: 11_000.0,
            memory_mib: None,
            levels: vec![level],
        };
        Costs { contender, points: vec![point] }
    }

    fn case(connections: u32, wait_ms: f64, cpu_ms: f64, rate_per_s: Option<f64>) -> Case {
        Case { connections, wait_ms, cpu_ms, rate_per_s, cores: 1 }
    }

    fn outlook(case: Case) -> Outlook<'static> {
        let (threads, tasks) = (costs("threads", 46.0, 50.0), costs("tasks", 18.0, 60.0));
        Outlook { nearest: Some(Verdict::AsyncWins), ..Outlook::of(case, &threads, &tasks).unwrap() }
    }

    /// By hand: 1 ÷ 1.046 ms = 956, 1 ÷ 1.018 ms = 982; 200 ÷ 21.046 ms would be 9,503.
    #[test]
    fn own_work_of_a_millisecond_ends_at_one_core_either_way() {
        let found = outlook(case(200, 20.0, 1.0, None));
        assert_eq!((found.sync.limit_per_s.round(), found.awaiting.limit_per_s.round()), (956.0, 982.0));
        assert!(!found.sync.is_bound_by_connections && found.sync.cell == 3);
        assert_eq!(found.conclusion(), Conclusion::EitherComputes);
    }

    /// By hand: 8 ÷ 10.046 ms = 796.3, 8 ÷ 10.018 ms = 798.6, though a core could serve 21,739 and 55,556.
    #[test]
    fn few_connections_that_wait_are_the_limit_either_way() {
        let found = outlook(case(8, 10.0, 0.0, None));
        assert_eq!((found.sync.limit_per_s.round(), found.awaiting.limit_per_s.round()), (796.0, 799.0));
        assert_eq!(found.conclusion(), Conclusion::EitherWaits);
    }

    #[test]
    fn costs_that_differ_decide_where_nothing_else_is_the_limit() {
        let found = outlook(case(5_000, 1.0, 0.0, None));
        assert!((found.ratio() - 46.0 / 18.0).abs() < 1e-9);
        assert_eq!(found.conclusion(), Conclusion::AsyncServesMore);
        let turned = |nearest| Outlook { sync: found.awaiting, awaiting: found.sync, nearest, ..found };
        assert_eq!(turned(Some(Verdict::SyncWins)).conclusion(), Conclusion::SyncServesMore);
    }

    #[test]
    fn limits_that_differ_are_open_unless_the_nearest_cell_was_decided_the_same_way() {
        let found = outlook(case(5_000, 1.0, 0.0, None));
        for nearest in [
            None,
            Some(Verdict::CannotTell),
            Some(Verdict::Tie),
            Some(Verdict::Invalid),
            Some(Verdict::SyncWins),
        ] {
            assert_eq!(Outlook { nearest, ..found }.conclusion(), Conclusion::Open, "{nearest:?}");
        }
        // Where the limits are alike, there is nothing to confirm.
        let alike = outlook(case(200, 20.0, 1.0, None));
        assert_eq!(Outlook { nearest: None, ..alike }.conclusion(), Conclusion::EitherComputes);
    }

    /// By hand: 500 × 50 µs = 2.5 % of a core, 500 × 60 µs = 3 %.
    #[test]
    fn a_rate_that_both_serve_with_ease_makes_no_difference_and_says_what_it_takes() {
        let found = outlook(case(5_000, 1.0, 0.0, Some(500.0)));
        assert_eq!(found.conclusion(), Conclusion::EitherIdle);
        let used = |forecast: Forecast<'_>| forecast.at_rate.unwrap().cores_used;
        assert!((used(found.sync) - 0.025).abs() < 1e-12 && (used(found.awaiting) - 0.030).abs() < 1e-12);
        assert_eq!(found.sync.at_rate.unwrap().added_time_us, Some(70.0));
    }

    #[test]
    fn a_rate_between_the_limits_or_beyond_both_is_told() {
        assert_eq!(outlook(case(5_000, 1.0, 0.0, Some(3e4))).conclusion(), Conclusion::AsyncServesMore);
        assert_eq!(outlook(case(5_000, 1.0, 0.0, Some(6e4))).conclusion(), Conclusion::NeitherKeepsUp);
        // Eight connections that wait cannot carry it, however little it costs.
        assert_eq!(outlook(case(8, 10.0, 0.0, Some(900.0))).conclusion(), Conclusion::NeitherKeepsUp);
    }

    #[test]
    fn cores_multiply_what_computing_allows_and_nothing_else() {
        let two = |case: Case| outlook(Case { cores: 2, ..case }).sync.limit_per_s.round();
        assert_eq!(two(case(200, 20.0, 1.0, None)), 1_912.0);
        assert_eq!(two(case(8, 10.0, 0.0, None)), 796.0);
    }

    #[test]
    fn a_case_without_sense_or_a_run_without_cells_has_no_outlook() {
        let (threads, none) = (costs("threads", 46.0, 50.0), Costs { contender: "none", points: vec![] });
        let sound = case(8, 10.0, 0.0, None);
        assert!(Forecast::of(&sound, &none).is_none());
        for wrong in [
            Case { connections: 0, ..sound },
            Case { cores: 0, ..sound },
            Case { wait_ms: f64::NAN, ..sound },
            Case { wait_ms: -1.0, ..sound },
            Case { cpu_ms: f64::INFINITY, ..sound },
            Case { wait_ms: 1e300, ..sound },
            Case { rate_per_s: Some(0.0), ..sound },
        ] {
            assert!(Forecast::of(&wrong, &threads).is_none(), "{wrong:?}");
        }
    }
}

//! The time that a run may take, and the time that its next block takes. Pure.

use std::time::{Duration, SystemTime};

use reports_record::{Definition, Line};

use crate::estimate;
use crate::remaining::groups;

/// The part of its budget that a run has not used up yet, by the lines of its log; `None` for a run without a budget.
///
/// Only sessions count, not the time between them. One that was killed has lasted at least until its last trial began.
#[must_use]
pub fn left(lines: &[Line]) -> Option<Duration> {
    let last = lines.iter().rposition(|line| matches!(line, Line::Beginning(_)))?;
    let Line::Beginning(beginning) = &lines[last] else { return None };
    let budget = Duration::try_from_secs_f64(beginning.budget_s?).ok()?;
    let time = |text: &str| -> Option<SystemTime> { humantime::parse_rfc3339_weak(text).ok() };
    let end = lines[last..].iter().rev().find_map(|line| match line {
        Line::Trial(trial) => time(&trial.started_at),
        Line::Ending(ending) => time(&ending.ended_at),
        _ => None,
    });
    let lasted = end.zip(time(&beginning.began_at)).and_then(|(end, began)| end.duration_since(began).ok());
    Some(budget.saturating_sub(lasted.unwrap_or_default()))
}

/// How long groups of contenders take, on average: as estimated, and as measured once a block was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    group: Duration,
}

impl Pace {
    /// The pace that `definition` lets expect.
    #[must_use]
    pub fn expected(definition: &Definition) -> Self {
        let of_blocks =
            |blocks| estimate::duration(&Definition { blocks, looks: Vec::new(), ..definition.clone() });
        let block = of_blocks(1).saturating_sub(of_blocks(0));
        let all = definition.cells.iter().flat_map(|cell| groups(definition, &Default::default(), cell, 0));
        Self { group: block.div_f64(all.count().max(1) as f64) }
    }

    /// Notes the time that measuring this many groups took; without a group, nothing.
    pub fn note(&mut self, groups: usize, took: Duration) {
        if groups > 0 {
            self.group = took.div_f64(groups as f64);
        }
    }

    /// About how long this many groups take.
    #[must_use]
    pub fn of(self, groups: usize) -> Duration {
        self.group.mul_f64(groups as f64)
    }
}

#[cfg(test)]
mod tests {
    use reports_record::{Beginning, Ending, Trial};

    use super::*;
    use crate::experiment;

    fn beginning(began_at: &str, budget_s: Option<f64>) -> Line {
        let (began_at, runner_sha256) = (began_at.to_owned(), String::new());
        Line::Beginning(Beginning { began_at, runner_sha256, budget_s })
    }

    fn trial(started_at: &str) -> Line {
        let trial = serde_json::json!({
            "cell": "a", "block": 0, "contender": "x", "position": 0, "attempt": 0, "seed": 1,
            "started_at": started_at, "outcome": {"failed": {"stage": "start", "reason": "r", "stderr_tail": []}},
        });
        Line::Trial(Box::new(serde_json::from_value::<Trial>(trial).unwrap()))
    }

    fn ending(ended_at: &str) -> Line {
        let ended_at = ended_at.to_owned();
        Line::Ending(Ending { ended_at, complete: false, steal: None, throttled: None })
    }

    /// Ten minutes, of which one session used four before it was killed; the hours until the next one are not its time.
    #[test]
    fn a_resumed_run_has_the_rest_of_its_budget() {
        let mut lines = vec![
            beginning("2026-01-02T03:00:00Z", Some(600.0)),
            trial("2026-01-02T03:01:00Z"),
            trial("2026-01-02T03:04:00Z"),
        ];
        assert_eq!(left(&lines), Some(Duration::from_secs(360)));
        lines.push(beginning("2026-01-02T09:00:00Z", Some(360.0)));
        assert_eq!(left(&lines), Some(Duration::from_secs(360)), "killed before its first trial");
        lines.extend([trial("2026-01-02T09:01:00Z"), ending("2026-01-02T09:02:00Z")]);
        assert_eq!(left(&lines), Some(Duration::from_secs(240)));
        lines.push(beginning("2026-01-02T10:00:00Z", Some(240.0)));
        lines.push(ending("2026-01-02T10:05:00Z"));
        assert_eq!(left(&lines), Some(Duration::ZERO));
    }

    #[test]
    fn a_run_without_a_budget_has_none_left_to_keep() {
        assert_eq!(left(&[]), None);
        assert_eq!(left(&[beginning("2026-01-02T03:00:00Z", None), trial("2026-01-02T03:01:00Z")]), None);
    }

    /// Half of the groups of a block, as in one that was begun before a kill, say how long a whole block takes.
    #[test]
    fn a_block_takes_as_long_as_its_groups_did_however_many_were_measured() {
        let mut pace = Pace::expected(&experiment::load("quick").unwrap());
        // 22 groups of which two hold a contender more: some 31 s a block.
        let block = pace.of(22).as_secs_f64();
        assert!((20.0..60.0).contains(&block), "{block}");
        pace.note(0, Duration::from_secs(9));
        assert!((pace.of(22).as_secs_f64() - block).abs() < 1e-6, "nothing was measured");
        pace.note(11, Duration::from_secs(44));
        assert_eq!((pace.of(22), pace.of(5)), (Duration::from_secs(88), Duration::from_secs(20)));
    }
}

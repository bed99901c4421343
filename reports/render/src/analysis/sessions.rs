//! The sessions of a run: each time that a runner worked on it.

use std::time::{Duration, SystemTime};

use reports_record::{Ending, Line};

/// All sessions of a run together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sessions {
    /// How many there were.
    pub count: usize,
    /// Sessions that a signal or an error ended before the run was complete.
    pub interrupted: usize,
    /// Sessions that have no ending although another one followed: their runner was killed, and what the machine did to
    /// them is not known.
    pub killed: usize,
    /// Share of CPU time that the hypervisor gave to others, 0–1, each session weighed by how long it was; `None` where a
    /// session that ended in order does not tell.
    pub steal: Option<f64>,
    /// Times that the control group was throttled, in all sessions that ended in order; likewise.
    pub throttled: Option<u64>,
}

impl Sessions {
    /// Those that the lines of a log tell of. A log from before sessions had a beginning tells of those that ended.
    #[must_use]
    pub fn of(lines: &[Line]) -> Self {
        let mut sessions = Self::default();
        let mut ended: Vec<(Option<Duration>, &Ending)> = Vec::new();
        let mut open: Option<&str> = None;
        for line in lines {
            match line {
                Line::Beginning(beginning) => {
                    sessions.count += 1;
                    sessions.killed += usize::from(open.is_some());
                    open = Some(&beginning.began_at);
                }
                Line::Ending(ending) => {
                    sessions.count += usize::from(open.is_none());
                    sessions.interrupted += usize::from(!ending.complete);
                    ended.push((open.and_then(|began| span(began, &ending.ended_at)), ending));
                    open = None;
                }
                _ => {}
            }
        }
        sessions.steal = steal(&ended);
        let throttled: Option<Vec<u64>> = ended.iter().map(|(_, ending)| ending.throttled).collect();
        sessions.throttled =
            throttled.filter(|all| !all.is_empty()).map(|all| all.into_iter().fold(0, u64::saturating_add));
        sessions
    }
}

/// The mean share, weighed by length; a single session needs no weight.
fn steal(ended: &[(Option<Duration>, &Ending)]) -> Option<f64> {
    if let [(_, only)] = ended {
        return only.steal;
    }
    let parts: Option<Vec<(f64, f64)>> =
        ended.iter().map(|(span, ending)| Some((span.as_ref()?.as_secs_f64(), ending.steal?))).collect();
    let parts = parts?;
    let all: f64 = parts.iter().map(|(length, _)| length).sum();
    (all > 0.0).then(|| parts.iter().map(|(length, share)| length * share).sum::<f64>() / all)
}

fn span(began: &str, ended: &str) -> Option<Duration> {
    let time = |text: &str| -> Option<SystemTime> { humantime::parse_rfc3339_weak(text).ok() };
    // Times are kept to the second; a session within one is half a second long on average.
    Some(time(ended)?.duration_since(time(began)?).ok()?.max(Duration::from_millis(500)))
}

#[cfg(test)]
mod tests {
    use reports_record::Beginning;

    use super::*;

    fn beginning(minute: u32) -> Line {
        Line::Beginning(Beginning {
            began_at: format!("2026-01-02T03:{minute:02}:00Z"),
            runner_sha256: String::new(),
            budget_s: None,
        })
    }

    fn ending(minute: u32, complete: bool, steal: f64, throttled: u64) -> Line {
        let ended_at = format!("2026-01-02T03:{minute:02}:00Z");
        Line::Ending(Ending { ended_at, complete, steal: Some(steal), throttled: Some(throttled) })
    }

    #[test]
    fn steal_is_weighed_by_time_and_throttling_added_over_all_sessions() {
        let lines = [
            beginning(0),
            ending(30, false, 0.02, 5),
            beginning(40),
            beginning(45),
            ending(55, true, 0.10, 1),
        ];
        let sessions = Sessions::of(&lines);
        assert_eq!((sessions.count, sessions.interrupted, sessions.killed), (3, 1, 1));
        assert_eq!(sessions.throttled, Some(6));
        // 30 minutes of 2 % and ten of 10 %.
        assert!((sessions.steal.unwrap() - 0.04).abs() < 1e-12, "{sessions:?}");
    }

    #[test]
    fn a_log_without_beginnings_has_the_sessions_that_ended() {
        let one = Sessions::of(&[ending(1, true, 0.5, 2)]);
        assert_eq!((one.count, one.steal, one.throttled), (1, Some(0.5), Some(2)));
        let two = Sessions::of(&[ending(1, false, 0.5, 2), ending(2, true, 0.1, 2)]);
        assert_eq!((two.count, two.interrupted, two.steal, two.throttled), (2, 1, None, Some(4)));
        assert_eq!(Sessions::of(&[]), Sessions::default());
    }
}

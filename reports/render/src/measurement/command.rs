//! The command line that carries out a plan again.

use reports_record::{Arrivals, Mode, Plan, shell_word};

/// What the record does not tell, and the command line has a word in capitals for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// The file of starts that was replayed: `FILE`.
    Replay,
    /// The schedule, in files of earlier versions: `RATE`.
    Rate,
}

/// The command line, quoted for a POSIX shell, and what is missing in it.
///
/// `settled` says whether the warm-up ended with every connection's first reply.
pub(super) fn command(plan: &Plan, settled: bool) -> (String, Option<Gap>) {
    let mut words = vec!["loadgen".to_owned(), plan.url.clone()];
    let mut flag = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    if plan.method != "GET" {
        flag("method", plan.method.clone());
    }
    flag("connections", plan.connections.to_string());
    if plan.threads != 1 {
        flag("threads", plan.threads.to_string());
    }
    for (name, number) in [("idle", plan.idle), ("slow", plan.slow), ("churn", plan.churn.unwrap_or(0))] {
        if number > 0 {
            flag(name, number.to_string());
        }
    }
    let (has_own_end, gap) = pace(plan, &mut flag);
    let may_settle = plan.mode == Mode::Closed && plan.requests.is_none() && plan.think_s == 0.0;
    if plan.warm_up_s > 0.0 || (may_settle && !settled) {
        flag("warm-up", seconds(plan.warm_up_s));
    }
    match (plan.requests, plan.duration_s) {
        (Some(requests), _) => flag("requests", requests.to_string()),
        (None, Some(duration)) if !has_own_end => flag("duration", seconds(duration)),
        _ => {}
    }
    flag("timeout", seconds(plan.timeout_s));
    // With a number of requests there is no grace, and asking for one is refused. One that replies shorten is the default.
    if plan.requests.is_none() && plan.grace_at_least_s.is_none() {
        flag("grace", seconds(plan.grace_s));
    }
    (words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "), gap)
}

/// Who decides when a request starts; gives whether that has an end of its own, and what is missing.
fn pace(plan: &Plan, flag: &mut impl FnMut(&str, String)) -> (bool, Option<Gap>) {
    let (mut has_own_end, mut gap, mut is_spaced) = (false, None, false);
    match (plan.mode, plan.schedule.as_deref()) {
        (Mode::Closed, _) => {
            if plan.think_s > 0.0 {
                flag("think", seconds(plan.think_s));
            }
        }
        (Mode::Open { .. }, None) => {
            (gap, is_spaced) = (Some(Gap::Rate), true);
            flag("rate", "RATE".into());
        }
        (Mode::Open { .. }, Some(words)) => {
            if words.starts_with("replay of ") {
                (has_own_end, gap) = (true, Some(Gap::Replay));
                flag("replay", "FILE".into());
            } else if let Some(bursts) = words.strip_prefix("bursts of ") {
                flag("bursts", bursts.into());
            } else if words.contains(':') {
                (has_own_end, is_spaced) = (true, true);
                flag("stages", words.into());
            } else {
                is_spaced = true;
                flag("rate", words.into());
            }
        }
    }
    if is_spaced && matches!(plan.mode, Mode::Open { arrivals: Arrivals::Poisson }) {
        flag("arrivals", "poisson".into());
        flag("seed", plan.seed.to_string());
    }
    if plan.mode != Mode::Closed && !plan.opens_on_demand {
        flag("pool", "all".into());
    }
    // A closed loop without pauses has no starts to wait for, and refuses to be told how.
    if plan.mode != Mode::Closed || plan.think_s > 0.0 {
        flag("pacing", if plan.spins { "spin" } else { "timer" }.into());
    }
    (has_own_end, gap)
}

fn seconds(value: f64) -> String {
    format!("{value}s")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn plan(change: impl FnOnce(&mut Plan)) -> Plan {
        let mut plan = Plan {
            url: "http://localhost/".into(),
            method: "GET".into(),
            mode: Mode::Open { arrivals: Arrivals::Constant },
            connections: 4,
            idle: 0,
            slow: 0,
            variants: None,
            replay_crc32: None,
            request_crc32: None,
            expect: None,
            threads: 1,
            warm_up_s: 0.0,
            duration_s: Some(1.5),
            requests: None,
            timeout_s: 10.0,
            grace_s: 2.0,
            grace_at_least_s: None,
            seed: 7,
            schedule: Some("200/s".into()),
            think_s: 0.0,
            churn: None,
            spins: true,
            opens_on_demand: true,
        };
        change(&mut plan);
        plan
    }

    #[test]
    fn every_shape_of_a_schedule_has_its_flags() {
        let shown = |change: fn(&mut Plan)| command(&plan(change), true).0;
        let rate = shown(|_| {});
        assert_eq!(
            rate,
            "loadgen http://localhost/ --connections 4 --rate 200/s --pacing spin --duration 1.5s --timeout 10s --grace 2s"
        );
        let stages = shown(|plan| plan.schedule = Some("5/s:1s, 5/s..9/s:2s".into()));
        assert!(
            stages.contains("--stages '5/s:1s, 5/s..9/s:2s'") && !stages.contains("--duration"),
            "{stages}"
        );
        let bursts = shown(|plan| plan.schedule = Some("bursts of 64/1s".into()));
        assert!(bursts.contains("--bursts 64/1s") && bursts.contains("--duration 1.5s"), "{bursts}");
        let poisson = shown(|plan| plan.mode = Mode::Open { arrivals: Arrivals::Poisson });
        assert!(poisson.contains("--rate 200/s --arrivals poisson --seed 7"), "{poisson}");
        let closed = shown(|plan| (plan.mode, plan.schedule, plan.requests) = (Mode::Closed, None, Some(9)));
        assert!(closed.contains("--requests 9") && !closed.contains("--pacing"), "{closed}");
        assert!(!closed.contains("--grace") && !closed.contains("--duration"), "{closed}");
        let all = shown(|plan| plan.opens_on_demand = false);
        assert!(all.contains("--pool all"), "{all}");
        let fixed = command(&plan(|plan| (plan.mode, plan.schedule) = (Mode::Closed, None)), false).0;
        assert!(fixed.contains("--warm-up 0s") && !fixed.contains("--pool"), "{fixed}");
        assert!(fixed.contains("--grace 2s"), "{fixed}");
        let by_replies = shown(|plan| plan.grace_at_least_s = Some(2.0));
        assert!(!by_replies.contains("--grace"), "{by_replies}");
    }

    #[test]
    fn what_the_record_does_not_tell_is_a_gap() {
        let replay = command(&plan(|plan| plan.schedule = Some("replay of 9 starts in 2s".into())), true);
        assert!(replay.0.contains("--replay FILE") && replay.1 == Some(Gap::Replay), "{replay:?}");
        assert_eq!(command(&plan(|plan| plan.schedule = None), true).1, Some(Gap::Rate));
        assert_eq!(command(&plan(|_| {}), true).1, None);
    }

    #[test]
    fn a_shell_reads_back_what_was_meant_and_runs_nothing() {
        for hostile in
            ["http://h/?a=1&b=2", "http://h/$(touch x)`id`;'\"|*", "http://h/' ; echo no #", "", "~", "a b"]
        {
            let script = format!("printf %s {}", shell_word(hostile));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), hostile);
        }
    }
}

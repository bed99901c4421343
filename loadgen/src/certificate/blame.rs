//! Which finding follows from which: a cause silences its symptoms.
//!
//! Pure, over the checks alone. The table in docs/METHOD.md is this one, held to it by a test.

use std::fmt::{self, Display, Formatter};

use reports_record::{Check, CheckStatus};

use crate::evidence::Occupied;

/// A symptom, the cause that it yields to, and from where on.
struct Yield {
    symptom: &'static str,
    cause: &'static str,
    when: When,
    then: Then,
}

/// Facts about the client that the checks' figures do not tell.
pub(super) struct Client<'a> {
    pub(super) threads: &'a [Occupied],
    /// Whether the offered rate was answered but for its delays.
    pub(super) alone_was_behind: bool,
    /// For how large a share of the window a thread stood still: 0 and more, for it may have lasted beyond.
    pub(super) stood_still: f64,
}

/// A cause of a symptom, by the names of their checks.
type Cause = (&'static str, When, Then);

/// How much of a cause explains its symptom.
#[derive(Clone, Copy)]
enum When {
    /// It warned or failed.
    Found,
    /// The same, by failed requests.
    WithFailures,
    /// It failed, and so did the symptom.
    BothFailed,
    /// The symptom has no figure, and the cause failed.
    WithoutFigure,
    /// It took at least the share that the symptom falls short by.
    AsLarge,
    /// It warned or failed, and took at least half of the time that the client stood still.
    AsLong,
    /// It warned or failed, and the offered rate was answered but for the client's delays.
    AloneBehind,
    /// One client thread ran, or waited to run, for more than [`SATURATED`] of the window, and did this for longer than the other.
    Saturated,
}

/// What becomes of a symptom that is explained.
#[derive(Clone, Copy)]
enum Then {
    /// It keeps its status: it is the damage, by whatever cause.
    Keeps,
    /// It is no worse than its cause, for its own bound does not know of that.
    NoWorse,
    /// It fails: the client did not carry out the plan.
    Fails,
}

use Then::{Fails, Keeps, NoWorse};
use When::{AloneBehind, AsLarge, AsLong, BothFailed, Found, Saturated, WithFailures, WithoutFigure};

/// Busier than this, the client had no time left to send.
const SATURATED: f64 = 0.9;
/// Of a standstill, what took no more than this share of its time explains the smaller part.
const LONG_ENOUGH: f64 = 0.5;

/// By symptom; of several causes the first that was found counts. A cause that is a symptom itself stands above its own.
const TABLE: &[(&str, &[Cause])] = &[
    ("headroom", &[("cpu_wait", Saturated, Keeps)]),
    ("gap", &[("steal", Found, Keeps), ("cpu_wait", AsLong, Keeps)]),
    (
        "pace",
        &[
            ("steal", Found, Keeps),
            ("cpu_wait", AsLong, Keeps),
            ("gap", Found, Keeps),
            ("headroom", Found, Keeps),
        ],
    ),
    ("plan", &[("steal", AsLarge, NoWorse), ("cpu_wait", AsLarge, NoWorse)]),
    (
        "achieved",
        &[
            ("headroom", Saturated, Fails),
            ("cpu_wait", Saturated, Fails),
            ("pace", BothFailed, Keeps),
            ("steal", AsLarge, NoWorse),
            ("cpu_wait", AsLarge, NoWorse),
            ("gap", AloneBehind, NoWorse),
            ("plan", Found, NoWorse),
        ],
    ),
    (
        "arrivals",
        &[
            ("steal", Found, NoWorse),
            ("cpu_wait", AsLong, NoWorse),
            ("gap", Found, NoWorse),
            ("headroom", Found, NoWorse),
            ("pace", Found, NoWorse),
            ("plan", Found, NoWorse),
            ("achieved", Found, NoWorse),
        ],
    ),
    ("window", &[("achieved", Found, Keeps)]),
    ("replies", &[("errors", WithoutFigure, Keeps)]),
    ("connections", &[("errors", WithFailures, Keeps)]),
    (
        "stationarity",
        &[
            ("steal", Found, NoWorse),
            ("cpu_wait", AsLong, NoWorse),
            ("gap", Found, NoWorse),
            ("headroom", Found, NoWorse),
            ("pace", Found, NoWorse),
            ("errors", WithFailures, NoWorse),
        ],
    ),
];

/// The checks, each symptom with its cause and without a remedy of its own.
pub(super) fn explain(mut checks: Vec<Check>, client: &Client<'_>) -> Vec<Check> {
    for rule in table() {
        let Some(symptom) = checks.iter().position(|check| check.name == rule.symptom) else { continue };
        if !rule.holds(&checks, &checks[symptom], client) {
            continue;
        }
        let Some(cause) = find(&checks, rule.cause) else { continue };
        let root = cause.explained_by.clone().unwrap_or_else(|| cause.name.clone());
        let status = rule.then.applied(checks[symptom].status, cause.status);
        let symptom = &mut checks[symptom];
        symptom.status = status;
        symptom.finding += &format!("; this follows from {root}");
        symptom.remedy = None;
        symptom.explained_by = Some(root);
    }
    if let Some(achieved) = checks.iter_mut().find(|check| check.name == "achieved") {
        achieved.finding += who_fell_behind(achieved);
    }
    checks
}

/// Whom a rate that was not reached is blamed on, where no other check says it.
fn who_fell_behind(achieved: &Check) -> &'static str {
    match (achieved.status, &achieved.explained_by) {
        (CheckStatus::Fail, _) => "; the client could not keep the pace",
        (CheckStatus::Warn, None) => "; the server did not keep up",
        _ => "",
    }
}

fn table() -> impl Iterator<Item = Yield> {
    TABLE.iter().flat_map(|(symptom, causes)| {
        causes.iter().map(|(cause, when, then)| Yield { symptom, cause, when: *when, then: *then })
    })
}

fn find<'a>(checks: &'a [Check], name: &str) -> Option<&'a Check> {
    checks.iter().find(|check| check.name == name)
}

impl Yield {
    /// Whether `symptom` needs an explanation, has none yet, and this cause is one.
    fn holds(&self, checks: &[Check], symptom: &Check, client: &Client<'_>) -> bool {
        if symptom.status < CheckStatus::Warn || symptom.explained_by.is_some() {
            return false;
        }
        let Some(cause) = find(checks, self.cause) else { return false };
        match self.when {
            Found => cause.status >= CheckStatus::Warn,
            WithFailures => cause.status >= CheckStatus::Warn && cause.figure > Some(0.0),
            BothFailed => cause.status.min(symptom.status) == CheckStatus::Fail,
            WithoutFigure => symptom.figure.is_none() && cause.status == CheckStatus::Fail,
            AsLarge => {
                let short = symptom.figure.and_then(|figure| shortfall(&symptom.name, figure));
                cause.status >= CheckStatus::Warn
                    && client.took(cause).zip(short).is_some_and(|(took, short)| took >= short)
            }
            AsLong => {
                cause.status >= CheckStatus::Warn && cause.figure >= Some(client.stood_still * LONG_ENOUGH)
            }
            AloneBehind => cause.status >= CheckStatus::Warn && client.alone_was_behind,
            Saturated => client.saturated_by() == Some(self.cause),
        }
    }
}

impl Client<'_> {
    /// The share (0–1) of what the client could have carried that a cause took: the threads share one schedule, and one that has no CPU
    /// leaves its part of that to the others.
    fn took(&self, cause: &Check) -> Option<f64> {
        let waited =
            || self.threads.iter().map(|thread| thread.waited).sum::<f64>() / self.threads.len() as f64;
        if cause.name == "cpu_wait" && !self.threads.is_empty() { Some(waited()) } else { cause.figure }
    }

    /// *cpu_wait* where its most occupied thread waited for a CPU for longer than it ran, else *headroom*; `None` where that thread slept
    /// for long enough.
    fn saturated_by(&self) -> Option<&'static str> {
        let most = self.threads.iter().max_by(|a, b| a.share().total_cmp(&b.share()))?;
        let longer = if most.waited > most.ran { "cpu_wait" } else { "headroom" };
        (most.share() > SATURATED).then_some(longer)
    }
}

/// The share (0–1) of the offered rate that a symptom says was not carried; `None` where it is about something else.
fn shortfall(symptom: &str, figure: f64) -> Option<f64> {
    match symptom {
        "achieved" => Some(1.0 - figure),
        // The offered rate over what the connections carry.
        "plan" => Some(1.0 - 1.0 / figure),
        _ => None,
    }
}

impl Then {
    fn applied(self, symptom: CheckStatus, cause: CheckStatus) -> CheckStatus {
        match self {
            Keeps => symptom,
            NoWorse => symptom.min(cause.max(CheckStatus::Warn)),
            Fails => CheckStatus::Fail,
        }
    }
}

impl Display for When {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Found => "it warned or failed",
            WithFailures => "it warned or failed, and requests failed",
            BothFailed => "both failed",
            WithoutFigure => "it failed, and no request was answered",
            AsLarge => "it warned or failed, and took at least the share that is missing",
            AsLong => "it warned or failed, and took at least half of the time that the client stood still",
            AloneBehind => "it warned or failed, and the rate was answered but for the client's delays",
            Saturated => "one client thread ran or waited for a CPU for more than 90 % of the window, most of that by this",
        })
    }
}

impl Display for Then {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Keeps => "keeps its status",
            NoWorse => "is no worse than its cause",
            Fails => "fails",
        })
    }
}

#[cfg(test)]
mod tests {
    use CheckStatus::{Fail, Pass, Warn};

    use super::*;

    fn check(name: &str, status: CheckStatus, figure: f64) -> Check {
        Check {
            name: name.into(),
            status,
            figure: Some(figure),
            bound: 0.0,
            unit: "share".into(),
            finding: "found".into(),
            remedy: (status >= Warn).then(|| "do this".into()),
            explained_by: None,
        }
    }

    const CALM: Client<'_> = Client { threads: &[], alone_was_behind: false, stood_still: 0.0 };

    /// Of the check of this name, for a calm client: its status and its cause.
    fn explained(checks: &[(&str, CheckStatus, f64)], name: &str) -> (CheckStatus, Option<String>) {
        explained_of(&CALM, checks, name)
    }

    fn explained_of(
        client: &Client<'_>,
        checks: &[(&str, CheckStatus, f64)],
        name: &str,
    ) -> (CheckStatus, Option<String>) {
        let checks = checks.iter().map(|(name, status, figure)| check(name, *status, *figure)).collect();
        let checks = explain(checks, client);
        let check = find(&checks, name).unwrap();
        assert_eq!(check.remedy.is_some(), check.status >= Warn && check.explained_by.is_none(), "{check:?}");
        (check.status, check.explained_by.clone())
    }

    fn by(cause: &str) -> Option<String> {
        Some(cause.into())
    }

    #[test]
    fn a_client_without_a_cpu_explains_a_queue_no_larger_than_what_it_lost_and_no_larger_one() {
        let with = |answered, waited| {
            explained(&[("achieved", Warn, answered), ("cpu_wait", Warn, waited)], "achieved")
        };
        assert_eq!(with(0.6, 0.51), (Warn, by("cpu_wait")));
        assert_eq!(with(0.6, 0.39), (Warn, None));
        let steal = explained(&[("achieved", Warn, 0.8), ("steal", Warn, 0.2)], "achieved");
        assert_eq!(steal, (Warn, by("steal")));
        // A share within its bound is no finding, however small the shortfall.
        let little = explained(&[("achieved", Warn, 0.97), ("cpu_wait", Pass, 0.04)], "achieved");
        assert_eq!(little, (Warn, None));
    }

    #[test]
    fn a_thread_without_a_cpu_explains_no_more_than_its_part_of_what_the_threads_carry() {
        let with = |threads: &[f64]| {
            let threads: Vec<_> = threads.iter().map(|&waited| Occupied { ran: 0.1, waited }).collect();
            let checks = [("achieved", Warn, 0.6), ("cpu_wait", Warn, 0.51)];
            explained_of(&Client { threads: &threads, ..CALM }, &checks, "achieved")
        };
        assert_eq!((with(&[0.51]), with(&[0.51, 0.3])), ((Warn, by("cpu_wait")), (Warn, by("cpu_wait"))));
        assert_eq!((with(&[0.51, 0.0]), with(&[0.51, 0.0, 0.0, 0.0])), ((Warn, None), (Warn, None)));
    }

    #[test]
    fn a_client_that_ran_or_waited_all_the_time_did_not_carry_out_the_plan() {
        let with = |threads: &[(f64, f64)]| {
            let threads: Vec<_> = threads.iter().map(|&(ran, waited)| Occupied { ran, waited }).collect();
            let most = |of: fn(&Occupied) -> f64| threads.iter().map(of).fold(0.0, f64::max);
            let checks = [
                ("achieved", Warn, 0.2),
                ("headroom", Pass, most(|thread| thread.ran)),
                ("cpu_wait", Warn, most(|thread| thread.waited)),
            ];
            explained_of(&Client { threads: &threads, ..CALM }, &checks, "achieved")
        };
        assert_eq!(with(&[(0.5, 0.41)]), (Fail, by("headroom")));
        assert_eq!(with(&[(0.41, 0.5)]), (Fail, by("cpu_wait")));
        assert_eq!(with(&[(0.4, 0.5)]), (Warn, None));
        // One ran for half of the time and another waited for as long: each slept for the other half.
        assert_eq!(with(&[(0.5, 0.0), (0.0, 0.5)]), (Warn, None));
        assert_eq!(with(&[(0.5, 0.0), (0.3, 0.65)]), (Fail, by("cpu_wait")));
    }

    #[test]
    fn a_client_that_stood_still_explains_a_queue_that_is_there_for_its_delays_alone() {
        let with = |alone_was_behind, gap| {
            let checks = [("achieved", Warn, 0.75), ("gap", gap, 400.0)];
            explained_of(&Client { alone_was_behind, ..CALM }, &checks, "achieved")
        };
        assert_eq!((with(true, Warn), with(true, Fail)), ((Warn, by("gap")), (Warn, by("gap"))));
        assert_eq!((with(false, Fail), with(true, Pass)), ((Warn, None), (Warn, None)));
    }

    #[test]
    fn a_cause_is_followed_to_its_own_and_a_late_client_is_not_excused_by_it() {
        let checks = |achieved| [("achieved", achieved, 0.5), ("pace", Fail, 5e5), ("cpu_wait", Warn, 0.1)];
        assert_eq!(explained(&checks(Fail), "pace"), (Fail, by("cpu_wait")));
        assert_eq!(explained(&checks(Fail), "achieved"), (Fail, by("cpu_wait")));
        // Late in the tail alone, the client is no cause of a queue that grows throughout.
        assert_eq!(explained(&checks(Warn), "achieved"), (Warn, None));
        assert_eq!(explained(&[("gap", Fail, 2e3), ("steal", Warn, 0.1)], "gap"), (Fail, by("steal")));
    }

    #[test]
    fn a_wait_for_a_cpu_that_is_far_shorter_than_the_standstill_explains_neither_that_nor_what_follows() {
        let with = |stood_still, symptom| {
            let checks = [(symptom, Fail, 5e5), ("gap", Warn, 900.0), ("cpu_wait", Warn, 0.1)];
            let client = Client { stood_still, ..CALM };
            ["gap", symptom].map(|name| explained_of(&client, &checks, name).1)
        };
        for symptom in ["pace", "arrivals", "stationarity"] {
            assert_eq!(with(0.2, symptom), [by("cpu_wait"), by("cpu_wait")], "{symptom}");
            assert_eq!(with(0.21, symptom), [None, by("gap")], "{symptom}");
        }
    }

    #[test]
    fn what_a_cause_moves_is_no_worse_than_the_cause() {
        for symptom in ["stationarity", "arrivals"] {
            for cause in ["steal", "cpu_wait", "gap", "headroom", "pace"] {
                for (of_cause, expected) in [(Warn, Warn), (Fail, Fail)] {
                    let found = explained(&[(symptom, Fail, 0.9), (cause, of_cause, 0.1)], symptom);
                    assert_eq!(found, (expected, by(cause)), "{symptom} {cause}");
                }
                assert_eq!(explained(&[(symptom, Fail, 0.9), (cause, Pass, 0.1)], symptom), (Fail, None));
            }
        }
        // A cause that failed makes no symptom worse.
        assert_eq!(explained(&[("stationarity", Warn, 0.1), ("gap", Fail, 2e3)], "stationarity").0, Warn);
    }

    #[test]
    fn connections_that_cannot_carry_the_rate_explain_the_queue_unless_replies_were_slow_for_want_of_a_cpu() {
        let with = |waited| {
            [
                ("plan", Warn, 2.0),
                ("achieved", Warn, 0.5),
                ("arrivals", Fail, 0.2),
                ("cpu_wait", Warn, waited),
            ]
        };
        assert_eq!(explained(&with(0.4), "plan"), (Warn, None));
        assert_eq!(explained(&with(0.4), "achieved"), (Warn, by("plan")));
        assert_eq!(explained(&with(0.5), "plan"), (Warn, by("cpu_wait")));
        assert_eq!(explained(&with(0.5), "achieved"), (Warn, by("cpu_wait")));
    }

    #[test]
    fn nothing_answered_and_connections_lost_follow_from_what_failed() {
        let mut checks =
            vec![check("replies", Fail, 0.0), check("errors", Fail, 1.0), check("connections", Fail, 3.0)];
        checks[0].figure = None;
        let explained = explain(checks.clone(), &CALM);
        assert_eq!(find(&explained, "replies").unwrap().explained_by, by("errors"));
        assert_eq!(find(&explained, "connections").unwrap().explained_by, by("errors"));
        // Requests that are still in flight may wait for a connection to be accepted: that is the finding.
        checks[1] = check("errors", Warn, 0.0);
        assert_eq!(find(&explain(checks.clone(), &CALM), "connections").unwrap().explained_by, None);
        checks[1] = check("errors", Fail, 1.0);
        // Wrong replies are a finding of their own.
        checks[0].figure = Some(0.5);
        assert_eq!(find(&explain(checks, &CALM), "replies").unwrap().explained_by, None);
    }

    #[test]
    fn what_passed_needs_no_explanation() {
        let checks = [("stationarity", Pass, 0.0), ("achieved", Pass, 1.0), ("cpu_wait", Fail, 0.9)];
        for name in ["stationarity", "achieved"] {
            assert_eq!(explained(&checks, name), (Pass, None));
        }
    }

    #[test]
    fn the_table_in_the_docs_is_the_one_that_is_followed() {
        let text = include_str!("../../../docs/METHOD.md");
        let documented = text.split("<!-- yields -->").nth(1).expect("a table between two markers").trim();
        let mut rows: Vec<(&str, String, String)> = Vec::new();
        for Yield { symptom, cause, when, then } in table() {
            let rest = format!("{when} | {then}");
            match rows.last_mut() {
                Some((of, causes, alike)) if *of == symptom && *alike == rest => {
                    *causes += &format!(", {cause}")
                }
                _ => rows.push((symptom, cause.into(), rest)),
            }
        }
        let head = "| symptom | yields to | when | and then |\n| --- | --- | --- | --- |\n".to_owned();
        let rows = rows.iter().map(|(symptom, causes, rest)| format!("| {symptom} | {causes} | {rest} |\n"));
        assert_eq!(documented, rows.fold(head, |table, row| table + &row).trim());
    }

    #[test]
    fn a_shortfall_is_the_share_that_was_not_carried() {
        assert_eq!(shortfall("achieved", 0.75), Some(0.25));
        assert_eq!(shortfall("plan", 4.0), Some(0.75));
        assert_eq!(shortfall("gap", 4.0), None);
    }
}

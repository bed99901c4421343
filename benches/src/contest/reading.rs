//! What one block says about one server.

use std::time::Duration;

use reports_record::{Certificate, CheckStatus, Measurement, OutcomeKind, Times};
use serde::Serialize;

use super::{Metric, Subject};
use crate::slices::{Sliced, is_beyond_contenders};

/// The checks that fail by what a server answered, answered unasked, or did not answer.
const WRONG_ANSWER: [&str; 3] = ["replies", "errors", "pairing"];

/// One block: every entrant once, fresh where it can be started afresh.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// Whether the closed loop was measured, or its questions were decided before.
    pub has_closed: bool,
    /// Whether each rate was measured.
    pub has_level: Vec<bool>,
    /// What was read of each entrant, in their order.
    pub readings: Vec<Reading>,
}

/// One server's figures in one block. `None` where there is no figure that may be believed.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Reading {
    /// Correct replies per second.
    pub throughput_per_s: Option<f64>,
    /// The same in the last turn of the warm-up, which counts in no verdict; `None` without a warm-up.
    pub warm_up_per_s: Option<f64>,
    /// Whether the client was the limit, so that the server may well serve more.
    pub is_client_limited: bool,
    /// Memory with the connections open, MiB.
    pub memory_mib: Option<f64>,
    /// By offered rate.
    pub levels: Vec<Level>,
    /// Connections that the kernel dropped while this server was asked, for its queue of connections that wait to be accepted was
    /// full; 0 for one that ran already.
    pub dropped_connections: u64,
    /// Why figures are missing: the findings of the checks that failed.
    pub faults: Vec<String>,
    /// Whether the machine spoilt a figure, by checks that no server can move.
    #[serde(skip)]
    pub is_spoilt: bool,
    /// Whether a reply had another body than the one that it is held to.
    #[serde(skip)]
    pub(super) has_other_body: bool,
}

/// One server's figures at one rate in one block.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Level {
    /// Server CPU time per request, microseconds.
    pub cpu_us: Option<f64>,
    /// Median response time, microseconds. Where each request drew a wait of its own, it is the time of a request that waits as long as
    /// they do on average: its time beyond its own wait, and the mean wait.
    pub p50_us: Option<f64>,
    /// 99th percentile, microseconds; `None` with too few requests as well.
    pub p99_us: Option<f64>,
    /// Whether the median is a lower bound: half of the requests had not ended when they were given up.
    pub is_p50_at_least: bool,
    /// The same of the 99th percentile.
    pub is_p99_at_least: bool,
    /// Replies per second of a server that did not keep up with the rate; `None` of one that did.
    pub overloaded_at_per_s: Option<f64>,
}

impl Level {
    /// Whether anything was soundly read at the rate.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.cpu_us.is_some() || self.p50_us.is_some() || self.overloaded_at_per_s.is_some()
    }
}

impl Block {
    /// Whether the block was asked about `subject`.
    #[must_use]
    pub fn has(&self, subject: Subject) -> bool {
        if subject.metric.is_at_a_rate() {
            self.has_level.get(subject.level).copied().unwrap_or(false)
        } else {
            self.has_closed
        }
    }
}

impl Reading {
    /// The figure about `subject`.
    #[must_use]
    pub fn figure(&self, subject: Subject) -> Option<f64> {
        let level = || self.levels.get(subject.level);
        match subject.metric {
            Metric::Throughput => self.throughput_per_s,
            Metric::Memory => self.memory_mib,
            Metric::CpuPerRequest => level()?.cpu_us,
            Metric::ResponseTimeP50 => level()?.p50_us,
            Metric::ResponseTimeP99 => level()?.p99_us,
        }
    }

    /// Whether the figure about `subject` is a lower bound: of a throughput for the client was the limit, of a time for too many requests
    /// had not ended when they were given up.
    #[must_use]
    pub fn is_at_least(&self, subject: Subject) -> bool {
        let level = self.levels.get(subject.level);
        match subject.metric {
            Metric::Throughput => self.is_client_limited,
            Metric::ResponseTimeP50 => level.is_some_and(|level| level.is_p50_at_least),
            Metric::ResponseTimeP99 => level.is_some_and(|level| level.is_p99_at_least),
            Metric::CpuPerRequest | Metric::Memory => false,
        }
    }

    /// What was wrong with the server's replies, or with those that it did not give.
    pub(super) fn wrong_answer(&self) -> Option<&str> {
        let is_wrong =
            |fault: &&String| WRONG_ANSWER.iter().any(|check| fault.starts_with(&format!("{check}: ")));
        self.faults.iter().find(is_wrong).map(String::as_str)
    }

    /// Takes in what a closed loop found. Where the client had no time left, the throughput is a lower bound: left out, the blocks in which a
    /// server was at its fastest would not count.
    pub(super) fn take_closed(&mut self, sliced: &Sliced) {
        let certificate = &sliced.measurement.certificate;
        let is_bound = sliced.measurement.complete && certificate.is_bound_by_client();
        if is_bound || self.believes(&sliced.measurement) {
            self.throughput_per_s = positive(Some(sliced.measurement.goodput_per_s));
            self.is_client_limited = is_bound || certificate.is_client_limited();
        }
    }

    /// Takes in what an open loop at the next rate found, whose waits, if any, were drawn around `wait`.
    pub(super) fn take_level(&mut self, sliced: &Sliced, wait: Duration) {
        // A server that is asked for far too much fails checks besides, and then nothing else of it may be believed.
        let overloaded_at_per_s =
            is_growing(&sliced.measurement.certificate).then_some(sliced.measurement.achieved_rate_per_s);
        let mut level = Level { overloaded_at_per_s, ..Level::default() };
        let faults = self.faults.len();
        let is_believed = self.believes(&sliced.measurement);
        if has_answered_right(&sliced.measurement) {
            let certificate = &sliced.measurement.certificate;
            let cause = match overloaded_at_per_s {
                Some(_) => Some("overload"),
                None => is_late_by_others(certificate).then_some("late replies"),
            };
            self.faults[faults..].iter_mut().for_each(|fault| *fault = named(fault, cause));
        }
        if is_believed {
            let cost = sliced.cost.as_ref().and_then(reports_record::ServerCost::cpu_per_request_us);
            let Measurement { response_time_us, beyond_wait_us, .. } = &sliced.measurement;
            let quantile = |name: &str, value: fn(&Times) -> Option<f64>| {
                quantile(
                    response_time_us.as_ref(),
                    beyond_wait_us.as_ref().map(|times| (times, wait)),
                    name,
                    value,
                )
            };
            let (p50, is_p50_at_least) = quantile("p50", |times| times.p50);
            let (p99, is_p99_at_least) = quantile("p99", |times| times.p99);
            level = Level {
                cpu_us: positive(cost),
                p50_us: positive(p50),
                p99_us: positive(p99),
                is_p50_at_least,
                is_p99_at_least,
                overloaded_at_per_s,
            };
        }
        self.levels.push(level);
    }

    /// Whether a measurement may be believed; otherwise its faults are kept.
    fn believes(&mut self, measurement: &Measurement) -> bool {
        let failed = measurement.certificate.checks.iter().filter(|check| check.status == CheckStatus::Fail);
        let faults: Vec<String> = failed.map(|check| format!("{}: {}", check.name, check.finding)).collect();
        let is_believed = measurement.complete && faults.is_empty();
        self.is_spoilt |= is_beyond_contenders(&measurement.certificate);
        self.has_other_body |=
            measurement.wrong_replies.iter().any(|wrong| wrong.kind == OutcomeKind::WrongBody);
        self.faults.extend(faults);
        is_believed
    }
}

/// The quantile `name` of the response times of requests that all wait equally long, and whether it is a lower bound: as they are, or by
/// the times beyond each request's own wait, and the wait that is added to them.
fn quantile(
    response: Option<&Times>,
    beyond: Option<(&Times, Duration)>,
    name: &str,
    value: fn(&Times) -> Option<f64>,
) -> (Option<f64>, bool) {
    let Some((times, wait)) = beyond.or(response.map(|times| (times, Duration::ZERO))) else {
        return (None, false);
    };
    let figure = value(times).map(|figure| figure + wait.as_secs_f64() * 1e6);
    (figure, figure.is_some() && times.is_at_least(name))
}

/// Whether the requests that were due and had not ended became more and more, by no other doing than the server's, or that of the
/// connections it was given.
fn is_growing(certificate: &Certificate) -> bool {
    let achieved = certificate.checks.iter().find(|check| check.name == "achieved");
    let has_grown = achieved.is_some_and(|check| {
        check.status >= CheckStatus::Warn && check.explained_by.as_deref().is_none_or(|cause| cause == "plan")
    });
    has_grown && !is_beyond_contenders(certificate)
}

/// Whether each reply that came was a right one, and no request failed.
fn has_answered_right(measurement: &Measurement) -> bool {
    measurement.wrong_replies.is_empty() && measurement.account.failed == 0
}

/// Whether the client or the machine made requests or replies late.
fn is_late_by_others(certificate: &Certificate) -> bool {
    let has_failed =
        |check: &reports_record::Check| check.status == CheckStatus::Fail && check.name == "pace";
    is_beyond_contenders(certificate) || certificate.checks.iter().any(has_failed)
}

/// A fault of a server that answered late, by this cause: that it answers late is not that it answers wrong.
fn named(fault: &str, cause: Option<&str>) -> String {
    match cause.zip(fault.strip_prefix("replies: ")) {
        Some((cause, finding)) => format!("{cause}: {finding}"),
        None => fault.to_owned(),
    }
}

/// A zero is a missing figure (no reply, a counter not kept), and no ratio is taken of it.
fn positive(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value > 0.0)
}

#[cfg(test)]
mod tests {
    use reports_record::Check;

    use super::*;

    /// Waits of 20 ms on average: the slowest hundredth of the replies tells who drew long waits, not who serves slowly.
    #[test]
    fn a_drawn_wait_is_in_no_response_time_and_its_mean_is() {
        let times = |p50, p99| Times { p50: Some(p50), p99: Some(p99), ..Times::default() };
        let (response, beyond) = (times(18_500.0, 53_000.0), times(300.0, 3_000.0));
        let p99 = |beyond| quantile(Some(&response), beyond, "p99", |times| times.p99);
        assert_eq!(p99(None), (Some(53_000.0), false));
        assert_eq!(p99(Some((&beyond, Duration::from_millis(20)))), (Some(23_000.0), false));
        let bound = Times { at_least: vec!["p99".to_owned()], ..beyond.clone() };
        assert_eq!(p99(Some((&bound, Duration::from_millis(20)))), (Some(23_000.0), true));
        assert_eq!(quantile(None, None, "p50", |times| times.p50), (None, false));
    }

    fn check(name: &str, status: CheckStatus, explained_by: Option<&str>) -> Check {
        Check {
            name: name.to_owned(),
            status,
            figure: Some(0.4),
            bound: 0.99,
            unit: "ratio".to_owned(),
            finding: "40 % of the offered rate was answered".to_owned(),
            remedy: None,
            explained_by: explained_by.map(str::to_owned),
        }
    }

    /// Of a rate sixty times its capacity a server answers nothing in a slice: the check *replies* fails, and no reply was wrong.
    #[test]
    fn a_server_that_is_asked_for_too_much_is_not_one_that_answers_wrong() {
        let finding = "replies: worst of 4 slices: no request of the window was answered";
        let reading = |fault: &str| Reading { faults: vec![fault.to_owned()], ..Reading::default() };
        for cause in ["overload", "late replies"] {
            let late = named(finding, Some(cause));
            assert_eq!(late, format!("{cause}: worst of 4 slices: no request of the window was answered"));
            assert_eq!(reading(&late).wrong_answer(), None);
        }
        assert_eq!(named(finding, None), finding);
        for other in ["errors: 4 of 900 requests failed", "pace: requests left late"] {
            assert_eq!(named(other, Some("overload")), other);
        }
    }

    /// What a client that was late did not hear in time is no wrong answer.
    #[test]
    fn replies_are_late_by_others_where_the_client_or_the_machine_failed() {
        let failed = |name: &str| Certificate::from_checks(vec![check(name, CheckStatus::Fail, None)]);
        for name in ["steal", "cpu_wait", "gap", "pace"] {
            assert!(is_late_by_others(&failed(name)), "{name}");
        }
        assert!(!is_late_by_others(&failed("errors")));
    }

    /// A queue that the machine or the client made is not the server's.
    #[test]
    fn a_server_is_overloaded_where_its_queue_grew_by_nobody_elses_doing() {
        let overloaded = |status, explained_by: Option<&str>| {
            is_growing(&Certificate::from_checks(vec![check("achieved", status, explained_by)]))
        };
        assert!(overloaded(CheckStatus::Warn, None) && overloaded(CheckStatus::Warn, Some("plan")));
        assert!(!overloaded(CheckStatus::Pass, None) && !overloaded(CheckStatus::NotApplicable, None));
        for cause in ["steal", "cpu_wait", "gap", "headroom", "pace"] {
            assert!(!overloaded(CheckStatus::Warn, Some(cause)), "{cause}");
        }
        assert!(!is_growing(&Certificate::from_checks(Vec::new())));
    }
}

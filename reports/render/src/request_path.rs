//! The path of a request in words: what a typical one takes where, and what the probes that show it cost.

use std::fmt::Write as _;

use reports_record::{ContenderPath, RequestPath, Stages};

use crate::{label, number};

/// Two times that differ by less, as a share of the larger, are told as equal: the margin of every tie.
const MARGIN: f64 = 0.05;

/// Columns of a terminal's table before its figures.
const NAMES: usize = 14;

/// The load under which it was measured, `10 ms of waiting, 64 connections, 2 000/s`.
#[must_use]
pub fn load(path: &RequestPath) -> String {
    let wait = if path.wait_us > 0.0 {
        format!("{} of waiting", number::trimmed(&number::micros(path.wait_us)))
    } else {
        "no wait".into()
    };
    let connections = number::count(path.connections as usize);
    let plural = if path.connections == 1 { "" } else { "s" };
    format!("{wait}, {connections} connection{plural}, {}", number::whole_rate(path.rate_per_s))
}

/// What a typical request takes each contender, and in which stage most of the difference lies.
#[must_use]
pub fn sentences(path: &RequestPath) -> String {
    let takes = |one: &ContenderPath| {
        format!("{} in {}", number::micros(one.typical.whole_us()), label::within(&one.contender, 24))
    };
    let wait = if path.wait_us > 0.0 { ", besides its wait" } else { "" };
    match &path.contenders[..] {
        [] => "No contender was measured.".into(),
        [one] => format!("A typical request spends {}{wait}.", takes(one)),
        [one, other, ..] => format!(
            "A typical request spends {} and {}{wait}. {}",
            takes(one),
            takes(other),
            difference(path, one, other)
        ),
    }
}

fn difference(path: &RequestPath, one: &ContenderPath, other: &ContenderPath) -> String {
    let (first, second) = (one.typical, other.typical);
    let by = first.whole_us() - second.whole_us();
    if by.abs() <= MARGIN * first.whole_us().max(second.whole_us()) {
        return "That is the same within 5\u{a0}%.".into();
    }
    // The stage that differs most in the direction of the whole.
    let parts = first.in_order().into_iter().zip(second.in_order()).enumerate();
    let largest = parts
        .map(|(stage, (first, second))| (stage, first, second, (first - second) * by.signum()))
        .max_by(|(.., one), (.., other)| one.total_cmp(other));
    let Some((stage, first, second, part)) = largest else { return String::new() };
    let share = if part >= by.abs() / 2.0 { "Most" } else { "The largest part" };
    format!(
        "{share} of the difference is {}: {} against {}.",
        stage_in_words(stage, path.wait_us > 0.0),
        number::micros(first),
        number::micros(second)
    )
}

fn stage_in_words(stage: usize, waits: bool) -> &'static str {
    match (stage, waits) {
        (0, _) => "waking up when a request arrives",
        (1, _) => "parsing",
        (2, true) => "waking up after the wait",
        (2, false) => "the handler",
        _ => "writing the reply",
    }
}

/// The sentence on what probes cost: CPU time of a request without and with them.
#[must_use]
pub fn overhead(path: &RequestPath) -> String {
    let beyond = if path.wait_us > 0.0 { " beyond the wait" } else { "" };
    let each = path.contenders.iter().map(|one| {
        let (without, with) = (one.without_probes, one.with_probes);
        let response = without.response_time_us_p50.zip(with.response_time_us_p50).map_or_else(
            String::new,
            |(without, with)| {
                format!(
                    ", median response{beyond} {} instead of {}",
                    number::micros(with),
                    number::micros(without)
                )
            },
        );
        format!(
            "{} {} of CPU a request instead of {}{response}",
            label::within(&one.contender, 24),
            number::micros(with.cpu_us),
            number::micros(without.cpu_us)
        )
    });
    format!("With probes: {}.", each.collect::<Vec<_>>().join("; "))
}

/// What may not be believed as it stands; empty where there is nothing of the kind.
#[must_use]
pub fn doubts(path: &RequestPath) -> String {
    let each = path.contenders.iter().filter_map(|one| {
        let (left_out, all) = (one.left_out, one.requests + one.left_out);
        let mut doubts = Vec::new();
        if one.invalid > 0 {
            let of = 2 * path.turns;
            doubts.push(format!("{} of {of} measurements failed a check of the client", one.invalid));
        }
        // A few always share a read.
        if left_out as f64 > MARGIN * all as f64 {
            doubts.push(format!(
                "{} of {} requests could not be timed",
                number::count(left_out as usize),
                number::count(all as usize)
            ));
        }
        (!doubts.is_empty()).then(|| format!("{}: {}.", label::within(&one.contender, 24), doubts.join(", ")))
    });
    each.collect::<Vec<_>>().join(" ")
}

/// The requests that a row of stages is about, in words, with their stages.
pub(crate) fn rows(one: &ContenderPath) -> Vec<(&'static str, Stages)> {
    let slowest = one.slowest.map(|stages| ("slowest 1\u{a0}%", stages));
    [("middle half", one.typical)].into_iter().chain(slowest).collect()
}

/// Everything for a terminal: sentences, a table in microseconds, and what the probes cost.
#[must_use]
pub fn table(path: &RequestPath) -> String {
    // Writing into a String cannot fail.
    let mut text = format!("{}\n{}\n\n", load(path), sentences(path));
    let _ = writeln!(
        text,
        "{:NAMES$}{:>13}{:>9}{:>9}{:>10}{:>9}{:>9}",
        "mean µs", "requests", "wake-up", "parsing", "handler*", "reply", "in all"
    );
    for one in &path.contenders {
        for (which, stages) in rows(one) {
            let [wake, parse, overdue, reply] = stages.in_order();
            let _ = writeln!(
                text,
                "{:NAMES$}{which:>13}{wake:>9.1}{parse:>9.1}{overdue:>10.1}{reply:>9.1}{:>9.1}",
                label::within(&one.contender, NAMES),
                stages.whole_us()
            );
        }
    }
    text.push_str("* beyond the wait that a request asks for\n\n");
    let _ = writeln!(text, "{}", overhead(path));
    let doubts = doubts(path);
    if !doubts.is_empty() {
        let _ = writeln!(text, "{doubts}");
    }
    text
}

#[cfg(test)]
mod tests {
    use reports_record::{Cpu, Environment, ProbedCost, SCHEMA};

    use super::*;

    fn contender(name: &str, [wake_us, parse_us, overdue_us, reply_us]: [f64; 4]) -> ContenderPath {
        let stages = Stages { requests: 500, wake_us, parse_us, overdue_us, reply_us };
        ContenderPath {
            contender: name.into(),
            model: "sync".into(),
            requests: 1000,
            left_out: 3,
            invalid: 0,
            reading_us: 0.03,
            typical: stages,
            slowest: Some(stages),
            start_us_p50: None,
            client_us_p50: Some(120.0),
            without_probes: ProbedCost { cpu_us: 20.0, response_time_us_p50: Some(100.0) },
            with_probes: ProbedCost { cpu_us: 21.0, response_time_us_p50: None },
        }
    }

    fn path(contenders: Vec<ContenderPath>) -> RequestPath {
        RequestPath {
            schema: SCHEMA,
            command: "cargo crossover path".into(),
            measured_at: "2026-01-02T03:04:05Z".into(),
            environment: Environment {
                crossover: "0".into(),
                commit: None,
                dirty: None,
                rustc: "rustc".into(),
                kernel: "Linux".into(),
                cpu: Cpu {
                    model: "cpu".into(),
                    online: 2,
                    threads_per_core: None,
                    governor: None,
                    virtualised: false,
                    clock_source: None,
                },
                memory_bytes: None,
                client_cpus: vec![0],
                contender_cpus: vec![1],
                descriptor_limit: 1024,
                throttled_before: None,
                remarks: Vec::new(),
            },
            target: "/wait?ms=10".into(),
            wait_us: 10_000.0,
            connections: 64,
            rate_per_s: 2000.0,
            turns: 2,
            span_s: 1.0,
            contenders,
        }
    }

    #[test]
    fn the_stage_that_makes_the_difference_is_named() {
        let told = |one, other| sentences(&path(vec![contender("threads", one), contender("tasks", other)]));
        assert_eq!(
            told([20.0, 1.0, 60.0, 10.0], [30.0, 1.0, 20.0, 9.0]),
            "A typical request spends 91.0\u{a0}µs in threads and 60.0\u{a0}µs in tasks, besides its wait. Most of the difference is \
             waking up after the wait: 60.0\u{a0}µs against 20.0\u{a0}µs."
        );
        let even = told([20.0, 10.0, 20.0, 10.0], [10.0, 2.0, 11.0, 2.0]);
        assert!(
            even.contains("The largest part of the difference is waking up when a request arrives: 20.0"),
            "{even}"
        );
        let same = told([20.0, 1.0, 60.0, 10.0], [60.0, 1.0, 20.0, 9.0]);
        assert!(same.ends_with("That is the same within 5\u{a0}%."), "{same}");
        let mut no_wait = path(vec![contender("a", [1.0, 1.0, 30.0, 1.0]), contender("b", [1.0; 4])]);
        no_wait.wait_us = 0.0;
        assert!(sentences(&no_wait).contains("is the handler: 30.0"));
        assert!(load(&no_wait).starts_with("no wait, 64 connections"));
        assert_eq!(sentences(&path(Vec::new())), "No contender was measured.");
    }

    #[test]
    fn a_terminal_s_table_has_eighty_columns_and_every_stage() {
        let text = table(&path(vec![contender("std-threads", [20.0, 1.0, 60.0, 10.0])]));
        let table = text.split("\n\n").nth(1).unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(table.contains("     20.0      1.0      60.0     10.0     91.0"), "{text}");
        assert!(
            text.contains("std-threads 21.0\u{a0}µs of CPU a request instead of 20.0\u{a0}µs."),
            "{text}"
        );
    }

    #[test]
    fn a_median_response_of_a_request_that_waits_is_told_as_what_comes_on_top() {
        let mut measured = path(vec![contender("a", [1.0; 4])]);
        measured.contenders[0].without_probes.response_time_us_p50 = Some(240.0);
        measured.contenders[0].with_probes.response_time_us_p50 = Some(250.0);
        assert!(
            overhead(&measured)
                .ends_with(", median response beyond the wait 250\u{a0}µs instead of 240\u{a0}µs."),
            "{}",
            overhead(&measured)
        );
        measured.wait_us = 0.0;
        assert!(overhead(&measured).contains(", median response 250\u{a0}µs instead"));
    }

    #[test]
    fn failed_checks_and_requests_without_times_are_told() {
        let mut measured = path(vec![contender("a", [1.0; 4])]);
        assert_eq!(doubts(&measured), "");
        measured.contenders[0].invalid = 1;
        measured.contenders[0].left_out = 1000;
        let told = doubts(&measured);
        assert_eq!(
            told,
            "a: 1 of 4 measurements failed a check of the client, 1,000 of 2,000 requests could not be timed."
        );
    }
}

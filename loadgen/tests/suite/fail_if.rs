//! `--fail-if`: exit codes, their order, and the sentence.

use std::fs::File;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::Measurement;

use super::server::{HELLO, Server};

fn loadgen(arguments: &[&str], conditions: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(arguments).args(conditions.iter().flat_map(|condition| ["--fail-if", condition]));
    command
}

fn run(arguments: &[&str], conditions: &[&str]) -> Output {
    loadgen(arguments, conditions).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn slow_hello() -> (Server, String) {
    let server = Server::answering(HELLO, Duration::from_millis(5));
    let url = server.url("/").to_string();
    (server, url)
}

/// `code`, or 3 where the machine was too busy to measure on, which goes before it.
fn believable(output: &Output, code: i32) -> i32 {
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    if measurement.certificate.is_believable() { code } else { 3 }
}

#[test]
fn a_condition_that_holds_ends_with_1_and_is_named_with_its_distance() {
    let (_server, url) = slow_hello();
    let output = run(
        &[&url, "-n", "60", "--json", "-"],
        &["service_time_p50 > 1ms", "error_rate > 0.1%", "service_time_p50 > 1h"],
    );
    assert_eq!(output.status.code(), Some(believable(&output, 1)), "{}", stderr(&output));
    let said = stderr(&output);
    let sentences: Vec<_> = said.lines().filter(|line| line.contains("--fail-if")).collect();
    let [sentence] = sentences[..] else { panic!("one of three holds: {said}") };
    let begin = "loadgen: --fail-if 'service_time_p50 > 1ms' holds: service_time_p50 is ";
    assert!(sentence.starts_with(begin) && sentence.ends_with(" times 1ms"), "{sentence}");
}

#[test]
fn no_condition_that_holds_changes_nothing() {
    let (_server, url) = slow_hello();
    let output = run(&[&url, "-n", "60", "--json", "-"], &["service_time_p50 > 1h", "goodput < 0.1/s"]);
    assert_eq!(output.status.code(), Some(believable(&output, 0)), "{}", stderr(&output));
    assert!(!stderr(&output).contains("--fail-if"), "{}", stderr(&output));
}

#[test]
fn what_cannot_be_told_counts_as_if_it_held() {
    let (_server, url) = slow_hello();
    let output = run(&[&url, "-n", "60", "--json", "-"], &["service_time_p99_9 > 1h"]);
    assert_eq!(output.status.code(), Some(believable(&output, 1)), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("cannot be told, and counts as if it held") && said.contains("too few samples"),
        "{said}"
    );
}

#[test]
fn a_lower_bound_beyond_the_threshold_holds_and_one_below_it_cannot_be_told() {
    // Takes requests and never answers, so that all there is are lower bounds of 100 ms.
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let url = server.url("/").to_string();
    let arguments = [url.as_str(), "-c", "8", "--timeout", "100ms", "-d", "600ms"];
    let output = run(&arguments, &["service_time_max > 20ms", "service_time_max > 1h", "error_rate > 10%"]);
    let said = stderr(&output);
    // How long past its deadline a request is noticed is the machine's: 100 ms at least.
    let bound = said.split_once("'service_time_max > 20ms' holds: service_time_max is at least ");
    let bound = bound.and_then(|(_, rest)| rest.split(',').next()).unwrap_or_else(|| panic!("{said}"));
    let number = bound.trim_end_matches(|letter: char| letter.is_alphabetic() || letter.is_whitespace());
    let number: f64 = number.parse().unwrap();
    assert!(number >= if bound.ends_with("ms") { 100.0 } else { 0.1 }, "{bound}: {said}");
    assert!(said.contains("'service_time_max > 1h' cannot be told"), "{said}");
    assert!(said.contains("'error_rate > 10%' holds: error_rate is 100%, 10.0 times 10%"), "{said}");
    assert_eq!(output.status.code(), Some(3), "an invalid measurement goes before a condition: {said}");
}

#[test]
fn a_signal_goes_before_a_condition() {
    let (server, url) = slow_hello();
    let mut command = loadgen(&[&url, "-d", "10m"], &["goodput >= 0/s"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.answered() < 10 {
        std::thread::yield_now();
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    assert!(stderr(&output).contains("'goodput >= 0/s' holds"), "{}", stderr(&output));
}

#[test]
fn a_result_that_is_not_written_goes_before_all() {
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let url = server.url("/").to_string();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = loadgen(&[&url, "--timeout", "50ms", "-d", "200ms"], &["goodput > 1/s"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "1 though it is invalid: {}", stderr(&output));
}

#[test]
fn what_is_no_condition_or_cannot_hold_of_the_load_is_refused_before_anything_is_sent() {
    let (server, url) = slow_hello();
    for (condition, part) in [
        ("latency > 20ms", "expected error_rate, goodput"),
        ("service_time_p99 > 20", "expected a time"),
        ("service_time_p99 20ms", "one of < <= > >="),
        ("first_byte_p75 > 20ms", "expected response_time or service_time for this quantile"),
        ("response_time_p99 > 20ms", "ask for service_time_p99, or give --rate"),
        ("connect_p99 > 20ms", "give --churn"),
    ] {
        let output = run(&[&url, "-n", "5"], &[condition]);
        assert_eq!(output.status.code(), Some(2), "{condition}: {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{condition}: {}", stderr(&output));
    }
    assert_eq!(server.accepted(), 0);
}

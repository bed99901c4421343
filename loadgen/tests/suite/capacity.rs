//! `loadgen capacity` against servers whose capacity is known.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::{CapacityDoubt, CapacityFinding, CapacityReport, CapacityVerdict};
use serde_json::Value;

use super::server::{HELLO, Server};

/// Short trials, few of them: what is looked for is far larger than what they get wrong.
const SHORT: [&str; 10] =
    ["--trial", "500ms", "--warm-up", "100ms", "--settle", "50ms", "--precision", "50%", "--pacing", "timer"];

fn capacity(server: &Server, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["capacity", &server.url("/").to_string()]).args(SHORT).args(flags);
    command
}

fn run(server: &Server, flags: &[&str]) -> Output {
    capacity(server, flags).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn report(output: &Output) -> CapacityReport {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// Answers one request at a time, after 5 ms: less than 200 a second, whoever asks.
fn one_at_a_time() -> Server {
    let turn = Mutex::new(());
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            let turn = turn.lock().unwrap();
            std::thread::sleep(Duration::from_millis(5));
            drop(turn);
            connection.send(HELLO);
        }
    })
}

/// The output of a search whose trials the machine left alone, by `is_quiet`; of the last of a few tries, if of none.
fn undisturbed(server: &Server, flags: &[&str], is_quiet: impl Fn(&Output) -> bool) -> Output {
    let mut last = run(server, flags);
    for _ in 0..3 {
        if is_quiet(&last) {
            break;
        }
        last = run(server, flags);
    }
    last
}

/// A finding and its exit code.
const CODES: [(CapacityFinding, i32); 5] = [
    (CapacityFinding::Between, 0),
    (CapacityFinding::AboveRange, 0),
    (CapacityFinding::BelowRange, 4),
    (CapacityFinding::ClientLimited, 3),
    (CapacityFinding::CannotTell, 3),
];

#[test]
fn the_interval_holds_the_known_capacity() {
    let server = one_at_a_time();
    let flags =
        ["-o", "p50 < 40ms", "--from", "40/s", "--to", "10k/s", "--arrivals", "constant", "--json", "-"];
    let is_quiet =
        |report: &CapacityReport| report.trials.iter().all(|trial| trial.verdict != CapacityVerdict::Unsure);
    let output = undisturbed(&server, &flags, |output| is_quiet(&report(output)));
    let report = report(&output);
    let said = stderr(&output);
    assert!(CODES.contains(&(report.finding, output.status.code().unwrap())), "{said}");
    // Sleeping longer than asked lowers the truth, and a short window lets a queue pass that would grow: 200/s is its top,
    // and a quarter more a generous margin.
    assert!(report.passed_per_s.is_none_or(|passed| passed <= 250.0), "{said}");
    if is_quiet(&report) {
        assert!(matches!(report.finding, CapacityFinding::Between | CapacityFinding::BelowRange), "{said}");
        let ends = report.passed_per_s.zip(report.failed_per_s);
        assert!(ends.is_none_or(|(passed, failed)| passed < failed && failed <= passed * 1.5), "{said}");
        assert!(report.complete);
    }
    assert!(said.contains("2 trials alike of 3 decide a rate"), "{said}");
    assert!(said.contains("capacity with response_time_p50 < 40ms: "), "{said}");
    assert_eq!(documented(), paths_of(&report), "left: docs/FORMATS.md; right: the file");
}

#[test]
fn few_connections_are_the_clients_limit_and_not_the_servers() {
    let server = Server::answering(HELLO, Duration::from_millis(10));
    let range = ["--from", "40/s", "--to", "640/s", "--arrivals", "constant", "-c", "1"];
    let flags = [&["-o", "p50 < 60ms", "--trials", "1", "--json", "-"], &range[..]].concat();
    let is_quiet = |report: &CapacityReport| {
        report.trials.iter().all(|trial| match trial.verdict {
            CapacityVerdict::Pass => true,
            CapacityVerdict::Fail => false,
            CapacityVerdict::Unsure => trial.reason.contains("1 connection did not suffice, add up to"),
        })
    };
    let output = undisturbed(&server, &flags, |output| is_quiet(&report(output)));
    let report = report(&output);
    // One connection answers less than 100 a second, and the server as many as are asked.
    assert!(report.passed_per_s.is_none_or(|passed| passed < 150.0), "{}", stderr(&output));
    assert!(CODES.contains(&(report.finding, output.status.code().unwrap())), "{}", stderr(&output));
    if is_quiet(&report) {
        assert_eq!(report.finding, CapacityFinding::ClientLimited, "{}", stderr(&output));
        assert!(report.answer.contains("the client was the limit, not the server"), "{}", report.answer);
    }
}

#[test]
fn a_server_that_answers_no_more_over_twice_the_connections_is_the_limit() {
    // Less than 200 a second, whoever asks: 20 connections are always busy with 600/s, and each reply takes 100 ms of the 500 allowed.
    let server = one_at_a_time();
    let range = ["--from", "600/s", "--to", "700/s", "--arrivals", "constant", "-c", "20"];
    let flags = [&["-o", "p50 < 500ms", "--trials", "1", "--json", "-"], &range[..]].concat();
    let is_told = |output: &Output| report(output).trials[0].reason.ends_with("the server is full");
    let output = undisturbed(&server, &flags, is_told);
    let (report, said) = (report(&output), stderr(&output));
    assert!(CODES.contains(&(report.finding, output.status.code().unwrap())), "{said}");
    if said.contains("once more, with 40 connections") {
        let reason = &report.trials[0].reason;
        assert!(reason.contains("40 connections had ") && reason.contains("/s answered, 20 had "), "{said}");
        assert_eq!(report.trials[0].measurement.plan.connections, 20);
    }
    if is_told(&output) {
        assert_eq!((report.finding, output.status.code()), (CapacityFinding::BelowRange, Some(4)), "{said}");
    }
}

#[test]
fn what_lies_outside_the_range_is_an_answer_with_a_code_of_its_own() {
    let server = Server::answering(HELLO, Duration::from_millis(5));
    let range = ["--from", "50/s", "--to", "100/s", "--arrivals", "constant"];
    let expected = [
        ("p50 < 2s", 0, " pass", "at least 100/s, which passed"),
        ("p50 < 1ms", 4, " fail", "none in range: below 50/s, which failed"),
    ];
    for (objective, code, verdict, answer) in expected {
        // Tried again where the machine was in the way; where it always is, that is what has to be said.
        let flags = [&range[..], &["--objective", objective]].concat();
        let output = undisturbed(&server, &flags, |output| output.status.code() == Some(code));
        let table = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(table.contains("p99.9"), "{table}");
        if output.status.code() == Some(code) {
            assert!(table.contains(answer) && table.contains(verdict), "{table}");
        } else {
            let doubt = ["cannot tell", "the client was the limit", "did not keep up", "between"];
            let all = table + &stderr(&output);
            assert!(doubt.iter().any(|doubt| all.contains(doubt)), "{all}");
        }
    }
}

#[test]
fn an_interrupted_search_says_what_it_knows_and_goes_on_from_its_log() {
    let server = one_at_a_time();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("search.jsonl");
    let flags = ["-o", "p50 < 40ms", "--from", "40/s", "--to", "640/s", "--log", log.to_str().unwrap()];
    let lines = |path: &Path| std::fs::read_to_string(path).map_or(0, |text| text.lines().count());
    let child = capacity(&server, &flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while lines(&log) < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("capacity with response_time_p50 < 40ms: "), "{table}");
    let logged = lines(&log) - 1;

    let other = run(&server, &[&flags[..], &["--trials", "5", "--seed", "9"]].concat());
    assert_eq!(other.status.code(), Some(2));
    assert!(
        stderr(&other).contains("seed is 1 there and 9 here, trials is 3 there and 5 here"),
        "{}",
        stderr(&other)
    );
    assert_eq!(lines(&log) - 1, logged, "a refused call leaves the log alone");

    let output = run(&server, &[&flags[..], &["--json", "-"]].concat());
    let report = report(&output);
    assert!(stderr(&output).contains(&format!("going on after {logged} trial")), "{}", stderr(&output));
    assert_eq!(report.trials.len(), lines(&log) - 1);
    assert!(report.complete && report.trials.len() > logged);

    let again = run(&server, &flags);
    assert_eq!(again.status.code(), output.status.code(), "a finished search only tells its answer again");
    assert!(String::from_utf8(again.stdout).unwrap().contains(&report.answer), "{}", report.answer);
    assert_eq!(lines(&log) - 1, report.trials.len());
}

#[test]
fn a_log_that_cannot_be_written_costs_no_trial() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("search.jsonl");
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let flags =
        ["-o", "p50 < 1s", "--from", "50/s", "--to", "60/s", "--trials", "1", "--log", log.to_str().unwrap()];
    let search = capacity(&server, &flags);
    // Blocks of 512 bytes: the plan fits into eight, and the first trial does not.
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 8; exec \"$@\"", "sh"])
        .arg(search.get_program())
        .args(search.get_args())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("could not go on without its log"), "{}", stderr(&output));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1/1 pass") && told.contains("at least 50/s"), "{told}");
}

#[test]
fn time_that_is_up_ends_the_search_with_what_is_known() {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    // A trial takes up to 1.75 s: after one, whatever it said, there is no time for another.
    let flags = ["-o", "p50 < 1s", "--trials", "1", "--at-most", "2s", "--seed", "5", "--json", "-"];
    let output = run(&server, &flags);
    assert!(stderr(&output).contains("open loops, Poisson, seeds from 5"), "{}", stderr(&output));
    let report = report(&output);
    assert_eq!((report.trials.len(), output.status.code()), (1, Some(3)), "{}", stderr(&output));
    // A client that was the limit has nothing more to ask, time or not.
    if report.trials[0].doubt != Some(CapacityDoubt::Client) {
        assert!(!report.complete);
        assert!(
            stderr(&output).contains("time is up: a trial at 200/s may take 1.75s"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn what_cannot_be_searched_is_refused_with_the_arithmetic() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let fine = ["-o", "p50 < 1s"];
    let cases: [(&[&str], &str); 19] = [
        (&[], "--objective <CONDITION>"),
        (&["-o", "p50 = 1s"], "expected a figure, one of < <= > >= and a bound"),
        (&["-o", "p50 > 1s"], "expected a time or error_rate with < or <="),
        (&["-o", "goodput < 5/s"], "expected a time or error_rate with < or <="),
        (&["-o", "p50 < 10s"], "give one above 10s"),
        (&["-o", "error_rate < 0%"], "no server meets it at any rate"),
        (&["-o", "p50 < 0s"], "no server meets it at any rate"),
        (&["-o", "p99.9 < 1s", "--from", "10/s"], "for 10101 requests, and 2 of them decide the first rate"),
        (&["--from", "0/s"], "from 0.01/s to 1000k/s"),
        (&["--to", "2000k/s"], "from 0.01/s to 1000k/s"),
        (&["--from", "500/s", "--to", "500/s"], "found none from 500/s to 500/s"),
        (&["--precision", "0.5%"], "from 1% to 50%"),
        (&["--trials", "2"], "found 2, expected an odd number"),
        (&["--trial", "1ms"], "from 100ms to 24h"),
        (&["--warm-up", "2h"], "from 0s to 1h"),
        (&["--settle", "-1s"], "from 0s to 1h"),
        (&["--at-most", "0s"], "from 1s to 24h"),
        (&["--arrivals", "constant", "--seed", "3"], "constant arrivals are the same with any"),
        (&["--log", "/no-such-folder/log"], "--log /no-such-folder/log"),
    ];
    for (flags, said) in cases {
        let needs_objective = !flags.is_empty() && !flags.contains(&"-o");
        let flags = if needs_objective { [&fine, flags].concat() } else { flags.to_vec() };
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        let output = command.args(["capacity", &server.url("/").to_string()]).args(&flags).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{flags:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{flags:?}");
    }
    assert_eq!(server.accepted(), 0, "nothing was sent");
}

#[test]
fn a_second_search_replaces_the_file_whole() {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.json");
    let flags = [
        "-o",
        "p50 < 1s",
        "--from",
        "100/s",
        "--to",
        "150/s",
        "--trials",
        "1",
        "--json",
        path.to_str().unwrap(),
    ];
    for seed in ["1", "2"] {
        assert_ne!(run(&server, &[&flags[..], &["--seed", seed]].concat()).status.code(), Some(2));
        let written: CapacityReport = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(written.plan.objectives, ["response_time_p50 < 1s"]);
        assert_eq!(written.plan.seed.to_string(), seed);
    }
    let same = [&flags[..], &["--log", path.to_str().unwrap()]].concat();
    assert!(stderr(&run(&server, &same)).contains("are the same file"));
}

#[test]
fn a_server_that_is_not_there_is_said_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let output = command.args(["capacity", &format!("http://{free}/"), "-o", "p99 < 50ms"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(&free.to_string()) && output.stdout.is_empty(), "{}", stderr(&output));
}

#[test]
fn help_names_every_exit_code() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let help = String::from_utf8(command.args(["capacity", "--help"]).output().unwrap().stdout).unwrap();
    for part in ["Exit codes: 0 found", "4 none in", "[default: 64]", "[default: 5%]", "the majority decides"]
    {
        assert!(help.contains(part), "{part}: {help}");
    }
}

/// Every path of a report but those inside a trial's measurement, which are documented as `loadgen --json`'s.
fn paths_of(report: &CapacityReport) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let own = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                    found.insert(own.clone());
                    if name != "measurement" {
                        walk(value, &own, found);
                    }
                }
            }
            Value::Array(elements) => {
                elements.iter().for_each(|element| walk(element, &format!("{path}[]"), found));
            }
            _ => {}
        }
    }
    let mut report = report.clone();
    // Absent where no trial is in doubt.
    report.trials[0].doubt = Some(CapacityDoubt::Noise);
    let mut found = BTreeSet::new();
    walk(&serde_json::to_value(report).unwrap(), "", &mut found);
    found
}

fn documented() -> BTreeSet<String> {
    let formats = include_str!("../../../docs/FORMATS.md");
    let table = formats.split("<!-- capacity-json -->").nth(1).expect("the table stands between two markers");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(path, _)| path.to_owned()).collect()
}

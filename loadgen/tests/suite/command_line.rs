//! The program as a user runs it: exit codes, streams, refusals.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::{Measurement, OutcomeKind};

use super::server::{HELLO, Server};

fn loadgen(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    loadgen(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn slow_hello() -> (Server, String) {
    let server = Server::answering(HELLO, Duration::from_millis(5));
    let url = server.url("/hello").to_string();
    (server, url)
}

#[test]
fn the_exit_code_says_whether_the_certificate_is_believable() {
    let (_server, url) = slow_hello();
    let output = run(&[&url, "--requests", "40", "--json", "-"]);
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(measurement.outcomes[&OutcomeKind::Ok], 40);
    // A machine too busy to measure on makes it 3, and rightly so.
    let code = if measurement.certificate.is_believable() { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
}

#[test]
fn a_measurement_of_errors_is_invalid() {
    let server =
        Server::answering(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", Duration::from_millis(2));
    let output = run(&[&server.url("/").to_string(), "--requests", "20"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let summary = String::from_utf8(output.stdout).unwrap();
    assert!(summary.contains("wrong_status    20  (reply's fault)"), "{summary}");
    assert!(summary.contains("certificate     invalid"), "{summary}");
}

#[test]
fn a_summary_shows_what_there_is_and_no_figure_for_what_there_is_not() {
    let (_server, url) = slow_hello();
    let output =
        run(&[&url, "--rate", "100/s", "--arrivals", "poisson", "--seed", "3", "-c", "8", "-d", "500ms"]);
    let summary = String::from_utf8(output.stdout.clone()).unwrap();
    for part in
        ["offered", "response time", "lateness", "connection wait", "service time", "correct replies", "—"]
    {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    let talk = stderr(&output);
    assert!(talk.contains("open loop of 100/s, Poisson, seed 3") && talk.contains("at most 2.5s"), "{talk}");
    assert!(!talk.contains('\r'), "no live line where stderr is no terminal: {talk:?}");
}

#[test]
fn numbers_outside_their_range_are_refused_with_the_range() {
    let cases = [
        ("--connections", "100000"),
        ("--duration", "24h"),
        ("--requests", "1000000000000"),
        ("--rate", "1000k/s"),
        ("--warm-up", "1h"),
        ("--timeout", "1h"),
        ("--grace", "1h"),
        ("--connect-timeout", "1h"),
        ("--threads", "256"),
        ("--think", "1h"),
        ("--idle", "100000"),
        ("--slow", "100000"),
        ("--churn", "4294967295"),
        ("--pin", "1023"),
    ];
    for (flag, top) in cases {
        for wrong in ["-1", "NaN", "1e18", "+5", "", "-1s", "inf", "99999999999999999999999999s"] {
            let output = run(&["http://127.0.0.1:1/", flag, wrong]);
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{flag} {wrong:?}: {said}");
            assert!(said.contains(&format!("to {top}")), "{flag} {wrong:?}: {said}");
        }
    }
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let refused: [&[&str]; 11] = [
        &["http://localhost/", "--body", "x"],
        &["http://localhost/", "-X", "post"],
        &[],
        &["https://localhost/"],
        &["http://user:secret@localhost/"],
        &["http://localhost/\r\nx: y"],
        &["http://localhost/", "--header", "no colon"],
        &["http://localhost/", "--method", "GE T"],
        &["http://localhost/", "--seed", "1"],
        &["http://localhost/", "--requests", "1", "--duration", "1s"],
        &["http://localhost/", "--json", "/no-such-folder/out.json"],
    ];
    for arguments in refused {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn who_cannot_be_reached_is_named_in_time() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (url, name) in
        [(format!("http://{free}/"), free.as_str()), ("http://nowhere.invalid/".into(), "nowhere.invalid")]
    {
        let begun = Instant::now();
        let output = run(&[&url, "--json", "-"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(name), "{}", stderr(&output));
        assert!(
            stderr(&output).matches("os error").count() <= 1,
            "a cause is told once: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "no report of zeros");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_second_run_replaces_the_file_whole() {
    let (_server, url) = slow_hello();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    for requests in [5, 7] {
        let output = run(&[&url, "--requests", &requests.to_string(), "--json", path.to_str().unwrap()]);
        assert_ne!(output.status.code(), Some(2), "{}", stderr(&output));
        let measurement: Measurement = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(measurement.account.finished, requests);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }
}

#[test]
fn a_pipe_that_is_waited_for_does_not_outlast_a_signal() {
    use nix::sys::stat::Mode;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let pipe = pipe.to_str().unwrap();
    for flag in ["--replay", "--body-file", "--json", "--csv"] {
        let mut child = loadgen(&["http://127.0.0.1:1/", "-X", "POST", flag, pipe])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = child.id();
        // Bit 14: SIGTERM is caught from here on.
        let catches = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
            u64::from_str_radix(mask, 16).unwrap() & (1 << 14) != 0
        };
        while !catches() {
            std::thread::yield_now();
        }
        kill(Pid::from_raw(pid as i32), Signal::SIGTERM).unwrap();
        let signalled = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(signalled.elapsed() < Duration::from_secs(10), "{flag} still waits");
            std::thread::yield_now();
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(143), "{flag}: {}", stderr(&output));
    }
}

#[test]
fn a_signal_leaves_a_partial_result_and_its_own_exit_code() {
    for (signal, code) in [(Signal::SIGHUP, 129), (Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (server, url) = slow_hello();
        let child = loadgen(&[&url, "--duration", "10m", "--json", "-"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The window begins once the first of them is there, and a little later.
        while server.answered() < 60 {
            std::thread::yield_now();
        }
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        let signalled = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(signalled.elapsed() < Duration::from_secs(5), "{:?}", signalled.elapsed());
        let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
        assert!(!measurement.complete && measurement.account.closes(), "{:?}", measurement.account);
        assert!(measurement.account.finished >= 5);
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    // Never answers, so that the first signal alone waits for what is in flight.
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let mut child = loadgen(&[&server.url("/").to_string(), "--duration", "10m"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.accepted() < 1 {
        std::thread::yield_now();
    }
    let pid = Pid::from_raw(child.id() as i32);
    while child.try_wait().unwrap().is_none() {
        // Not yet waited for, so the process id is still its own.
        kill(pid, Signal::SIGTERM).unwrap();
        std::thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    assert!(output.stdout.is_empty(), "ended before there was a result");
}

#[test]
fn a_result_does_not_take_the_place_of_a_file_that_stdin_is_read_from() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("starts");
    std::fs::write(&recording, "0\n0.2\n").unwrap();
    let (_server, url) = slow_hello();
    for read in [&["--replay", "-"][..], &["-n", "2", "-X", "POST", "--body-file", "-"]] {
        for flag in ["--json", "--csv"] {
            let arguments = [&[url.as_str(), flag, recording.to_str().unwrap()], read].concat();
            let stdin = std::fs::File::open(&recording).unwrap();
            let output = loadgen(&arguments).stdin(stdin).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
            assert!(stderr(&output).contains("would replace"), "{}", stderr(&output));
            assert_eq!(std::fs::read_to_string(&recording).unwrap(), "0\n0.2\n");
        }
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let (_server, url) = slow_hello();
    for json in [&["--json", "-"][..], &[]] {
        let arguments = [&[url.as_str(), "--requests", "20"], json].concat();
        let mut child = loadgen(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{:?}: {}", output.status, stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn help_explains_every_flag() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for part in
        ["--connections", "--rate", "--arrivals", "[default: 10s]", "Exit codes:", "never shift", "censored"]
    {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn a_flag_of_another_tool_is_refused_with_ours() {
    let output = run(&["http://localhost/", "--rps", "5"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("unexpected argument '--rps'") && said.contains("--rate"), "{said}");
}

#[test]
fn what_was_typed_reaches_no_terminal_as_an_escape_sequence() {
    let lines: [&[&str]; 5] = [
        &["http://localhost/\u{1b}[2J"],
        &["http://localhost/", "--\u{1b}[2J"],
        &["http://localhost/", "-H", "a\u{1b}[2J: b"],
        &["http://localhost/", "-H", "a: b\u{9b}2J\u{7}"],
        &["http://localhost/", "--json", "/no-such-folder/\u{1b}[2J"],
    ];
    for arguments in lines {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = stderr(&output);
        let is_plain = |character: char| character == '\n' || !character.is_control();
        assert!(said.chars().all(is_plain) && !said.is_empty(), "{said:?}");
    }
}

#[test]
fn an_address_needs_no_scheme() {
    let (_server, url) = slow_hello();
    let output = run(&[url.strip_prefix("http://").unwrap(), "-n", "5", "--json", "-"]);
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((measurement.account.finished, measurement.plan.url), (5, url));
}

//! Schedules other than one rate, from the command line to the server.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reports_record::{CheckStatus, Measurement};

use super::check;
use super::server::{HELLO, Server};

/// A server, and when it got each request, since its first.
fn noting() -> (Server, Arc<Mutex<Vec<Instant>>>) {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let notes = noted.clone();
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            notes.lock().unwrap().push(Instant::now());
            connection.send(HELLO);
        }
    });
    (server, noted)
}

fn loadgen(server: &Server, arguments: &[&str]) -> Output {
    let url = server.url("/").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.arg(url).args(["--json", "-"]).args(arguments).output().unwrap()
}

fn measured(output: &Output) -> Measurement {
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .arg("http://127.0.0.1:1/")
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn stages_start_what_their_rates_come_to_and_decide_the_window() {
    let (server, _) = noting();
    for arrivals in [&[][..], &["--arrivals", "poisson", "--seed", "3"]] {
        let stages =
            ["--stages", "200/s:500ms, 200/s..400/s:1s, 0/s:300ms", "--warm-up", "200ms", "-c", "32"];
        let output = loadgen(&server, &[&stages[..], arrivals].concat());
        let measurement = measured(&output);
        let due = measurement.account.due as f64;
        // Exactly 400, but for chance: six standard deviations of a Poisson count.
        let slack = if arrivals.is_empty() { 0.0 } else { 120.0 };
        assert!((due - 400.0).abs() <= slack, "{due}");
        assert!((measurement.window_s - 1.8).abs() < 1e-6, "{}", measurement.window_s);
        let schedule = measurement.plan.schedule.as_deref();
        assert_eq!(schedule, Some("200/s:500ms, 200/s..400/s:1s, 0/s:300ms"));
        assert_eq!(check(&measurement, "stationarity").status, CheckStatus::NotApplicable);
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("open loop of 200/s:500ms, 200/s..400/s:1s")
        );
        // The pause at the end shows, and so does the ramp: later parts have more than earlier ones.
        let parts: Vec<u64> = measurement.sub_windows.iter().map(|part| part.due).collect();
        assert_eq!(parts[17..], [0, 0, 0], "{parts:?}");
        assert!(parts[11..16].iter().sum::<u64>() > parts[0..5].iter().sum(), "{parts:?}");
    }
}

#[test]
fn a_burst_is_due_at_once_on_as_many_connections() {
    let (server, noted) = noting();
    let output = loadgen(&server, &["--bursts", "10/400ms", "--duration", "1s", "--connections", "10"]);
    let measurement = measured(&output);
    assert_eq!((measurement.account.due, measurement.account.finished), (30, 30));
    let notes = noted.lock().unwrap();
    let since = |index: usize| notes[index].duration_since(notes[0]);
    assert_eq!(notes.len(), 30);
    // The eleventh comes with the second burst, an interval after the first.
    assert!(since(10) >= Duration::from_millis(300), "{:?}", since(10));
    assert!(since(20) >= Duration::from_millis(700), "{:?}", since(20));
}

#[test]
fn a_recording_is_replayed_from_a_file_and_from_stdin() {
    let (server, noted) = noting();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("starts");
    fs::write(&path, "# two at once, then one\n0.1\n0.1\n700ms\n").unwrap();
    let output = loadgen(&server, &["--replay", path.to_str().unwrap(), "-c", "2"]);
    assert_eq!(measured(&output).account.finished, 3);
    let gap = {
        let notes = noted.lock().unwrap();
        notes[2].duration_since(notes[1])
    };
    assert!(gap >= Duration::from_millis(400), "{gap:?}");
    let url = server.url("/").to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&url, "--json", "-", "--replay", "-", "--warm-up", "150ms"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"0.1\n0.2\n0.3").unwrap();
    let measurement = measured(&child.wait_with_output().unwrap());
    assert_eq!(measurement.account.due, 2, "the first is in the warm-up");
    assert_eq!(measurement.plan.schedule.as_deref(), Some("replay of 3 starts in 300ms"));
}

#[test]
fn a_schedule_that_cannot_be_is_refused_with_its_place() {
    let said = refusal(&["--stages", "5/s:1s, 5/s..7:1s"]);
    assert!(said.contains("stage 2") && said.contains("0.01/s to 1000k/s"), "{said}");
    assert!(refusal(&["--stages", "0/s:1s"]).contains("above 0/s"));
    assert!(refusal(&["--bursts", "1/1s"]).contains("from 2 to 100000"));
    assert!(refusal(&["--bursts", "5/0s"]).contains("from 1ms to 1h"));
    assert!(refusal(&["--replay", "no-such-file"]).contains("no-such-file"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("starts");
    fs::write(&path, "0\n2s\n1s\n").unwrap();
    let said = refusal(&["--replay", path.to_str().unwrap()]);
    assert!(said.contains("line 3") && said.contains(path.to_str().unwrap()), "{said}");
}

#[test]
fn a_schedule_has_one_shape_and_its_own_end() {
    let shapes = [("--rate", "5/s"), ("--stages", "5/s:1s"), ("--bursts", "5/1s"), ("--replay", "starts")];
    for (index, (one, value)) in shapes.iter().enumerate() {
        for (other, its_value) in &shapes[index + 1..] {
            let said = refusal(&[one, value, other, its_value]);
            assert!(said.contains("cannot be used with"), "{one} {other}: {said}");
        }
    }
    for (shape, value) in [shapes[1], shapes[3]] {
        for end in [["--duration", "1s"], ["--requests", "5"]] {
            assert!(
                refusal(&[shape, value, end[0], end[1]]).contains("cannot be used with"),
                "{shape} {end:?}"
            );
        }
    }
    for (shape, value) in &shapes[2..] {
        let said = refusal(&[shape, value, "--arrivals", "poisson"]);
        assert!(said.contains("cannot be used with"), "{shape}: {said}");
    }
}

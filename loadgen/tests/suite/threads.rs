//! What must not depend on the number of client threads, nor on the server: whole measurements with effects far larger than
//! noise.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::Measurement;

use super::server::{HELLO, Server};

fn loadgen(server: &Server, arguments: &[&str]) -> Output {
    let url = server.url("/").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.arg(url).args(["--json", "-"]).args(arguments).output().unwrap()
}

fn measured(server: &Server, arguments: &[&str]) -> Measurement {
    let output = loadgen(server, arguments);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_start_that_is_due_is_served_by_any_thread_with_a_free_connection() {
    // Three connections of 95 ms serve 31/s. One thread with two of them and another with one, each with half of the starts,
    // would let twelve a second wait for a connection that serves ten.
    let server = Server::answering(HELLO, Duration::from_millis(95));
    let measurement = measured(&server, &["-r", "24/s", "-c", "3", "-t", "2", "-d", "6s"]);
    let p90 = measurement.response_time_us.unwrap().p90.unwrap();
    assert!(p90 < 400_000.0, "{p90}: in halves it is above a second");
}

#[test]
fn a_burst_finds_every_connection_on_any_number_of_threads() {
    let server = Server::answering(HELLO, Duration::from_millis(300));
    let measurement = measured(&server, &["--bursts", "8/1s", "-c", "8", "-t", "3", "-d", "3s"]);
    let response = measurement.response_time_us.unwrap();
    assert!(response.max.unwrap() < 550_000.0, "{response:?}: a second round would take 600 ms");
}

#[test]
fn a_number_of_requests_goes_to_whichever_connection_is_free() {
    // 24 requests over three connections are eight rounds; halves over two and one would be twelve.
    let server = Server::answering(HELLO, Duration::from_millis(150));
    let url = server.url("/").to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&url, "--json", "-", "-n", "24", "-c", "3", "-t", "2"])
        .output()
        .unwrap();
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(measurement.account.finished, 24);
    assert!(measurement.window_s < 1.55, "{}: eight rounds take 1.2 s, twelve 1.8", measurement.window_s);
}

#[test]
fn what_a_number_of_requests_offers_is_the_schedule_s_whatever_the_server_does() {
    let server = Server::answering(HELLO, Duration::from_millis(50));
    let arguments = ["-r", "200/s", "-n", "200", "-c", "3", "--fail-if", "achieved_of_offered < 95%"];
    let output = loadgen(&server, &arguments);
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    assert_ne!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((measurement.window_s, measurement.offered_rate_per_s), (1.0, Some(200.0)));
    assert_eq!(measurement.account.finished, 200, "all of them are waited for");
    assert!(measurement.achieved_rate_per_s < 70.0, "three connections of 50 ms answer sixty a second");
    assert_eq!(measurement.sub_windows.len(), 20, "a window known beforehand has parts");
}

#[test]
fn rows_of_a_number_of_requests_and_the_measurement_have_one_length() {
    let server = Server::answering(HELLO, Duration::from_millis(30));
    for pace in [&["-r", "100/s"][..], &[]] {
        let folder = tempfile::tempdir().unwrap();
        let [csv, json] = ["m.csv", "m.json"].map(|name| folder.path().join(name));
        let [csv_path, json_path] = [&csv, &json].map(|path| path.to_str().unwrap());
        let url = server.url("/").to_string();
        let arguments = ["-n", "120", "-c", "3", "-t", "2", "--csv", csv_path, "--json", json_path];
        Command::new(env!("CARGO_BIN_EXE_loadgen")).arg(&url).args(pace).args(arguments).output().unwrap();
        let measurement: Measurement = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
        let measured: f64 = rows(&csv).iter().map(|row| row.1).sum();
        assert!(
            (measured - measurement.window_s).abs() < 1e-6,
            "{measured} against {}",
            measurement.window_s
        );
    }
}

/// Begin and measured length of each row that is there, seconds.
fn rows(csv: &std::path::Path) -> Vec<(f64, f64)> {
    let text = fs::read_to_string(csv).unwrap_or_default();
    let Some((header, rows)) = text.split_once("\r\n") else { return Vec::new() };
    let column = |name| header.split(',').position(|column| column == name).unwrap();
    let (start, measured) = (column("start_s"), column("measured_s"));
    let whole = rows.split_inclusive("\r\n").filter(|row| row.ends_with("\r\n"));
    whole
        .map(|row| {
            let cells: Vec<&str> = row.trim_end().split(',').collect();
            (cells[start].parse().unwrap(), cells[measured].parse().unwrap())
        })
        .collect()
}

#[test]
fn seconds_are_told_while_one_thread_still_waits_and_outlive_a_kill() {
    // Two requests on two threads: one is answered at once, the other never.
    let first = std::sync::atomic::AtomicBool::new(true);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                connection.send(HELLO);
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("m.csv");
    let url = server.url("/").to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&url, "-n", "2", "-c", "2", "-t", "2", "--timeout", "10m", "--csv", csv.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while rows(&csv).len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no two rows in a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(rows(&csv)[..2].iter().map(|row| row.0).collect::<Vec<_>>(), [0.0, 1.0]);
}

#[test]
fn an_overload_of_a_million_a_second_ends_soon_after_an_interrupt() {
    let server = Server::answering(HELLO, Duration::from_millis(5));
    let folder = tempfile::tempdir().unwrap();
    let [json, raw] = ["m.json", "raw.csv"].map(|name| folder.path().join(name));
    let url = server.url("/").to_string();
    let outputs = ["--json", json.to_str().unwrap(), "--raw", raw.to_str().unwrap()];
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&url, "-r", "1000k/s", "-c", "1", "-d", "1h"])
        .args(outputs)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // A debug build counts a million a second about as fast as they fall due: long enough for most to be in arrears.
    std::thread::sleep(Duration::from_secs(4));
    let interrupted = Instant::now();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    child.wait().unwrap();
    let took = interrupted.elapsed();
    let measurement: Measurement = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert!((measurement.offered_rate_per_s.unwrap() / 1e6 - 1.0).abs() < 1e-6);
    assert!(measurement.account.censored > 1_000_000, "{:?}", measurement.account);
    assert!(took < Duration::from_secs(6), "{took:?}");
    // Those that were never sent are told in bulk, a row for each 36 ms of an hour: not one by one.
    let rows = fs::read_to_string(&raw).unwrap();
    let unsent = rows.lines().filter(|row| row.contains(",,,,") && row.contains(",true,")).count();
    assert!((1..2_000).contains(&unsent), "{unsent} rows");
}

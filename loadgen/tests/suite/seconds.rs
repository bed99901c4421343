//! `--csv`: a row per second, also of a measurement that was killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use reports_record::{Measurement, OutcomeKind};

use super::server::{HELLO, Server};

type Row = BTreeMap<String, String>;

fn loadgen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap()
}

fn header(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.split_once("\r\n").unwrap().0.split(',').map(String::from).collect()
}

fn rows(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let whole = text.split_inclusive("\r\n").filter(|line| line.ends_with("\r\n")).skip(1);
    whole
        .map(|line| {
            let cells: Vec<_> = line.trim_end().split(',').map(String::from).collect();
            assert_eq!(cells.len(), header(path).len(), "{line}");
            header(path).into_iter().zip(cells).collect()
        })
        .collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: {:?}", row[column]))
}

fn total(rows: &[Row], column: &str) -> f64 {
    rows.iter().map(|row| number(row, column)).sum()
}

#[test]
fn all_rows_together_are_the_measurement_in_both_loops_beside_an_interval_log() {
    for is_open in [false, true] {
        let server = Server::answering(HELLO, Duration::from_millis(2));
        let url = server.url("/").to_string();
        let folder = tempfile::tempdir().unwrap();
        let [csv, json, log] = ["m.csv", "m.json", "m.hlog"].map(|name| folder.path().join(name));
        let [csv_path, json_path, log_path] = [&csv, &json, &log].map(|path| path.to_str().unwrap());
        let pace = ["--rate", "200/s", "--arrivals", "poisson", "--seed", "5"];
        let arguments = [url.as_str(), "-c", "4", "-t", "2", "--warm-up", "300ms", "-d", "2500ms"];
        let outputs = ["--csv", csv_path, "--json", json_path, "--hdr-log", log_path];
        let output = loadgen(&[&arguments[..], if is_open { &pace[..] } else { &[] }, &outputs[..]].concat());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
        let measurement: Measurement = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
        let rows = rows(&csv);
        let account = measurement.account;
        assert_eq!(total(&rows, "due"), account.due as f64);
        assert_eq!(total(&rows, "outcome_ok"), account.finished as f64);
        assert_eq!(total(&rows, "failed"), account.failed as f64);
        let replies = measurement.achieved_rate_per_s * measurement.window_s;
        // In a closed loop each connection's reply across an edge counts in part, and in a row by its end.
        let apart = if is_open { 0.01 } else { 4.0 };
        assert!((total(&rows, "replies") - replies).abs() < apart, "{replies}");
        let times = measurement.response_time_us.as_ref().unwrap_or(&measurement.service_time_us);
        assert_eq!(total(&rows, "time_us_count"), times.count as f64);
        assert!((total(&rows, "measured_s") - measurement.window_s).abs() < 1e-6);
        for (row, start) in rows[..2].iter().zip(["0.3", "1.3"]) {
            assert_eq!((row["start_s"].as_str(), row["length_s"].as_str()), (start, "1"));
            assert!(number(row, "replies") > 0.0 && number(row, "achieved_rate_per_s") > 0.0, "{row:?}");
            assert_eq!(row["time"], if is_open { "response_time" } else { "service_time" });
        }
        let lines = fs::read_to_string(&log).unwrap();
        let lines = lines.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
        assert_eq!(lines.count(), rows.len(), "a line a row");
    }
}

#[test]
fn what_is_due_in_a_second_is_the_schedule_s_whatever_the_server_does() {
    // One connection, never answered: every request waits but the first, and each second still has its hundred.
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("m.csv");
    let url = server.url("/").to_string();
    let output = loadgen(&[
        &url,
        "-c",
        "1",
        "--rate",
        "100/s",
        "-d",
        "2s",
        "--grace",
        "200ms",
        "--csv",
        csv.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let rows = rows(&csv);
    let due: Vec<f64> = rows.iter().map(|row| number(row, "due")).collect();
    assert_eq!((due[..2].to_vec(), due[2..].iter().sum::<f64>()), (vec![100.0, 100.0], 0.0));
    assert_eq!(number(&rows[0], "in_flight"), 1.0);
    let last = rows.last().unwrap();
    assert_eq!((last["measured_s"].as_str(), last["achieved_rate_per_s"].as_str()), ("0", ""));
    assert_eq!(number(last, "time_us_count"), 200.0, "what did not end is there as a lower bound");
    assert!(last["time_us_at_least"].contains("p50"), "{last:?}");
}

#[test]
fn failures_are_in_the_second_in_which_they_ended_by_kind() {
    let server =
        Server::answering(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", Duration::from_millis(5));
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("m.csv");
    let output = loadgen(&[
        &server.url("/").to_string(),
        "-d",
        "1200ms",
        "--csv",
        csv.to_str().unwrap(),
        "--json",
        "-",
    ]);
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    let rows = rows(&csv);
    let wrong = measurement.outcomes[&OutcomeKind::WrongStatus] as f64;
    assert!(wrong > 10.0 && number(&rows[0], "failed") > 5.0);
    assert_eq!((total(&rows, "outcome_wrong_status"), total(&rows, "failed")), (wrong, wrong));
    assert_eq!(total(&rows, "outcome_ok"), 0.0);
    assert_eq!((rows[0]["goodput_per_s"].as_str(), rows[0]["time_us_p50"].as_str()), ("0.000", ""));
}

#[test]
fn an_interrupted_measurement_has_no_more_due_than_its_account() {
    let server = Server::answering(HELLO, Duration::from_millis(2));
    let folder = tempfile::tempdir().unwrap();
    let [csv, json] = ["m.csv", "m.json"].map(|name| folder.path().join(name));
    let url = server.url("/").to_string();
    let arguments = [&url, "-c", "4", "--rate", "300/s", "-d", "10m"];
    let child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(arguments)
        .args(["--csv", csv.to_str().unwrap(), "--json", json.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    await_rows(&csv, 1);
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let measurement: Measurement = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let rows = rows(&csv);
    assert_eq!(total(&rows, "due"), measurement.account.due as f64);
    assert!((total(&rows, "measured_s") - measurement.window_s).abs() < 1e-6, "{}", measurement.window_s);
}

/// Waits until so many rows are whole.
fn await_rows(csv: &Path, count: usize) {
    let begun = Instant::now();
    let whole = || fs::read_to_string(csv).map_or(0, |text| text.matches("\r\n").count().saturating_sub(1));
    while whole() < count {
        assert!(begun.elapsed() < Duration::from_secs(60), "not {count} seconds in a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_kill_leaves_every_row_that_was_over() {
    let server = Server::answering(HELLO, Duration::from_millis(2));
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("m.csv");
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&server.url("/").to_string(), "-d", "10m", "--csv", csv.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    await_rows(&csv, 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let left = rows(&csv);
    assert!(left.len() >= 2 && left[..2].iter().all(|row| number(row, "replies") > 0.0));
    assert!(fs::read_to_string(&csv).unwrap().ends_with("\r\n"), "no half row");
}

#[test]
fn a_full_disk_costs_the_table_its_rest_and_not_the_measurement() {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("m.csv");
    // As in the interval log's test: two blocks of 512 bytes, of which the header takes most.
    let script = "ulimit -f 2; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_loadgen"), &server.url("/").to_string()])
        .args(["-c", "2", "-d", "4200ms", "--csv", csv.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("could not write all of") && said.contains("m.csv"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("certificate"), "the summary is still there");
    assert!(!rows(&csv).is_empty(), "its whole rows can be read");
}

#[test]
fn the_header_is_what_the_documentation_says() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("m.csv");
    loadgen(&[&server.url("/").to_string(), "-n", "5", "--csv", csv.to_str().unwrap()]);
    let formats = include_str!("../../../docs/FORMATS.md");
    let table = formats.split("<!-- seconds-csv -->").nth(1).unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    let documented: Vec<String> = first_cells
        .flat_map(|(names, _)| names.split([' ', '`']).filter(|name| !name.is_empty()).map(String::from))
        .collect();
    assert_eq!(header(&csv), documented);
}

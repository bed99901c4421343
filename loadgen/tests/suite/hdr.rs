//! What other tools read: the interval log, also of a run that was killed, and the percentile table.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use reports_record::{Distribution, Measurement};

use super::server::{HELLO, Server};

fn loadgen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap()
}

/// Every interval of a log: its begin and length in seconds, and its histogram.
fn intervals(log: &[u8]) -> Vec<(f64, f64, Histogram<u64>)> {
    let entries = IntervalLogIterator::new(log).map(|entry| entry.unwrap());
    let intervals = entries.filter_map(|entry| match entry {
        LogEntry::Interval(interval) => Some(interval),
        LogEntry::StartTime(_) | LogEntry::BaseTime(_) => None,
    });
    intervals
        .map(|interval| {
            let bytes =
                base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap();
            let histogram = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            (interval.start_timestamp().as_secs_f64(), interval.duration().as_secs_f64(), histogram)
        })
        .collect()
}

fn times(measurement: &Measurement) -> Distribution {
    let histograms = &measurement.histograms;
    histograms.response_time().unwrap().unwrap_or_else(|| histograms.service_time().unwrap())
}

fn sum(intervals: &[(f64, f64, Histogram<u64>)]) -> Histogram<u64> {
    let mut sum = intervals[0].2.clone();
    intervals[1..].iter().for_each(|(_, _, histogram)| sum.add(histogram).unwrap());
    sum
}

#[test]
fn all_intervals_together_are_the_measurement_s_times_in_both_loops() {
    for pace in [&[][..], &["--rate", "200/s"]] {
        let server = Server::answering(HELLO, Duration::from_millis(2));
        let folder = tempfile::tempdir().unwrap();
        let [json, log, table] = ["m.json", "m.hlog", "m.hgrm"].map(|name| folder.path().join(name));
        let url = server.url("/").to_string();
        let [json_path, log_path, table_path] = [&json, &log, &table].map(|path| path.to_str().unwrap());
        let arguments = [&url, "-c", "4", "-t", "2", "--warm-up", "300ms", "-d", "2500ms"];
        let outputs = ["--json", json_path, "--hdr-log", log_path, "--hgrm", table_path];
        let output = loadgen(&[&arguments, pace, &outputs].concat());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
        let measurement: Measurement = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
        let times = times(&measurement);
        assert!(times.count() > 100, "{}", times.count());
        let log = fs::read(&log).unwrap();
        let intervals = intervals(&log);
        assert_eq!(sum(&intervals), times.merged());
        // The first begins with the window; a second each, and the rest, which a slow machine may lengthen.
        let shapes: Vec<(f64, f64)> = intervals.iter().map(|(start, length, _)| (*start, *length)).collect();
        assert_eq!(shapes[..2], [(0.3, 1.0), (1.3, 1.0)]);
        assert!(intervals[..2].iter().all(|(_, _, histogram)| !histogram.is_empty()), "{shapes:?}");
        assert!(shapes.last().is_some_and(|(start, length)| start + length >= 2.8), "{shapes:?}");
        table_agrees(&table, &times);
        let what = if pace.is_empty() { "service times of" } else { "response times, from the intended" };
        assert!(String::from_utf8_lossy(&log).contains(what));
        assert!(fs::read_to_string(&table).unwrap().contains(what));
    }
}

fn table_agrees(path: &Path, times: &Distribution) {
    let table = fs::read_to_string(path).unwrap();
    let last = table.lines().rfind(|line| !line.starts_with('#')).unwrap();
    let cells: Vec<f64> = last.split_whitespace().map(|cell| cell.parse().unwrap()).collect();
    assert_eq!((cells[1], cells[2]), (1.0, times.count() as f64), "{table}");
    let longest_ms = times.merged().max() as f64 / 1e6;
    assert!((cells[0] / longest_ms - 1.0).abs() < 0.002, "{longest_ms}: {table}");
}

#[test]
fn what_fails_is_in_the_log_as_a_lower_bound() {
    // Takes requests and never answers.
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("m.hlog");
    let url = server.url("/").to_string();
    let output = loadgen(&[&url, "--timeout", "100ms", "-d", "500ms", "--hdr-log", log.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let times = sum(&intervals(&fs::read(log).unwrap()));
    assert!(!times.is_empty() && times.min() >= 99_000_000, "{} of at least {}", times.len(), times.min());
}

#[test]
fn a_kill_leaves_every_second_that_was_over() {
    let server = Server::answering(HELLO, Duration::from_millis(2));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("m.hlog");
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&server.url("/").to_string(), "-d", "10m", "--hdr-log", log.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let seconds = || fs::read(&log).map_or(0, |log| intervals(&log).len());
    while seconds() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no two seconds in a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = intervals(&fs::read(&log).unwrap());
    assert!(left.len() >= 2 && left[..2].iter().all(|(_, _, histogram)| !histogram.is_empty()));
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_is_sent() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let url = server.url("/").to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(path("there")).unwrap();
    for flag in ["--hdr-log", "--hgrm", "--csv", "--raw"] {
        for (place, expected) in [
            (path("there"), "found a folder"),
            (path("no/such"), "could not create"),
            ("/".into(), "found a folder"),
        ] {
            let output = loadgen(&[&url, "-n", "5", flag, &place]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(flag) && said.contains(expected), "{flag} {place}: {said}");
        }
    }
    let twice = loadgen(&[&url, "-n", "5", "--hdr-log", &path("one"), "--hgrm", &path("one")]);
    assert_eq!(twice.status.code(), Some(2), "{twice:?}");
    let unreachable = loadgen(&["http://nowhere.invalid/", "--hdr-log", &path("log")]);
    assert_eq!(unreachable.status.code(), Some(2), "{unreachable:?}");
    assert_eq!(server.accepted(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of a refusal");
}

#[test]
fn a_full_disk_costs_the_log_its_rest_and_not_the_measurement() {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("m.hlog");
    // A write beyond a file's limit fails as on a full disk; one block is 512 bytes.
    let script = "ulimit -f 2; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_loadgen"), &server.url("/").to_string()])
        .args(["-c", "8", "-d", "2500ms", "--hdr-log", log.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("could not write all of") && said.contains("m.hlog"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("certificate"), "the summary is still there");
    let bytes = fs::read(&log).unwrap();
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    assert!(bytes.len() <= 1024 && IntervalLogIterator::new(&bytes[..whole]).all(|entry| entry.is_ok()));
}

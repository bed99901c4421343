//! A run for other tools: read back by their own readers.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use reports_record::{Distribution, Folder, Histograms, Line, Run, TrialOutcome};
use reports_render::export;
use synthetic::{Fate, World, cell, definition, lines, run};

/// Times in each measurement of the made-up runs.
const TIMES: u64 = 100;
const BLOCKS: u32 = 4;

/// A run of two cells with a failed trial in each, one that is not to be believed, and full histograms.
fn record() -> (Run, Vec<Line>) {
    let run = run(definition(vec![cell("wait", 0.0, 0, 8), cell("wait", 1.0, 0, 64)], BLOCKS));
    let fate = |_: &_, contender: &str, block| match (contender, block) {
        ("tiny-http", 1) => Fate::Failed,
        ("actix-web", 2) => Fate::OpenInvalid,
        _ => Fate::Measured,
    };
    let mut lines = lines(&run, &World { fate, ..World::plausible() });
    let mut times = Distribution::new();
    (1..TIMES).for_each(|ms| times.record(Duration::from_millis(ms)));
    times.censor(Duration::from_secs(1));
    for line in &mut lines {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        measured.open[0].measurement.histograms = Histograms::encode(&times, Some(&times));
        if let Some(closed) = &mut measured.closed {
            closed.measurement.histograms = Histograms::encode(&times, None);
        }
    }
    (run, lines)
}

fn rows(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv);
    reader.deserialize().map(Result::unwrap).collect()
}

fn write(parent: &Path, run: &Run, lines: &[Line]) -> PathBuf {
    let path = parent.join("run");
    let mut log = Folder::create(&path, run).unwrap().append().unwrap();
    lines.iter().for_each(|line| log.push(line).unwrap());
    path
}

fn report(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_table_has_a_row_per_loop_and_one_per_failure() {
    let (run, lines) = record();
    let rows = rows(&export::trials_csv(&run, &lines));
    let of = |column: &str, value: &str| rows.iter().filter(|row| row[column] == value).count();
    // Two cells, five contenders, four blocks, two loops; a failed trial in each cell has one row.
    assert_eq!(rows.len(), 2 * (5 * BLOCKS as usize * 2 - 1));
    assert_eq!((of("loop", "closed"), of("loop", "open"), of("loop", "")), (38, 38, 2));
    assert_eq!(
        (of("failed_stage", "start"), of("is_believable", "false"), of("verdict", "invalid")),
        (2, 2, 2)
    );
    let failed = rows.iter().find(|row| row["loop"].is_empty()).unwrap();
    assert!(failed["failed_reason"].contains("not ready"), "{failed:?}");
    for figure in ["goodput_per_s", "response_time_us_p50", "server_pss_bytes", "outcome_ok"] {
        assert_eq!(failed[figure], "", "no figure, and no zero: {figure}");
    }
    let closed = rows.iter().find(|row| row["loop"] == "closed").unwrap();
    assert_eq!((closed["response_time_us_p50"].as_str(), closed["offered_rate_per_s"].as_str()), ("", ""));
    assert!(closed["service_time_us_p50"].parse::<f64>().unwrap() > 0.0);
    assert_eq!((closed["service_time_us_p99_9"].as_str(), closed["outcome_timeout"].as_str()), ("", "0"));
}

#[test]
fn of_several_attempts_each_has_its_rows_and_the_last_is_marked() {
    let (run, mut lines) = record();
    let mut again = lines.iter().find(|line| matches!(line, Line::Trial(_))).unwrap().clone();
    if let Line::Trial(trial) = &mut again {
        trial.attempt = 1;
    }
    lines.push(again);
    let rows = rows(&export::trials_csv(&run, &lines));
    let of_place = rows.iter().filter(|row| {
        (row["cell"].as_str(), row["contender"].as_str(), row["block"].as_str())
            == ("wait=0ms/c=8", "std-threads", "0")
    });
    let attempts: Vec<_> =
        of_place.map(|row| (row["attempt"].as_str(), row["is_last_attempt"].as_str())).collect();
    assert_eq!(attempts, [("0", "false"), ("0", "false"), ("1", "true"), ("1", "true")]);
}

#[test]
fn no_text_of_a_record_becomes_a_formula_and_no_row_falls_apart() {
    let (run, mut lines) = record();
    let nasty = "=HYPERLINK(\"http://x\"),\r\n\"a\",+1";
    for line in &mut lines {
        let Line::Trial(trial) = line else { continue };
        trial.cell = nasty.into();
        trial.contender = "-1".into();
        trial.started_at = "@now".into();
        if let TrialOutcome::Failed { reason, .. } = &mut trial.outcome {
            *reason = "\t=1".into();
        }
    }
    let table = export::trials_csv(&run, &lines);
    let rows = rows(&table);
    assert_eq!(rows.len(), 78);
    for row in &rows {
        let escaped = nasty.replace("\r\n", r"\r\n");
        assert_eq!((&row["cell"], &row["contender"]), (&format!("'{escaped}"), &"'-1".to_owned()));
        assert_eq!(row["started_at"], "'@now");
        assert_eq!(row["target"], "", "a cell that is not in the experiment has no settings");
        assert!(row["failed_reason"].is_empty() || row["failed_reason"] == r"\t=1");
    }
}

#[test]
fn every_column_is_documented_and_every_documented_column_is_there() {
    let formats = include_str!("../../../docs/FORMATS.md");
    let table = formats.split("<!-- trials-csv -->").nth(1).expect("the table between two markers");
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    let documented: BTreeSet<String> =
        first_cells.flat_map(|cell| cell.split('`').step_by(2)).map(str::to_owned).collect();
    let actual: BTreeSet<String> = export::columns().into_iter().collect();
    assert_eq!(actual, documented, "left: in the file; right: in docs/FORMATS.md");
}

#[test]
fn a_percentile_table_merges_the_believable_blocks() {
    let (run, lines) = record();
    let tables = export::percentile_tables(&run, &lines).unwrap();
    let names: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!((tables.len(), names.len()), (2 * 5 * 2, 20));
    for (name, blocks) in [
        ("wait=1ms_c=64--std-threads--open.hgrm", 4),
        ("wait=1ms_c=64--tiny-http--closed.hgrm", 3),
        ("wait=1ms_c=64--actix-web--open.hgrm", 3),
        ("wait=1ms_c=64--actix-web--closed.hgrm", 4),
    ] {
        let text = &tables.iter().find(|table| table.name == name).unwrap().text;
        let last = text.lines().rfind(|line| !line.starts_with('#')).unwrap();
        let count: u64 = last.split_whitespace().nth(2).unwrap().parse().unwrap();
        assert_eq!(count, blocks * TIMES, "{name}: {text}");
        assert!(text.contains(&format!("{blocks} blocks merged")), "{text}");
        assert!(text.contains(&format!("{blocks} of the times are lower bounds")), "{text}");
    }
}

/// Where each request drew its wait, its response time says little of the server: the time beyond its own wait stands beside it.
#[test]
fn times_beyond_drawn_waits_have_columns_tables_and_tags_of_their_own() {
    let run = run(definition(vec![cell("wait", 0.0, 0, 8), cell("wait", 1.0, 0, 64)], BLOCKS));
    let lines = lines(&run, &World { drawn: true, ..World::detailed() });
    let rows = rows(&export::trials_csv(&run, &lines));
    for row in &rows {
        let [response, beyond] = ["response_time_us_p50", "beyond_wait_us_p50"].map(|name| &row[name]);
        if row["loop"] == "open" && row["wait_ms"] == "1" {
            let [response, beyond] = [response, beyond].map(|text| text.parse::<f64>().unwrap());
            assert!((response - beyond - 900.0).abs() < 1e-6, "{response} and {beyond}");
        } else {
            assert_eq!(beyond, "", "{row:?}");
        }
    }
    let tables = export::percentile_tables(&run, &lines).unwrap();
    let beyond: Vec<_> =
        tables.iter().filter(|table| table.name.ends_with("--open-beyond-wait.hgrm")).collect();
    assert_eq!(beyond.len(), 5, "one a contender in the cell that waits");
    let own = beyond.iter().find(|table| table.name == "wait=1ms_c=64--std-threads--open-beyond-wait.hgrm");
    assert!(own.unwrap().text.contains("beyond-wait times of std-threads in wait=1ms/c=64, loop open"));
    let log = String::from_utf8(export::hdr_log(&run, &lines).unwrap()).unwrap();
    let tagged = |tag: &str| log.lines().filter(|line| line.starts_with(&format!("Tag={tag},"))).count();
    assert_eq!(tagged("std-threads:wait=1ms/c=64:open-beyond-wait"), BLOCKS as usize);
    assert_eq!(tagged("std-threads:wait=0ms/c=8:open-beyond-wait"), 0);
}

#[test]
fn the_interval_log_has_every_believable_trial_under_its_tag() {
    let (run, lines) = record();
    let log = export::hdr_log(&run, &lines).unwrap();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for entry in IntervalLogIterator::new(&log) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        let bytes = base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap();
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
        assert_eq!((histogram.len(), interval.duration()), (TIMES, Duration::from_secs(1)));
        // The made-up trials all begin a second after their run.
        assert_eq!(interval.start_timestamp(), Duration::from_secs(1));
        *counts.entry(interval.tag().unwrap().to_string()).or_default() += 1;
    }
    assert_eq!(counts.len(), 20);
    assert_eq!(counts["std-threads:wait=1ms/c=64:open"], u64::from(BLOCKS));
    assert_eq!(counts["actix-web:wait=1ms/c=64:open"], u64::from(BLOCKS) - 1);
    assert_eq!(counts["tiny-http:wait=1ms/c=64:closed"], u64::from(BLOCKS) - 1);
}

#[test]
fn a_record_without_a_trial_exports_to_no_data_and_not_to_zeros() {
    let (run, _) = record();
    assert_eq!(rows(&export::trials_csv(&run, &[])), []);
    assert_eq!(export::percentile_tables(&run, &[]).unwrap(), []);
    let log = export::hdr_log(&run, &[]).unwrap();
    assert!(IntervalLogIterator::new(&log).all(|entry| !matches!(entry.unwrap(), LogEntry::Interval(_))));
}

#[test]
fn the_program_writes_what_was_asked_for_and_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let (run, lines) = record();
    let folder = write(directory.path(), &run, &lines);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let [csv, hgrm, log] = ["trials.csv", "tables", "trials.hlog"].map(path);
    fs::write(&csv, "an earlier one").unwrap();
    let arguments = [folder.to_str().unwrap(), "--csv", &csv, "--hgrm", &hgrm, "--hdr-log", &log];
    let output = report(&arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{csv}\n{hgrm}\n{log}\n"));
    assert_eq!(rows(&fs::read(&csv).unwrap()).len(), 78);
    assert_eq!(fs::read_dir(&hgrm).unwrap().count(), 20);
    assert!(fs::read_to_string(&log).unwrap().contains("Tag=std-threads:wait=0ms/c=8:closed,1.000,"));
    assert!(!folder.join("index.html").exists(), "the page was not asked for");
    // The folder of tables is full now; the others are replaced all the same.
    fs::remove_file(&csv).unwrap();
    let again = report(&arguments);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("tables: it exists and is not empty"), "{}", stderr(&again));
    assert!(Path::new(&csv).exists());
}

#[test]
fn a_place_that_cannot_be_written_is_named_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let (run, lines) = record();
    let folder = write(directory.path(), &run, &lines);
    let absent = directory.path().join("absent/file");
    for flag in ["--csv", "--hgrm", "--hdr-log", "--map", "--output"] {
        let output = report(&[folder.to_str().unwrap(), flag, absent.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(stderr(&output).contains("absent/file"), "{flag}: {}", stderr(&output));
        assert_eq!(stderr(&output).matches("os error").count(), 1, "told once: {}", stderr(&output));
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

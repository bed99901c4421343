//! `report` on results that something was at.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use reports_record::{Distribution, Folder, Histograms, Line, TrialOutcome};
use synthetic::{World, cell, definition, lines, run};

/// A run's folder, with something in its histograms.
fn folder(parent: &Path) -> PathBuf {
    let run = run(definition(vec![cell("wait", 0.0, 0, 64)], 2));
    let path = parent.join("run");
    let mut log = Folder::create(&path, &run).unwrap().append().unwrap();
    let mut times = Distribution::new();
    (1..200).for_each(|us| times.record(Duration::from_micros(us * us)));
    for mut line in lines(&run, &World::plausible()) {
        if let Line::Trial(trial) = &mut line
            && let TrialOutcome::Measured(measured) = &mut trial.outcome
        {
            measured.open[0].measurement.histograms = Histograms::encode(&times, Some(&times));
        }
        log.push(&line).unwrap();
    }
    path
}

fn report(folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report")).arg(folder).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_flip_anywhere_in_a_trial_costs_that_trial_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = folder(directory.path());
    let log = path.join("trials.jsonl");
    let whole = fs::read(&log).unwrap();
    let folder = Folder::open(&path);
    let (lines, skipped) = folder.lines().unwrap();
    assert!(skipped.is_empty());
    let index = lines.iter().position(|line| matches!(line, Line::Trial(_))).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|&place| whole[place] == b'\n').collect();
    let (begin, end) = (ends[index - 1] + 1, ends[index]);
    // Every bit would take a while; a step that is prime to eight meets every bit of a byte and every tenth byte or so.
    for place in (begin * 8..end * 8).step_by(101) {
        let mut bytes = whole.clone();
        bytes[place / 8] ^= 1 << (place % 8);
        fs::write(&log, &bytes).unwrap();
        let (left, skipped) = folder.lines().unwrap();
        assert_eq!(skipped.first().map(|line| line.number), Some(index + 1), "bit {place}");
        assert!(left == [&lines[..index], &lines[index + 1..]].concat(), "bit {place}");
    }
}

#[test]
fn a_line_that_is_left_out_is_named_by_file_and_number_and_the_page_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = folder(directory.path());
    let log = path.join("trials.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let changed = text.replacen("\"goodput_per_s\":", "\"goodput_per_s\":9", 1);
    assert_ne!(text, changed);
    let number = 1 + text.lines().zip(changed.lines()).position(|(a, b)| a != b).unwrap();
    fs::write(&log, changed + "\0\0\0\0").unwrap();
    let output = report(&path);
    assert!(output.status.success());
    let said = stderr(&output);
    assert!(
        said.contains(&format!("trials.jsonl line {number} is left out: altered or torn: its checksum")),
        "{said}"
    );
    assert!(said.contains("lost power") && said.lines().count() == 2, "{said}");
    let page = fs::read_to_string(path.join("index.html")).unwrap();
    assert!(page.contains("2 lines of trials.jsonl could not be read"));
}

#[test]
fn a_log_that_is_something_else_gives_a_page_without_an_answer() {
    let directory = tempfile::tempdir().unwrap();
    let path = folder(directory.path());
    let log = path.join("trials.jsonl");
    let garbage: Vec<u8> = (0..100_000_u32).map(|number| (number.wrapping_mul(number) >> 7) as u8).collect();
    let older = b"{\"kind\":\"ending\",\"complete\":true}\n".repeat(30);
    for (bytes, expected) in [
        (Vec::new(), ""),
        (garbage, "is left out: not a line of a run's record"),
        (older, "and 10 lines more"),
    ] {
        fs::write(&log, bytes).unwrap();
        let output = report(&path);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        let page = fs::read_to_string(path.join("index.html")).unwrap();
        assert!(page.contains("No answer") && !page.contains("NaN"), "{expected}");
    }
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    let output = report(&path);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("trials.jsonl: expected a regular file"), "{}", stderr(&output));
}

#[test]
fn a_run_that_was_altered_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = folder(directory.path());
    let environment = path.join("environment.json");
    let text = fs::read_to_string(&environment).unwrap();
    for (altered, expected) in [
        (text.replacen("\"blocks\": 2", "\"blocks\": 3", 1), "was altered after it was written"),
        (text[..text.len() / 2].to_owned(), "was altered after it was written"),
        (
            "{\"schema\": 1}".into(),
            "has schema 1, this version reads schema 2 to 3; use the version that wrote it",
        ),
        (String::new(), "is not a run's record"),
    ] {
        fs::write(&environment, altered).unwrap();
        let output = report(&path);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.contains("environment.json") && said.contains(expected), "{said}");
        assert!(!path.join("index.html").exists());
    }
}

//! What a disk that fills up at any byte leaves behind.
//!
//! Staged by the limit on a file's size, which stops a write in its middle just as a full disk does. The limit is the
//! whole process's, hence one test in a program of its own.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

mod made_up;

use std::fs;
use std::sync::Arc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use reports_record::{Calibration, Folder, FolderError, Line};

fn line(cell: &str) -> Line {
    Line::Calibration(Calibration {
        cell: cell.into(),
        contender: "tokio-tasks".into(),
        goodput_per_s: Some(1234.5),
        cpu: None,
        failure: None,
    })
}

/// Does `work` while no file may grow beyond `bytes`.
fn with_room<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, bytes as u64, hard).unwrap();
    let result = work();
    setrlimit(Resource::RLIMIT_FSIZE, soft, hard).unwrap();
    result
}

fn assert_names_file_and_cause(error: &FolderError, file: &str) {
    let text = error.to_string();
    assert!(text.contains(file) && text.contains("File too large"), "{text}");
}

#[test]
fn a_disk_that_fills_up_at_any_byte_costs_the_line_it_stops_and_no_other() {
    // The signal that goes with the limit would end the process; the error is what a full disk gives too.
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).unwrap();
    let length = line_length();
    for room in 0..=length {
        the_log_keeps_its_lines(length, room);
        a_file_is_whole_or_as_before(room);
    }
    let length = run_length();
    // Every byte would take a while: its beginning, its end and steps between.
    (0..20).chain((20..length).step_by(37)).chain([length - 1, length]).for_each(|room| {
        a_run_begins_whole_or_not_at_all(length, room);
    });
}

fn line_length() -> usize {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path());
    folder.append().unwrap().push(&line("b")).unwrap();
    fs::read(directory.path().join("trials.jsonl")).unwrap().len()
}

fn the_log_keeps_its_lines(length: usize, room: usize) {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path());
    let mut log = folder.append().unwrap();
    log.push(&line("a")).unwrap();
    let pushed = with_room(length + room, || log.push(&line("b")));
    assert_eq!(pushed.is_ok(), room >= length, "room for {room} of {length} bytes");
    if let Err(error) = &pushed {
        assert_names_file_and_cause(error, "trials.jsonl");
    }
    // Whole without its end, the line counts; else it is torn, and skipped.
    let second = (room + 1 >= length).then(|| line("b"));
    let skipped = usize::from(room > 0 && second.is_none());
    let (lines, torn) = folder.lines().unwrap();
    assert_eq!((&lines, torn.len()), (&[line("a")].into_iter().chain(second.clone()).collect(), skipped));
    // There is room again: for the writer that goes on, and for one that resumes.
    log.push(&line("c")).unwrap();
    drop(log);
    folder.append().unwrap().push(&line("d")).unwrap();
    let (lines, torn) = folder.lines().unwrap();
    let expected: Vec<Line> = [line("a")].into_iter().chain(second).chain([line("c"), line("d")]).collect();
    assert_eq!((lines, torn.len()), (expected, skipped), "room for {room} of {length} bytes");
}

fn a_file_is_whole_or_as_before(room: usize) {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path());
    folder.write("page", b"earlier").unwrap();
    let later = [b'x'; 64];
    let written = with_room(room, || folder.write("page", &later));
    assert_eq!(written.is_ok(), room >= later.len());
    if let Err(error) = &written {
        assert_names_file_and_cause(error, "page");
    }
    let expected = if written.is_ok() { later.as_slice() } else { b"earlier" };
    assert_eq!(fs::read(directory.path().join("page")).unwrap(), expected);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no half file is left");
}

fn run_length() -> usize {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::create(directory.path().join("run"), &made_up::run()).unwrap();
    fs::read(folder.path().join("environment.json")).unwrap().len()
}

fn a_run_begins_whole_or_not_at_all(length: usize, room: usize) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    let created = with_room(room, || Folder::create(&path, &made_up::run()));
    assert_eq!((created.is_ok(), path.exists()), (room >= length, room >= length), "room for {room} bytes");
    match created {
        Ok(folder) => assert_eq!(folder.run().unwrap(), made_up::run()),
        Err(error) => assert_names_file_and_cause(&error, "environment.json"),
    }
}

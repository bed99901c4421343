//! A run's files after anything but their writer was at them.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

mod made_up;

use std::fs::{self, File};
use std::path::PathBuf;

use proptest::prelude::*;
use reports_record::{Calibration, Folder, Line, Overshoot, Skipped, Stage, Trial, TrialOutcome};
use tempfile::TempDir;

fn some_lines() -> Vec<Line> {
    vec![
        Line::Overshoot(Overshoot {
            contender: "std-threads".into(),
            wait_ms: 1.0,
            service_time_us_p50: 1100.5,
            floor_us_p50: 42.25,
        }),
        Line::Trial(Box::new(Trial {
            cell: "wait=1ms/c=64".into(),
            block: 3,
            contender: "tiny-http".into(),
            position: 1,
            attempt: 0,
            seed: 42,
            started_at: "2026-01-02T03:04:05Z".into(),
            machine_speed: None,
            outcome: TrialOutcome::Failed {
                stage: Stage::Start,
                reason: "was not ready within 5s: \"address in use\"\n".into(),
                stderr_tail: vec!["Ünïcode\u{0}".into(), "x".repeat(300)],
            },
        })),
        Line::Calibration(Calibration {
            cell: "wait=1ms/c=64".into(),
            contender: "tokio-tasks".into(),
            goodput_per_s: None,
            cpu: None,
            failure: Some("refused".into()),
        }),
    ]
}

/// A folder whose log holds [`some_lines`], and that file.
fn log() -> (TempDir, Folder, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path());
    let mut log = folder.append().unwrap();
    some_lines().iter().for_each(|line| log.push(line).unwrap());
    let path = directory.path().join("trials.jsonl");
    (directory, folder, path)
}

/// What is read when the log holds `bytes`.
fn read(bytes: &[u8]) -> (Vec<Line>, Vec<Skipped>) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("trials.jsonl"), bytes).unwrap();
    Folder::open(directory.path()).lines().unwrap()
}

fn only_reason(bytes: &[u8]) -> String {
    let (lines, skipped) = read(bytes);
    assert_eq!((lines.len(), skipped.len()), (0, 1), "{skipped:?}");
    assert_eq!(skipped[0].number, 1);
    skipped[0].reason.clone()
}

#[test]
fn a_log_cut_at_any_byte_keeps_the_lines_before_the_cut_and_takes_new_ones() {
    let (_directory, folder, path) = log();
    let whole = fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|&place| whole[place] == b'\n').collect();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let intact = ends.iter().filter(|&&end| end <= length).count();
        // Cut within a line: neither at its begin nor where only its end is missing.
        let torn = length > 0 && whole[length - 1] != b'\n' && !ends.contains(&length);
        let (lines, skipped) = folder.lines().unwrap();
        assert_eq!(
            (lines.as_slice(), skipped.len()),
            (&some_lines()[..intact], usize::from(torn)),
            "{length}"
        );
        folder.append().unwrap().push(&some_lines()[0]).unwrap();
        let (lines, skipped) = folder.lines().unwrap();
        assert_eq!((lines.len(), skipped.len()), (intact + 1, usize::from(torn)), "{length}");
        assert_eq!(lines.last(), some_lines().first(), "{length}");
        assert!(skipped.iter().all(|line| line.number == intact + 1), "{length}: {skipped:?}");
    }
}

proptest! {
    #[test]
    fn any_altered_byte_is_noticed_by_line_and_no_altered_line_is_used(
        place in any::<prop::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let (_directory, folder, path) = log();
        let mut bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        let number = 1 + bytes[..place].iter().filter(|&&byte| byte == b'\n').count();
        let was_an_end = bytes[place] == b'\n';
        let begins_a_line = place == 0 || bytes[place - 1] == b'\n';
        bytes[place] ^= change;
        // A first byte that became a line end leaves an empty line, and the rest as the next one.
        let number = number + usize::from(begins_a_line && bytes[place] == b'\n');
        fs::write(&path, bytes).unwrap();
        let (lines, skipped) = folder.lines().unwrap();
        prop_assert_eq!(skipped.first().map(|line| line.number), Some(number));
        prop_assert!(lines.iter().all(|line| some_lines().contains(line)));
        // A lost line end costs the line behind it too.
        prop_assert!(lines.len() + 1 + usize::from(was_an_end) >= some_lines().len());
    }
}

#[test]
fn a_tail_of_nul_bytes_is_told_from_a_torn_line() {
    let (_directory, folder, path) = log();
    let bytes = [fs::read(&path).unwrap(), vec![0; 4096]].concat();
    fs::write(&path, bytes).unwrap();
    folder.append().unwrap().push(&some_lines()[0]).unwrap();
    let (lines, skipped) = folder.lines().unwrap();
    assert_eq!(lines.len(), 4);
    assert!(skipped.len() == 1 && skipped[0].number == 4, "{skipped:?}");
    assert!(skipped[0].reason.contains("4096 bytes that begin with NUL"), "{skipped:?}");
}

#[test]
fn line_ends_of_another_system_alter_nothing() {
    let (_directory, _folder, path) = log();
    let converted = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
    assert_eq!(read(converted.as_bytes()), (some_lines(), vec![]));
}

#[test]
fn what_is_no_log_is_told_for_what_it_is() {
    assert_eq!(read(b""), (vec![], vec![]));
    assert_eq!(read(b"\n\n\n"), (vec![], vec![]));
    assert!(only_reason(b"{\"kind\":\"ending\",\"complete\":true}\n").contains("an older version wrote it"));
    assert!(only_reason(b"{\"name\":\"foreign\"}\n").contains("begins with \"{\\\"name\\\":"));
    assert!(only_reason(b"\x7fELF\x02\x01\x01").contains("not a line of a run's record"));
    assert!(only_reason(&[0xff; 100_000]).len() < 300, "a reason quotes no more than a beginning");
    let unknown = b"{\"kind\":\"confession\"}";
    let sealed = format!("{{\"crc32\":\"{:08x}\",\"line\":{}}}", crc32(unknown), r#"{"kind":"confession"}"#);
    assert!(only_reason(sealed.as_bytes()).contains("not known to this version"));
}

/// Bit by bit, so that the checksum in the file is held to its definition and not to the crate that makes it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

#[test]
fn a_folder_in_the_place_of_a_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path());
    for name in ["trials.jsonl", "environment.json"] {
        fs::create_dir(directory.path().join(name)).unwrap();
    }
    let errors = [folder.lines().unwrap_err().to_string(), folder.run().unwrap_err().to_string()];
    for (error, name) in errors.iter().zip(["trials.jsonl", "environment.json"]) {
        assert!(error.contains(name) && error.contains("expected a regular file"), "{error}");
    }
    let error = folder.append().unwrap_err().to_string();
    assert!(error.starts_with("cannot open ") && error.contains("trials.jsonl"), "{error}");
}

#[test]
fn a_huge_file_is_neither_loaded_nor_believed() {
    let (_directory, folder, path) = log();
    // Sparse: it takes no room here, but says that it has a terabyte.
    File::options().append(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let (lines, skipped) = folder.lines().unwrap();
    assert_eq!(lines, some_lines());
    let reasons: Vec<(usize, &str)> =
        skipped.iter().map(|line| (line.number, line.reason.as_str())).collect();
    assert_eq!(reasons[0], (4, "more than 8388608 bytes"));
    assert!(reasons[1].1.contains("expected at most 1073741824"), "{reasons:?}");
    let environment = path.with_file_name("environment.json");
    File::create(&environment).unwrap().set_len(1 << 40).unwrap();
    assert!(folder.run().unwrap_err().to_string().contains("more than 16777216 bytes"));
}

#[test]
fn a_run_that_is_not_as_written_is_refused_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("environment.json");
    let schema = reports_record::SCHEMA;
    for (text, expected) in [
        (String::new(), "EOF while parsing"),
        ("[true]".into(), "invalid type"),
        ("\u{0}\u{0}".into(), "expected value"),
        ("{\"name\": \"foreign\"}".into(), "missing field `schema`"),
        (format!("{{\"schema\": {schema}}}"), "does not begin with its checksum"),
        (format!("{{\n  \"crc32\": \"00000000\",\n  \"schema\": {schema}\n}}\n"), "was altered"),
    ] {
        fs::write(&path, &text).unwrap();
        let error = Folder::open(directory.path()).run().unwrap_err().to_string();
        assert!(error.contains("environment.json") && error.contains(expected), "{text:?}: {error}");
        assert!(error.contains("restore it from a copy, or measure again"), "{error}");
    }
}

#[test]
fn a_run_comes_back_as_written_and_not_after_any_cut_or_flip() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::create(directory.path().join("run"), &made_up::run()).unwrap();
    assert_eq!(folder.run().unwrap(), made_up::run());
    let path = folder.path().join("environment.json");
    let whole = fs::read(&path).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    assert_eq!(value["id"], "20260102T030405Z-made-up", "plain JSON to other readers");
    for place in 0..whole.len() {
        fs::write(&path, &whole[..place]).unwrap();
        assert!(folder.run().is_err(), "cut at {place}");
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        fs::write(&path, flipped).unwrap();
        let error = folder.run().unwrap_err().to_string();
        assert!(error.contains("environment.json") && error.contains("again"), "flip at {place}: {error}");
    }
    assert!(Folder::create(folder.path(), &made_up::run()).is_err(), "results are never overwritten");
}

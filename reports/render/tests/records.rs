//! `report` never harms the record that it reads, nor any other.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use reports_record::{Folder, Line, Metric, Run};
use reports_render::analysis::Analysis;
use synthetic::{World, cell, definition, lines, run};

const RECORD: [&str; 2] = ["environment.json", "trials.jsonl"];

/// A run's folder below `parent`.
fn folder(parent: &Path) -> PathBuf {
    let run = run(definition(vec![cell("wait", 0.0, 0, 64)], 6));
    let path = parent.join("run");
    let mut log = Folder::create(&path, &run).unwrap().append().unwrap();
    lines(&run, &World::plausible()).iter().for_each(|line| log.push(line).unwrap());
    path
}

fn command(arguments: &[&Path]) -> Command {
    let mut report = Command::new(env!("CARGO_BIN_EXE_report"));
    report.args(arguments);
    report
}

fn report(arguments: &[&Path]) -> Output {
    command(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn record(run: &Path) -> Vec<Vec<u8>> {
    RECORD.iter().map(|name| fs::read(run.join(name)).unwrap()).collect()
}

/// The log as a published run has it, in place of the plain one.
fn pack(run: &Path) {
    let log = run.join("trials.jsonl");
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&fs::read(&log).unwrap()).unwrap();
    fs::write(run.join("trials.jsonl.gz"), packed.finish().unwrap()).unwrap();
    fs::remove_file(log).unwrap();
}

#[test]
fn no_output_takes_the_place_of_a_record() {
    let directory = tempfile::tempdir().unwrap();
    let (run, other) = (folder(directory.path()), tempfile::tempdir().unwrap());
    let another = folder(other.path());
    let link = directory.path().join("link.svg");
    fs::hard_link(run.join("trials.jsonl"), &link).unwrap();
    let (before, others) = (record(&run), record(&another));
    let names = RECORD.map(|name| run.join(name)).into_iter().chain(RECORD.map(|name| another.join(name)));
    for output in names.chain([link, run.join("trials.jsonl.gz")]) {
        for flag in ["--output", "--csv", "--map", "--hdr-log", "--hgrm"] {
            let ended = report(&[&run, Path::new(flag), &output]);
            assert_eq!(ended.status.code(), Some(2), "{flag} {}", output.display());
            let said = stderr(&ended);
            let refused = said.contains("part of a record") || flag == "--hgrm";
            assert!(
                refused && said.contains(output.file_name().unwrap().to_str().unwrap()),
                "{flag}: {said}"
            );
        }
    }
    assert!(record(&run) == before && record(&another) == others);
    assert!(!run.join("trials.jsonl.gz").exists());
}

#[test]
fn a_published_run_is_rendered_from_its_compressed_log() {
    let directory = tempfile::tempdir().unwrap();
    let run = folder(directory.path());
    assert!(report(&[&run]).status.success());
    let page = fs::read(run.join("index.html")).unwrap();
    pack(&run);
    let ended = report(&[&run]);
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", stderr(&ended));
    assert!(fs::read(run.join("index.html")).unwrap() == page, "the page differs");
    // Cut off in the middle: what was read until then counts, and the rest is told of.
    let packed = fs::read(run.join("trials.jsonl.gz")).unwrap();
    fs::write(run.join("trials.jsonl.gz"), &packed[..packed.len() / 2]).unwrap();
    let ended = report(&[&run]);
    assert!(
        stderr(&ended).contains("trials.jsonl.gz line") && stderr(&ended).contains("damaged or cut off"),
        "{}",
        stderr(&ended)
    );
}

#[test]
fn a_lost_log_is_not_a_run_without_trials() {
    let directory = tempfile::tempdir().unwrap();
    let run = folder(directory.path());
    assert!(report(&[&run]).status.success());
    let page = fs::read(run.join("index.html")).unwrap();
    fs::remove_file(run.join("trials.jsonl")).unwrap();
    let ended = report(&[&run]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(stderr(&ended).contains("trials.jsonl is missing"), "{}", stderr(&ended));
    assert!(fs::read(run.join("index.html")).unwrap() == page);
    // Nor when its page is lost too.
    fs::remove_file(run.join("index.html")).unwrap();
    assert_eq!(report(&[&run]).status.code(), Some(2));
    assert!(!run.join("index.html").exists());
}

#[test]
fn many_reports_at_once_all_succeed() {
    let directory = tempfile::tempdir().unwrap();
    let run = folder(directory.path());
    let started =
        (0..6).map(|_| command(&[&run]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let reports: Vec<_> = started.collect();
    for one in reports {
        let ended = one.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", stderr(&ended));
    }
    assert_eq!(fs::read_dir(&run).unwrap().count(), 3, "nothing is left beside record and page");
}

/// A published run, as it is checked in.
fn published() -> (Run, Vec<Line>) {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../published/2026-11-22-grid");
    let folder = Folder::open(published);
    (folder.run().unwrap(), folder.lines().unwrap().0)
}

#[test]
fn both_sides_of_a_row_are_of_the_blocks_that_its_ratio_is_of() {
    let (run, lines) = published();
    let analysis = Analysis::of(&run, &lines);
    let mut rows = 0;
    for contrast in &analysis.verdicts.contrasts {
        for metric in Metric::ALL {
            for row in analysis.verdicts.about(contrast.kind, metric) {
                let (Some(ratio), Some((sync, awaiting))) = (row.ratio(), row.sides()) else {
                    assert_eq!((row.ratio(), row.sides()), (None, None));
                    continue;
                };
                let of_sides = awaiting.middle / sync.middle;
                assert!(
                    (of_sides / ratio - 1.0).abs() < 1e-9,
                    "cell {}, {metric:?}: {of_sides} and {ratio}",
                    row.cell
                );
                assert_eq!((sync.blocks, awaiting.blocks), (row.blocks().count(), row.blocks().count()));
                rows += 1;
            }
        }
    }
    assert!(rows > 500, "{rows} rows");
}

#[test]
fn a_line_that_stands_twice_is_one_attempt() {
    let run = run(definition(vec![cell("wait", 0.0, 0, 64)], 6));
    let mut lines = lines(&run, &World::plausible());
    let once = reports_render::export::trials_csv(&run, &lines);
    let first = lines.iter().position(|line| matches!(line, Line::Trial(_))).unwrap();
    lines.insert(first, lines[first].clone());
    assert!(reports_render::export::trials_csv(&run, &lines) == once, "a row stands twice");
    let analysis = Analysis::of(&run, &lines);
    let [remark] = analysis.grid.remarks() else { panic!("{:?}", analysis.grid.remarks()) };
    assert!(remark.contains("twice, word for word: 1"), "{remark}");
}

#[test]
fn a_plan_beyond_any_run_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut endless = run(definition(vec![cell("wait", 0.0, 0, 64)], 6));
    endless.definition.blocks = 30_000_000;
    let path = directory.path().join("endless");
    Folder::create(&path, &endless).unwrap();
    let ended = report(&[&path]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(stderr(&ended).contains("30000000 blocks, expected at most 1000"), "{}", stderr(&ended));
}

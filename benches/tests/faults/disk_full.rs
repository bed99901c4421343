//! A disk that is full at some write: staged by a limit on the size of files, which fails any write beyond it, at any
//! byte, as a full disk does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reports_record::Folder;

use crate::project::{Ended, Project, end, is_complete, trials_of};
use crate::server::serve;

/// `crossover` with no file allowed to grow beyond `limit` bytes, rounded up to 512. A write beyond the limit fails as on a full
/// disk: part of it is written, then nothing.
fn limited(project: &Project, limit: u64, arguments: &str) -> Ended {
    // POSIX counts in blocks of 512 bytes; bash, called sh, does too.
    let blocks = limit.div_ceil(512);
    let script = format!("ulimit -f {blocks}; exec \"$0\" {arguments} --anyway");
    let mut shell = Command::new("/bin/sh");
    shell.env("POSIXLY_CORRECT", "1").args(["-c", &script, env!("CARGO_BIN_EXE_crossover")]);
    let ended = end(shell.current_dir(project.path("")));
    project.wait_until_nothing_is_left();
    ended
}

/// A complete run, and the sizes of its record and of its log.
fn complete() -> (Project, PathBuf, u64, u64) {
    let project = Project::working(serve());
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert!(is_complete(code), "{stderr}");
    let run = project.run_folder().unwrap();
    let size = |name| fs::metadata(run.join(name)).unwrap().len();
    let (record, log) = (size("environment.json"), size("trials.jsonl"));
    (project, run, record, log)
}

fn has_half_a_file(run: &Path) -> bool {
    fs::read_dir(run)
        .unwrap()
        .any(|entry| entry.unwrap().path().extension().is_some_and(|it| it == "partial"))
}

#[test]
fn a_record_that_cannot_be_written_is_no_run() {
    let project = Project::working(serve());
    let Ended { code, stdout, stderr } = limited(&project, 512, "run failing.toml --runs kept");
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("environment.json") && stderr.contains("File too large"), "{stderr}");
    assert_eq!(project.run_folder(), None, "half a run is left");
}

#[test]
fn whichever_line_cannot_be_written_those_before_it_stay_and_resume_finishes() {
    let (_project, _run, record, log) = complete();
    assert!(log > 2 * record, "the log is too short to fail at several lines");
    let mut failed = 0;
    for share in [0.0, 0.2, 0.45, 0.7, 0.95] {
        let limit = record + ((log - record) as f64 * share) as u64;
        let project = Project::working(serve());
        let Ended { code, stdout, stderr } = limited(&project, limit, "run failing.toml --runs kept");
        let run = project.run_folder().unwrap();
        assert!(!has_half_a_file(&run), "limit {limit}");
        if is_complete(code) {
            // The first run's log was longer by an attempt that the machine spoilt.
            continue;
        }
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "limit {limit}: {stderr}");
        assert!(stderr.contains("File too large"), "limit {limit}: {stderr}");
        failed += u32::from(stderr.contains("trials.jsonl"));
        let folder = Folder::open(&run);
        let before = trials_of(folder.lines().unwrap().0);
        let Ended { code, stderr, .. } = project.resume(&run);
        assert!(is_complete(code), "limit {limit}: {stderr}");
        let after = trials_of(folder.lines().unwrap().0);
        assert_eq!(after[..before.len()], before, "limit {limit}: a trial was lost");
        let attempts: BTreeSet<_> = after.iter().map(|trial| (&trial.contender, trial.attempt)).collect();
        let contenders: BTreeSet<_> = after.iter().map(|trial| &trial.contender).collect();
        assert_eq!((attempts.len(), contenders.len()), (after.len(), 3), "limit {limit}: {after:?}");
        assert!(run.join("index.html").is_file() && !has_half_a_file(&run));
    }
    assert!(failed >= 3, "{failed} runs failed at a line");
}

#[test]
fn a_page_that_cannot_be_written_costs_nothing_but_the_page() {
    let (project, run, ..) = complete();
    let page = fs::read(run.join("index.html")).unwrap();
    let log = fs::read(run.join("trials.jsonl")).unwrap();
    for earlier_page in [true, false] {
        if !earlier_page {
            fs::remove_file(run.join("index.html")).unwrap();
        }
        let limit = page.len() as u64 / 2;
        let Ended { code, stdout, stderr } = limited(&project, limit, &format!("resume '{}'", run.display()));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("the results are kept, the page is not written"), "{stderr}");
        assert!(stderr.contains("index.html") && stderr.contains("File too large"), "{stderr}");
        assert!(!has_half_a_file(&run));
        assert_eq!(fs::read(run.join("index.html")).ok(), earlier_page.then(|| page.clone()));
    }
    assert!(is_complete(project.resume(&run).code));
    assert_eq!(fs::read(run.join("index.html")).unwrap(), page);
    assert_eq!(fs::read(run.join("trials.jsonl")).unwrap(), log);
}

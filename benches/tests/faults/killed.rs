//! kill −9 of the runner at any moment, then `crossover resume`, again and again until the run is complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use reports_record::Folder;

use crate::project::{Ended, Project, is_complete, trials_of};
use crate::server::serve;

/// Where the moments of the kills come from; printed with every failure.
const SEED: u64 = 0x0c05_50e5;

/// Runners that are killed before one is let go on to the end.
const KILLS: u32 = 16;

/// Longest time that a runner lives: it starts three contenders, calibrates two, and makes a trial or two.
const LONGEST: Duration = Duration::from_millis(1500);

#[test]
fn a_run_whose_runners_are_killed_at_any_moment_loses_and_repeats_nothing() {
    println!("seed {SEED:#x}");
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let project = Project::working(serve()).blocks(4);
    let mut before = Vec::new();
    for kill in 0..KILLS {
        let run = project.run_folder().filter(|run| run.join("environment.json").is_file());
        if let (None, Some(half_made)) = (&run, project.run_folder()) {
            // Killed before the run's record was whole: there is nothing to resume, and nothing to lose.
            fs::remove_dir_all(half_made).unwrap();
        }
        let mut runner = match &run {
            Some(run) => project.crossover(&["resume", run.to_str().unwrap()]),
            None => project.runner(),
        };
        let mut runner = runner.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(LONGEST.mul_f64(f64::from(random.next_u32()) / f64::from(u32::MAX)));
        runner.kill().unwrap();
        runner.wait().unwrap();
        project.wait_until_nothing_is_left();
        let after = project.run_folder().map(|run| log(&run)).unwrap_or_default();
        assert!(after.starts_with(&before), "kill {kill}: what was there has changed");
        before = whole_lines(after);
    }
    let run = project.run_folder().expect("no runner lived long enough to begin");
    let Ended { code, stderr, .. } = project.resume(&run);
    assert!(is_complete(code), "{stderr}");
    assert!(log(&run).starts_with(&before), "the last runner changed what was there");
    let trials = trials_of(Folder::open(&run).lines().unwrap().0);
    let attempts: BTreeSet<_> = trials
        .iter()
        .map(|trial| (trial.cell.clone(), trial.block, trial.contender.clone(), trial.attempt))
        .collect();
    assert_eq!(attempts.len(), trials.len(), "a trial was repeated: {attempts:?}");
    let places: BTreeSet<_> =
        attempts.into_iter().map(|(cell, block, name, _)| (cell, block, name)).collect();
    assert_eq!(places.len(), 4 * 3, "{places:?}");
    project.wait_until_nothing_is_left();
}

fn log(run: &Path) -> Vec<u8> {
    // Not there before the run begins to measure.
    fs::read(run.join("trials.jsonl")).unwrap_or_default()
}

/// Without a last line that the kill has torn: that trial has not been finished.
fn whole_lines(mut log: Vec<u8>) -> Vec<u8> {
    let end = log.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    log.truncate(end);
    log
}

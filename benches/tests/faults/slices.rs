//! Runs in slices, over looks: killed amid a block, and with a contender that dies amid its slices.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use benches::remaining::{contender_names, plan};
use benches::{look, order};
use reports_record::{Definition, Folder, Line, Metric, Run, Stage, Trial, TrialOutcome};
use reports_render::analysis::Analysis;
use reports_render::analysis::contrast::Kind;

use crate::project::{Ended, Project, end, is_complete, only_failure, trials, trials_of};
use crate::server::{be_a_contender, script_of_contender};

/// Starts of a contender before its first trial: its settings are read, and it is calibrated.
const BEFORE: usize = 2;

/// Does nothing as a test; as a contender it serves until it is ended.
#[test]
fn serves_the_runs_in_slices() {
    be_a_contender();
}

/// A project whose contenders are processes that serve, measured in slices over so many blocks. At its trial with the number
/// `block`, from 1, the blocking one does `fault`: in that block, or before it where the machine spoilt one.
fn project(blocks: u32, block: usize, fault: &str) -> Project {
    Project::new(&script_of_contender("slices::serves_the_runs_in_slices", BEFORE + block, fault))
        .blocks(blocks)
        .edit("connections = [1]", "connections = [2]")
        .edit("[phases]", "[phases]\nslices = { closed = 1, open = 1 }")
}

fn log(run: &Path) -> Vec<u8> {
    fs::read(run.join("trials.jsonl")).unwrap()
}

fn read(run: &Path) -> (Run, Vec<Line>) {
    let folder = Folder::open(run);
    let (lines, skipped) = folder.lines().unwrap();
    // A line that the kill has torn is one that was not finished.
    assert!(skipped.len() <= 1, "{skipped:?}");
    (folder.run().unwrap(), lines)
}

/// Each look that was planned is on record once, and says what the trials before it say; the last block is the last look, which
/// ends nothing.
fn looks_are_those_of(definition: &Definition, lines: &[Line]) {
    let mut after = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Line::Look(found) = line else { continue };
        assert_eq!(*found, look::look(definition, &lines[..at], found.after));
        after.push(found.after);
    }
    assert_eq!(after, definition.looks[..definition.looks.len() - 1]);
}

/// Each attempt is at the place that was planned for it, with its seed, and all of them offer one rate.
fn places_are_those_of(definition: &Definition, trials: &[Trial]) {
    let (plan, names) = (plan(definition), contender_names(definition));
    let mut rates = BTreeSet::new();
    for trial in trials {
        let place = plan
            .iter()
            .find(|one| (one.block, &names[one.contender]) == (trial.block, &trial.contender))
            .unwrap();
        assert_eq!(trial.position, place.position);
        assert_eq!(trial.seed, order::schedule_seed(definition.seed, place.cell, place.block));
        let TrialOutcome::Measured(measured) = &trial.outcome else { panic!("{trial:?}") };
        rates.extend(measured.open.iter().map(|open| open.measurement.plan.schedule.clone().unwrap()));
    }
    assert_eq!(rates.len(), 1, "{rates:?}");
}

/// Returns once this file is there, however slow the machine; panics when the runner ends without it.
fn wait_for(file: &Path, runner: &mut Child) {
    while !file.exists() {
        assert_eq!(runner.try_wait().unwrap(), None, "the runner ended without {}", file.display());
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_run_that_is_killed_in_its_fourth_block_goes_on_over_its_looks_as_one_that_was_not() {
    let project = project(8, 4, "$PIDS.measured").edit("seed = 1", "seed = 1\nlooks = [6, 7, 8]");
    let mut runner = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&project.path("pids.measured"), &mut runner);
    runner.kill().unwrap();
    runner.wait().unwrap();
    project.wait_until_nothing_is_left();
    let run = project.run_folder().unwrap();
    let mut before = log(&run);
    before.truncate(before.iter().rposition(|&byte| byte == b'\n').unwrap() + 1);
    let made = trials_of(read(&run).1);
    assert!(!made.is_empty() && made.iter().all(|trial| trial.block < 4), "{made:?}");

    let Ended { code, stderr, .. } = project.resume(&run);
    assert!(is_complete(code), "{stderr}");
    assert!(log(&run).starts_with(&before), "what was there has changed");
    let (Run { definition, .. }, lines) = read(&run);
    let sessions = lines.iter().filter(|line| matches!(line, Line::Beginning(_))).count();
    assert_eq!(sessions, 2);
    looks_are_those_of(&definition, &lines);
    let trials = trials_of(lines);
    places_are_those_of(&definition, &trials);
    let attempts: BTreeSet<_> =
        trials.iter().map(|trial| (trial.block, &trial.contender, trial.attempt)).collect();
    assert_eq!(attempts.len(), trials.len(), "a trial was repeated: {attempts:?}");
    // Three of each block up to the first look; how many follow is for the looks to say.
    let first: BTreeSet<_> =
        trials.iter().filter(|trial| trial.block < 6).map(|trial| (trial.block, &trial.contender)).collect();
    assert_eq!(first.len(), 6 * 3, "{first:?}");
    project.wait_until_nothing_is_left();
}

#[test]
fn a_contender_that_dies_amid_its_slices_costs_its_block_on_both_sides_and_the_run_goes_on() {
    let project = project(2, 2, "ends");
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("it ended while it was measured (exit status: 3)"), "{stderr}");
    assert!(stderr.contains("1 trial failed; the page lists each with its reason"), "{stderr}");
    let run = project.run_folder().unwrap();
    let all = trials(&run);
    let (stage, reason) = only_failure(&all);
    assert_eq!(stage, Stage::Measure, "{reason}");
    assert!(reason.contains("it ended while it was measured (exit status: 3)"), "{reason}");
    assert!(reason.ends_with("| no such table"), "{reason}");
    let dead = all.iter().find(|trial| matches!(trial.outcome, TrialOutcome::Failed { .. })).unwrap();
    // The second block, or the first one's second attempt where the machine spoilt one.
    assert_eq!(dead.contender, "blocking");
    let places: BTreeSet<_> = all.iter().map(|trial| (trial.block, &trial.contender)).collect();
    assert_eq!(places.len(), 2 * 3, "{places:?}");
    // Its rival was measured with the copy, and stands against nothing in that block.
    let (run, lines) = read(&run);
    let analysis = Analysis::of(&run, &lines);
    for metric in [Metric::Throughput, Metric::CpuPerRequest, Metric::ResponseTimeP50, Metric::Memory] {
        let found = analysis.verdicts.at(Kind::Control, metric, 0).unwrap();
        assert!(found.blocks().all(|(block, _)| block != dead.block), "{metric:?}: {found:?}");
    }
    project.wait_until_nothing_is_left();
}

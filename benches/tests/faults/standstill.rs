//! A machine that stands still: runner and contenders stop for six seconds and go on, as in a paused virtual machine.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::{Stage, Trial, TrialOutcome};

use crate::deadline::wait_until;
use crate::project::{Project, STARTS_BEFORE_TRIALS, is_complete, trials};
use crate::server::serve;

/// Longer than each time-out of the runner, all of which are five seconds.
const PAUSE: Duration = Duration::from_secs(6);

/// `root` and every process below it.
fn tree(root: i32) -> Vec<i32> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent =
            stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse::<i32>().unwrap();
        parents.insert(pid, parent);
    }
    let is_below = |mut pid: i32| loop {
        match parents.get(&pid) {
            _ if pid == root => return true,
            Some(&parent) => pid = parent,
            None => return false,
        }
    };
    parents.keys().copied().filter(|&pid| is_below(pid)).collect()
}

/// Stops `root` and all below it for [`PAUSE`], does `meanwhile`, and lets them go on.
fn pause(root: i32, meanwhile: impl FnOnce()) {
    let send = |pid: i32, signal| {
        // One that has just ended needs no signal.
        let _ = kill(Pid::from_raw(pid), signal);
    };
    // The runner first, so that it starts nothing while the rest is stopped.
    send(root, Signal::SIGSTOP);
    let stopped = tree(root);
    stopped.iter().for_each(|&pid| send(pid, Signal::SIGSTOP));
    thread::sleep(PAUSE);
    meanwhile();
    stopped.iter().for_each(|&pid| send(pid, Signal::SIGCONT));
}

/// The last attempts by contender.
fn last(trials: &[Trial]) -> BTreeMap<&str, &Trial> {
    trials.iter().map(|trial| (trial.contender.as_str(), trial)).collect()
}

/// Every trial counts, none failed for good, and both sides are of the same attempt.
fn assert_complete_and_right(trials: &[Trial]) {
    let last = last(trials);
    assert_eq!(last.len(), 3, "{last:?}");
    for trial in last.values() {
        assert!(matches!(trial.outcome, TrialOutcome::Measured(_)), "{trial:?}");
    }
    let attempts: Vec<u32> = last.values().map(|trial| trial.attempt).collect();
    assert!(attempts.iter().all(|&attempt| attempt == attempts[0]), "{attempts:?}");
    for trial in trials {
        if let TrialOutcome::Failed { stage, reason, .. } = &trial.outcome {
            assert_eq!(*stage, Stage::Standstill, "{reason}");
        }
    }
}

#[test]
fn a_contender_that_was_to_end_while_everything_stood_still_is_not_blamed() {
    // The first trial's contender waits with its end until the pause is over.
    let project = Project::with_fault(
        serve(),
        STARTS_BEFORE_TRIALS + 1,
        "trap 'echo >$PIDS.asked; while ! [ -e $PIDS.go ]; do sleep 0.01; done; exit 0' TERM; echo \"$READY\"; \
         while :; do sleep 0.01; done",
    );
    let mut runner = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| project.path("pids.asked").exists(), "no contender was asked to end");
    pause(i32::try_from(runner.id()).unwrap(), || fs::write(project.path("pids.go"), "").unwrap());
    assert!(is_complete(runner.wait().unwrap().code()));
    let trials = trials(&project.run_folder().unwrap());
    assert_complete_and_right(&trials);
    project.wait_until_nothing_is_left();
}

#[test]
fn a_run_that_is_paused_again_and_again_ends_complete_and_right() {
    let project = Project::working(serve());
    let mut runner = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let starts = || fs::read_to_string(project.path("pids.starts")).unwrap_or_default().lines().count();
    // Just started, calibrated or measured: wherever it happens to be.
    for begun in [2, STARTS_BEFORE_TRIALS, STARTS_BEFORE_TRIALS + 2] {
        wait_until(|| starts() >= begun, "the runner started too few contenders");
        pause(i32::try_from(runner.id()).unwrap(), || ());
    }
    assert!(is_complete(runner.wait().unwrap().code()));
    assert_complete_and_right(&trials(&project.run_folder().unwrap()));
    project.wait_until_nothing_is_left();
}

/// Stops everything below the runner for [`PAUSE`], while the runner itself goes on, and then writes the file `go`.
fn pause_contenders(project: &Project, runner: u32) {
    let runner = i32::try_from(runner).unwrap();
    let stopped: Vec<i32> = tree(runner).into_iter().filter(|&pid| pid != runner).collect();
    let send = |signal| {
        stopped.iter().for_each(|&pid| {
            // One that has just ended needs no signal.
            let _ = kill(Pid::from_raw(pid), signal);
        });
    };
    send(Signal::SIGSTOP);
    thread::sleep(PAUSE);
    fs::write(project.path("pids.go"), "").unwrap();
    send(Signal::SIGCONT);
}

#[test]
fn a_contender_that_was_stopped_while_the_runner_waited_for_it_is_not_blamed() {
    const WAIT: &str = "echo >$PIDS.asked; while ! [ -e $PIDS.go ]; do sleep 0.01; done";
    let when_starting = WAIT.to_owned();
    let when_ending = format!("trap '{WAIT}; exit 0' TERM; echo \"$READY\"; while :; do sleep 0.01; done");
    for fault in [when_starting, when_ending] {
        let project = Project::with_fault(serve(), STARTS_BEFORE_TRIALS + 1, &fault);
        let mut runner = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until(|| project.path("pids.asked").exists(), "no contender was asked");
        pause_contenders(&project, runner.id());
        assert!(is_complete(runner.wait().unwrap().code()), "{fault}");
        let trials = trials(&project.run_folder().unwrap());
        assert!(
            trials.iter().all(|trial| matches!(trial.outcome, TrialOutcome::Measured(_))),
            "{fault}: {trials:?}"
        );
        project.wait_until_nothing_is_left();
    }
}

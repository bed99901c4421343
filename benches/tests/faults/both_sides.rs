//! Repeats take no side: under injected standstills a slow copy of a contender is made again as often as a quick one.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::{CheckStatus, Trial, TrialOutcome};

use crate::project::{Project, is_complete, trials};
use crate::server::serve_one_slowly;

/// The window of each loop.
const WINDOW: Duration = Duration::from_millis(500);

/// How long the runner, and the client with it, stands still: more than half of a window, and more than the 250 ms from which on the
/// check *gap* fails.
const STOLEN: Duration = Duration::from_millis(400);

/// Between two standstills: about as long as a trial, so that some are hit and some are not.
const UNDISTURBED: Duration = Duration::from_secs(1);

/// Checks of figures that no contender can move; on a busy machine others than *gap* fail as well.
const BEYOND_CONTENDERS: [&str; 3] = ["steal", "cpu_wait", "gap"];

/// Stops the process again and again until `over` is closed. The clock alone decides when, whichever contender has its turn.
fn disturb(runner: u32, over: &mpsc::Receiver<()>) {
    let runner = Pid::from_raw(i32::try_from(runner).unwrap());
    while over.recv_timeout(UNDISTURBED) == Err(mpsc::RecvTimeoutError::Timeout) {
        // One that has just ended needs no signal.
        let _ = kill(runner, Signal::SIGSTOP);
        thread::sleep(STOLEN);
        let _ = kill(runner, Signal::SIGCONT);
    }
}

/// Whether the machine spoilt a measured attempt.
fn is_spoilt(trial: &Trial) -> bool {
    let TrialOutcome::Measured(measured) = &trial.outcome else { return false };
    let mut checks = measured.loops().flat_map(|(_, one)| &one.measurement.certificate.checks);
    checks.any(|check| check.status == CheckStatus::Fail && BEYOND_CONTENDERS.contains(&check.name.as_str()))
}

/// Attempts at each contender's trials, by block.
fn attempts(trials: &[Trial]) -> BTreeMap<u32, BTreeMap<&str, Vec<&Trial>>> {
    let mut found: BTreeMap<u32, BTreeMap<&str, Vec<&Trial>>> = BTreeMap::new();
    for trial in trials {
        found.entry(trial.block).or_default().entry(&trial.contender).or_default().push(trial);
    }
    found
}

/// Where each contender is measured alone, a standstill hits one side of a block and spares the other.
#[test]
fn a_block_that_was_disturbed_on_one_side_is_made_again_on_both() {
    let project = Project::working(serve_one_slowly(Duration::from_millis(5)))
        .blocks(4)
        .edit("duration = \"100ms\"", &format!("duration = \"{}ms\"", WINDOW.as_millis()));
    let mut runner = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (over, ends) = mpsc::channel();
    let pid = runner.id();
    let disturbing = thread::spawn(move || disturb(pid, &ends));
    let code = runner.wait().unwrap().code();
    drop(over);
    disturbing.join().unwrap();
    assert!(is_complete(code), "{code:?}");
    let trials = trials(&project.run_folder().unwrap());
    let (mut made_again, mut hit) = (0, BTreeMap::new());
    for (block, sides) in attempts(&trials) {
        let counts: BTreeMap<&str, usize> = sides.iter().map(|(name, of)| (*name, of.len())).collect();
        let most = counts.values().max().unwrap();
        assert!(counts.values().all(|count| count == most), "block {block}: {counts:?}");
        made_again += most - 1;
        for attempt in 0..most - 1 {
            // An attempt is followed by another only where the machine hit one of its sides.
            let spoilt: Vec<&str> =
                sides.iter().filter(|(_, of)| is_spoilt(of[attempt])).map(|(name, _)| *name).collect();
            assert!(!spoilt.is_empty(), "block {block}, attempt {attempt} was made again for nothing");
            spoilt.iter().for_each(|name| *hit.entry((*name).to_owned()).or_insert(0) += 1);
        }
    }
    // The shares of both sides are the same number; without a repeat they would say nothing.
    assert!(made_again > 0, "nothing was made again of {} attempts", trials.len());
    println!("made again: {made_again}; of these, hit: {hit:?}");
    project.wait_until_nothing_is_left();
}

//! A project of a test's own: two contenders that run one shell script, and one experiment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reports_record::{Folder, Line, Stage, Trial, TrialOutcome};
use tempfile::TempDir;

use crate::deadline::{wait_until, wait_until_gone};
use crate::server::Servers;

/// One block of one cell: three trials.
const EXPERIMENT: &str = r#"
question = "What does the runner do when a contender fails?"
blocks = 1
seed = 1
contender_cpus = 1
pair = [{ role = "control", sync = "blocking", async = "awaiting" }]
duplicate = { of = "awaiting", name = "awaiting-again" }
workload = [{ endpoint = "wait", wait_ms = [0], connections = [1] }]

[phases]
closed = { warm_up = "1ms", duration = "100ms" }
open = { warm_up = "1ms", duration = "100ms" }
calibration = { warm_up = "1ms", duration = "100ms" }
open_load = 0.5
timeout = "1s"
grace = "1s"
"#;

const CONTENDERS: &str = r#"
cargo_build = ["false"]

[[contender]]
name = "blocking"
model = "sync"
role = "control"
stack = "sh"
run = ["/bin/sh", "SCRIPT", "blocking", "{listen}"]

[[contender]]
name = "awaiting"
model = "async"
role = "control"
stack = "sh"
run = ["/bin/sh", "SCRIPT", "awaiting", "{listen}"]
"#;

/// Processes that the runner starts before its first trial: each contender once to read its settings, the duplicate
/// too, and each once to be calibrated.
pub(crate) const STARTS_BEFORE_TRIALS: usize = 3 + 2;

/// A project whose contenders run one script.
pub(crate) struct Project {
    folder: TempDir,
}

/// What a runner left: its exit code, what it said, and the run's folder.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    /// `$PIDS` in `script` is a file for the ids of processes that must not outlive the run.
    pub(crate) fn new(script: &str) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        let path = project.path("contender.sh");
        fs::write(&path, format!("PIDS='{}'\n{script}\n", project.path("pids").display())).unwrap();
        fs::create_dir(project.path("servers")).unwrap();
        let contenders = CONTENDERS.replace("SCRIPT", path.to_str().unwrap());
        fs::write(project.path("servers/contenders.toml"), contenders).unwrap();
        fs::write(project.path("failing.toml"), EXPERIMENT).unwrap();
        project
    }

    /// Contenders that work, with `servers` to answer for them; their `fault`th start, from 1, runs `script` instead, in
    /// which `$READY` is a ready line.
    pub(crate) fn with_fault(servers: Servers, fault: usize, script: &str) -> Self {
        let ready = servers.ready();
        Self::new(&format!(
            "echo $$ >>$PIDS; echo >>$PIDS.starts; {ready}
             if [ $(wc -l <$PIDS.starts) -eq {fault} ]; then {script}; fi
             {WORK}"
        ))
    }

    /// Contenders that work.
    pub(crate) fn working(servers: Servers) -> Self {
        Self::with_fault(servers, 0, "exit 9")
    }

    /// As it is, with another number of blocks.
    pub(crate) fn blocks(self, blocks: u32) -> Self {
        self.edit("blocks = 1", &format!("blocks = {blocks}"))
    }

    /// As it is, with another text in its experiment.
    pub(crate) fn edit(self, from: &str, to: &str) -> Self {
        let path = self.path("failing.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command that makes a run in the folder `kept`.
    pub(crate) fn runner(&self) -> Command {
        self.crossover(&["run", "failing.toml", "--runs", "kept"])
    }

    pub(crate) fn crossover(&self, arguments: &[&str]) -> Command {
        let mut runner = Command::new(env!("CARGO_BIN_EXE_crossover"));
        runner.args(arguments);
        // Many tests run at once, each on the same CPUs.
        if matches!(arguments.first(), Some(&"run" | &"resume")) {
            runner.arg("--anyway");
        }
        runner.current_dir(self.folder.path());
        runner
    }

    /// Goes on with a run.
    pub(crate) fn resume(&self, run: &Path) -> Ended {
        end(&mut self.crossover(&["resume", run.to_str().unwrap()]))
    }

    /// The folder of the only run there is.
    pub(crate) fn run_folder(&self) -> Option<PathBuf> {
        let entries = fs::read_dir(self.path("kept")).ok()?.map(|entry| entry.unwrap().path());
        // Beside them stands their index.
        let mut runs = entries.filter(|path| path.is_dir());
        let run = runs.next();
        assert_eq!(runs.next(), None, "more than one run");
        run
    }

    /// What the runner says when it cannot start the run; makes sure that it leaves neither process nor result.
    pub(crate) fn failure(&self) -> String {
        let Ended { code, stdout, stderr } = end(&mut self.runner());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(!self.path("kept").exists(), "a run that did not begin has a folder");
        assert!(!self.pids().is_empty(), "no contender was started: {stderr}");
        self.wait_until_nothing_is_left();
        stderr
    }

    pub(crate) fn pids(&self) -> Vec<String> {
        // Not there before the first contender runs.
        let pids = fs::read_to_string(self.path("pids")).unwrap_or_default();
        pids.split_whitespace().map(str::to_owned).collect()
    }

    /// Returns once no process is there that a contender named or whose command line names this project.
    pub(crate) fn wait_until_nothing_is_left(&self) {
        let own = self.folder.path().to_str().unwrap();
        wait_until(|| !somebody_runs(own), &format!("a process of {own} is still running"));
        self.pids().iter().for_each(|pid| wait_until_gone(pid));
    }
}

/// What a contender that works does: it is ready, and ends on SIGTERM with its child. All that a SIGTERM could catch half
/// done is done before the ready line.
const WORK: &str = "sleep 60 & echo $! >>$PIDS; trap 'kill $!; wait $!; exit 0' TERM; echo \"$READY\"; wait";

/// Runs `command` to its end.
pub(crate) fn end(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Whether a runner that ended with this code measured every trial. On a busy machine none of them may be believable, which
/// is another code and not what most tests are about.
pub(crate) fn is_complete(code: Option<i32>) -> bool {
    matches!(code, Some(0 | 3))
}

/// Every trial of a run, in the order of its making; no line may be unreadable.
pub(crate) fn trials(run: &Path) -> Vec<Trial> {
    let (lines, skipped) = Folder::open(run).lines().unwrap();
    assert!(skipped.is_empty(), "{skipped:?}");
    trials_of(lines)
}

pub(crate) fn trials_of(lines: Vec<Line>) -> Vec<Trial> {
    let trial = |line| if let Line::Trial(trial) = line { Some(*trial) } else { None };
    lines.into_iter().filter_map(trial).collect()
}

/// Stage, reason and last words of the only trial that failed; every other one was measured.
pub(crate) fn only_failure(trials: &[Trial]) -> (Stage, String) {
    let failures: Vec<_> = trials
        .iter()
        .filter_map(|trial| match &trial.outcome {
            TrialOutcome::Failed { stage, reason, stderr_tail } => {
                Some((*stage, format!("{reason} | {}", stderr_tail.join(" | "))))
            }
            TrialOutcome::Measured(_) => None,
        })
        .collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    failures[0].clone()
}

/// Whether any process has `text` in its command line; one that has ended has none.
fn somebody_runs(text: &str) -> bool {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .any(|command| String::from_utf8_lossy(&command).contains(text))
}

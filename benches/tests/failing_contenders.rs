//! Contenders that fail: a clear message, the right exit code, and nothing left running.
//!
//! Each test makes a project of its own, whose contenders are shell scripts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deadline;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use deadline::{wait_until, wait_until_gone};
use servers_contract::{Health, Model, Ready, Settings};
use tempfile::TempDir;

/// Its two contenders and their duplicate are all that differs between the tests' projects.
const EXPERIMENT: &str = r#"
question = "What does the runner do when a contender fails?"
blocks = 1
seed = 1
contender_cpus = 1
pair = [{ role = "control", sync = "blocking", async = "awaiting" }]
duplicate = { of = "awaiting", name = "awaiting-again" }
workload = [{ endpoint = "wait", wait_ms = [0], connections = [1] }]

[phases]
closed = { warm_up = "1ms", duration = "10ms" }
open = { warm_up = "1ms", duration = "10ms" }
calibration = { warm_up = "1ms", duration = "10ms" }
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
run = ["/bin/sh", "SCRIPT", "{listen}"]

[[contender]]
name = "awaiting"
model = "async"
role = "control"
stack = "sh"
run = ["/bin/sh", "SCRIPT", "{listen}"]
"#;

/// A project whose contenders run one script.
struct Project {
    folder: TempDir,
}

impl Project {
    /// `$PIDS` in `script` is a file for the ids of processes that must not outlive the run.
    fn new(script: &str) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        let path = project.path("contender.sh");
        fs::write(&path, format!("PIDS='{}'\n{script}\n", project.path("pids").display())).unwrap();
        fs::create_dir(project.path("servers")).unwrap();
        let contenders = CONTENDERS.replace("SCRIPT", path.to_str().unwrap());
        fs::write(project.path("servers/contenders.toml"), contenders).unwrap();
        fs::write(project.path("failing.toml"), EXPERIMENT).unwrap();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn runner(&self) -> Command {
        let mut runner = Command::new(env!("CARGO_BIN_EXE_crossover"));
        runner.args(["run", "failing.toml", "--runs", "kept"]).current_dir(self.folder.path());
        runner
    }

    /// What the runner says when it cannot start the run; makes sure that it leaves neither process nor result.
    fn failure(&self) -> String {
        let Output { status, stdout, stderr } = self.runner().output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]), "{stderr}");
        assert!(!self.path("kept").exists(), "a run that did not begin has a folder");
        let pids = self.pids();
        assert!(!pids.is_empty(), "no contender was started: {stderr}");
        pids.iter().for_each(|pid| wait_until_gone(pid));
        stderr
    }

    fn pids(&self) -> Vec<String> {
        // Not there before the first contender runs.
        let pids = fs::read_to_string(self.path("pids")).unwrap_or_default();
        pids.split_whitespace().map(str::to_owned).collect()
    }
}

#[test]
fn one_that_is_never_ready_is_given_up_and_killed_with_its_children() {
    let project = Project::new("sleep 60 & echo $$ $! >>$PIDS; echo 'still waiting' >&2; wait");
    let stderr = project.failure();
    assert!(stderr.contains("contender awaiting: "), "{stderr}");
    assert!(stderr.contains("not ready within 5s"), "{stderr}");
    assert!(stderr.contains("still waiting"), "{stderr}");
    assert_eq!(project.pids().len(), 2);
}

#[test]
fn one_that_ends_before_it_is_ready_is_told_with_its_code_and_last_words() {
    let stderr = Project::new("echo $$ >>$PIDS; echo 'address in use' >&2; exit 3").failure();
    assert!(stderr.contains("ended before it was ready (exit status: 3)"), "{stderr}");
    assert!(stderr.contains("address in use"), "{stderr}");
}

#[test]
fn one_that_leaves_a_child_behind_instead_of_getting_ready_does_not_hang_the_run() {
    let stderr = Project::new("sleep 60 & echo $! >>$PIDS; exit 0").failure();
    assert!(stderr.contains("left processes behind"), "{stderr}");
}

#[test]
fn a_first_line_that_is_no_ready_line_is_shown() {
    let stderr = Project::new("echo $$ >>$PIDS; echo 'listening on 80'; exec sleep 60").failure();
    assert!(stderr.contains("its first line on stdout is not a ready line"), "{stderr}");
    assert!(stderr.contains("listening on 80"), "{stderr}");
}

#[test]
fn somebody_else_at_its_address_is_not_taken_for_the_contender() {
    let address = foreign_server();
    let ready = Ready { contender: "awaiting".into(), address, nonce: "ours".into(), pid: 1 };
    let ready = serde_json::to_string(&ready).unwrap();
    let stderr = Project::new(&format!("echo $$ >>$PIDS; echo '{ready}'; exec sleep 60")).failure();
    assert!(stderr.contains(&format!("somebody else answers at {address}")), "{stderr}");
    assert!(stderr.contains("\"theirs\"") && stderr.contains("\"ours\""), "{stderr}");
}

#[test]
fn one_that_answers_wrongly_has_a_failed_line_for_every_trial() {
    let ready =
        Ready { contender: "awaiting".into(), address: foreign_server(), nonce: "theirs".into(), pid: 1 };
    let ready = serde_json::to_string(&ready).unwrap();
    let project = Project::new(&format!(
        "trap 'kill $!; wait $!; exit 0' TERM; echo '{ready}'; sleep 60 & echo $$ $! >>$PIDS; wait"
    ));
    let Output { status, stdout, stderr } = project.runner().output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("3 trials failed"), "{stderr}");
    let page = fs::read_to_string(project.path(stdout.trim_end())).unwrap();
    assert!(page.contains("No answer"), "{page}");
    let folder = project.path(stdout.trim_end()).parent().unwrap().to_owned();
    let lines = fs::read_to_string(folder.join("trials.jsonl")).unwrap();
    assert_eq!(lines.matches(r#""stage":"calibrate""#).count(), 3, "{lines}");
    project.pids().iter().for_each(|pid| wait_until_gone(pid));
}

#[test]
fn a_contender_does_not_outlive_a_runner_that_is_killed() {
    let project = Project::new("trap '' TERM HUP; sleep 60 & echo $$ $! >>$PIDS; wait");
    let mut runner = project.runner().stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| !project.pids().is_empty(), "no contender was started");
    runner.kill().unwrap();
    runner.wait().unwrap();
    let pids = project.pids();
    assert_eq!(pids.len(), 2);
    pids.iter().for_each(|pid| wait_until_gone(pid));
}

/// Answers every request with the health of a server that no runner started.
fn foreign_server() -> SocketAddr {
    let health = Health {
        contender: "awaiting".into(),
        version: "sh".into(),
        model: Model::Async,
        nonce: "theirs".into(),
        settings: Settings::default(),
    };
    let body = serde_json::to_string(&health).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head =
                BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty());
            assert!(head.count() > 0);
            let length = body.len();
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length";
            write!(stream, "{head}: {length}\r\n\r\n{body}").unwrap();
        }
    });
    address
}

//! The leash: what `crossover supervise` passes on, and what it leaves running, which is nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deadline;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

use benches::cpus;
use benches::supervise::{LEFT_PROCESSES, TERMINATE};
use deadline::wait_until_gone;

/// A program under the supervisor, its leash in the test's hand.
struct Supervised {
    supervisor: Child,
    leash: Option<ChildStdin>,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Supervised {
    fn start(command: &[&str]) -> Self {
        let cpu = cpus::allowed().unwrap()[0].to_string();
        let mut supervisor = Command::new(env!("CARGO_BIN_EXE_crossover"))
            .args(["supervise", "--cpus", &cpu, "--"])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let leash = supervisor.stdin.take();
        let stdout = BufReader::new(supervisor.stdout.take().unwrap());
        Self { supervisor, leash, stdout }
    }

    fn script(script: &str) -> Self {
        Self::start(&["sh", "-c", script])
    }

    /// The next line the program prints, cut into words.
    fn words(&mut self) -> Vec<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    }

    /// Exit code and stderr, once it has ended; the leash is held until then.
    fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        self.supervisor.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.supervisor.wait().unwrap().code(), stderr)
    }
}

#[test]
fn the_exit_code_of_the_program_is_passed_on() {
    for code in [0, 7] {
        assert_eq!(Supervised::script(&format!("exit {code}")).end().0, Some(code));
    }
}

#[test]
fn a_program_that_a_signal_ended_gives_128_and_the_signal() {
    assert_eq!(Supervised::script("kill -KILL $$").end().0, Some(128 + 9));
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let (code, stderr) = Supervised::start(&["./no-such-program"]).end();
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("cannot start ./no-such-program"), "{stderr}");
}

#[test]
fn the_end_of_the_leash_kills_the_program_and_all_of_its_group() {
    // One that ignores the polite signals, its child, and a grandchild.
    let mut supervised = Supervised::script(
        "trap '' TERM HUP INT; sleep 60 & child=$!; sh -c 'sleep 60 & echo $1 $2 $$ $!; wait' sh $$ $child; wait",
    );
    let pids = supervised.words();
    assert_eq!(pids.len(), 4, "{pids:?}");
    supervised.leash.take();
    let (code, stderr) = supervised.end();
    assert_ne!(code, Some(0), "{stderr}");
    pids.iter().for_each(|pid| wait_until_gone(pid));
}

#[test]
fn a_byte_on_the_leash_asks_the_program_to_end() {
    // A loop of short sleeps: a shell runs its trap between two commands, also when a sleep misses the signal.
    let mut supervised =
        Supervised::script("trap 'echo asked; exit 3' TERM; echo ready; while :; do sleep 1; done");
    assert_eq!(supervised.words(), ["ready"]);
    supervised.leash.as_mut().unwrap().write_all(&[TERMINATE]).unwrap();
    assert_eq!(supervised.words(), ["asked"]);
    assert_eq!(supervised.end().0, Some(3));
}

#[test]
fn other_bytes_on_the_leash_change_nothing() {
    let mut supervised = Supervised::script("trap 'exit 3' TERM; echo ready; while :; do sleep 1; done");
    assert_eq!(supervised.words(), ["ready"]);
    // Were one of the others taken for the end of the leash, the code would be that of a kill.
    supervised.leash.as_mut().unwrap().write_all(&[0, b'\n', 0xff, TERMINATE]).unwrap();
    assert_eq!(supervised.end().0, Some(3));
}

#[test]
fn a_process_left_behind_is_killed_and_told() {
    let mut supervised = Supervised::script("sleep 60 & echo $!; exit 0");
    let pids = supervised.words();
    let (code, stderr) = supervised.end();
    assert_eq!(code, Some(LEFT_PROCESSES), "{stderr}");
    assert!(stderr.contains("sh ended and left processes behind"), "{stderr}");
    assert_eq!(pids.len(), 1);
    wait_until_gone(&pids[0]);
}

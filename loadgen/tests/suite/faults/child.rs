//! The program at work in a process of its own.

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::Measurement;

use crate::server::Server;

/// `loadgen` with `arguments`, its streams read by the test.
pub(super) fn loadgen(arguments: &[&str]) -> Command {
    through(Command::new(env!("CARGO_BIN_EXE_loadgen")), arguments)
}

/// The same, after the shell's `preparation`.
pub(super) fn after(preparation: &str, arguments: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{preparation}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_loadgen")]);
    through(shell, arguments)
}

fn through(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(super) fn measurement(output: &Output) -> Measurement {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

pub(super) fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

/// Waits until `server` accepted so many connections.
pub(super) fn await_accepted(server: &Server, connections: usize) {
    let begun = Instant::now();
    while server.accepted() < connections {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} accepted in a minute", server.accepted());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// CPU time used so far; the kernel counts it in hundredths of a second.
fn cpu_time(child: &Child) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// Asserts that within a second it uses not half of one: what retries without pause uses all of it.
pub(super) fn assert_no_busy_loop(child: &Child) {
    let before = cpu_time(child);
    std::thread::sleep(Duration::from_secs(1));
    let used = cpu_time(child) - before;
    assert!(used < Duration::from_millis(500), "{used:?} of CPU in a second");
}

/// Ends it as Ctrl-C does.
pub(super) fn interrupted(child: Child) -> Output {
    kill(pid(&child), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    output
}

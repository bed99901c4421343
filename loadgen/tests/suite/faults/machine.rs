//! A machine that sleeps, or has no time for the client.

use std::process::{Child, Command};
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports_record::{CertificateVerdict, CheckStatus};

use super::child::{loadgen, measurement, pid, stderr};
use crate::check;
use crate::server::{HELLO, Server};

#[test]
fn a_client_that_did_not_run_for_a_second_is_not_believed() {
    let server = Server::answering(HELLO, Duration::from_millis(2));
    let arguments = [&server.url("/").to_string(), "--rate", "100/s", "-c", "8", "-d", "4s", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    while server.answered() < 20 {
        std::thread::sleep(Duration::from_millis(1));
    }
    kill(pid(&child), Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    kill(pid(&child), Signal::SIGCONT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let measurement = measurement(&output);
    let gap = check(&measurement, "gap");
    assert_eq!(gap.status, CheckStatus::Fail, "{}", gap.finding);
    // Its schedule went on without it: every start is there, and what was due meanwhile is late.
    assert_eq!(measurement.account.due, 400);
    assert!(measurement.response_time_us.unwrap().max.unwrap() > 1_000_000.0);
}

/// Loops without end on one CPU, until dropped.
struct Hog(Child);

impl Hog {
    fn on(cpu: &CpuSet) -> Self {
        let child = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        sched_setaffinity(pid(&child), cpu).unwrap();
        Self(child)
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        // Ours and not yet waited for, so both succeed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_client_without_cpu_time_is_not_believed_and_told_to_be_late() {
    let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
    let number = (0..CpuSet::count()).find(|cpu| allowed.is_set(*cpu).unwrap()).unwrap();
    let mut cpu = CpuSet::new();
    cpu.set(number).unwrap();
    let server = Server::answering(HELLO, Duration::ZERO);
    let _hogs = [Hog::on(&cpu), Hog::on(&cpu), Hog::on(&cpu)];
    // Of the lowest priority beside three that never pause, it gets a two-hundredth of the CPU.
    let output = Command::new("nice")
        .args(["-n", "19", env!("CARGO_BIN_EXE_loadgen"), &server.url("/").to_string()])
        .args(["--rate", "1k/s", "-c", "500", "-d", "2s", "--json", "-", "--pin", &number.to_string()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let measurement = measurement(&output);
    assert_eq!(measurement.certificate.verdict, CertificateVerdict::Invalid);
    let pace = check(&measurement, "pace");
    assert!(matches!(pace.status, CheckStatus::Warn | CheckStatus::Fail), "{}", pace.finding);
    assert!(pace.finding.contains("by the client's doing"), "{}", pace.finding);
}

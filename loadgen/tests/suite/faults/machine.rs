//! A machine that sleeps.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use reports_record::CheckStatus;

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

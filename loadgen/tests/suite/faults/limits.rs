//! What this machine runs out of on the client's side.

use std::fs;
use std::process::Output;
use std::time::Duration;

use reports_record::{CertificateVerdict, OutcomeKind};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::child::{after, assert_no_busy_loop, await_accepted, interrupted, loadgen, measurement, stderr};
use crate::check;
use crate::namespace::apart;
use crate::server::{HELLO, Server};

/// Asserts that it was seen, is the client's own fault, and invalidates.
fn assert_client_limited(output: &Output, kind: OutcomeKind) {
    let measurement = measurement(output);
    assert!(measurement.outcomes[&kind] >= 1, "{:?}", measurement.outcomes);
    assert!(measurement.account.closes(), "{:?}", measurement.account);
    assert_eq!(measurement.certificate.verdict, CertificateVerdict::Invalid);
    let errors = check(&measurement, "errors");
    assert!(errors.finding.contains(&format!("{kind} (client's fault)")), "{}", errors.finding);
}

#[test]
fn more_connections_than_descriptors_are_refused_with_the_arithmetic() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let output =
        after("ulimit -n 128", &[&server.url("/").to_string(), "-c", "500", "-n", "1"]).output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("500 connections") && said.contains("the limit is 128"), "{said}");
    assert_eq!((server.accepted(), output.stdout.len()), (0, 0), "nothing was opened, nothing reported");
}

#[test]
fn a_soft_limit_of_descriptors_is_raised_to_the_hard_one() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let arguments = [&server.url("/").to_string(), "-c", "100", "-n", "100", "--json", "-"];
    let output = after("ulimit -Sn 64", &arguments).output().unwrap();
    assert_eq!(measurement(&output).account.finished, 100, "{}", stderr(&output));
}

#[test]
fn descriptors_that_run_out_midway_are_the_clients_fault_and_no_busy_loop() {
    // Each connection is closed after one reply, so that each request needs another descriptor.
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.send(HELLO);
        }
    });
    let child = loadgen(&[&server.url("/").to_string(), "-d", "10m", "--json", "-"]).spawn().unwrap();
    await_accepted(&server, 5);
    let pid = Pid::from_raw(child.id() as i32);
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(3), maximum: Some(3) }).unwrap();
    assert_no_busy_loop(&child);
    assert_client_limited(&interrupted(child), OutcomeKind::LocalFd);
}

#[test]
fn local_ports_that_run_out_are_the_clients_fault_and_no_busy_loop() {
    apart("faults::limits::local_ports_that_run_out_are_the_clients_fault_and_no_busy_loop", || {
        let server = Server::answering(HELLO, Duration::ZERO);
        // After the server has its own port. A port rests a minute after its connection.
        fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40015").unwrap();
        fs::write("/proc/sys/net/ipv4/tcp_tw_reuse", "0").unwrap();
        let url = server.url("/").to_string();

        let too_many =
            loadgen(&[&url, "-c", "30", "-n", "1", "-r", "10/s", "--pool", "all"]).output().unwrap();
        assert_eq!(too_many.status.code(), Some(2), "{}", stderr(&too_many));
        assert!(stderr(&too_many).contains("widen net.ipv4.ip_local_port_range"), "{}", stderr(&too_many));

        fs::write("/proc/sys/net/ipv4/ip_local_port_range", "41000 41015").unwrap();
        let before = server.accepted();
        let child = loadgen(&[&url, "--churn", "1", "-d", "10m", "--json", "-"]).spawn().unwrap();
        await_accepted(&server, before + 5);
        assert_no_busy_loop(&child);
        assert_client_limited(&interrupted(child), OutcomeKind::LocalPort);
    });
}

//! How the contender starts and ends.

use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    time::Instant,
};

use servers_conformance::{ProgramError, ask};
use servers_contract::Health;

use super::{BINARY, PATIENCE, connect, hello, rest, start, until};

#[test]
fn the_ready_line_and_health_tell_of_the_same_process() {
    let program = start(&[]);
    let health: Health = ask(program.ready().address, "/health").unwrap();
    assert_eq!(health.nonce, program.ready().nonce);
    assert_eq!(health.contender, program.ready().contender);
    let status = fs::read_to_string(format!("/proc/{}/comm", program.ready().pid)).unwrap();
    assert!(status.starts_with("server-"), "{status}");
    program.stop().unwrap();
}

#[test]
fn sigterm_lets_a_request_in_flight_finish_and_ends_idle_connections() {
    // If an idle connection were waited for, the program would not end within the suite's patience.
    let program = start(&["--keep-alive", "1h", "--grace", "1h"]);
    let address = program.ready().address;
    let mut idle = connect(&program);
    hello(&mut idle);
    let mut busy = connect(&program);
    busy.write_all(b"GET /wait?ms=500 HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    until(address, "the wait has begun", |stats| stats.requests["wait"] == 1);
    program.stop().unwrap();
    let answer = rest(&mut busy);
    assert!(answer.ends_with("\r\nconnection: close\r\n\r\nwaited 500000 us\n"), "{answer:?}");
    assert_eq!(rest(&mut idle), "");
}

#[test]
fn a_second_signal_ends_at_once() {
    let program = start(&["--grace", "1h"]);
    let address = program.ready().address;
    let mut busy = connect(&program);
    busy.write_all(b"GET /wait?ms=60000 HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    until(address, "the wait has begun", |stats| stats.requests["wait"] == 1);
    terminate(program.ready().pid);
    // Once it does not listen any more, the first signal has been taken.
    let patience = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < patience, "it listens on after SIGTERM");
    }
    match program.stop() {
        Err(ProgramError::Ended(status)) => assert_eq!(status.code(), Some(128 + 15)),
        other => panic!("expected an end by the second signal, got {other:?}"),
    }
}

#[test]
fn a_busy_port_exits_2_and_names_it() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let output = Command::new(BINARY).args(["--listen", &address]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(&address) && stderr.contains("in use"), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_stdout_that_takes_nothing_is_no_reason_to_stop() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(BINARY);
    command.args(["--listen", &address.to_string()]).stdout(full).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let patience = Instant::now() + PATIENCE;
    let health = loop {
        match ask::<Health>(address, "/health") {
            Ok(health) => break health,
            Err(finding) => assert!(Instant::now() < patience, "{finding:?}"),
        }
    };
    // It may answer just before it says so; it drains only after that.
    terminate(child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), health.nonce.len()), (Some(0), 16));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("could not print the ready line"), "{stderr}");
}

fn terminate(pid: u32) {
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
}

//! `--expect-status` and `--expect-body-digest`, as a user gives them.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reports_record::{Measurement, OutcomeKind};

use super::server::{HELLO, Server};

const MISSING: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone";
/// `printf hello | sha256sum`.
const SHA256_OF_HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn run(url: &str, flags: &[&str]) -> Output {
    let arguments = [&[url, "-n", "40", "-c", "4", "--json", "-"], flags].concat();
    Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn outcome(output: &Output, kind: OutcomeKind) -> u64 {
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    measurement.outcomes.get(&kind).copied().unwrap_or(0)
}

fn replies_finding(output: &Output) -> String {
    let measurement: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    super::check(&measurement, "replies").finding.clone()
}

#[test]
fn only_expected_statuses_are_right() {
    let server = Server::answering(MISSING, Duration::from_millis(1));
    let url = server.url("/").to_string();
    for (flags, right) in [
        (&[][..], false),
        (&["--expect-status", "404"], true),
        (&["--expect-status", "200,404"], true),
        (&["--expect-status", "4xx"], true),
        (&["--expect-status", "403"], false),
    ] {
        let output = run(&url, flags);
        let kind = if right { OutcomeKind::Ok } else { OutcomeKind::WrongStatus };
        assert_eq!(outcome(&output, kind), 40, "{flags:?}: {}", stderr(&output));
        let expected = flags.last().unwrap_or(&"2xx");
        let finding = replies_finding(&output);
        assert!(finding.contains(&format!("by status, expected {expected}")), "{finding}");
    }
}

#[test]
fn only_the_body_with_the_digest_is_right() {
    // Every tenth reply has another body of the same length.
    let number = AtomicUsize::new(0);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let is_wrong = number.fetch_add(1, Ordering::SeqCst) % 10 == 9;
            let wrong: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhallo";
            connection.send(if is_wrong { wrong } else { HELLO });
        }
    });
    let output = run(&server.url("/").to_string(), &["--expect-body-digest", SHA256_OF_HELLO]);
    let counts = [OutcomeKind::Ok, OutcomeKind::WrongBody].map(|kind| outcome(&output, kind));
    assert_eq!(counts, [36, 4], "{}", stderr(&output));
    assert!(replies_finding(&output).contains(SHA256_OF_HELLO), "{}", replies_finding(&output));
    assert_eq!(output.status.code(), Some(3), "a tenth of the replies is wrong");
}

#[test]
fn bodies_that_are_never_right_are_all_wrong_however_they_come() {
    for reply in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhallo"[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhello!\r\n0\r\n\r\n",
    ] {
        let server = Server::answering(reply, Duration::ZERO);
        let output = run(&server.url("/").to_string(), &["--expect-body-digest", SHA256_OF_HELLO]);
        assert_eq!(outcome(&output, OutcomeKind::WrongBody), 40, "{}", stderr(&output));
    }
}

#[test]
fn the_digest_is_what_sha256sum_prints_of_a_chunked_body_too() {
    let mut sha256sum =
        Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    sha256sum.stdin.take().unwrap().write_all(b"hello, chunked!").unwrap();
    let printed = String::from_utf8(sha256sum.wait_with_output().unwrap().stdout).unwrap();
    let digest = format!("sha256:{}", printed.split_whitespace().next().unwrap());
    let server = Server::answering(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n, chunked!\r\n0\r\n\r\n",
        Duration::ZERO,
    );
    let output = run(&server.url("/").to_string(), &["--expect-body-digest", &digest]);
    assert_eq!(outcome(&output, OutcomeKind::Ok), 40, "{}", stderr(&output));
}

#[test]
fn what_is_no_status_or_digest_is_refused_before_anything_is_sent() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let url = server.url("/").to_string();
    for (flags, part) in [
        (&["--expect-status", "99"][..], "statuses from 200 to 599"),
        (&["--expect-status", "-200"], "statuses from 200 to 599"),
        (&["--expect-body-digest", "5d41402abc4b2a76b9719d911017c592"], "sha256: and 64 hex digits"),
        (&["--expect-body-digest", SHA256_OF_HELLO, "--expect-same-body"], "cannot be used with"),
    ] {
        let output = run(&url, flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{flags:?}: {}", stderr(&output));
    }
    assert_eq!(server.accepted(), 0);
}

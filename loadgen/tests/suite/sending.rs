//! What flags have sent, as the server sees it.

use std::io::Read as _;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reports_record::{Measurement, OutcomeKind};

use super::server::{HELLO, Server};

fn loadgen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap()
}

fn correct(output: &Output) -> u64 {
    let measurement: Measurement = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    measurement.outcomes.get(&OutcomeKind::Ok).copied().unwrap_or(0)
}

#[test]
fn the_body_arrives_whole_with_its_length_method_and_headers() {
    let seen = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = seen.clone();
    let server = Server::start(move |mut connection| {
        let mut request = Vec::new();
        let mut byte = [0];
        while connection.stream.read_exact(&mut byte).is_ok() {
            request.push(byte[0]);
            if request.ends_with(b"\r\n\r\n-hello=1") {
                heard.lock().unwrap().push(String::from_utf8(std::mem::take(&mut request)).unwrap());
                connection.send(HELLO);
            }
        }
    });
    let url = server.url("/form?a=b").to_string();
    let content = ["--method", "POST", "--header", "content-type: text/plain", "--body", "-hello=1"];
    let output = loadgen(&[&[url.as_str(), "-n", "5", "--json", "-"], &content[..]].concat());
    assert_eq!(correct(&output), 5);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 5);
    for request in &*seen {
        assert!(request.starts_with("POST /form?a=b HTTP/1.1\r\n"), "{request}");
        for part in ["content-type: text/plain\r\n", "content-length: 8\r\n"] {
            assert!(request.contains(part), "{part}: {request}");
        }
    }
}

#[test]
fn each_connection_is_primed_once_and_priming_is_not_measured() {
    let seen = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = seen.clone();
    let server = Server::start(move |mut connection| {
        while let Some(head) = connection.request() {
            heard.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
            std::thread::sleep(Duration::from_millis(1));
            connection.send(HELLO);
        }
    });
    let url = server.url("/measured").to_string();
    let output = loadgen(&[&url, "-c", "3", "-n", "30", "--prime", "/ready", "--json", "-"]);
    assert_eq!(correct(&output), 30);
    let seen = seen.lock().unwrap();
    let count = |line: &str| seen.iter().filter(|seen| *seen == line).count();
    assert_eq!((count("GET /ready HTTP/1.1"), count("GET /measured HTTP/1.1")), (3, 30));
    assert!(seen[..3].iter().all(|line| line.contains("/ready")), "primed before anything is measured");
}

#[test]
fn a_connection_that_is_not_proven_ends_it_before_anything_is_measured() {
    let missing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let server = Server::answering(missing, Duration::ZERO);
    let output = loadgen(&[&server.url("/").to_string(), "-n", "5", "--prime", "/ready"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("/ready with") && said.contains("404"), "{said}");
}

#[test]
fn the_version_is_that_of_the_crate() {
    for flag in ["--version", "-V"] {
        let output = loadgen(&[flag]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.trim(), format!("loadgen {}", env!("CARGO_PKG_VERSION")));
    }
}

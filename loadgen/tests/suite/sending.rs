//! What flags have sent, as the server sees it.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};
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

/// Bodies of the requests to a server that answers each, read by their length.
fn bodies(flags: &[&str], stdin: &[u8]) -> (Output, Vec<Vec<u8>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = seen.clone();
    let server = Server::start(move |mut connection| {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while connection.stream.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
            if !head.ends_with(b"\r\n\r\n") {
                continue;
            }
            let head = String::from_utf8(std::mem::take(&mut head)).unwrap();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            let mut body = vec![0; length.parse().unwrap()];
            connection.stream.read_exact(&mut body).unwrap();
            heard.lock().unwrap().push(body);
            connection.send(HELLO);
        }
    });
    let url = server.url("/").to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&[url.as_str(), "-X", "PUT", "-n", "3", "--json", "-"], flags].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Refused flags leave it unread.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (output, seen)
}

#[test]
fn a_body_comes_from_a_file_or_standard_input_byte_for_byte() {
    let binary: Vec<u8> = (0..=255).chain(*b"\r\n\r\n@").cycle().take(100_000).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&binary).unwrap();
    let path = file.path().to_str().unwrap();
    for (flags, stdin, expected) in [
        (["--body-file", path], &b""[..], &binary[..]),
        (["--body-file", "-"], &binary, &binary),
        (["--body-file", "-"], b"@literal", b"@literal"),
        (["--body-file", "/dev/null"], b"", b""),
        (["--body", ""], b"", b""),
    ] {
        let (output, seen) = bodies(&flags, stdin);
        assert_eq!(correct(&output), 3, "{flags:?}");
        assert!(seen.len() == 3 && seen.iter().all(|body| body == expected), "{flags:?}");
    }
    let (output, seen) = bodies(&[], b"");
    assert_eq!((correct(&output), seen), (3, vec![Vec::new(); 3]), "PUT without a body says so");
}

#[test]
fn a_body_that_is_not_what_was_meant_is_refused_with_its_remedy() {
    for (flags, part) in [
        (&["-b", "@file"][..], "--body-file PATH"),
        (&["--body", "@file"], "printf %s TEXT | loadgen … --body-file -"),
        (&["--body-file", "/no/such/file"], "--body-file /no/such/file: could not open the file"),
        (&["--body-file", "/"], "--body-file /: could not read the body"),
        (&["--body-file", "/dev/zero"], "expected a body of at most 64 MiB, found more"),
        (&["--body-file", "x", "--body", "y"], "cannot be used with"),
    ] {
        let (output, seen) = bodies(flags, b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), seen.len()), (Some(2), 0), "{flags:?}: {said}");
        assert!(said.contains(part), "{flags:?}: {said}");
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

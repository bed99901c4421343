//! What flags have sent, as the server sees it.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loadgen::{Client, Crew, Draws, Expect, ExpectBody, Interrupt, Load, Request, Stop, Variant};
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

/// A measurement of four variants, each with a body of its own, by two connections against a server that answers with the
/// request's target, or with `other` to the target `/3`.
fn measure_variants(other: &'static str, requests: u64) -> (Measurement, Vec<String>) {
    let seen = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = seen.clone();
    let server = Server::start(move |mut connection| {
        while let Some(head) = connection.request() {
            let target = head.split(' ').nth(1).unwrap().to_owned();
            let body = if target == "/3" { other } else { &target };
            connection
                .send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes());
            heard.lock().unwrap().push(target);
        }
    });
    let variant = |number| {
        let target = format!("/{number}");
        Variant {
            request: Request::get(&server.url(&target)),
            expect: Expect { body: ExpectBody::Exactly(target.into_bytes()), ..Expect::default() },
            wait: Duration::ZERO,
        }
    };
    let draws = Draws::new((0..4).map(variant).collect(), 7).unwrap();
    let url = server.url("/0");
    let crew = Crew { connections: 2, ..Crew::default() };
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&url, &crew, None, &interrupt).unwrap();
    let load = Load {
        draws: Some(draws),
        stop: Stop::Requests(requests),
        ..Load::closed(Request::get(&url), Duration::from_secs(1))
    };
    let measured = client.measure(&load, &interrupt, &mut |_| ()).unwrap();
    let seen = seen.lock().unwrap().clone();
    (measured, seen)
}

#[test]
fn variants_are_sent_in_their_shares_and_each_is_held_to_its_own_reply() {
    let (measured, seen) = measure_variants("/3", 400);
    assert_eq!(measured.outcomes, [(OutcomeKind::Ok, 400)].into());
    assert_eq!((measured.plan.variants, measured.plan.seed), (Some(4), 7));
    for variant in ["/0", "/1", "/2", "/3"] {
        let sent = seen.iter().filter(|target| *target == variant).count();
        // A round of each connection may be unfinished.
        assert!((97..=103).contains(&sent), "{variant}: {sent} of {}", seen.len());
    }
}

#[test]
fn a_variant_that_is_answered_as_another_one_is_wrong() {
    let (measured, seen) = measure_variants("/2", 400);
    let wrong = seen.iter().filter(|target| *target == "/3").count() as u64;
    assert!(wrong >= 97, "{wrong}");
    assert_eq!(measured.outcomes.get(&OutcomeKind::WrongBody), Some(&wrong));
    assert_eq!(measured.outcomes.get(&OutcomeKind::Ok), Some(&(400 - wrong)));
}

#[test]
fn first_requests_of_drawn_variants_are_spread_over_the_mean_wait() {
    const WAIT: Duration = Duration::from_millis(400);
    let arrivals = Arc::new(Mutex::new(Vec::<Instant>::new()));
    let heard = arrivals.clone();
    // Never answers, so that each connection sends one request.
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            heard.lock().unwrap().push(Instant::now());
        }
    });
    let url = server.url("/0");
    let expect = Expect { body: ExpectBody::Exactly(b"0".to_vec()), ..Expect::default() };
    let draws = Draws::new(vec![Variant { request: Request::get(&url), expect, wait: WAIT }], 7).unwrap();
    let interrupt = Interrupt::default();
    let mut client =
        Client::connect(&url, &Crew { connections: 4, ..Crew::default() }, None, &interrupt).unwrap();
    let load = Load {
        draws: Some(draws),
        grace: Duration::ZERO,
        ..Load::closed(Request::get(&url), Duration::from_millis(600))
    };
    let before = Instant::now();
    client.measure(&load, &interrupt, &mut |_| ()).unwrap();
    let arrivals = arrivals.lock().unwrap();
    assert_eq!(arrivals.len(), 4);
    for (number, arrival) in (0..).zip(&*arrivals) {
        let earliest = WAIT / 4 * number;
        assert!(arrival.duration_since(before) >= earliest, "{number}: {:?}", arrival.duration_since(before));
    }
}

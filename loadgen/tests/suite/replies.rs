//! Odd replies over real sockets: one verdict, whenever their bytes come, and never by the time-out.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use loadgen::{Load, Part, Request, Stop, merge};
use reports_record::{CheckStatus, Measurement, OutcomeKind, Status};

use super::server::{HELLO, Server};
use super::{check, load, measure};

/// Answers each request with `first` and, after `pause`, with `then`; closes the connection after it if `closes`.
fn in_two_pieces(first: &'static [u8], pause: Duration, then: &'static [u8], closes: bool) -> Server {
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            connection.send(first);
            if !pause.is_zero() {
                std::thread::sleep(pause);
            }
            connection.send(then);
            if closes {
                break;
            }
        }
    })
}

#[test]
fn bytes_beyond_a_reply_that_closes_never_change_its_verdict() {
    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let whole = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok\n";
    for server in [
        in_two_pieces(whole, Duration::ZERO, b"", true),
        in_two_pieces(head, Duration::ZERO, b"\n", true),
        in_two_pieces(head, Duration::from_millis(5), b"\n", true),
    ] {
        let load = Load { stop: Stop::Requests(40), ..load(&server.url("/"), Duration::ZERO) };
        let measurement = measure(&load, 4);
        assert_eq!(measurement.outcomes, [(OutcomeKind::Ok, 40)].into(), "{:?}", measurement.outcomes);
    }
}

/// A row of the table in `docs/REPLIES.md`: what a server sends, and what is made of it.
struct Row {
    name: String,
    to_head_request: bool,
    bytes: Vec<u8>,
    verdict: String,
}

fn rows() -> Vec<Row> {
    let document = include_str!("../../../docs/REPLIES.md");
    let table = document.split("<!-- replies -->").nth(1).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let sent = cells[1].strip_prefix("to HEAD: ");
        let quoted = sent.unwrap_or(cells[1]).trim_matches('`');
        Row {
            name: cells[0].to_owned(),
            to_head_request: sent.is_some(),
            bytes: unescaped(quoted),
            verdict: cells[2].to_owned(),
        }
    };
    table.split("<!-- /replies -->").next().unwrap().trim().lines().skip(2).map(row).collect()
}

/// The bytes that [`slice::escape_ascii`] made a text of.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut letters = text.bytes();
    while let Some(letter) = letters.next() {
        bytes.push(match letter {
            b'\\' => match letters.next().unwrap() {
                b'r' => b'\r',
                b'n' => b'\n',
                b't' => b'\t',
                b'x' => {
                    let digits = [letters.next().unwrap(), letters.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            },
            other => other,
        });
    }
    assert_eq!(bytes.escape_ascii().to_string(), text);
    bytes
}

impl Row {
    fn kind(&self) -> OutcomeKind {
        match self.verdict.split([' ', ',', ':']).next().unwrap() {
            "refused" => OutcomeKind::Protocol,
            "truncated" => OutcomeKind::Truncated,
            "600" => OutcomeKind::WrongStatus,
            status => {
                assert!(["200", "204", "304"].contains(&status), "{}", self.verdict);
                OutcomeKind::Ok
            }
        }
    }

    /// How many bytes follow the reply.
    fn surplus(&self) -> usize {
        let dropped = self.verdict.split("; ").find_map(|part| part.strip_suffix(" more dropped"));
        dropped.map_or(0, |count| count.parse().unwrap())
    }

    /// Where it is cut in two, each once. Not just before a second reply, which is read as the answer to the request that it crosses:
    /// what bytes are that look like it, no client can know.
    fn cuts(&self) -> Vec<usize> {
        let end = self.bytes.len() - self.surplus();
        let is_reply = self.surplus() > 0 && self.bytes[end..].starts_with(b"HTTP/1.");
        (1..self.bytes.len()).filter(|cut| !is_reply || *cut != end).collect()
    }

    /// Answers request after request in pieces, cut in another place each time, the second piece after `delay`.
    fn server(&self, delay: Duration) -> Server {
        let (bytes, cuts, turn) = (self.bytes.clone(), self.cuts(), AtomicUsize::new(0));
        let client_ends = self.surplus() > 0 || self.verdict.starts_with("refused");
        let server_ends = self.verdict == "truncated" || self.verdict.ends_with("the connection is closed");
        Server::start(move |mut connection| {
            while connection.request().is_some() {
                let cut = cuts[turn.fetch_add(1, Ordering::SeqCst) % cuts.len()];
                connection.send(&bytes[..cut]);
                std::thread::sleep(delay);
                connection.send(&bytes[cut..]);
                if client_ends {
                    // What it sends until then is read and not answered.
                    while connection.request().is_some() {}
                } else if server_ends {
                    return;
                }
            }
        })
    }
}

#[test]
fn every_reply_has_one_verdict_wherever_it_is_cut_in_two_and_whenever_the_rest_comes() {
    for row in rows() {
        for delay in [Duration::ZERO, Duration::from_millis(5)] {
            let server = row.server(delay);
            let url = server.url("/");
            let method = if row.to_head_request { "HEAD" } else { "GET" };
            let request = Request::new(&url, method, &[], None).unwrap();
            let expect = loadgen::Expect { status: "2xx,304".parse().unwrap(), ..Default::default() };
            let count = row.cuts().len() as u64;
            let load = Load { request, expect, stop: Stop::Requests(count), ..load(&url, Duration::ZERO) };
            let measurement = measure(&load, 16);
            let found = &measurement.outcomes;
            assert_eq!(*found, [(row.kind(), count)].into(), "{}, {delay:?}: {found:?}", row.name);
        }
    }
}

#[test]
fn bytes_behind_a_reply_that_cross_the_next_request_do_not_fail_what_may_be_repeated() {
    // The second request of a connection is there before the bytes are sent.
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.send(b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n");
            if connection.request().is_some() {
                connection.send(b"ok");
                while connection.request().is_some() {}
            }
        }
    });
    for (method, kinds) in
        [("GET", &[OutcomeKind::Ok][..]), ("POST", &[OutcomeKind::Ok, OutcomeKind::Protocol])]
    {
        let request = Request::new(&server.url("/"), method, &[], None).unwrap();
        let base = load(&server.url("/"), Duration::ZERO);
        let measurement = measure(&Load { request, stop: Stop::Requests(20), ..base }, 1);
        let found = &measurement.outcomes;
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), kinds, "{method}: {found:?}");
        // Each connection but the last, which has one request.
        let crossed = if method == "GET" { 19 } else { 10 };
        assert_eq!(measurement.unasked_replies, crossed, "{method}");
        assert_eq!(check(&measurement, "pairing").status, CheckStatus::Fail, "{method}");
    }
}

#[test]
fn a_body_where_none_may_be_is_never_paired_with_the_next_request() {
    for (method, reply) in [
        ("HEAD", &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"[..]),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\nhello"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nhello"),
    ] {
        let server = Server::answering(reply, Duration::ZERO);
        let request = Request::new(&server.url("/"), method, &[], None).unwrap();
        let expect = loadgen::Expect { status: "2xx,304".parse().unwrap(), ..Default::default() };
        let base = load(&server.url("/"), Duration::ZERO);
        let measurement = measure(&Load { request, expect, stop: Stop::Requests(20), ..base }, 2);
        assert_eq!(
            measurement.outcomes,
            [(OutcomeKind::Ok, 20)].into(),
            "{method}: {:?}",
            measurement.outcomes
        );
    }
}

#[test]
fn malformed_framing_is_decided_at_once_and_legal_lists_are_read() {
    let chunks = "2\r\nok\r\n0\r\n";
    for (coding, trailers, kind) in [
        ("chunked,", "\r\n", OutcomeKind::Ok),
        (", chunked", "\r\n", OutcomeKind::Ok),
        ("chunked", "x: y\n\n", OutcomeKind::Ok),
        ("chunked", "\n", OutcomeKind::Ok),
        ("chunked", "no colon\r\n", OutcomeKind::Protocol),
        ("chunke", "\r\n", OutcomeKind::Protocol),
        ("", "\r\n", OutcomeKind::Protocol),
        ("chunked, gzip", "\r\n", OutcomeKind::Protocol),
    ] {
        let reply = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {coding}\r\n\r\n{chunks}{trailers}");
        let server = Server::answering(Box::leak(reply.into_boxed_str()).as_bytes(), Duration::ZERO);
        let begun = Instant::now();
        let base = load(&server.url("/"), Duration::ZERO);
        let measurement = measure(&Load { stop: Stop::Requests(4), ..base }, 1);
        let found = &measurement.outcomes;
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [kind], "{coding:?}, {trailers:?}: {found:?}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{coding:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_malformed_line_that_comes_in_pieces_and_never_ends_is_refused_at_once() {
    let server = Server::start(|mut connection| {
        while connection.request().is_some() {
            connection.send(b"HTTP/1.1 200 OK\r\nx: y\r\n");
            std::thread::sleep(Duration::from_millis(5));
            connection.send(b"not a header");
            // Nothing more comes, and the connection stays open.
            connection.request();
        }
    });
    let base = load(&server.url("/"), Duration::ZERO);
    let measurement = measure(&Load { stop: Stop::Requests(2), ..base }, 1);
    assert_eq!(measurement.outcomes.keys().copied().collect::<Vec<_>>(), [OutcomeKind::Protocol]);
}

fn run(server: &Server, flags: &[&str]) -> (Measurement, String) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("it.json");
    let url = server.url("/").to_string();
    let arguments = [&[url.as_str(), "-c", "4", "-t", "2", "--json", json.to_str().unwrap()], flags].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let written = std::fs::read(&json).unwrap_or_else(|error| panic!("{error}: {said}"));
    (serde_json::from_slice(&written).unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn replies_are_counted_by_status_and_the_first_wrong_one_of_each_is_shown() {
    let turn = AtomicUsize::new(0);
    let busy = "HTTP/1.1 503 Busy\r\nretry-after: 1\r\nset-cookie: id=secret\r\ncontent-length: 8\r\n\r\nbusy\x1b[J\n";
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let turn = turn.fetch_add(1, Ordering::SeqCst) % 10;
            connection.send(match turn {
                0..5 => HELLO,
                5..9 => busy.as_bytes(),
                _ => missing.as_bytes(),
            });
        }
    });
    let (measurement, summary) = run(&server, &["-n", "100"]);
    let statuses = [(Status(200), 50), (Status(404), 10), (Status(503), 40)];
    assert_eq!(measurement.statuses, statuses.into());
    assert_eq!(measurement.wrong_replies.len(), 2, "{:?}", measurement.wrong_replies);
    let first = measurement.wrong_replies.iter().find(|reply| reply.body == r"busy\u{1b}[J\n").unwrap();
    assert_eq!(first.status_line.as_deref(), Some("HTTP/1.1 503 Busy"));
    assert_eq!(first.headers, ["retry-after: 1", "set-cookie: (value not kept)", "content-length: 8"]);
    for part in
        ["200: 50, 404: 10, 503: 40", "HTTP/1.1 503 Busy", r"busy\u{1b}[J\n", "HTTP/1.1 404 Not Found"]
    {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    assert!(!summary.contains('\x1b') && !summary.contains("secret"), "{summary}");
    let page = reports_render::measurement::page(&measurement);
    for part in [">503<", r"busy\u{1b}[J\n"] {
        assert!(page.contains(part), "{part}");
    }
    let part = |name: &str| Part { name: name.into(), measurement: measurement.clone() };
    let (one, mut other) = (part("one"), part("other"));
    other.measurement.plan.seed += 1;
    let sum = merge(&[one, other]).unwrap();
    assert_eq!(sum.statuses, statuses.map(|(status, count)| (status, 2 * count)).into());
    assert_eq!(sum.wrong_replies, measurement.wrong_replies);
}

#[test]
fn what_is_not_a_reply_is_named_and_shown() {
    for (reply, pieces, kind, finding, begins) in [
        (
            &b"\x15\x03\x01\x00\x02\x02\x46"[..],
            7,
            OutcomeKind::Protocol,
            "the server speaks TLS",
            r"\u{15}\u{3}",
        ),
        (
            b"SSH-2.0-OpenSSH_9.6\r\n",
            99,
            OutcomeKind::Protocol,
            "the server speaks SSH",
            r"SSH-2.0-OpenSSH_9.6\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
            30,
            OutcomeKind::Truncated,
            "4 bytes of its body are missing",
            "hello",
        ),
        (b"HTTP/1.1 200 OK\r\nx: \0", 5, OutcomeKind::Protocol, "control character 0x00", ""),
    ] {
        let server = Server::start(move |mut connection| {
            if connection.request().is_some() {
                for piece in reply.chunks(pieces) {
                    connection.send(piece);
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let (measurement, summary) = run(&server, &["-n", "8", "-X", "POST"]);
        assert_eq!(measurement.outcomes, [(kind, 8)].into());
        let [first] = &measurement.wrong_replies[..] else { panic!("{:?}", measurement.wrong_replies) };
        assert!(first.kind == kind && first.finding.contains(finding), "{first:?}");
        assert!(first.body.starts_with(begins), "{first:?}");
        assert!(measurement.statuses.is_empty());
        let flat = summary.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(finding), "{summary}");
    }
}

#[test]
fn a_long_wrong_body_is_kept_by_its_beginning_alone() {
    let long = format!("HTTP/1.1 500 Oops\r\ncontent-length: 3000000\r\n\r\n{}", "x".repeat(3_000_000));
    let server = Server::answering(Box::leak(long.into_boxed_str()).as_bytes(), Duration::ZERO);
    let (measurement, _) = run(&server, &["-n", "4"]);
    assert_eq!(measurement.wrong_replies[0].body, format!("{}…", "x".repeat(200)));
}

//! Replies that are framed rarely, wrongly or without end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use loadgen::{Expect, ExpectBody, Load, Request, Statuses, Stop};
use reports_record::{CheckStatus, OutcomeKind};

use super::outcomes::{assert_outcome, once};
use crate::server::{HELLO, Server};
use crate::{check, load, measure};

#[test]
fn a_length_beside_chunks_is_a_protocol_error() {
    let both =
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    assert_outcome(&once(both.to_vec()), OutcomeKind::Protocol);
}

#[test]
fn more_than_128_headers_are_too_large() {
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(129));
    assert_outcome(&once(head.into_bytes()), OutcomeKind::HeadTooLarge);
}

#[test]
fn what_follows_a_reply_is_never_paired_with_the_next_request() {
    // The first reply of each connection is right, and behind it, in one piece, comes one that nobody asked for.
    let wrong = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong";
    let server = Server::start(move |mut connection| {
        let mut first = true;
        while connection.request().is_some() {
            let reply = if first { HELLO.to_vec() } else { [HELLO, wrong].concat() };
            first = false;
            connection.send(&reply);
        }
    });
    let expect = Expect { status: Statuses::only(200), body: ExpectBody::Exactly(b"hello".into()) };
    let load = Load { stop: Stop::Requests(10), expect, ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Ok, 10)]));
    assert_eq!((measurement.unasked_replies, server.accepted()), (5, 5));
    assert_eq!(check(&measurement, "pairing").status, CheckStatus::Fail);
}

#[test]
fn replies_without_a_body_may_announce_one() {
    let silent: [(&str, u16, &'static [u8]); 3] = [
        ("GET", 204, b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", 304, b"HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n"),
        ("HEAD", 200, b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"),
    ];
    for (method, status, reply) in silent {
        let server = Server::answering(reply, Duration::ZERO);
        let url = server.url("/");
        let request = Request::new(&url, method, &[], None).unwrap();
        let expect = Expect { status: Statuses::only(status), ..Expect::default() };
        let stop = Stop::Requests(5);
        let load = Load { stop, request, expect, ..load(&url, Duration::from_secs(1)) };
        let measurement = measure(&load, 1);
        let expected = BTreeMap::from([(OutcomeKind::Ok, 5)]);
        assert_eq!(measurement.outcomes, expected, "{method} {}", reply.escape_ascii());
        assert_eq!(server.accepted(), 1, "{}", reply.escape_ascii());
    }
}

/// Resident memory, KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Sends `head` and then zeros for as long as anyone reads.
fn endless(head: &'static [u8]) -> Server {
    let block: &'static [u8] = &[b'0'; 65_536];
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            connection.send(head);
            while std::io::Write::write_all(&mut connection.stream, block).is_ok() {}
        }
    })
}

#[test]
fn a_body_without_end_meets_the_deadline_in_flat_memory() {
    let heads: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775808\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ];
    for head in heads {
        let server = endless(head);
        let timeout = Duration::from_millis(500);
        let load =
            Load { timeout, stop: Stop::Requests(2), ..load(&server.url("/"), Duration::from_secs(1)) };
        let (before, begun) = (resident(), Instant::now());
        let measurement = measure(&load, 1);
        let grown = resident().saturating_sub(before);
        assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Timeout, 2)]));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        // Other tests share this process: they hold a few MB, an endless body hundreds.
        assert!(grown < 100 << 10, "{grown} KiB more after {}", head.escape_ascii());
    }
}

#[test]
fn every_status_of_an_error_is_its_own_class_and_kept_apart_from_good_replies() {
    for status in ["400", "404", "408", "429", "500", "503"] {
        let turn = AtomicUsize::new(0);
        let server = Server::start(move |mut connection| {
            while connection.request().is_some() {
                let bad = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n");
                let good = turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
                connection.send(if good { HELLO } else { bad.as_bytes() });
            }
        });
        let load = Load { stop: Stop::Requests(10), ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measure(&load, 1);
        let expected = BTreeMap::from([(OutcomeKind::Ok, 5), (OutcomeKind::WrongStatus, 5)]);
        assert_eq!(measurement.outcomes, expected, "{status}");
        let counts = (measurement.service_time_us.count, measurement.wrong_reply_service_time_us.count);
        assert_eq!(counts, (5, 5), "{status}");
    }
}

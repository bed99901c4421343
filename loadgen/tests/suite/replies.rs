//! Odd replies over real sockets: one verdict, whenever their bytes come, and never by the time-out.

use std::time::{Duration, Instant};

use loadgen::{Load, Request, Stop};
use reports_record::OutcomeKind;

use super::server::Server;
use super::{load, measure};

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

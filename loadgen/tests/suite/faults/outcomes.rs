//! Each way a server can fail has its class, and none ends the measurement.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use loadgen::{Client, Crew, Expect, ExpectBody, Interrupt, Load, Request, StartError, Statuses, Stop};
use reports_record::{CertificateVerdict, CheckStatus, OutcomeKind};

use crate::server::{HELLO, Server};
use crate::{check, load, measure};

const REQUESTS: u64 = 3;

/// Asserts that each of a few requests to `server` ends as `kind`, on connections of which each is replaced.
pub(super) fn assert_outcome(server: &Server, kind: OutcomeKind) {
    let load = Load { stop: Stop::Requests(REQUESTS), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    assert_eq!(measurement.outcomes, BTreeMap::from([(kind, REQUESTS)]));
    assert_eq!(measurement.certificate.verdict, CertificateVerdict::Invalid, "{kind}");
    assert!(measurement.complete);
}

/// Sends `reply` to each connection's first request, then closes.
pub(super) fn once(reply: Vec<u8>) -> Server {
    Server::start(move |mut connection| {
        if connection.request().is_some() {
            connection.send(&reply);
        }
    })
}

#[test]
fn an_end_before_the_announced_length_is_truncated() {
    assert_outcome(&once(HELLO[..HELLO.len() - 1].into()), OutcomeKind::Truncated);
    assert_outcome(&once(b"HTTP/1.1 200 OK\r\nconte".into()), OutcomeKind::Truncated);
}

#[test]
fn an_end_before_any_byte_is_closed() {
    assert_outcome(&once(Vec::new()), OutcomeKind::Closed);
}

#[test]
fn a_reset_within_the_body_is_a_reset() {
    let server = Server::start(|mut connection| {
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhel");
        // Closed with the request unread: the kernel resets the connection.
        let mut byte = [0];
        connection.stream.read_exact(&mut byte).unwrap();
    });
    let load = Load { stop: Stop::Requests(1), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Reset, 1)]));
}

#[test]
fn what_is_no_http_or_framed_ambiguously_is_a_protocol_error() {
    let garbage = vec![b'x'; 3 << 20];
    let two_lengths = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello";
    for reply in [garbage, two_lengths.to_vec()] {
        assert_outcome(&once(reply), OutcomeKind::Protocol);
    }
}

#[test]
fn a_head_beyond_the_limit_is_too_large() {
    let head = [&b"HTTP/1.1 200 OK\r\nx: "[..], &vec![b'a'; 70_000], b"\r\n\r\n"].concat();
    assert_outcome(&once(head), OutcomeKind::HeadTooLarge);
}

#[test]
fn an_error_status_is_never_a_success() {
    let server = Server::answering(b"HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\nno", Duration::ZERO);
    assert_outcome(&server, OutcomeKind::WrongStatus);
    assert_eq!(server.accepted(), 1, "an error is a whole reply, its connection is kept");
}

#[test]
fn a_wrong_body_is_never_a_success() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let expect = Expect { status: Statuses::only(200), body: ExpectBody::Exactly(b"hallo".into()) };
    let load = Load { stop: Stop::Requests(5), expect, ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::WrongBody, 5)]));
    assert_eq!((measurement.service_time_us.count, measurement.wrong_reply_service_time_us.count), (0, 5));
    assert_eq!(measurement.goodput_per_s, 0.0);
    assert!(measurement.achieved_rate_per_s > 0.0);
}

#[test]
fn silence_is_a_timeout_and_counts_as_at_least_the_deadline() {
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let timeout = Duration::from_millis(100);
    let load = Load { timeout, ..load(&server.url("/"), Duration::from_millis(400)) };
    let measurement = measure(&load, 2);
    let timeouts = measurement.outcomes[&OutcomeKind::Timeout];
    assert!(timeouts >= 2, "{:?}", measurement.outcomes);
    let service = measurement.histograms.service_time().unwrap();
    assert_eq!((service.exact().len(), service.censored()), (0, measurement.account.due));
    let shortest = Duration::from_nanos(service.bounds().unwrap().min());
    assert!(shortest >= timeout - timeout / 1000, "{shortest:?}");
    assert!(measurement.service_time_us.is_at_least("max"));
}

#[test]
fn a_reply_dripped_past_the_deadline_is_a_timeout() {
    let server = Server::start(|mut connection| {
        while connection.request().is_some() {
            for byte in HELLO {
                connection.send(&[*byte]);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    });
    let load =
        Load { timeout: Duration::from_millis(150), ..load(&server.url("/"), Duration::from_millis(300)) };
    let measurement = measure(&load, 1);
    assert!(measurement.outcomes[&OutcomeKind::Timeout] >= 1, "{:?}", measurement.outcomes);
    assert_eq!(measurement.outcomes.get(&OutcomeKind::Ok), None);
}

#[test]
fn rare_but_legal_replies_are_correct() {
    let replies: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;a=\"b\"\r\nhel\r\n2\r\nlo\r\n0\r\nx-t: 1\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello",
        HELLO,
    ];
    for reply in replies {
        let server = Server::start(move |mut connection| {
            while connection.request().is_some() {
                reply.iter().for_each(|byte| connection.send(&[*byte]));
                if !reply.windows(6).any(|part| part == b"length" || part == b"chunke") {
                    return;
                }
            }
        });
        let expect = Expect { status: Statuses::only(200), body: ExpectBody::Exactly(b"hello".into()) };
        let load = Load { stop: Stop::Requests(4), expect, ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measure(&load, 1);
        assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Ok, 4)]), "{}", reply.escape_ascii());
    }
}

/// Answers one request of each connection and closes it just as the next one has come, unread.
fn closing_unread() -> Server {
    Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.send(HELLO);
            let _ = connection.stream.peek(&mut [0]);
        }
    })
}

#[test]
fn an_idle_connection_closed_just_then_is_tried_once_more_and_counted() {
    let server = closing_unread();
    let load = Load { stop: Stop::Requests(10), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    // A server that was kept from running for 10 ms in between could have answered, which fails the request.
    let reset = measurement.outcomes.get(&OutcomeKind::Reset).copied().unwrap_or(0);
    assert_eq!(measurement.account.finished + reset, 10, "{:?}", measurement.outcomes);
    assert!((1..=9).contains(&measurement.stale_reuse), "{}", measurement.stale_reuse);
    assert!(measurement.stale_resets <= measurement.stale_reuse);
    let told = check(&measurement, "connections").finding.contains("after a reset");
    assert_eq!(told, measurement.stale_resets > 0, "{measurement:?}");
    let ended = measurement.stale_reuse + reset;
    assert!((ended - 1..=ended).contains(&measurement.reopened), "{} of {ended}", measurement.reopened);
    assert_eq!(check(&measurement, "connections").status, CheckStatus::Warn);
}

#[test]
fn what_may_not_be_repeated_is_not_sent_again() {
    let server = closing_unread();
    let request = Request::new(&server.url("/"), "POST", &[], Some(b"x")).unwrap();
    let load = Load { stop: Stop::Requests(4), request, ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    let broken = |kind| measurement.outcomes.get(&kind).copied().unwrap_or(0);
    assert_eq!(measurement.stale_reuse, 0);
    assert_eq!(broken(OutcomeKind::Ok), 2, "{:?}", measurement.outcomes);
    assert_eq!(broken(OutcomeKind::Closed) + broken(OutcomeKind::Reset), 2, "{:?}", measurement.outcomes);
}

#[test]
fn a_server_killed_midway_leaves_a_result_that_ends_on_time() {
    let answered = AtomicUsize::new(0);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            if answered.fetch_add(1, Ordering::SeqCst) == 50 {
                connection.power.kill();
            }
            std::thread::sleep(Duration::from_millis(1));
            connection.send(HELLO);
        }
    });
    let begun = Instant::now();
    let measurement = measure(&load(&server.url("/"), Duration::from_secs(1)), 4);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(measurement.complete && measurement.account.finished > 0, "{:?}", measurement.account);
    let kinds = [OutcomeKind::Refused, OutcomeKind::Reset, OutcomeKind::Closed];
    assert!(kinds.iter().any(|kind| measurement.outcomes.contains_key(kind)), "{:?}", measurement.outcomes);
    assert_eq!(check(&measurement, "errors").status, CheckStatus::Fail);
    assert_eq!(measurement.certificate.verdict, CertificateVerdict::Invalid);
}

#[test]
fn a_number_of_requests_ends_even_when_the_server_does_not_come_back() {
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.power.kill();
        }
    });
    let load = Load { stop: Stop::Requests(1_000_000), ..load(&server.url("/"), Duration::from_secs(1)) };
    let begun = Instant::now();
    let measurement = measure(&load, 2);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(measurement.outcomes.contains_key(&OutcomeKind::Refused), "{:?}", measurement.outcomes);
}

#[test]
fn nobody_listening_is_said_at_once_and_by_address() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/").parse().unwrap();
    let refused = Client::connect(&url, &Crew::default(), None, &Interrupt::default()).unwrap_err();
    assert!(matches!(refused, StartError::Connect { .. }), "{refused}");
    assert!(refused.to_string().contains(&free.to_string()), "{refused}");
}

#[test]
fn a_connection_that_does_not_prove_itself_is_named() {
    let server = Server::answering(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", Duration::ZERO);
    let priming = Request::get(&server.url("/hello"));
    let crew = Crew { connections: 3, ..Crew::default() };
    let refused =
        Client::connect(&server.url("/"), &crew, Some(&priming), &Interrupt::default()).unwrap_err();
    assert!(refused.to_string().contains("/hello with status 404"), "{refused}");
}

//! Replies that nobody asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loadgen::{Load, Pace, Rate, Request, Stop};
use reports_record::{Arrivals, CertificateVerdict, CheckStatus, Measurement};

use crate::server::{HELLO, Server};
use crate::{check, load, measure};

fn assert_told(measurement: &Measurement, about: &str) {
    let pairing = check(measurement, "pairing");
    assert_eq!(pairing.status, CheckStatus::Fail, "{about}: {}", pairing.finding);
    assert!(measurement.unasked_replies >= 1, "{about}");
    assert_eq!(measurement.certificate.verdict, CertificateVerdict::Invalid, "{about}");
}

/// Sends each reply for which `is_doubled` holds twice, the second time after `delay` and in pieces of `piece` bytes.
fn doubling(is_doubled: fn(usize) -> bool, delay: Duration, piece: usize) -> Server {
    let turn = Arc::new(AtomicUsize::new(0));
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            connection.send(HELLO);
            if is_doubled(turn.fetch_add(1, Ordering::SeqCst)) {
                if !delay.is_zero() {
                    std::thread::sleep(delay);
                }
                HELLO.chunks(piece).for_each(|piece| connection.send(piece));
            }
        }
    })
}

#[test]
fn replies_sent_twice_are_told_whatever_packets_and_delays_in_both_loops() {
    let open = Pace::open(Rate::per_second(100.0).unwrap(), Arrivals::Constant, 1);
    for pace in [Pace::CLOSED, open] {
        for delay in [0, 1, 5, 20].map(Duration::from_millis) {
            for piece in [1000, 7] {
                let server = doubling(|_| true, delay, piece);
                let stop = Stop::Requests(40);
                let load =
                    Load { pace: pace.clone(), stop, ..load(&server.url("/"), Duration::from_secs(1)) };
                let measurement = measure(&load, 2);
                assert_told(&measurement, &format!("{pace:?}, after {delay:?} in pieces of {piece}"));
            }
        }
    }
}

#[test]
fn a_reply_longer_than_it_announced_is_told_whatever_packets_and_delays() {
    // One in two hundred: as failed requests alone they would only be warned of.
    for delay in [None, Some(0), Some(2)] {
        let turn = Arc::new(AtomicUsize::new(0));
        let server = Server::start(move |mut connection| {
            while connection.request().is_some() {
                let is_longer = turn.fetch_add(1, Ordering::SeqCst) == 50;
                match delay.filter(|_| is_longer) {
                    None if is_longer => connection.send(&[HELLO, b"\n"].concat()),
                    None => connection.send(HELLO),
                    Some(delay) => {
                        connection.send(HELLO);
                        std::thread::sleep(Duration::from_millis(delay));
                        connection.send(b"\n");
                    }
                }
            }
        });
        let load = Load { stop: Stop::Requests(200), ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measure(&load, 1);
        assert_told(&measurement, &format!("after {delay:?} ms"));
        assert_eq!(measurement.unasked_replies, 1);
    }
}

#[test]
fn one_reply_too_many_is_found_at_the_end_at_the_latest() {
    // The copy comes while the second request is under way, and every reply after it answers the request before.
    let server = Server::start(|mut connection| {
        let mut number = 0;
        while connection.request().is_some() {
            connection.send(HELLO);
            number += 1;
            std::thread::sleep(Duration::from_millis(3));
            if number == 1 {
                connection.send(HELLO);
            }
        }
    });
    let load = Load { stop: Stop::Requests(40), ..load(&server.url("/"), Duration::from_secs(1)) };
    assert_told(&measure(&load, 1), "one of forty");
}

#[test]
fn a_reply_before_any_request_is_told() {
    let server = Server::start(|mut connection| {
        connection.send(HELLO);
        while connection.request().is_some() {
            connection.send(HELLO);
        }
    });
    let pace = Pace::open(Rate::per_second(20.0).unwrap(), Arrivals::Constant, 1);
    let load = Load { pace, ..load(&server.url("/"), Duration::from_millis(500)) };
    assert_told(&measure(&load, 2), "before any");
}

#[test]
fn what_follows_the_last_reply_of_a_connection_is_nobodys() {
    // The byte that comes with the reply weighs no more than one that comes when the connection is gone.
    for delay in [0, 5].map(Duration::from_millis) {
        let server = Server::start(move |mut connection| {
            if connection.request().is_some() {
                let reply = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok\n";
                let (whole, rest) = reply.split_at(reply.len() - usize::from(!delay.is_zero()));
                connection.send(whole);
                std::thread::sleep(delay);
                connection.send(rest);
            }
        });
        let load = Load { stop: Stop::Requests(10), ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measure(&load, 1);
        assert_eq!(measurement.account.finished, 10, "{:?}", measurement.outcomes);
        assert_eq!(check(&measurement, "pairing").status, CheckStatus::Pass);
    }
}

#[test]
fn a_post_whose_connection_had_a_reply_too_many_is_not_answered_by_it() {
    let server = doubling(|turn| turn == 0, Duration::ZERO, 1000);
    let url = server.url("/");
    let request = Request::new(&url, "POST", &[], Some(b"x")).unwrap();
    let load = Load { request, stop: Stop::Requests(10), ..load(&url, Duration::from_secs(1)) };
    assert_told(&measure(&load, 1), "POST");
}

#[test]
fn a_farewell_to_an_idle_connection_is_no_reply_too_many_however_it_is_cut() {
    let farewell = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let turn = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |mut connection| {
        if connection.request().is_some() {
            let cut = 1 + turn.fetch_add(1, Ordering::SeqCst) % 12;
            connection.send(HELLO);
            std::thread::sleep(Duration::from_millis(10));
            connection.send(&farewell[..cut]);
            std::thread::sleep(Duration::from_millis(10));
            connection.send(&farewell[cut..]);
            while connection.request().is_some() {}
        }
    });
    let pace = Pace::Closed { think: Duration::from_millis(500) };
    let load = Load { pace, stop: Stop::Requests(12), ..load(&server.url("/"), Duration::ZERO) };
    let measurement = measure(&load, 6);
    assert_eq!(measurement.account.finished, 12, "{:?}", measurement.outcomes);
    let pairing = check(&measurement, "pairing");
    assert_eq!(pairing.status, CheckStatus::Pass, "{}", pairing.finding);
}

#[test]
fn a_farewell_of_which_a_part_comes_with_the_reply_is_no_reply_too_many_however_it_is_cut() {
    let farewell = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let turn = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |mut connection| {
        if connection.request().is_some() {
            let cut = 1 + turn.fetch_add(1, Ordering::SeqCst) % 12;
            connection.send(&[HELLO, &farewell[..cut]].concat());
            std::thread::sleep(Duration::from_millis(10));
            connection.send(&farewell[cut..]);
            while connection.request().is_some() {}
        }
    });
    let pace = Pace::Closed { think: Duration::from_millis(500) };
    let load = Load { pace, stop: Stop::Requests(12), ..load(&server.url("/"), Duration::ZERO) };
    let measurement = measure(&load, 6);
    assert_eq!(measurement.account.finished, 12, "{:?}", measurement.outcomes);
    let pairing = check(&measurement, "pairing");
    assert_eq!(pairing.status, CheckStatus::Pass, "{}", pairing.finding);
}

/// Answers the first request of each connection, and 5 ms later begins what no request asked for; goes on with it `pause` after that, or
/// with the next request if there is no pause.
fn beginning(unasked: &'static [u8], pause: Option<Duration>) -> Server {
    let (begins, rest) = unasked.split_at(b"HTTP/1.1 ".len());
    Server::start(move |mut connection| {
        if connection.request().is_some() {
            connection.send(HELLO);
            std::thread::sleep(Duration::from_millis(5));
            connection.send(begins);
            match pause {
                Some(pause) => std::thread::sleep(pause),
                None => drop(connection.request()),
            }
            connection.send(rest);
            while connection.request().is_some() {}
        }
    })
}

#[test]
fn nothing_is_sent_behind_bytes_that_may_announce_the_end_and_what_they_were_is_told_later() {
    let farewell = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    // A request is due every 200 ms.
    let later = Some(Duration::from_millis(250));
    for (unasked, pause, is_told) in
        [(HELLO, None, true), (HELLO, later, true), (&farewell[..], later, false)]
    {
        for method in ["GET", "POST"] {
            let server = beginning(unasked, pause);
            let url = server.url("/");
            let request = Request::new(&url, method, &[], None).unwrap();
            let pace = Pace::open(Rate::per_second(5.0).unwrap(), Arrivals::Constant, 1);
            let load = Load { request, pace, ..load(&url, Duration::from_secs(2)) };
            let measurement = measure(&load, 1);
            let about = format!("{method} before {:?}", unasked.escape_ascii().to_string());
            assert_eq!(measurement.account.finished, 10, "{about}: {:?}", measurement.outcomes);
            assert_eq!(server.accepted(), 10, "{about}");
            if is_told {
                assert_told(&measurement, &about);
            } else {
                assert_eq!(check(&measurement, "pairing").status, CheckStatus::Pass, "{about}");
            }
        }
    }
}

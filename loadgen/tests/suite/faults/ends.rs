//! Connections that end in every way there is: the user's pace, the number of requests and the blame stay right.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use loadgen::{Client, Crew, Interrupt, Load, Pace, Pool, Rate, Request, Stop};
use nix::libc::linger;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::Pid;
use reports_record::{Arrivals, CheckStatus, Measurement, OutcomeKind};
use reports_terminal::counted;

use super::child::{loadgen, measurement, pid};
use crate::server::{Connection, HELLO, Server};
use crate::{check, load, measure};

/// A way in which a server ends the connection of one request.
type End = fn(Connection);

const ENDS: [(&str, End); 9] = [
    ("announced", |mut connection| {
        answer(&mut connection, b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello");
    }),
    ("announced and not done", |mut connection| {
        answer(&mut connection, b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello");
        connection.request();
    }),
    ("HTTP/1.0", |mut connection| {
        answer(&mut connection, b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    }),
    ("the end of the body", |mut connection| answer(&mut connection, b"HTTP/1.1 200 OK\r\n\r\nhello")),
    ("silent", |mut connection| answer(&mut connection, HELLO)),
    ("half closed", |mut connection| {
        answer(&mut connection, HELLO);
        let _ = connection.stream.shutdown(Shutdown::Write);
        while connection.request().is_some() {}
    }),
    ("reset", |mut connection| {
        answer(&mut connection, HELLO);
        reset(connection);
    }),
    ("no reply", |mut connection| drop(connection.request())),
    ("no HTTP", |mut connection| answer(&mut connection, b"220 mail ready\r\n")),
];

fn answer(connection: &mut Connection, reply: &[u8]) {
    if connection.request().is_some() {
        connection.send(reply);
    }
}

fn reset(connection: Connection) {
    setsockopt(&connection.stream, sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 }).unwrap();
}

fn measure_on(threads: u32, connections: u32, load: &Load) -> Measurement {
    let interrupt = Interrupt::default();
    let crew = Crew { connections, threads, ..Crew::default() };
    let mut client = Client::connect(load.request.url(), &crew, None, &interrupt).unwrap();
    let measurement = client.measure(load, &interrupt, &mut |_| {}).unwrap();
    assert!(measurement.account.closes(), "{:?}", measurement.account);
    assert_eq!(check(&measurement, "parts").figure.unwrap_or(0.0), 0.0);
    measurement
}

fn outcome(measurement: &Measurement, kind: OutcomeKind) -> u64 {
    measurement.outcomes.get(&kind).copied().unwrap_or(0)
}

#[test]
fn a_user_thinks_however_the_last_connection_ended() {
    for (way, end) in ENDS {
        let server = Server::start(end);
        let pace = Pace::Closed { think: Duration::from_millis(200) };
        let load = Load { pace, ..load(&server.url("/"), Duration::from_secs(1)) };
        for threads in [1, 2] {
            let measurement = measure_on(threads, 4, &load);
            // Four users, at most one request in 200 ms each, and one more each at the edge.
            let due = measurement.account.due;
            assert!((4..=24).contains(&due), "{way}: {due} requests of 20");
        }
    }
}

#[test]
fn first_starts_are_spread_though_every_connection_ended_before_them() {
    let accepted = AtomicUsize::new(0);
    let server = Server::start(move |mut connection| {
        if accepted.fetch_add(1, Ordering::SeqCst) >= 8 {
            while connection.request().is_some() {
                connection.send(HELLO);
            }
        }
    });
    let pace = Pace::Closed { think: Duration::from_secs(2) };
    let load = Load { pace, ..load(&server.url("/"), Duration::from_secs(2)) };
    let measurement = measure_on(1, 8, &load);
    assert!((6..=8).contains(&measurement.account.due), "{}", measurement.account.due);
    assert!(measurement.sub_windows.iter().all(|part| part.due <= 3), "{:?}", measurement.sub_windows);
}

#[test]
fn every_user_has_a_turn_though_every_connection_ends() {
    let (tags, seen) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let log = seen.clone();
    // Answers and closes; who waits for a turn is a user, not a connection.
    let server = Server::start(move |mut connection| {
        let tag = tags.fetch_add(1, Ordering::SeqCst);
        if connection.request().is_some() {
            log.lock().unwrap().push(tag);
            connection.send(HELLO);
        }
    });
    let pace = Pace::open(Rate::per_second(50.0).unwrap(), Arrivals::Constant, 1);
    let measurement = measure_on(1, 5, &Load { pace, ..load(&server.url("/"), Duration::from_secs(1)) });
    assert_eq!(measurement.account.finished, 50, "{:?}", measurement.outcomes);
    // Each of the five opened beforehand carried one: none was passed over for a fresh one of another user.
    let seen = seen.lock().unwrap();
    assert!((0..5).all(|tag| seen.contains(&tag)), "{seen:?}");
}

#[test]
fn an_idle_close_costs_neither_a_pause_nor_the_servers_good_name() {
    let server = Server::start(|mut connection| {
        connection.stream.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
        while connection.request().is_some() {
            connection.send(HELLO);
        }
    });
    let pace = Pace::open(Rate::per_second(5.0).unwrap(), Arrivals::Constant, 1);
    let measurement = measure_on(1, 1, &Load { pace, ..load(&server.url("/"), Duration::from_secs(2)) });
    assert_eq!(measurement.account.finished, 10, "{:?}", measurement.outcomes);
    assert_eq!(measurement.connection_wait_us.as_ref().unwrap().max, Some(0.0), "{measurement:#?}");
    assert!(measurement.connect_us.as_ref().unwrap().count >= 8, "{:?}", measurement.connect_us);
    assert!((8..=10).contains(&measurement.reopened), "{}", measurement.reopened);
    // Opened when needed, not again and again meanwhile.
    assert!(server.accepted() <= 12, "{}", server.accepted());
}

#[test]
fn a_server_that_is_away_fails_what_is_due_and_nothing_waits_for_it() {
    let server = Server::start(|mut connection| {
        answer(&mut connection, HELLO);
        connection.power.kill();
    });
    let pace = Pace::open(Rate::per_second(100.0).unwrap(), Arrivals::Constant, 1);
    let measurement = measure_on(1, 2, &Load { pace, ..load(&server.url("/"), Duration::from_secs(2)) });
    let account = measurement.account;
    assert_eq!((account.due, account.censored), (200, 0), "{:?}", measurement.outcomes);
    assert!(outcome(&measurement, OutcomeKind::Refused) >= 190, "{:?}", measurement.outcomes);
    // Its failures are its own at once: the client did not hold requests back.
    let longest = measurement.histograms.response_time().unwrap().unwrap();
    let median = Duration::from_nanos(longest.bounds().unwrap().value_at_quantile(0.5));
    assert!(median < Duration::from_millis(50), "{median:?}");
}

#[test]
fn a_number_of_requests_is_reached_however_connections_end() {
    for (way, end) in ENDS {
        for threads in [1, 2] {
            let server = Server::start(end);
            let stop = Stop::Requests(50);
            let begun = Instant::now();
            let load = Load { stop, ..load(&server.url("/"), Duration::from_secs(1)) };
            let measurement = measure_on(threads, 2, &load);
            assert_eq!(measurement.account.due, 50, "{way}: {:?}", measurement.outcomes);
            assert_eq!(measurement.account.censored, 0, "{way}: {:?}", measurement.account);
            assert!(measurement.complete && measurement.given_up == 0, "{way}");
            assert!(begun.elapsed() < Duration::from_secs(20), "{way}: {:?}", begun.elapsed());
        }
    }
}

#[test]
fn a_number_that_cannot_be_reached_is_told_and_is_not_complete() {
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.power.kill();
        }
    });
    let load = Load { stop: Stop::Requests(100_000), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure_on(2, 2, &load);
    assert!(!measurement.complete);
    assert_eq!(measurement.account.due + measurement.given_up, 100_000);
    let stood = check(&measurement, "connections");
    assert_eq!(stood.status, CheckStatus::Fail);
    let sentence = format!("which gave up {}", counted(measurement.given_up, "request"));
    assert!(stood.finding.contains(&sentence), "{}", stood.finding);
}

/// Ends the server's side alone, and reads on until the client has ended its own.
fn end_one_side(mut connection: Connection) {
    let _ = connection.stream.shutdown(Shutdown::Write);
    while connection.request().is_some() {}
}

#[test]
fn a_request_read_held_and_dropped_is_a_failure() {
    let ms = Duration::from_millis;
    // A reset that comes at once is the answer to a request that was not read.
    let ways = [
        (0, drop::<Connection> as fn(Connection)),
        (0, end_one_side),
        (60, drop),
        (300, drop),
        (60, reset),
        (300, reset),
    ];
    for (hold, drop_it) in ways.map(|(hold, drop_it)| (ms(hold), drop_it)) {
        let turn = Arc::new(AtomicUsize::new(0));
        let server = Server::start(move |mut connection| {
            while connection.request().is_some() {
                let turn = turn.fetch_add(1, Ordering::SeqCst);
                if turn < 10 {
                    // From the connections after these the client learns how long a round trip is, however busy the machine.
                    return connection
                        .send(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello");
                }
                if turn % 10 == 9 {
                    std::thread::sleep(hold);
                    return drop_it(connection);
                }
                connection.send(HELLO);
            }
        });
        let load = Load { stop: Stop::Requests(60), ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measure(&load, 1);
        let failed = outcome(&measurement, OutcomeKind::Closed) + outcome(&measurement, OutcomeKind::Reset);
        assert_eq!((measurement.account.finished, failed), (55, 5), "{:?}", measurement.outcomes);
        assert_eq!(measurement.stale_reuse, 0);
        assert_eq!(check(&measurement, "errors").figure, Some(5.0 / 60.0));
    }
}

#[test]
fn what_a_repeated_request_lost_is_connecting_and_no_service() {
    // Closed just after its reply: the next request, sent at once, meets the end.
    let server = Server::start(|mut connection| answer(&mut connection, HELLO));
    let pace = Pace::open(Rate::per_second(2000.0).unwrap(), Arrivals::Constant, 1);
    let measurement = measure_on(1, 1, &Load { pace, ..load(&server.url("/"), Duration::from_millis(500)) });
    // A server that loses its CPU between reply and close looks like one that read the next request and dropped it
    // (docs/LIMITS.md): a few in a thousand on a busy machine.
    assert!(measurement.account.failed * 50 <= measurement.account.due, "{:?}", measurement.outcomes);
    assert_eq!(check(&measurement, "little").status, CheckStatus::Pass, "{measurement:#?}");
    let connect = measurement.connect_us.as_ref().unwrap().count;
    assert!(connect + 2 >= measurement.account.finished, "{connect} of {:?}", measurement.account);
}

#[test]
fn a_request_that_says_close_is_the_last_of_its_connection() {
    for method in ["GET", "POST"] {
        // One server closes without a word, the other never does.
        for closes in [true, false] {
            let server = Server::start(move |mut connection| {
                while connection.request().is_some() {
                    connection.send(HELLO);
                    if closes {
                        return;
                    }
                }
            });
            let url = server.url("/");
            let headers = ["Connection: x-own, Close".to_owned()];
            let request = Request::new(&url, method, &headers, Some(b"x")).unwrap();
            let load = Load { request, stop: Stop::Requests(40), ..load(&url, Duration::from_secs(1)) };
            let measurement = measure(&load, 2);
            assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Ok, 40)]), "{method} {closes}");
            assert_eq!((measurement.stale_reuse, measurement.reopened), (0, 0), "{method} {closes}");
            assert_eq!(check(&measurement, "connections").status, CheckStatus::Pass);
            assert_eq!(server.accepted(), 40, "{method} {closes}: one for each request");
        }
    }
}

#[test]
fn a_reply_that_says_close_is_the_last_whatever_else_it_says() {
    for reply in [
        &b"HTTP/1.0 200 OK\r\nconnection: close, keep-alive\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\nConnection: Close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
    ] {
        // It answers on, for whoever does not listen.
        let server = Server::start(move |mut connection| {
            while connection.request().is_some() {
                connection.send(reply);
            }
        });
        let load = Load { stop: Stop::Requests(20), ..load(&server.url("/"), Duration::from_secs(1)) };
        assert_eq!(measure(&load, 1).account.finished, 20);
        assert_eq!(server.accepted(), 20, "{}", reply.escape_ascii());
    }
}

#[test]
fn a_server_that_closes_after_each_reply_stands_at_the_end() {
    let server = Server::start(|mut connection| {
        answer(&mut connection, b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    });
    let load = Load { stop: Stop::Requests(3), ..load(&server.url("/"), Duration::from_secs(1)) };
    for _ in 0..40 {
        let stood = measure(&load, 1);
        let stood = check(&stood, "connections");
        assert_eq!(stood.status, CheckStatus::Warn, "{}", stood.finding);
    }
}

#[test]
fn a_word_of_farewell_is_an_idle_close_whether_it_comes_with_the_reply_or_behind_it() {
    let farewell: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    for is_apart in [false, true] {
        let server = Server::start(move |mut connection| {
            if connection.request().is_none() {
                return;
            }
            if is_apart {
                connection.send(HELLO);
                std::thread::sleep(Duration::from_millis(5));
                connection.send(farewell);
            } else {
                connection.send(&[HELLO, farewell].concat());
            }
        });
        let request = Request::new(&server.url("/"), "POST", &[], None).unwrap();
        // A user who thinks finds the connection ended.
        let pace = Pace::Closed { think: Duration::from_millis(100) };
        let stop = Stop::Requests(10);
        let measurement =
            measure(&Load { request, pace, stop, ..load(&server.url("/"), Duration::from_secs(1)) }, 1);
        assert_eq!(measurement.account.finished, 10, "{:?}", measurement.outcomes);
        assert_eq!((measurement.unasked_replies, server.accepted()), (0, 10), "apart: {is_apart}");
        assert_eq!(check(&measurement, "pairing").status, CheckStatus::Pass);
    }
}

#[test]
fn a_word_of_farewell_that_crosses_the_next_request_is_an_idle_close_for_what_may_be_repeated() {
    // The server reads none of the second request of a connection before it says that it ends it.
    let farewells = |hold: Duration| {
        Server::start(move |mut connection| {
            answer(&mut connection, HELLO);
            if connection.stream.peek(&mut [0]).is_ok_and(|count| count > 0) {
                std::thread::sleep(hold);
                let farewell =
                    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                let _ = connection.stream.write_all(farewell);
                let _ = connection.stream.shutdown(Shutdown::Write);
                while connection.request().is_some() {}
            }
        })
    };
    let measured = |method: &str, hold: Duration| {
        let server = farewells(hold);
        let request = Request::new(&server.url("/"), method, &[], None).unwrap();
        let stop = Stop::Requests(40);
        measure(&Load { request, stop, ..load(&server.url("/"), Duration::from_secs(1)) }, 1)
    };
    let at_once = measured("GET", Duration::ZERO);
    // On a busy machine a word may come later than what crosses a request does.
    let late = outcome(&at_once, OutcomeKind::WrongStatus);
    let times = &at_once.wrong_reply_service_time_us;
    assert!(late == 0 || times.mean.unwrap() >= 10_000.0, "{late} late: {times:?}");
    // Each connection but the first carries one request that met an end, and its own.
    assert!(
        at_once.account.finished >= 39 - late && at_once.stale_reuse >= 20 - late,
        "{:?}",
        at_once.outcomes
    );
    assert_eq!(at_once.sent_in_all, 40 + at_once.stale_reuse);
    assert_eq!(check(&at_once, "pairing").status, CheckStatus::Pass);
    // Held, it was a request that the server did not want to read; a POST may have been taken.
    for (method, hold) in [("GET", Duration::from_millis(60)), ("POST", Duration::ZERO)] {
        let told = measured(method, hold);
        assert_eq!(
            (outcome(&told, OutcomeKind::WrongStatus), told.stale_reuse),
            (20, 0),
            "{:?}",
            told.outcomes
        );
    }
}

#[test]
fn the_first_byte_of_a_request_that_goes_out_again_is_that_of_its_own_reply() {
    // Replies take 20 ms; the farewell that the second request of each connection meets comes in two pieces.
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            std::thread::sleep(Duration::from_millis(20));
            connection.send(HELLO);
        }
        if connection.stream.peek(&mut [0]).is_ok_and(|count| count > 0) {
            for piece in
                [&b"HTTP/1.1 408 Request"[..], b" Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"]
            {
                let _ = connection.stream.write_all(piece);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    let measurement =
        measure(&Load { stop: Stop::Requests(40), ..load(&server.url("/"), Duration::from_secs(1)) }, 1);
    assert!(measurement.stale_reuse >= 15, "{:?}", measurement.outcomes);
    let (first, service) = (&measurement.first_byte_us, &measurement.service_time_us);
    assert!(first.p50 > Some(10_000.0), "{first:?} {service:?}");
}

#[test]
fn a_word_of_farewell_on_an_idle_connection_is_an_idle_close() {
    let server = Server::start(|mut connection| {
        connection.stream.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
        while connection.request().is_some() {
            connection.send(HELLO);
        }
        let farewell = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let _ = connection.stream.write_all(farewell);
    });
    let pace = Pace::open(Rate::per_second(5.0).unwrap(), Arrivals::Constant, 1);
    let measurement = measure_on(1, 1, &Load { pace, ..load(&server.url("/"), Duration::from_secs(1)) });
    assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Ok, 5)]));
    assert_eq!(check(&measurement, "pairing").status, CheckStatus::Pass);
}

#[test]
fn a_reset_of_an_idle_connection_that_a_request_meets_unread_fails_no_request() {
    let farewell: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    // Sent before the reset: nothing, a farewell, a reply that no request asked for.
    for (method, before, unasked) in
        [("GET", &b""[..], 0), ("POST", b"", 0), ("POST", farewell, 0), ("GET", HELLO, 1)]
    {
        let (tell, told) = mpsc::channel::<Pid>();
        let (told, connections) = (Mutex::new(told), AtomicUsize::new(0));
        let server = Server::start(move |mut connection| {
            let is_first = connections.fetch_add(1, Ordering::SeqCst) == 0;
            while connection.request().is_some() {
                connection.send(HELLO);
                if is_first {
                    let client = told.lock().unwrap().recv().unwrap();
                    std::thread::sleep(Duration::from_millis(100));
                    // The client stands still while the next request falls due, and the reset comes behind that.
                    kill(client, Signal::SIGSTOP).unwrap();
                    std::thread::sleep(Duration::from_millis(700));
                    connection.send(before);
                    reset(connection);
                    return kill(client, Signal::SIGCONT).unwrap();
                }
            }
        });
        let url = server.url("/").to_string();
        let arguments = ["-X", method, "-r", "2/s", "-c", "1", "-d", "3s", "--warm-up", "0s", "--json", "-"];
        let child = loadgen(&[&[url.as_str()], &arguments[..]].concat()).spawn().unwrap();
        tell.send(pid(&child)).unwrap();
        let measurement = measurement(&child.wait_with_output().unwrap());
        assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Ok, 6)]), "{method} {before:?}");
        assert_eq!(measurement.unasked_replies, unasked, "{method} {before:?}");
        // Where the client saw the reset before the request fell to it, nothing went out twice.
        assert!(measurement.stale_reuse <= 1 && measurement.stale_resets == 0, "{method} {before:?}");
        assert_eq!(measurement.reopened, 1, "{method} {before:?}");
    }
}

#[test]
fn a_farewell_to_a_connection_that_was_opened_beforehand_and_never_used_is_an_idle_close() {
    let connections = AtomicUsize::new(0);
    let server = Server::start(move |mut connection| {
        // Of those opened beforehand, each is shown out just as its first request comes, unread.
        if connections.fetch_add(1, Ordering::SeqCst) < 4 {
            connection.stream.peek(&mut [0]).unwrap();
            let farewell = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            connection.send(farewell);
            let _ = connection.stream.shutdown(Shutdown::Write);
        }
        while connection.request().is_some() {
            connection.send(HELLO);
        }
    });
    let pace = Pace::open(Rate::per_second(20.0).unwrap(), Arrivals::Constant, 1);
    let load = Load { pace, ..load(&server.url("/"), Duration::from_secs(1)) };
    let interrupt = Interrupt::default();
    let crew = Crew { connections: 4, pool: Pool::All, ..Crew::default() };
    let mut client = Client::connect(load.request.url(), &crew, None, &interrupt).unwrap();
    let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
    // On a busy machine a word may come later than what crosses a request does.
    let late = outcome(&measurement, OutcomeKind::WrongStatus);
    let times = &measurement.wrong_reply_service_time_us;
    assert!(late == 0 || times.mean.unwrap() >= 10_000.0, "{late} late: {times:?}");
    assert_eq!(measurement.account.finished, 20 - late, "{:?}", measurement.outcomes);
    assert_eq!((measurement.stale_reuse, measurement.unasked_replies), (4 - late, 0));
}

#[test]
fn a_body_that_the_connection_s_end_ends_is_not_whole_where_that_is_a_reset() {
    // The server answers a request of which it reads the head alone, and drops the rest: the client is told so as it writes.
    let server = Server::start(|mut connection| {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && connection.stream.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        connection.send(b"HTTP/1.1 200 OK\r\n\r\nhello");
        std::thread::sleep(Duration::from_millis(20));
    });
    let url = server.url("/");
    let request = Request::new(&url, "POST", &[], Some(&vec![b'x'; 16 << 20])).unwrap();
    let load = Load { request, stop: Stop::Requests(3), ..load(&url, Duration::from_secs(1)) };
    let measurement = measure_on(1, 1, &load);
    assert_eq!(measurement.outcomes, BTreeMap::from([(OutcomeKind::Reset, 3)]));
}

//! Servers whose behaviour is known, and what has to be measured of them.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use loadgen::{Client, Crew, Interrupt, Load, Pace, Pacing, Rate, Request, Schedule, Stop};
use reports_record::{Arrivals, CheckStatus, ClientCost, Distribution, Times};

use super::server::{HELLO, Server};
use super::{check, load, measure};

const STALL: Duration = Duration::from_millis(600);

/// Answers at once, but from 300 ms after its first request on, for [`STALL`], not at all.
fn stalling() -> Server {
    let first = Mutex::new(None);
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            let begin = *first.lock().unwrap().get_or_insert_with(Instant::now) + Duration::from_millis(300);
            if Instant::now() >= begin {
                std::thread::sleep((begin + STALL).saturating_duration_since(Instant::now()));
            }
            connection.send(HELLO);
        }
    })
}

fn open(rate: f64, arrivals: Arrivals) -> Pace {
    Pace::open(Rate::per_second(rate).unwrap(), arrivals, 7)
}

/// How many took at least `bound`, to the histogram's precision.
fn at_least(times: &Distribution, bound: Duration) -> u64 {
    times.exact().count_between(bound.as_nanos() as u64, times.exact().high())
}

#[test]
fn a_stall_is_seen_by_every_request_due_in_it() {
    let server = stalling();
    let load =
        Load { pace: open(200.0, Arrivals::Constant), ..load(&server.url("/"), Duration::from_millis(1500)) };
    let measurement = measure(&load, 150);
    let response = measurement.histograms.response_time().unwrap().unwrap();
    // 200/s × 300 ms were due in the stall's first half and had half of it or more before them.
    let stalled = at_least(&response, STALL / 2);
    assert!(stalled >= 59, "{stalled} of 60 requests due in the stall's first half saw half of it");
    assert_eq!(measurement.account.due, 300);
}

#[test]
fn a_closed_loop_sees_a_stall_once_per_connection_only() {
    let server = stalling();
    let measurement = measure(&load(&server.url("/"), Duration::from_millis(1500)), 4);
    let stalled = at_least(&measurement.histograms.service_time().unwrap(), STALL / 2);
    assert!((1..=4).contains(&stalled), "{stalled}");
    assert_eq!((measurement.response_time_us, measurement.offered_rate_per_s), (None, None));
}

#[test]
fn parts_of_the_response_time_add_up_on_average() {
    let server = Server::answering(HELLO, Duration::from_millis(2));
    let load =
        Load { pace: open(300.0, Arrivals::Poisson), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 4);
    let mean = |times: &Option<Times>| times.as_ref().unwrap().mean.unwrap();
    let response = mean(&measurement.response_time_us);
    let parts = mean(&measurement.lateness_us)
        + mean(&measurement.connection_wait_us)
        + measurement.service_time_us.mean.unwrap();
    assert_eq!(measurement.account.finished, measurement.account.due);
    // Histograms round each time to 0.1 %.
    assert!((response / parts - 1.0).abs() < 0.005, "{response} against {parts}");
    assert_eq!(check(&measurement, "little").status, CheckStatus::Pass);
}

#[test]
fn too_few_connections_show_as_connection_wait_and_unsent_requests_as_censored() {
    let server = Server::answering(HELLO, Duration::from_millis(20));
    let load =
        Load { pace: open(100.0, Arrivals::Constant), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    // At most 50/s can be answered, for 1.5 s with the grace: of 100 at least 25 are never sent.
    assert_eq!(measurement.account.due, 100);
    assert!(measurement.censored >= 24, "{}", measurement.censored);
    let wait = measurement.connection_wait_us.as_ref().unwrap();
    assert!(wait.mean.unwrap() > 100_000.0, "{wait:?}");
    assert!(measurement.response_time_us.as_ref().unwrap().is_at_least("max"));
    let achieved = check(&measurement, "achieved");
    assert_eq!(achieved.status, CheckStatus::Warn, "{}", achieved.finding);
}

#[test]
fn an_interrupt_keeps_what_was_measured() {
    let server = Server::answering(HELLO, Duration::from_millis(30));
    for pace in [Pace::CLOSED, open(50.0, Arrivals::Poisson)] {
        let load = Load { pace, ..load(&server.url("/"), Duration::from_secs(600)) };
        let interrupt = Interrupt::default();
        let mut client = Client::connect(&server.url("/"), &Crew::default(), None, &interrupt).unwrap();
        let mut raised = None;
        let measured = client.measure(&load, &interrupt, &mut |progress| {
            if progress.replies >= 5 && raised.is_none() {
                raised = Some(Instant::now());
                interrupt.raise();
            }
        });
        let took = raised.unwrap().elapsed();
        let measurement = measured.unwrap();
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert!(!measurement.complete && measurement.account.closes(), "{:?}", measurement.account);
        assert!(measurement.account.finished >= 5 && measurement.window_s < 600.0);
    }
}

#[test]
fn two_measurements_go_over_the_same_connections_each_proven_first() {
    let targets = std::sync::Arc::new(Mutex::new(Vec::new()));
    let log = targets.clone();
    let server = Server::start(move |mut connection| {
        while let Some(head) = connection.request() {
            log.lock().unwrap().push(head.split(' ').nth(1).unwrap().to_owned());
            connection.send(HELLO);
        }
    });
    let crew = Crew { connections: 5, threads: 2, ..Crew::default() };
    let interrupt = Interrupt::default();
    let priming = Request::get(&server.url("/hello"));
    let mut client = Client::connect(&server.url("/"), &crew, Some(&priming), &interrupt).unwrap();
    assert_eq!(*targets.lock().unwrap(), vec!["/hello"; 5]);
    let closed = Load { stop: Stop::Requests(50), ..load(&server.url("/x"), Duration::from_secs(1)) };
    let open = Load { pace: open(500.0, Arrivals::Poisson), ..closed.clone() };
    for load in [closed, open] {
        let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
        assert_eq!((measurement.account.finished, measurement.reopened), (50, 0));
        assert_eq!((measurement.sent_in_all, measurement.answered_in_all), (50, 50));
        assert_eq!(check(&measurement, "connections").status, CheckStatus::Pass);
    }
    assert_eq!(server.accepted(), 5);
    assert_eq!(targets.lock().unwrap().len(), 105);
}

#[test]
fn the_same_seed_offers_the_same_load_on_any_number_of_threads() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let load =
        Load { pace: open(400.0, Arrivals::Poisson), ..load(&server.url("/"), Duration::from_millis(500)) };
    let due = [1, 3].map(|threads| {
        let crew = Crew { connections: 6, threads, ..Crew::default() };
        let interrupt = Interrupt::default();
        let mut client = Client::connect(&server.url("/"), &crew, None, &interrupt).unwrap();
        client.measure(&load, &interrupt, &mut |_| {}).unwrap().account.due
    });
    assert_eq!(due[0], due[1]);
    assert!(due[0] > 100, "{due:?}");
}

#[test]
fn large_requests_and_replies_go_through_whole() {
    let reply: &'static [u8] =
        [&b"HTTP/1.1 200 OK\r\ncontent-length: 4000000\r\n\r\n"[..], &vec![b'z'; 4_000_000]].concat().leak();
    let server = Server::answering(reply, Duration::ZERO);
    let request = Request::new(&server.url("/"), "POST", &[], Some(&vec![b'a'; 8_000_000])).unwrap();
    let expect = loadgen::Expect { body: loadgen::ExpectBody::Same, ..loadgen::Expect::default() };
    let load =
        Load { stop: Stop::Requests(3), request, expect, ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 1);
    assert_eq!(measurement.account.finished, 3, "{:?}", measurement.outcomes);
    assert!(measurement.received_bytes >= 8_000_000, "{}", measurement.received_bytes);
}

#[test]
fn spinning_is_told_apart_from_work_and_changes_nothing_that_is_counted() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let spun = [Pacing::Timer, Pacing::Spin].map(|pacing| {
        let pace = open(500.0, Arrivals::Constant);
        let load = Load { pace, pacing, ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measure(&load, 8);
        assert_eq!((measurement.account.due, measurement.account.finished), (500, 500));
        let client = measurement.client;
        assert!(client.cpu_spin_us <= client.cpu_user_us + client.cpu_system_us, "{client:?}");
        client.cpu_spin_us
    });
    assert_eq!(spun[0], 0, "a sleeping client does not spin");
    // 500 margins of 20 us at the least.
    assert!(spun[1] > 1_000, "{spun:?}");
}

#[test]
fn quantiles_of_a_server_that_is_silent_400_ms_of_every_second_follow_from_arithmetic() {
    const SILENCE: Duration = Duration::from_millis(400);
    let first = Mutex::new(None);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let begin = *first.lock().unwrap().get_or_insert_with(Instant::now);
            let left = 1_000 - begin.elapsed().as_millis() as u64 % 1_000;
            if left <= SILENCE.as_millis() as u64 {
                std::thread::sleep(Duration::from_millis(left));
            }
            connection.send(HELLO);
        }
    });
    let load =
        Load { pace: open(150.0, Arrivals::Constant), ..load(&server.url("/"), Duration::from_secs(3)) };
    let measurement = measure(&load, 100);
    let response = measurement.response_time_us.unwrap();
    // A share (400 ms − x) ÷ 1 s of all requests takes longer than x, wherever in a second the window begins. A fifth of
    // the silence is far more than the client, the server and 6.7 ms between two starts are off by.
    for (measured, q) in [(response.p90, 0.9), (response.p95, 0.95)] {
        let exact = SILENCE - Duration::from_secs(1).mul_f64(1.0 - q);
        let measured = Duration::from_secs_f64(measured.unwrap() / 1e6);
        assert!(measured.abs_diff(exact) < SILENCE / 5, "quantile {q}: {measured:?}, expected {exact:?}");
    }
    // Three requests in five were due outside it.
    assert!(response.p50.unwrap() < 80_000.0, "{response:?}");
}

#[test]
fn mean_response_of_one_server_with_one_queue_is_what_lindley_says_of_these_starts() {
    const SERVICE: Duration = Duration::from_millis(50);
    let free = Mutex::new(Instant::now());
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let end = {
                let mut free = free.lock().unwrap();
                *free = (*free).max(Instant::now()) + SERVICE;
                *free
            };
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
            connection.send(HELLO);
        }
    });
    let (rate, window) = (14.0, Duration::from_secs(4));
    let load = Load { pace: open(rate, Arrivals::Poisson), ..load(&server.url("/"), window) };
    // M/D/1 at 70 %: the very starts that will be made, each served when the one before it is done.
    let (mut free, mut sum, mut due) = (Duration::ZERO, Duration::ZERO, 0_u32);
    let starts = Schedule::new(&Rate::per_second(rate).unwrap().into(), Duration::ZERO, Arrivals::Poisson, 7);
    for start in starts.take_while(|start| *start < window) {
        free = start.max(free) + SERVICE;
        (sum, due) = (sum + (free - start), due + 1);
    }
    let exact = sum.as_secs_f64() / f64::from(due);
    assert!(exact > 1.3 * SERVICE.as_secs_f64(), "this seed makes no queue: {exact} s");
    let measurement = measure(&load, 50);
    assert_eq!((measurement.account.due, measurement.account.finished), (u64::from(due), u64::from(due)));
    let mean = measurement.response_time_us.unwrap().mean.unwrap() / 1e6;
    // A fifth: about 20 ms, which every request of a machine under load would have to be late by.
    assert!((mean / exact - 1.0).abs() < 0.2, "mean response {mean} s, expected {exact} s");
}

#[test]
fn the_account_closes_at_twice_capacity() {
    let server = Server::answering(HELLO, Duration::from_millis(20));
    for threads in [1, 2] {
        // Four connections of at most 50/s each: 200/s, and half of them at the best.
        let load =
            Load { pace: open(400.0, Arrivals::Poisson), ..load(&server.url("/"), Duration::from_secs(1)) };
        let crew = Crew { connections: 4, threads, ..Crew::default() };
        let interrupt = Interrupt::default();
        let mut client = Client::connect(&server.url("/"), &crew, None, &interrupt).unwrap();
        let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
        let account = measurement.account;
        assert!(account.closes(), "{account:?}");
        // 1 s of window and the 0.5 s of grace answer 300; the rest of some 400 was never sent.
        assert!(account.due > 330 && account.finished <= 304 && account.censored > 30, "{account:?}");
        for name in ["account", "parts", "little"] {
            let found = check(&measurement, name);
            assert_eq!(found.status, CheckStatus::Pass, "{}", found.finding);
        }
    }
}

#[test]
fn the_account_closes_across_an_interrupt_on_several_threads_in_both_loops() {
    let server = Server::answering(HELLO, Duration::from_millis(20));
    for pace in [Pace::CLOSED, open(400.0, Arrivals::Poisson)] {
        let load = Load { pace, ..load(&server.url("/"), Duration::from_secs(600)) };
        let crew = Crew { connections: 6, threads: 3, ..Crew::default() };
        let interrupt = Interrupt::default();
        let mut client = Client::connect(&server.url("/"), &crew, None, &interrupt).unwrap();
        let measured = client.measure(&load, &interrupt, &mut |progress| {
            if progress.replies >= 20 {
                interrupt.raise();
            }
        });
        let measurement = measured.unwrap();
        let account = measurement.account;
        assert!(account.closes() && account.finished >= 15, "{account:?}");
        assert_eq!(check(&measurement, "account").status, CheckStatus::Pass);
        let times = measurement.service_time_us;
        assert!(times.intervals.is_empty(), "a window cut short has no intervals: {times:?}");
    }
}

#[test]
fn the_clients_cost_is_that_of_the_replies_that_its_rate_counts() {
    // The window ends in the second reply, two thirds of which count.
    let server = Server::answering(HELLO, Duration::from_millis(300));
    let measurement = measure(&load(&server.url("/"), Duration::from_millis(500)), 1);
    let replies = measurement.achieved_rate_per_s * measurement.window_s;
    let ClientCost { cpu_user_us, cpu_system_us, cpu_spin_us, cpu_per_request_us, .. } = measurement.client;
    let work = (cpu_user_us + cpu_system_us - cpu_spin_us) as f64;
    assert!(
        (cpu_per_request_us.unwrap() * replies - work).abs() < 1e-6 * work,
        "{replies} {:?}",
        measurement.client
    );
}

//! Every request that was due is finished, failed or censored: held against what is known from outside.

use std::time::Duration;

use loadgen::{Client, Crew, Interrupt, Load, Pace, Rate, Schedule};
use reports_record::{Arrivals, CheckStatus, Measurement};

use super::server::{HELLO, Server};
use super::{check, load};

/// On three threads.
const CREW: u32 = 6;
/// Six connections that take so long end 300 requests a second at the most, however fast the machine.
const SERVICE: Duration = Duration::from_millis(20);
const TWICE_CAPACITY: f64 = 600.0;

fn client(server: &Server, interrupt: &Interrupt) -> Client {
    let crew = Crew { connections: CREW, threads: 3, ..Crew::default() };
    Client::connect(&server.url("/"), &crew, None, interrupt).unwrap()
}

fn open(arrivals: Arrivals) -> Pace {
    Pace::open(Rate::per_second(TWICE_CAPACITY).unwrap(), arrivals, 7)
}

/// How many starts lie between two offsets of the schedule.
fn starts(arrivals: Arrivals, from: Duration, to: Duration) -> u64 {
    let course = Rate::per_second(TWICE_CAPACITY).unwrap().into();
    let starts = Schedule::new(&course, from, arrivals, 7);
    starts.skip_while(|start| *start < from).take_while(|start| *start < to).count() as u64
}

/// Asserts in every build that nothing was lost, and that the certificate says so.
fn assert_closes(measurement: &Measurement) {
    let account = measurement.account;
    assert_eq!(account.due, account.finished + account.failed + account.censored, "{account:?}");
    let closes = check(measurement, "account");
    assert_eq!((closes.status, closes.figure), (CheckStatus::Pass, Some(0.0)), "{}", closes.finding);
}

#[test]
fn at_twice_capacity_every_request_of_the_schedule_is_accounted_for() {
    let (warm_up, window) = (Duration::from_millis(300), Duration::from_secs(1));
    for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
        let server = Server::answering(HELLO, SERVICE);
        let interrupt = Interrupt::default();
        let load = Load { pace: open(arrivals), warm_up, ..load(&server.url("/"), window) };
        let measurement = client(&server, &interrupt).measure(&load, &interrupt, &mut |_| {}).unwrap();
        assert_closes(&measurement);
        let account = measurement.account;
        assert_eq!(account.due, starts(arrivals, warm_up, warm_up + window));
        // What a second and a half, grace included, can end, and one more a connection: the rest is censored, and lost to no quantile.
        assert!(account.finished <= 300 * 3 / 2 + u64::from(CREW), "{account:?}");
        assert!(account.censored >= account.due - 300 * 3 / 2 - u64::from(CREW), "{account:?}");
        let response = measurement.histograms.response_time().unwrap().unwrap();
        assert_eq!(response.exact().len() + response.censored(), account.due);
        assert_eq!(check(&measurement, "parts").status, CheckStatus::Pass);
    }
}

#[test]
fn failures_at_twice_capacity_are_accounted_for_beside_what_was_never_sent() {
    // A server that says nothing: no request finishes, some time out, and the rest is never sent.
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let interrupt = Interrupt::default();
    let load = Load {
        pace: open(Arrivals::Constant),
        timeout: Duration::from_millis(100),
        grace: Duration::ZERO,
        ..load(&server.url("/"), Duration::from_secs(1))
    };
    let measurement = client(&server, &interrupt).measure(&load, &interrupt, &mut |_| {}).unwrap();
    assert_closes(&measurement);
    let account = measurement.account;
    assert_eq!((account.due, account.finished), (600, 0));
    assert!(account.failed > 0 && account.censored > 0, "{account:?}");
}

#[test]
fn an_interrupt_on_several_threads_loses_no_request_in_either_loop() {
    for pace in [Pace::CLOSED, open(Arrivals::Constant), open(Arrivals::Poisson)] {
        let server = Server::answering(HELLO, SERVICE);
        let interrupt = Interrupt::default();
        // Without a grace, in which what is left over would still be sent.
        let load = Load {
            pace: pace.clone(),
            grace: Duration::ZERO,
            ..load(&server.url("/"), Duration::from_secs(600))
        };
        let measurement = client(&server, &interrupt)
            .measure(&load, &interrupt, &mut |progress| {
                if progress.replies >= 30 {
                    interrupt.raise();
                }
            })
            .unwrap();
        assert!(!measurement.complete);
        assert_closes(&measurement);
        let (account, window) = (measurement.account, Duration::from_secs_f64(measurement.window_s));
        assert!(account.finished >= 30, "{pace:?}: {account:?}");
        if let Pace::Open { arrivals, .. } = pace {
            // The window's end is told to the nanosecond, and read back from a number of seconds.
            let due = starts(arrivals, Duration::ZERO, window);
            assert!(account.due.abs_diff(due) <= 1, "{account:?}, {due} starts in {window:?}");
            assert!(account.censored > u64::from(CREW), "more than what was in flight: {account:?}");
        } else {
            assert_eq!(account.due, measurement.sent_in_all);
        }
    }
}

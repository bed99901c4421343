//! Checks that fail on purpose, against servers that give them reason to, beside one that gives none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use loadgen::{Condition, Expect, ExpectBody, Load, Pace, Rate, Statuses, Stop};
use reports_record::{Arrivals, CertificateVerdict, CheckStatus, Measurement};

use super::server::{HELLO, Server};
use super::{check, load, measure};

fn assert_status(measurement: &Measurement, name: &str, status: CheckStatus) {
    let check = check(measurement, name);
    assert_eq!(check.status, status, "{name}: {}", check.finding);
}

#[test]
fn a_server_that_answers_well_passes_what_depends_on_it() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let pace = Pace::open(Rate::per_second(50.0).unwrap(), Arrivals::Constant, 7);
    let measurement = measure(&Load { pace, ..load(&server.url("/"), Duration::from_secs(2)) }, 8);
    for name in ["replies", "errors", "connections", "parts", "account"] {
        assert_status(&measurement, name, CheckStatus::Pass);
    }
}

#[test]
fn wrong_replies_invalidate() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let expect = Expect { status: Statuses::only(200), body: ExpectBody::Exactly(b"hallo".into()) };
    let load = Load { stop: Stop::Requests(20), expect, ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 2);
    assert_status(&measurement, "replies", CheckStatus::Fail);
    assert_status(&measurement, "errors", CheckStatus::Pass);
    assert_eq!(measurement.certificate.verdict, CertificateVerdict::Invalid);
}

#[test]
fn replies_that_break_off_are_errors_and_invalidate() {
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.send(&HELLO[..HELLO.len() - 2]);
        }
    });
    let load = Load { stop: Stop::Requests(10), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = measure(&load, 2);
    assert_status(&measurement, "errors", CheckStatus::Fail);
    assert_eq!(measurement.certificate.verdict, CertificateVerdict::Invalid);
}

#[test]
fn a_request_that_outlasts_the_window_is_told_and_counts() {
    // The first connection is never answered, the others are.
    let first = AtomicBool::new(true);
    let server = Server::start(move |mut connection| {
        let silent = first.swap(false, Ordering::Relaxed);
        while connection.request().is_some() {
            if !silent {
                thread::sleep(Duration::from_millis(5));
                connection.send(HELLO);
            }
        }
    });
    let warm_up = Duration::from_millis(200);
    let grace = Duration::from_millis(50);
    let load = Load { warm_up, grace, ..load(&server.url("/"), Duration::from_millis(500)) };
    let measurement = measure(&load, 4);
    assert_status(&measurement, "window", CheckStatus::Warn);
    let finding = &check(&measurement, "window").finding;
    assert!(finding.contains("; 1 request was under way from before the window to its end"), "{finding}");
    assert_eq!(measurement.account.censored, 1);
    let service = &measurement.service_time_us;
    assert!(service.is_at_least("max") && service.max > Some(700_000.0), "{service:?}");
    for (condition, holds) in [("error_rate > 0%", true), ("service_time_max > 600ms", true)] {
        let condition: Condition = condition.parse().unwrap();
        assert_eq!(condition.judge(&measurement).holds(), Some(holds), "{}", condition.judge(&measurement));
    }
}

#[test]
fn a_server_that_is_gone_leaves_no_connection_standing() {
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.power.kill();
        }
    });
    let measurement = measure(&load(&server.url("/"), Duration::from_millis(500)), 2);
    assert_status(&measurement, "connections", CheckStatus::Fail);
    assert_status(&measurement, "replies", CheckStatus::Fail);
}

#[test]
fn a_rate_beyond_what_the_connections_can_carry_is_not_achieved() {
    // Two connections and 50 ms a reply: 40/s at the most, of 200/s.
    let server = Server::answering(HELLO, Duration::from_millis(50));
    let pace = Pace::open(Rate::per_second(200.0).unwrap(), Arrivals::Constant, 7);
    let measurement = measure(&Load { pace, ..load(&server.url("/"), Duration::from_secs(1)) }, 2);
    let achieved = check(&measurement, "achieved");
    // A warning where it is the server's doing, a failure where the machine kept the client from running as well.
    assert!(achieved.status >= CheckStatus::Warn, "{}", achieved.finding);
    assert!(achieved.figure.is_some_and(|ratio| ratio < 0.3), "{}", achieved.finding);
    assert_status(&measurement, "account", CheckStatus::Pass);
}

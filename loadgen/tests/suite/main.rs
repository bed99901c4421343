//! The load generator against scripted servers: known truths, outcomes, the command line, the file format.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

mod account;
mod capacity;
mod certificate;
mod command_line;
mod connections;
mod descriptions;
mod evidence;
mod expectations;
mod fail_if;
mod faults;
mod file_format;
mod flags;
mod hdr;
mod judging;
mod live_line;
mod merge;
mod namespace;
mod oracle;
mod outputs;
mod page;
mod pools;
mod replies;
mod schedules;
mod seconds;
mod sending;
mod server;
mod soak;
mod threads;
mod truths;
mod waits;

use std::time::Duration;

use loadgen::{Client, Crew, Interrupt, Load, Request, Url};
use reports_record::{Check, Measurement};

/// `load` over `connections` fresh connections, uninterrupted.
fn measure(load: &Load, connections: u32) -> Measurement {
    let interrupt = Interrupt::default();
    let crew = Crew { connections, ..Crew::default() };
    let mut client = Client::connect(load.request.url(), &crew, None, &interrupt).unwrap();
    let measurement = client.measure(load, &interrupt, &mut |_| {}).unwrap();
    assert!(measurement.account.closes(), "{:?}", measurement.account);
    measurement
}

/// A closed loop of GETs with short deadlines.
fn load(url: &Url, window: Duration) -> Load {
    Load { grace: Duration::from_millis(500), ..Load::closed(Request::get(url), window) }
}

fn check<'a>(measurement: &'a Measurement, name: &str) -> &'a Check {
    measurement.certificate.checks.iter().find(|check| check.name == name).unwrap()
}

//! The steps of the hot path, each done so many times by a process that does nothing else.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use benches::bench::scripted::{Script, Scripted};
use benches::cpus::Split;
use loadgen::hot_path::{Parse, Record};
use loadgen::{Client, Crew, Expect, ExpectBody, Interrupt, Load, Rate, Request, Schedule, Stop};
use reports_record::Arrivals;

/// The first argument of a program that is to [do a step](be_step).
pub(crate) const BE_STEP: &str = "step";

/// A contender's reply to `/hello`, as it comes over the wire.
const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\
    Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n\r\nHello, World!";

/// A part of what a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Schedule,
    Parse,
    Record,
    Request,
}

impl Step {
    pub(crate) const ALL: [Self; 4] = [Self::Schedule, Self::Parse, Self::Record, Self::Request];

    /// As the baseline has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Parse => "parse",
            Self::Record => "record",
            Self::Request => "request",
        }
    }

    /// What one operation is.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Schedule => "the next start of a Poisson schedule is drawn",
            Self::Parse => "a reply of 13 bytes is read, its body digested",
            Self::Record => "a request of an open loop is counted and timed",
            Self::Request => "a request of a closed loop, all of it in user mode",
        }
    }

    /// How often it is counted: the whole request, which also waits for the kernel and looks at the clock meanwhile,
    /// differs by one or two per cent from time to time; the others by nothing.
    pub(crate) fn repeats(self) -> usize {
        if self == Self::Request { 5 } else { 1 }
    }

    fn run(self, operations: u64) -> anyhow::Result<()> {
        match self {
            Self::Schedule => schedule(operations),
            Self::Parse => parse(operations),
            Self::Record => record(operations),
            Self::Request => request(operations),
        }
    }
}

/// This program as a step: `NAME OPERATIONS`.
///
/// # Errors
/// When the arguments are not these, or the step does not do what it should.
pub(crate) fn be_step(arguments: &[String]) -> anyhow::Result<()> {
    let [name, operations] = arguments else {
        bail!("cannot do {arguments:?}, expected a step and a number")
    };
    let step = Step::ALL.into_iter().find(|step| step.name() == name);
    step.with_context(|| format!("no step {name:?}"))?
        .run(operations.parse().context("cannot read the number")?)
}

fn schedule(operations: u64) -> anyhow::Result<()> {
    let rate = Rate::per_second(50_000.0)?;
    let mut schedule = Schedule::new(&rate.into(), Duration::ZERO, Arrivals::Poisson, 1);
    for _ in 0..operations {
        black_box(schedule.next());
    }
    Ok(())
}

fn parse(operations: u64) -> anyhow::Result<()> {
    let mut parse = Parse::default();
    for _ in 0..operations {
        ensure!(parse.body_bytes(black_box(REPLY)) == Some(13), "the reply was not read whole");
    }
    Ok(())
}

fn record(operations: u64) -> anyhow::Result<()> {
    let mut record = Record::default();
    for number in 0..operations {
        // Different every time, as in a run, and always within the hour that is recorded over.
        let (due, service) = (number * 100, 40_000 + number * 7_919 % 60_000);
        let [due, lateness, service] = [due, 2_000, service].map(Duration::from_nanos);
        record.request(due, lateness, service, REPLY.len());
    }
    ensure!(record.correct() == operations, "not every request was counted");
    Ok(())
}

/// Over loopback, against a server in a process of its own that is not counted.
fn request(operations: u64) -> anyhow::Result<()> {
    let split = Split::here(1, 1)?;
    let server = Scripted::start(Script::AtOnce, &split.contender)?;
    let url = server.url()?;
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&url, &Crew::default(), None, &interrupt)?;
    let load = Load {
        stop: Stop::Requests(operations),
        expect: Expect { body: ExpectBody::Same, ..Expect::default() },
        ..Load::closed(Request::get(&url), Duration::from_secs(1))
    };
    let measured = client.measure(&load, &interrupt, &mut |_| ())?;
    ensure!(
        measured.account.finished == operations,
        "not every request was answered: {:?}",
        measured.outcomes
    );
    drop(client);
    server.stop().map(drop)
}

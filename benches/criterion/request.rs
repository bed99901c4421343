//! Requests end to end: load generator, loopback, contender and back.

use std::time::Duration;

use criterion::Criterion;
use servers_contract::Call;

use crate::bound::Cpus;
use crate::clock::Turn;
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::served::Served;
use crate::session::Session;

/// The contenders of a pair, with one operation of each in words.
struct Contenders {
    sync: (&'static str, &'static str),
    awaiting: (&'static str, &'static str),
}

const CONTROL: Contenders = Contenders {
    sync: ("std-threads", "a request to std-threads, in a closed loop over N connections"),
    awaiting: ("tokio-tasks", "a request to tokio-tasks, in a closed loop over N connections"),
};

const STOCK: Contenders = Contenders {
    sync: ("tiny-http", "a request to tiny-http, in a closed loop over N connections"),
    awaiting: ("actix-web", "a request to actix-web, in a closed loop over N connections"),
};

/// Requests of one iteration, over all connections together: enough that the first ones of a slice, which find every cache
/// filled by the other side, weigh little.
const BATCH: u64 = 1024;

const SO_WHAT: &str =
    "A whole request, beside which every other group is a part: the decision map judges these at a rate.";

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let waits = |milliseconds| Call::Wait { wait: Duration::from_millis(milliseconds), blocking: false };
    for (name, contenders, connections, call) in [
        ("request/control/1", CONTROL, 1, waits(0)),
        ("request/control/8", CONTROL, 8, waits(0)),
        ("request/control/64", CONTROL, 64, waits(0)),
        ("request/wait_1ms/64", CONTROL, 64, waits(1)),
        ("request/stock/1", STOCK, 1, waits(0)),
        ("request/stock/64", STOCK, 64, waits(0)),
    ] {
        let plan = Plan {
            cpus: Cpus::OneAndClient,
            rounds: 10,
            scale: BATCH,
            balanced: false,
            ..Plan::new(name, SO_WHAT)
        };
        let sample = "the service time of one request";
        let (sync, awaiting) = (contenders.sync, contenders.awaiting);
        group(criterion, session, plan).pair(
            Side::new(sync.1).sample(sample),
            || requests(sync.0, connections, &call),
            Side::new(awaiting.1).sample(sample),
            || requests(awaiting.0, connections, &call),
        );
    }
}

fn requests(name: &'static str, connections: u32, call: &Call) -> impl FnMut(u64) -> Turn {
    let or_stop = move |error: anyhow::Error| -> ! { panic!("cannot bench {name}: {error:#}") };
    let mut served = Served::start(name, connections, call).unwrap_or_else(|error| or_stop(error));
    move |iterations| served.requests(iterations * BATCH).unwrap_or_else(|error| or_stop(error))
}

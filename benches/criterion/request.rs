//! Requests end to end: load generator, loopback, contender and back.

use std::path::Path;
use std::time::Duration;

use criterion::Criterion;
use reports_record::{BenchUnit, Measurement};

use crate::kept::{Samples, Side, group};
use crate::served::Served;

/// One side of a pair.
struct Contender {
    side: &'static str,
    name: &'static str,
    operation: &'static str,
}

const CONTROL: [Contender; 2] = [
    Contender { side: "sync", name: "std-threads", operation: "a round of requests to std-threads" },
    Contender { side: "async", name: "tokio-tasks", operation: "a round of requests to tokio-tasks" },
];

const STOCK: [Contender; 2] = [
    Contender { side: "sync", name: "tiny-http", operation: "a round of requests to tiny-http" },
    Contender { side: "async", name: "actix-web", operation: "a round of requests to actix-web" },
];

/// Connections that ask one request after another.
const CONNECTIONS: [u32; 3] = [1, 16, 64];

/// Requests of a round, over all connections together: one iteration. Fewer would never bring as many connections to work
/// as the bench is named after, since criterion's first samples are of one iteration.
const ROUND: u64 = 256;

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    for (pair, contenders) in [("control", CONTROL), ("stock", STOCK)] {
        for connections in CONNECTIONS {
            let title = format!("request/{pair}/{connections}");
            let mut group = group(criterion, results, &title, BenchUnit::Nanoseconds);
            for Contender { side, name, operation } in &contenders {
                let sample = Some("256 requests over all connections; a sample is the service time of one");
                let side = Side { sample, ..Side::new(side, operation) };
                let or_stop = |error: anyhow::Error| -> ! { panic!("cannot bench {name}: {error:#}") };
                group.prepared_side(
                    side,
                    || Served::start(name, connections).unwrap_or_else(|error| or_stop(error)),
                    |served, iterations, samples| match served.requests(iterations * ROUND) {
                        Ok(measured) => kept(&measured, samples),
                        Err(error) => or_stop(error),
                    },
                );
            }
        }
    }
}

/// Keeps the service times; gives the time from the first request's start to the last one's end.
fn kept(measured: &Measurement, samples: &mut Samples) -> Duration {
    let times = measured.histograms.service_time.decode();
    samples.add(&times.expect("a histogram that was encoded in this process is whole"));
    Duration::from_secs_f64(measured.window_s)
}

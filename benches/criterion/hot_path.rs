//! What the load generator itself does for each request, besides reading and writing.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::Criterion;
use loadgen::hot_path::{Parse, Record};
use loadgen::{Rate, Schedule};
use reports_record::{Arrivals, BenchUnit};

use crate::clock::{BATCH, batches};
use crate::kept::{Side, group};

/// A contender's reply to `/hello`, as it comes over the wire.
const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\
    Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n\r\nHello, World!";

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    let mut group = group(criterion, results, "hot_path", BenchUnit::Nanoseconds);
    let side = |name, operation| Side {
        operations_per_sample: BATCH,
        sample: Some("the mean of 256"),
        ..Side::new(name, operation)
    };
    let rate = Rate::per_second(50_000.0).expect("a rate within the allowed range");
    let mut schedule = Schedule::new(&rate.into(), Duration::ZERO, Arrivals::Poisson, 1);
    group.side(side("schedule", "the next start of a Poisson schedule is drawn"), |iterations, samples| {
        batches(iterations, samples, || {
            black_box(schedule.next());
        })
    });
    let mut parse = Parse::default();
    group.side(side("parse", "a reply of 13 bytes is read, its body digested"), |iterations, samples| {
        batches(iterations, samples, || {
            let body = parse.body_bytes(black_box(REPLY));
            assert_eq!(body, Some(13), "the reply is whole");
        })
    });
    let operation = "a request of an open loop is counted and timed";
    group.side(side("record", operation), |iterations, samples| {
        let mut record = Record::default();
        let mut number = 0_u64;
        let time = batches(iterations, samples, || {
            number += 1;
            // Different every time, as in a run, and always within the hour that is recorded over.
            let (due, service) = (number * 100 % 3_000_000_000_000, 40_000 + number * 7_919 % 60_000);
            let [due, lateness, service] = [due, 2_000, service].map(Duration::from_nanos);
            record.request(due, lateness, service, REPLY.len());
        });
        assert_eq!(record.correct(), iterations, "every request is counted");
        time
    });
}

//! What the load generator itself does for each request, besides reading and writing.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use loadgen::hot_path::{Parse, Record};
use loadgen::{Rate, Schedule};
use reports_record::Arrivals;

use crate::clock::{BATCH, batches};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

/// A contender's reply to `/hello`, as it comes over the wire.
const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\
    Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n\r\nHello, World!";

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let mut group = group(criterion, session, Plan::new("hot_path", ""));
    let rate = Rate::per_second(50_000.0).expect("a rate within the allowed range");
    group.single("schedule", Side::batched("the next start of a Poisson schedule is drawn", BATCH), || {
        let mut schedule = Schedule::new(&rate.into(), Duration::ZERO, Arrivals::Poisson, 1);
        move |iterations| {
            batches(iterations, BATCH, || {
                black_box(schedule.next());
            })
        }
    });
    group.single("parse", Side::batched("a reply of 13 bytes is read, its body digested", BATCH), || {
        let mut parse = Parse::default();
        move |iterations| {
            batches(iterations, BATCH, || {
                let body = parse.body_bytes(black_box(REPLY));
                assert_eq!(body, Some(13), "the reply is whole");
            })
        }
    });
    group.single("record", Side::batched("a request of an open loop is counted and timed", BATCH), || {
        |iterations| {
            let mut record = Record::default();
            let mut number = 0_u64;
            let turn = batches(iterations, BATCH, || {
                number += 1;
                // Different every time, as in a run, and always within the hour that is recorded over.
                let (due, service) = (number * 100 % 3_000_000_000_000, 40_000 + number * 7_919 % 60_000);
                let [due, lateness, service] = [due, 2_000, service].map(Duration::from_nanos);
                record.request(due, lateness, service, REPLY.len());
            });
            assert_eq!(record.correct(), iterations, "every request is counted");
            turn
        }
    });
}

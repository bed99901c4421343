//! Starting something that does nothing, and waiting for its end.

use std::path::Path;
use std::thread;

use criterion::Criterion;
use reports_record::BenchUnit;

use crate::clock::{each, each_awaited};
use crate::event_loop::event_loop;
use crate::kept::{Side, group};

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    let mut group = group(criterion, results, "spawn", BenchUnit::Nanoseconds);
    group.side(Side::new("sync", "a thread is started and joined"), |iterations, samples| {
        each(iterations, samples, || {
            thread::spawn(|| ()).join().expect("a thread that does nothing ends well")
        })
    });
    let runtime = event_loop();
    group.side(Side::new("async", "a task is started and awaited"), |iterations, samples| {
        runtime.block_on(each_awaited(iterations, samples, async || {
            tokio::spawn(async {}).await.expect("a task that does nothing ends well");
        }))
    });
}

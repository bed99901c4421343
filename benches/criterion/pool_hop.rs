//! Work that must not be done here: handed to a thread that waits for it, and its result awaited.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

use criterion::Criterion;
use reports_record::BenchUnit;

use crate::clock::{each, each_awaited};
use crate::event_loop::event_loop;
use crate::kept::{Side, group};

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    let mut group = group(criterion, results, "pool_hop", BenchUnit::Nanoseconds);
    let operation = "a thread hands a job to a waiting thread and blocks until it is done";
    group.side(Side::new("sync", operation), |iterations, samples| {
        let (jobs, taken) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let worker = thread::spawn(move || taken.into_iter().for_each(|job| job()));
        let time = each(iterations, samples, || {
            let (done, result) = mpsc::sync_channel(1);
            let job = Box::new(move || {
                // Received below, or this bench is gone.
                let _ = done.send(());
            });
            jobs.send(job).expect("the worker takes jobs for as long as there are any");
            result.recv().expect("the worker does each job");
        });
        drop(jobs);
        worker.join().expect("the worker ends with the last job");
        time
    });
    let runtime = event_loop();
    let operation = "a task hands a job to tokio's blocking pool and awaits it";
    group.side(Side::new("async", operation), |iterations, samples| {
        runtime.block_on(each_awaited(iterations, samples, async || {
            tokio::task::spawn_blocking(|| ()).await.expect("a job that does nothing ends well");
        }))
    });
}

//! Starting something that does nothing, and waiting for its end.

use std::thread;

use criterion::Criterion;

use crate::clock::{BATCH, batches, batches_awaited};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

const SO_WHAT: &str = "A server that starts a thread for each request pays this every time; one that keeps its threads never \
    does.";

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    pair(criterion, session, Plan::new("spawn/one_cpu", SO_WHAT));
    pair(criterion, session, Plan::new("spawn/two_cpus", SO_WHAT).on_two_cpus());
}

fn pair(criterion: &mut Criterion, session: &Session, plan: Plan) {
    group(criterion, session, plan).pair(
        Side::new("a thread is started and joined"),
        || {
            |iterations| {
                batches(iterations, 1, || {
                    thread::spawn(|| ()).join().expect("a thread that does nothing ends well");
                })
            }
        },
        Side::batched("a task is started and awaited, by another task", BATCH),
        || {
            let runtime = event_loop();
            move |iterations| {
                let started = || async {
                    tokio::spawn(async {}).await.expect("a task that does nothing ends well");
                };
                as_task(&runtime, batches_awaited(iterations, BATCH, started))
            }
        },
    );
}

//! A request of the control pair as the sum of its parts: which of them, and how often.
//!
//! Counts that depend on the load are those of the bench that is explained. The fixed ones follow from the programs, and
//! `scripts/system-calls` counts the same: one `recvfrom` and one `sendto` a request on either side; of `tokio-tasks` also
//! a share of an `epoll_wait`.

use std::path::Path;

use reports_record::{BENCH_MODEL, BenchModel, BenchName, ModelCount, ModelPart, ModelledRequest, SCHEMA};

use crate::kept;

/// A cell that is explained.
struct Explained {
    group: &'static str,
    cell: &'static str,
    load: &'static str,
    /// The bench of a thread among as many that sleeps until it is woken; `None` with one connection, where its CPU is idle
    /// meanwhile.
    woken: Option<&'static str>,
    /// The group that reads and answers over as many connections, in a closed loop as well, and does nothing else.
    bare_loop: &'static str,
    /// The group that says what a wait costs with as many that share the timer's interrupts; `None` without a wait.
    sleepers: Option<&'static str>,
}

const EXPLAINED: [Explained; 4] = [
    Explained {
        group: "request/control/1",
        cell: "wait=0ms/c=1",
        load: "no wait, 1 connection",
        woken: None,
        bare_loop: "closed_loop/1",
        sleepers: None,
    },
    Explained {
        group: "request/control/8",
        cell: "wait=0ms/c=8",
        load: "no wait, 8 connections",
        woken: Some("sleep_8"),
        bare_loop: "closed_loop/8",
        sleepers: None,
    },
    Explained {
        group: "request/control/64",
        cell: "wait=0ms/c=64",
        load: "no wait, 64 connections",
        woken: Some("sleep_64"),
        bare_loop: "closed_loop/64",
        sleepers: None,
    },
    Explained {
        group: "request/wait_1ms/64",
        cell: "wait=1ms/c=64",
        load: "1 ms of waiting, 64 connections",
        woken: Some("sleep_64"),
        bare_loop: "closed_loop/wait_1ms/64",
        sleepers: Some("sleepers/64"),
    },
];

const CODEC: &str = "the request is decoded, the reply encoded";

/// Writes the model beside the results that it refers to.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn keep(results: &Path) -> anyhow::Result<()> {
    // Nothing was measured: in a test, or with everything filtered out.
    if !results.is_dir() {
        return Ok(());
    }
    let requests = EXPLAINED.iter().flat_map(|explained| [threads(explained), tasks(explained)]).collect();
    kept::write(&results.join(BENCH_MODEL), &BenchModel { schema: SCHEMA, requests })
}

fn threads(explained: &Explained) -> ModelledRequest {
    let mut parts = common();
    match explained.woken {
        None => {
            let what = "the request is read by a thread that slept, its CPU being idle";
            parts.push(part(what, ModelCount::Fixed(1.0), "parts_sleeping", "receive"));
        }
        Some(bench) => {
            parts.push(part("the request is read", ModelCount::Fixed(1.0), "parts_across", "receive"));
            // A wait has its own switch in its cost.
            let known = if explained.sleepers.is_some() { 1.0 } else { 0.0 };
            let what = "a thread sleeps until it is woken from another CPU: a switch to it is in this";
            parts.push(part(what, ModelCount::SwitchesBeyond(known), "parts_across", bench));
        }
    }
    if let Some(sleepers) = explained.sleepers {
        let what = "the wait: a sleep and its switch";
        parts.push(part(what, ModelCount::Fixed(1.0), sleepers, "sync"));
        parts.push(interrupt());
    }
    modelled(explained, "std-threads", "sync", parts)
}

fn tasks(explained: &Explained) -> ModelledRequest {
    let mut parts = common();
    parts.push(part("the request is read", ModelCount::Fixed(1.0), "parts_across", "receive"));
    let what = "a task is woken and polled: half a hand-over";
    parts.push(part(what, ModelCount::Fixed(0.5), "hand_over/one_cpu", "async"));
    let what = "an epoll_wait that sleeps, its CPU being idle";
    parts.push(part(what, ModelCount::SwitchesBeyond(0.0), "parts_sleeping", "epoll_wait"));
    let what = "an epoll_wait that finds one event and does not sleep";
    parts.push(part(what, ModelCount::LoopWaitsAwake, "ready_events", "1"));
    parts.push(part("each further event that it finds", ModelCount::EventsBeyondWaits, "ready_events", "64"));
    if let Some(sleepers) = explained.sleepers {
        let what = "the wait: its place among the deadlines";
        parts.push(part(what, ModelCount::Fixed(1.0), sleepers, "async"));
        let what = "the event loop's one timer is set again after each interrupt";
        parts.push(part(what, ModelCount::TimerInterrupts, "parts_timer", "set"));
        parts.push(interrupt());
    }
    modelled(explained, "tokio-tasks", "async", parts)
}

/// Waits that are out of step share few interrupts.
fn interrupt() -> ModelPart {
    let what = "the CPU's timer interrupts the thread that runs";
    part(what, ModelCount::TimerInterrupts, "parts_timer", "interrupt")
}

/// The parts that both sides have.
fn common() -> Vec<ModelPart> {
    let sleeping = "the reply is sent to a client that sleeps, and wakes it";
    let busy = "the reply is sent to a client that is busy on its own CPU and waits by epoll";
    vec![
        part(sleeping, ModelCount::Wakes, "parts_sleeping", "send"),
        part(busy, ModelCount::WithoutWake, "parts_across", "send"),
        part(CODEC, ModelCount::Fixed(1.0), "parts", "codec"),
    ]
}

fn part(what: &str, count: ModelCount, group: &str, bench: &str) -> ModelPart {
    ModelPart { part: what.to_owned(), count, cost: name(group, bench) }
}

fn name(group: &str, bench: &str) -> BenchName {
    BenchName { group: group.to_owned(), bench: bench.to_owned() }
}

fn modelled(explained: &Explained, contender: &str, side: &str, parts: Vec<ModelPart>) -> ModelledRequest {
    ModelledRequest {
        contender: contender.to_owned(),
        cell: explained.cell.to_owned(),
        load: explained.load.to_owned(),
        measured: name(explained.group, side),
        parts,
        bare_loop: bare_loop(explained, side),
    }
}

/// Reads, waits, switches and answers as the loop that has nothing else, with the codec that it leaves out.
fn bare_loop(explained: &Explained, side: &str) -> Vec<ModelPart> {
    let what =
        "a message is read and answered, after as long a wait, over as many connections in a closed loop";
    let once = |what, group, bench| part(what, ModelCount::Fixed(1.0), group, bench);
    vec![once(what, explained.bare_loop, side), once(CODEC, "parts", "codec")]
}

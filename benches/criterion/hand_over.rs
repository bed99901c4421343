//! Waking somebody who waits, and being woken in return.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use criterion::Criterion;
use reports_record::BenchUnit;
use tokio::sync::Notify;

use crate::clock::{each, each_awaited};
use crate::event_loop::event_loop;
use crate::kept::{Side, group};
use crate::one_cpu::on_one_cpu;

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    pair(criterion, results, "hand_over/any_cpu");
    on_one_cpu(|| pair(criterion, results, "hand_over/one_cpu"));
}

fn pair(criterion: &mut Criterion, results: &Path, name: &str) {
    let mut group = group(criterion, results, name, BenchUnit::Nanoseconds);
    group.side(Side::new("sync", "a thread unparks another, which unparks it"), |iterations, samples| {
        let turn = Arc::new(AtomicU8::new(CALLER));
        let caller = thread::current();
        let partner = thread::spawn({
            let turn = Arc::clone(&turn);
            move || {
                while wait_for_turn(&turn, PARTNER) {
                    turn.store(CALLER, Ordering::Release);
                    caller.unpark();
                }
            }
        });
        let time = each(iterations, samples, || {
            turn.store(PARTNER, Ordering::Release);
            partner.thread().unpark();
            wait_for_turn(&turn, CALLER);
        });
        turn.store(OVER, Ordering::Release);
        partner.thread().unpark();
        partner.join().expect("the partner ends when it is told to");
        time
    });
    let runtime = event_loop();
    group.side(Side::new("async", "a task notifies another, which notifies it"), |iterations, samples| {
        runtime.block_on(async {
            let (there, back) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let partner = tokio::spawn({
                let (there, back) = (Arc::clone(&there), Arc::clone(&back));
                async move {
                    loop {
                        there.notified().await;
                        back.notify_one();
                    }
                }
            });
            let time = each_awaited(iterations, samples, async || {
                there.notify_one();
                back.notified().await;
            })
            .await;
            partner.abort();
            time
        })
    });
}

const CALLER: u8 = 0;
const PARTNER: u8 = 1;
const OVER: u8 = 2;

/// Parks until it is `mine`; false when it is over.
fn wait_for_turn(turn: &AtomicU8, mine: u8) -> bool {
    loop {
        match turn.load(Ordering::Acquire) {
            now if now == mine => return true,
            OVER => return false,
            _ => thread::park(),
        }
    }
}

//! A client thread: a runtime, connections that outlive measurements, and one job after another.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use tokio::runtime::{LocalOptions, LocalRuntime};

use crate::clock::{Moment, monotonic_ns};
use crate::engine::{Engine, Slot, ThreadReport};
use crate::order::Order;
use crate::route::Route;
use crate::usage::{Spin, ThreadUsage};

type Job = Box<dyn FnOnce(&mut Hand) + Send>;

/// How what runs on a thread waits for time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timers {
    /// By [timers](crate::timer) of its own: those of the runtime would cost 400 instructions each time the thread sleeps, a tenth of
    /// a request.
    Own,
    /// By those of the runtime, as many as it likes.
    OfRuntime,
}

/// The handle of a client thread. Dropped, it closes the thread's connections and waits for its end.
#[derive(Debug)]
pub(crate) struct ClientThread {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// What a client thread has at hand.
pub(crate) struct Hand {
    pub(crate) runtime: LocalRuntime,
    pub(crate) slots: Vec<Rc<Slot>>,
    /// When the thread last went to sleep, monotonic nanoseconds.
    asleep_ns: Arc<AtomicU64>,
    /// What the thread had used when it last had nothing to do.
    at_rest: ThreadUsage,
}

impl ClientThread {
    /// Starts a thread of this name, bound to CPU `pin` if there is one.
    pub(crate) fn start(name: String, pin: Option<usize>, timers: Timers) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (started, outcome) = mpsc::channel();
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            let mut hand = match Hand::new(pin, timers) {
                Ok(hand) => hand,
                Err(error) => {
                    // Who started this thread waits for it.
                    let _ = started.send(Err(error));
                    return;
                }
            };
            let _ = started.send(Ok(()));
            for job in queue {
                job(&mut hand);
                hand.at_rest = ThreadUsage::read(Moment::default(), Spin::default());
            }
        })?;
        outcome.recv().unwrap_or_else(|_| Err(io::Error::other("the thread ended as it began")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Has the thread do `job` after those before it.
    pub(crate) fn order(&self, job: impl FnOnce(&mut Hand) + Send + 'static) {
        if let Some(jobs) = &self.jobs {
            // A thread that is gone drops the job, and with it the channel on which its result is awaited.
            let _ = jobs.send(Box::new(job));
        }
    }
}

impl Drop for ClientThread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic over there was reported over there, and as a lost thread by whoever waited for its result.
            let _ = thread.join();
        }
    }
}

impl Hand {
    fn new(pin: Option<usize>, timers: Timers) -> io::Result<Self> {
        if let Some(cpu) = pin {
            let mut cpus = CpuSet::new();
            cpus.set(cpu)?;
            sched_setaffinity(Pid::from_raw(0), &cpus)?;
        }
        // As many tasks between two looks at the sockets as tokio likes, 61: a request that falls due meanwhile is sent
        // after the reply under way, because every reply offers its connection to the schedule.
        let asleep_ns = Arc::<AtomicU64>::default();
        let hook = asleep_ns.clone();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        if timers == Timers::OfRuntime {
            runtime.enable_time();
        }
        let runtime = runtime
            .enable_io()
            .on_thread_park(move || hook.store(monotonic_ns(), Ordering::Relaxed))
            .build_local(LocalOptions::default())?;
        let at_rest = ThreadUsage::read(Moment::default(), Spin::default());
        Ok(Self { runtime, slots: Vec::new(), asleep_ns, at_rest })
    }

    /// Takes part in a measurement.
    pub(crate) fn measure(
        &mut self,
        order: Arc<Order>,
        index: usize,
        route: Route,
    ) -> io::Result<ThreadReport> {
        let (slots, asleep_ns, at_rest) = (self.slots.clone(), self.asleep_ns.clone(), self.at_rest);
        self.runtime.block_on(async move {
            Ok(Engine::new(order, index, route, slots, asleep_ns, at_rest)?.run().await)
        })
    }
}

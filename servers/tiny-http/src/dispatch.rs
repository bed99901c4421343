//! From the library's queue of parsed requests to a thread that answers.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use servers_contract::Refusal;
use servers_front::Failure;
use servers_sync::Handlers;
use tiny_http::{Request, Server};

use crate::exchange::{exchange, refuse};
use crate::in_flight::InFlight;

/// The threads that take requests from the queue.
pub(crate) struct Dispatch {
    receivers: usize,
    shared: Arc<Shared>,
}

struct Shared {
    server: Arc<Server>,
    handlers: Handlers,
    failure: Failure,
    in_flight: Arc<InFlight>,
    stopping: AtomicBool,
}

impl Dispatch {
    /// Starts `threads` receivers that answer what they take; or, without a number, a single one that starts a thread
    /// for each request.
    pub(crate) fn start(
        server: Arc<Server>,
        handlers: Handlers,
        threads: Option<NonZeroUsize>,
        failure: Failure,
    ) -> anyhow::Result<Self> {
        let receivers = threads.map_or(1, NonZeroUsize::get);
        let in_flight = Arc::default();
        let shared = Shared { server, handlers, failure, in_flight, stopping: AtomicBool::new(false) };
        let dispatch = Self { receivers, shared: Arc::new(shared) };
        let take = if threads.is_some() { answer_here } else { answer_in_a_thread };
        for number in 0..receivers {
            let shared = Arc::clone(&dispatch.shared);
            let busy = shared.in_flight.begin();
            let receive = move || {
                shared.receive(take);
                drop(busy);
            };
            thread::Builder::new().name(format!("receiver-{number}")).spawn(receive).with_context(|| {
                format!("could not start receiver {} of {receivers}: lower --threads", number + 1)
            })?;
        }
        Ok(dispatch)
    }

    /// Lets the receivers end after what is queued by now, and waits for all threads at most `grace`; returns how many
    /// are still busy. A request that the library queues later is not answered: its connection ends with the process.
    pub(crate) fn drain(&self, grace: Duration) -> usize {
        self.shared.stopping.store(true, Relaxed);
        // One token for each, behind the requests that are queued.
        (0..self.receivers).for_each(|_| self.shared.server.unblock());
        self.shared.in_flight.wait(grace)
    }
}

impl Shared {
    /// Takes requests until the drain's token comes, or the library's accept loop ends with an error.
    fn receive(&self, take: fn(&Shared, Request)) {
        loop {
            match self.server.recv() {
                Ok(request) => take(self, request),
                // Set before the tokens are sent, and the queue's lock orders both.
                Err(_) if self.stopping.load(Relaxed) => return,
                Err(error) => self.failure.report(anyhow!(
                    "tiny_http has stopped accepting connections for good: {error}; \
                     give the process more descriptors, or fewer connections"
                )),
            }
        }
    }
}

fn answer_here(shared: &Shared, request: Request) {
    exchange(request, &shared.handlers);
}

/// Starts a thread for one request; when there can be none, answers 503 from here.
fn answer_in_a_thread(shared: &Shared, request: Request) {
    let handlers = shared.handlers.clone();
    let busy = shared.in_flight.begin();
    let answer = move |request| {
        exchange(request, &handlers);
        drop(busy);
    };
    let builder = thread::Builder::new().name("request".to_owned());
    if let Err(request) = with_own_thread(builder, request, answer) {
        refuse(request, Refusal::Busy, &shared.handlers);
    }
}

/// Hands `item` to `work` in a new thread; gives it back when there is none to be had.
///
/// A failed spawn drops its closure, and with it a request that the library would then answer 500: so the request is
/// kept where both can reach it. One allocation, beside the cost of a thread.
fn with_own_thread<T: Send + 'static>(
    builder: thread::Builder,
    item: T,
    work: impl FnOnce(T) + Send + 'static,
) -> Result<(), T> {
    let slot = Arc::new(Mutex::new(Some(item)));
    let theirs = Arc::clone(&slot);
    let spawned = builder.spawn(move || {
        if let Some(item) = taken(&theirs) {
            work(item);
        }
    });
    match spawned {
        Ok(_) => Ok(()),
        Err(_) => taken(&slot).map_or(Ok(()), Err),
    }
}

/// What is in the slot. Nothing panics while it is locked.
fn taken<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn an_item_reaches_its_thread_or_comes_back() {
        let (sender, receiver) = mpsc::channel();
        let work = move |item| sender.send((item, thread::current().name().map(str::to_owned))).unwrap();
        let named = thread::Builder::new().name("own".to_owned());
        assert_eq!(with_own_thread(named, 7, work.clone()), Ok(()));
        assert_eq!(receiver.recv().unwrap(), (7, Some("own".to_owned())));
        // No machine has an address space for this stack.
        let impossible = thread::Builder::new().stack_size(1 << 60);
        assert_eq!(with_own_thread(impossible, 8, work), Err(8));
        assert!(receiver.recv().is_err(), "the work ran although its item came back");
    }
}

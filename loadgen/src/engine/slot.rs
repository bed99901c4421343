//! One of the connections that are held open.

use std::cell::{Cell, RefCell};
use std::task::{Poll, Waker};

use tokio::net::TcpStream;

use crate::clock::Moment;
use crate::reply::ReplyParser;
use crate::tally::Flight;

/// A place for a connection: the connection itself while it is open, and the request it carries.
///
/// Shared by the task that reads from it, the pacer that writes to it and the steward that watches deadlines, all on
/// one thread; no borrow is held across an await.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(super) stream: RefCell<Option<TcpStream>>,
    /// `None` before the first measurement, whose request decides how replies are read.
    pub(super) parser: RefCell<Option<ReplyParser>>,
    pub(super) flight: Cell<Option<Flight>>,
    /// When its last request ended, or it was opened.
    pub(super) free_since: Cell<Moment>,
    /// Bytes of the request in flight that the kernel has not taken yet.
    pub(super) unsent: Cell<usize>,
    /// The request in flight is past its deadline.
    pub(super) expired: Cell<bool>,
    /// Replies that came over the open connection.
    pub(super) served: Cell<u64>,
    /// Connections in a row, the open one not included, that broke or failed before any reply.
    pub(super) failures: Cell<u32>,
    /// Whether the connection was replaced during this measurement.
    pub(super) replaced: Cell<bool>,
    /// Closed because it had carried all the requests it was to carry: the next one opens a fresh one.
    pub(super) retired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Slot {
    /// Puts a fresh connection in place; `served` replies came over it already.
    pub(crate) fn fill(&self, stream: TcpStream, served: u64) {
        *self.stream.borrow_mut() = Some(stream);
        self.served.set(served);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.stream.borrow().is_some()
    }

    /// Open, or closed on purpose.
    pub(super) fn stands(&self) -> bool {
        self.retired.get() || self.is_open()
    }

    /// Whether a request waits for its connection to be opened.
    pub(super) fn is_opening(&self) -> bool {
        self.retired.get() && self.flight.get().is_some()
    }

    /// Closes the connection, if it is open, and forgets what was half sent or half read.
    pub(super) fn close(&self, parser: ReplyParser) {
        *self.stream.borrow_mut() = None;
        *self.parser.borrow_mut() = Some(parser);
        self.unsent.set(0);
        self.expired.set(false);
    }

    /// Made ready for a measurement that begins: as if just opened, which for its times it is.
    pub(super) fn begin(&self, parser: ReplyParser, now: Moment) {
        *self.parser.borrow_mut() = Some(parser);
        self.flight.set(None);
        self.free_since.set(now);
        self.failures.set(0);
        self.replaced.set(false);
    }

    /// Whom to [`wake`](Self::wake).
    pub(super) fn watched_by(&self, waker: &Waker) {
        let mut current = self.waker.borrow_mut();
        if !current.as_ref().is_some_and(|current| current.will_wake(waker)) {
            *current = Some(waker.clone());
        }
    }

    /// Waits for a request to be given to the slot.
    pub(super) async fn given(&self) -> Flight {
        std::future::poll_fn(|cx| {
            self.watched_by(cx.waker());
            self.flight.get().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Has the slot's task look at it again.
    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

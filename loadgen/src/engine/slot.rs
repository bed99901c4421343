//! One of the connections that are held open.

use std::cell::{Cell, RefCell};
use std::io;
use std::task::{Poll, Waker};

use nix::errno::Errno;
use tokio::net::TcpStream;

use crate::clock::Moment;
use crate::draws::Walk;
use crate::reply::ReplyParser;
use crate::tally::Flight;

/// Why a slot holds no open connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Absence {
    /// This side closed it as planned: it had carried the requests it was to carry, or its measurement was over.
    #[default]
    Planned,
    /// It ended otherwise: the server closed it, it broke, or it was given up with its request.
    Ended,
    /// The last attempt to open one failed.
    NotOpened,
}

/// A place for a connection, and the user it stands for: the connection while it is open, and the request it carries.
///
/// Connections come and go; the user's pace stays. A connection that ends leaves the slot where it is in line, and the
/// next request opens another.
///
/// Shared by the task that reads from it, the pacer that writes to it and the steward that watches deadlines, all on
/// one thread; no borrow is held across an await.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(super) stream: RefCell<Option<TcpStream>>,
    /// `None` before the first measurement, whose request decides how replies are read.
    pub(super) parser: RefCell<Option<ReplyParser>>,
    pub(super) flight: Cell<Option<Flight>>,
    /// Its way through the variants of the request, at the one that it sends or has in flight. In an open loop the schedule's way.
    pub(super) walk: Cell<Walk>,
    /// When its last request ended, or it was opened.
    pub(super) free_since: Cell<Moment>,
    /// Bytes of the request in flight that the kernel has not taken yet.
    pub(super) unsent: Cell<usize>,
    /// Why the kernel took no more of it, if it refused to: what the kernel says of a reset, it says once, to a read or to a write.
    refused: Cell<Option<Errno>>,
    /// The request in flight, or opening the connection for it, is past its deadline.
    pub(super) expired: Cell<bool>,
    /// While its connection is being opened.
    pub(super) opening_since: Cell<Option<Moment>>,
    /// Replies that came over the open connection.
    pub(super) served: Cell<u64>,
    /// Connections in a row, the open one not included, that were not opened or broke before any reply.
    pub(super) failures: Cell<u32>,
    /// Whether a connection of it ended unplanned during this measurement.
    pub(super) broke: Cell<bool>,
    /// Whether a connection of it was open during this measurement.
    pub(super) was_open: Cell<bool>,
    /// While no connection is open.
    pub(super) absence: Cell<Absence>,
    /// Which of the server's addresses, counted on and on, its next connection goes to.
    pub(super) turn: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl Slot {
    /// Of a fresh connection to the address whose `turn` it was; `served` replies came over it already.
    pub(crate) fn with(stream: TcpStream, turn: usize, served: u64) -> Self {
        let slot = Self::default();
        slot.turn.set(turn + 1);
        slot.fill(stream, served);
        slot
    }

    /// Without a connection: its first goes to the address whose `turn` it is.
    pub(crate) fn vacant(turn: usize) -> Self {
        let slot = Self::default();
        slot.turn.set(turn);
        slot
    }

    /// Puts a fresh connection in place; `served` replies came over it already.
    pub(super) fn fill(&self, stream: TcpStream, served: u64) {
        *self.stream.borrow_mut() = Some(stream);
        self.served.set(served);
        self.was_open.set(true);
    }

    pub(super) fn is_open(&self) -> bool {
        self.stream.borrow().is_some()
    }

    /// Whether its connection is open, or ended without a sign that the next one cannot be opened.
    pub(super) fn stands(&self) -> bool {
        self.is_open() || self.absence.get() != Absence::NotOpened
    }

    /// Whether a request waits for its connection to be opened.
    pub(super) fn is_opening(&self) -> bool {
        !self.is_open() && self.flight.get().is_some()
    }

    /// The kernel refused to take more of the request.
    pub(super) fn refuse(&self, error: &io::Error) {
        let errno = error.raw_os_error().map(Errno::from_raw);
        self.refused.set(self.refused.get().or(errno));
    }

    /// Whether the kernel refused to take more of the request: the connection had ended.
    pub(super) fn was_refused(&self) -> bool {
        self.refused.get().is_some()
    }

    /// Whether the peer's kernel turned away bytes after the connection's end: it was closed when they arrived.
    pub(super) fn was_turned_away(&self) -> bool {
        let stream = self.stream.borrow();
        let has_error = || stream.as_ref().is_some_and(|stream| !matches!(stream.take_error(), Ok(None)));
        self.was_refused() || has_error()
    }

    /// Whether a write was told that the connection is reset, so that a read finds nothing but its end.
    pub(super) fn was_reset(&self) -> bool {
        self.refused.get() == Some(Errno::ECONNRESET)
    }

    /// Whether bytes have come without a request that may only announce the connection's end: nothing may be sent behind them, for their
    /// rest would be taken for the answer.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_open() && self.parser.borrow().as_ref().is_some_and(ReplyParser::has_begun)
    }

    /// Closes the connection, if it is open, and forgets what was half sent or half read.
    pub(super) fn close(&self, parser: ReplyParser, absence: Absence) {
        *self.stream.borrow_mut() = None;
        self.absence.set(absence);
        self.broke.set(self.broke.get() || absence == Absence::Ended);
        *self.parser.borrow_mut() = Some(parser);
        self.unsent.set(0);
        self.refused.set(None);
        self.expired.set(false);
    }

    /// Made ready for a measurement that begins: as if just opened, which for its times it is.
    pub(super) fn begin(&self, parser: ReplyParser, walk: Walk, now: Moment) {
        self.walk.set(walk);
        *self.parser.borrow_mut() = Some(parser);
        self.flight.set(None);
        self.expired.set(false);
        self.opening_since.set(None);
        self.free_since.set(now);
        self.failures.set(0);
        self.broke.set(false);
        self.was_open.set(self.is_open());
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

    /// Waits until opening its connection takes too long.
    pub(super) async fn overdue(&self) {
        std::future::poll_fn(|cx| {
            self.watched_by(cx.waker());
            if self.expired.take() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Has the slot's task look at it again.
    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

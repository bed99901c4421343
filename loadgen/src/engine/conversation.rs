//! The task of one slot: reads replies, and replaces the connection when it breaks.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use reports_record::OutcomeKind;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Engine, Slot};
use crate::clock::Moment;
use crate::reply::{End, Reply};
use crate::socket;
use crate::tally::Flight;

/// First pause before a connection is opened again after one that never answered; doubled each time …
const BACK_OFF: Duration = Duration::from_millis(10);
/// … up to this: a dead server is asked twice a second and connection, not in a busy loop.
const BACK_OFF_MAX: Duration = Duration::from_millis(500);

/// What a connection did.
enum Event {
    Bytes(usize),
    Ended,
    Failed(io::Error),
    Expired,
}

/// Why a connection is given up.
enum Loss {
    /// It ended where it may: between two requests, or announced.
    Spent,
    /// It carried as many requests as it was to carry.
    Retired,
    /// The request in flight ended so.
    Failed(OutcomeKind),
}

/// Carries on until it is aborted; the first request may start at `ready`.
pub(super) async fn converse(engine: Rc<Engine>, slot: Rc<Slot>, ready: Moment) {
    if slot.is_open() {
        // What was closed since the last measurement is noticed before anything is written to it.
        if let Some(loss) = engine.probe(&slot).await {
            engine.lose(&slot, &loss);
        }
    }
    slot.retired.set(!slot.is_open() && engine.order.load.churn.is_some());
    if slot.stands() {
        engine.offer(&slot, ready);
    }
    loop {
        if slot.retired.get() {
            engine.open_on_demand(&slot).await;
        } else if !slot.is_open() {
            engine.reopen(&slot).await;
        }
        let loss = engine.exchange(&slot).await;
        engine.lose(&slot, &loss);
    }
}

impl Engine {
    /// What became of an open connection while nobody looked; `None` when it is as it was.
    async fn probe(&self, slot: &Slot) -> Option<Loss> {
        std::future::poll_fn(|cx| match self.poll_event(slot, cx) {
            Poll::Ready(_) => Poll::Ready(Some(Loss::Spent)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// Reads replies until the connection is to be given up.
    async fn exchange(&self, slot: &Rc<Slot>) -> Loss {
        loop {
            let loss = match std::future::poll_fn(|cx| self.poll_event(slot, cx)).await {
                Event::Bytes(count) => self.take_bytes(slot, count),
                Event::Ended => Some(self.take_end(slot)),
                Event::Failed(error) => Some(Loss::Failed(socket::kind_of(&error))),
                Event::Expired => Some(Loss::Failed(OutcomeKind::Timeout)),
            };
            if let Some(loss) = loss {
                return loss;
            }
        }
    }

    fn poll_event(&self, slot: &Slot, cx: &mut Context<'_>) -> Poll<Event> {
        slot.watched_by(cx.waker());
        if slot.expired.take() {
            return Poll::Ready(Event::Expired);
        }
        let mut stream = slot.stream.borrow_mut();
        let Some(stream) = stream.as_mut() else { return Poll::Ready(Event::Ended) };
        let request = self.request(slot);
        while slot.unsent.get() > 0 {
            let rest = &request[request.len() - slot.unsent.get()..];
            match Pin::new(&mut *stream).poll_write(cx, rest) {
                Poll::Ready(Ok(taken)) => slot.unsent.set(slot.unsent.get() - taken),
                // The peer takes no more; what it has to say about that is read below.
                Poll::Ready(Err(_)) => break,
                Poll::Pending => break,
            }
        }
        let mut scratch = self.scratch.borrow_mut();
        let mut buffer = ReadBuf::new(&mut scratch);
        // Not `try_read`: poll_read knows that a short read emptied the socket, which saves a read per reply.
        Poll::Ready(match ready!(Pin::new(stream).poll_read(cx, &mut buffer)) {
            Ok(()) if buffer.filled().is_empty() => Event::Ended,
            Ok(()) => Event::Bytes(buffer.filled().len()),
            Err(error) => Event::Failed(error),
        })
    }

    /// Takes in the first `count` bytes of the scratch buffer.
    fn take_bytes(&self, slot: &Rc<Slot>, count: usize) -> Option<Loss> {
        let now = self.order.clock.now();
        self.pacer.worked();
        self.tally.borrow_mut().received(count, now);
        // Bytes that nobody asked for: whatever they are, they must not be paired with the next request.
        let Some(mut flight) = slot.flight.get() else { return Some(Loss::Spent) };
        flight.first_byte = flight.first_byte.min(now);
        let fed = match slot.parser.borrow_mut().as_mut() {
            Some(parser) => parser.feed(&self.scratch.borrow()[..count]),
            None => return Some(Loss::Spent),
        };
        match fed {
            Ok(Some(reply)) => self.take_reply(slot, &flight, &reply, now),
            Ok(None) => {
                slot.flight.set(Some(flight));
                None
            }
            Err(error) => Some(Loss::Failed(error.into())),
        }
    }

    fn take_reply(&self, slot: &Rc<Slot>, flight: &Flight, reply: &Reply, now: Moment) -> Option<Loss> {
        let in_time = now.since(flight.started) <= self.order.load.timeout;
        let kind = if in_time { self.order.judge.judge(reply) } else { OutcomeKind::Timeout };
        {
            let mut tally = self.tally.borrow_mut();
            tally.answered(reply.body.bytes, now);
            tally.ended(flight, kind, now);
        }
        slot.flight.set(None);
        slot.free_since.set(now);
        slot.served.set(slot.served.get() + 1);
        slot.failures.set(0);
        if self.is_last(slot.served.get()) {
            return Some(Loss::Retired);
        }
        if !reply.keep_alive || reply.surplus > 0 || slot.unsent.get() > 0 {
            return Some(Loss::Spent);
        }
        self.offer(slot, now.after(self.order.load.pace.think()));
        None
    }

    fn take_end(&self, slot: &Rc<Slot>) -> Loss {
        let Some(flight) = slot.flight.get() else { return Loss::Spent };
        let end = slot.parser.borrow_mut().as_mut().map_or(End::Closed, |parser| parser.end());
        match end {
            End::Reply(reply) => {
                let now = self.order.clock.now();
                self.take_reply(slot, &flight, &reply, now).unwrap_or(Loss::Spent)
            }
            End::Closed => Loss::Failed(OutcomeKind::Closed),
            End::Truncated => Loss::Failed(OutcomeKind::Truncated),
        }
    }

    /// Gives up the connection, and the request in flight unless it may be sent once more.
    fn lose(&self, slot: &Rc<Slot>, loss: &Loss) {
        let begun = slot.parser.borrow().as_ref().is_some_and(|parser| parser.has_begun());
        slot.close(self.parser());
        if let Loss::Retired = loss {
            slot.retired.set(true);
            let ready = slot.free_since.get().after(self.order.load.pace.think());
            return self.offer(slot, ready);
        }
        self.withdraw(slot);
        if slot.served.get() == 0 {
            slot.failures.set(slot.failures.get().saturating_add(1));
        }
        let (Loss::Failed(kind), Some(mut flight)) = (loss, slot.flight.get()) else { return };
        // A kept connection that ends without a byte may have been closed just as the request was written: nobody's
        // failure, and every client sends a repeatable request again. Once: a second time it is the server's doing.
        let stale =
            matches!(kind, OutcomeKind::Closed | OutcomeKind::Reset) && !begun && slot.served.get() > 0;
        if stale && !flight.resent && self.order.load.request.is_repeatable() {
            flight.resent = true;
            slot.flight.set(Some(flight));
        } else {
            slot.flight.set(None);
            self.tally.borrow_mut().ended(&flight, *kind, self.order.clock.now());
        }
    }

    /// Opens a fresh connection for a request that was given to the slot, and sends it; as soon as there is one, and
    /// trying with one after another until that succeeds.
    async fn open_on_demand(&self, slot: &Rc<Slot>) {
        loop {
            let mut flight = slot.given().await;
            match socket::connect(self.route.address, self.route.connect_timeout).await {
                Ok(stream) => {
                    slot.fill(stream, 0);
                    slot.retired.set(false);
                    let now = self.order.clock.now();
                    (flight.connect, flight.started) = (now.since(flight.started), now);
                    slot.flight.set(Some(flight));
                    self.write(slot);
                    return self.tally.borrow_mut().sent(&flight);
                }
                Err(failed) => {
                    slot.failures.set(slot.failures.get().saturating_add(1));
                    slot.flight.set(None);
                    self.tally.borrow_mut().not_connected(&flight, failed.kind, self.order.clock.now());
                    back_off(slot).await;
                    slot.free_since.set(self.order.clock.now());
                    self.offer(slot, slot.free_since.get());
                }
            }
        }
    }

    /// Opens the slot's connection again, trying until it succeeds, and puts it to use.
    async fn reopen(&self, slot: &Rc<Slot>) {
        loop {
            back_off(slot).await;
            let begun = self.order.clock.now();
            match socket::connect(self.route.address, self.route.connect_timeout).await {
                Ok(stream) => {
                    slot.fill(stream, 0);
                    break;
                }
                Err(failed) => {
                    slot.failures.set(slot.failures.get().saturating_add(1));
                    self.not_connected(slot, failed.kind, begun);
                }
            }
        }
        slot.replaced.set(true);
        slot.free_since.set(self.order.clock.now());
        self.tally.borrow_mut().reopened += 1;
        if slot.flight.get().is_some() {
            self.tally.borrow_mut().resent();
            self.write(slot);
        } else {
            self.offer(slot, slot.free_since.get());
        }
    }

    /// Ends the request that the connection was to carry: the one to be sent again, or else the next one due.
    ///
    /// So a server that is gone shows as failed requests, one for each attempt, and not as silence.
    fn not_connected(&self, slot: &Slot, kind: OutcomeKind, begun: Moment) {
        let now = self.order.clock.now();
        if let Some(flight) = slot.flight.take() {
            self.tally.borrow_mut().ended(&flight, kind, now);
        } else if let Some(intended) = self.starts.borrow_mut().take_undrawn(begun) {
            let flight = self.flight(intended, begun, begun);
            self.tally.borrow_mut().not_connected(&flight, kind, now);
        }
    }
}

/// Pauses after connections that broke or failed before any reply.
async fn back_off(slot: &Slot) {
    if let Some(doublings) = slot.failures.get().checked_sub(1) {
        tokio::time::sleep((BACK_OFF * (1 << doublings.min(10))).min(BACK_OFF_MAX)).await;
    }
}

//! The task of one slot: reads replies, and opens another connection when a request needs one.

use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use reports_record::OutcomeKind;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Absence, Engine, REPEATED, Slot};
use crate::clock::Moment;
use crate::reply::{End, Refusal, Reply};
use crate::route::round_trip;
use crate::socket::{self, NotConnected};
use crate::tally::Flight;

/// Connections in a row that fail without a pause: a server that fails now and then is not slowed down by this side.
const PATIENCE: u32 = 3;
/// First pause of a closed loop's user after more than those; after connections that were not opened it is doubled …
const PAUSE: Duration = Duration::from_millis(10);
/// … up to this: a dead server is asked twice a second and user, not in a busy loop.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// Time to wake up, at most and on a quiet machine: a part of what opening a connection takes that is no round trip.
const WAKING: Duration = Duration::from_micros(100);
/// A reset within this is the answer to bytes that were not read: by then the peer's kernel, which needs no reader to
/// send it, has had a scheduler's time slice beyond any round trip in a data centre …
const RESET_WITHIN: Duration = Duration::from_millis(10);
/// … or within so many round trips.
const RESET_ROUND_TRIPS: u32 = 4;

/// What a connection did.
enum Event {
    Bytes(usize),
    Ended,
    Failed(io::Error),
    Expired,
}

/// Why a connection is given up.
pub(super) enum Loss {
    /// It carried no request. Its slot is in line for one and stays there, or was just given one, which goes out on a fresh connection.
    Idle,
    /// Its request was answered, and it carries no other.
    Answered(Absence),
    /// The request in flight ended so.
    Failed(OutcomeKind),
    /// The request in flight met the end of its connection, and goes out again.
    Crossed,
}

/// Carries on until it is aborted; the first request may start at `ready`.
pub(super) async fn converse(engine: Rc<Engine>, slot: Rc<Slot>, ready: Moment) {
    // What was closed since the last measurement is noticed before anything is written to it.
    if slot.is_open()
        && let Some(loss) = engine.probe(&slot).await
    {
        engine.lose(&slot, &loss);
    }
    engine.offer(&slot, ready, engine.order.clock.now());
    loop {
        if slot.is_open() {
            let loss = engine.exchange(&slot).await;
            let loss = engine.weigh(&slot, loss);
            engine.lose(&slot, &loss);
        } else {
            engine.open(&slot).await;
        }
    }
}

impl Engine {
    /// What happened to an idle connection since it was last looked at; `None` when nothing did.
    async fn probe(&self, slot: &Slot) -> Option<Loss> {
        let event = std::future::poll_fn(|cx| match self.poll_event(slot, cx) {
            Poll::Ready(event) => Poll::Ready(Some(event)),
            Poll::Pending => Poll::Ready(None),
        })
        .await;
        event.and_then(|event| self.take(slot, &event))
    }

    /// The same of a connection that was read from just now: where that emptied the socket, without asking anything.
    fn peek(&self, slot: &Slot) -> Option<Loss> {
        let read = slot.stream.borrow().as_ref()?.try_read(&mut self.scratch.borrow_mut());
        let event = match read {
            Ok(0) => Event::Ended,
            Ok(count) => Event::Bytes(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) => Event::Failed(error),
        };
        self.take(slot, &event)
    }

    /// The same of a connection that was idle, whatever the runtime knows of it by now: its end may be there and untold.
    pub(super) fn ask(&self, slot: &Slot) -> Option<Loss> {
        let descriptor = slot.stream.borrow().as_ref()?.as_raw_fd();
        let read = recv(descriptor, &mut self.scratch.borrow_mut(), MsgFlags::MSG_DONTWAIT);
        let event = match read {
            Ok(0) => Event::Ended,
            Ok(count) => Event::Bytes(count),
            Err(Errno::EAGAIN) => return None,
            Err(errno) => Event::Failed(errno.into()),
        };
        self.take(slot, &event)
    }

    /// Reads replies until the connection is to be given up.
    async fn exchange(&self, slot: &Rc<Slot>) -> Loss {
        loop {
            let event = std::future::poll_fn(|cx| self.poll_event(slot, cx)).await;
            let carried = slot.flight.get().is_some();
            if let Some(loss) = self.take(slot, &event) {
                return loss;
            }
            if carried && slot.flight.get().is_none() {
                // An end that came with the reply is not written to, and what follows it is not the next one's reply.
                if self.peek(slot).is_some() {
                    return Loss::Answered(Absence::Ended);
                }
                let now = slot.free_since.get();
                self.offer(slot, now.after(self.order.load.pace.think()), now);
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
            match self.handing(rest.len(), || Pin::new(&mut *stream).poll_write(cx, rest)) {
                Poll::Ready(Ok(taken)) => slot.unsent.set(slot.unsent.get() - taken),
                // The peer takes no more; what else it has to say about that is read below.
                Poll::Ready(Err(error)) => {
                    slot.refuse(&error);
                    break;
                }
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

    /// The loss that an event means for the connection; `None` when it goes on.
    fn take(&self, slot: &Slot, event: &Event) -> Option<Loss> {
        match event {
            Event::Bytes(count) => self.take_bytes(slot, *count),
            _ if slot.flight.get().is_none() || !slot.is_open() => Some(Loss::Idle),
            Event::Ended => Some(self.take_end(slot)),
            Event::Failed(error) => Some(Loss::Failed(socket::kind_of(error))),
            Event::Expired => Some(Loss::Failed(OutcomeKind::Timeout)),
        }
    }

    /// Takes in the first `count` bytes of the scratch buffer.
    fn take_bytes(&self, slot: &Slot, count: usize) -> Option<Loss> {
        let now = self.now();
        self.pacer.worked();
        self.tally.borrow_mut().received(count, now);
        let Some(flight) = slot.flight.get() else { return self.take_idle(slot, 0..count) };
        if self.never_left(slot) && Self::is_kept(slot, &flight) {
            // They came before the connection ended, and answer nothing.
            return self.take_idle(slot, 0..count).map(|_| Loss::Failed(OutcomeKind::Reset));
        }
        let mut flight = flight.read(self.standstills.unread(flight.started, now), now);
        flight.first_byte = flight.first_byte.min(now.before(flight.stalled_after));
        // The parser is given back at once: a wrong reply's beginning is read from it.
        let fed = match slot.parser.borrow_mut().as_mut() {
            Some(parser) => parser.feed(&self.scratch.borrow()[..count]),
            None => return Some(Loss::Idle),
        };
        match fed {
            Ok(Some(reply)) => self.take_reply(slot, &flight, &reply, count, now),
            Ok(None) => {
                slot.flight.set(Some(Flight { stalled_after: Duration::ZERO, ..flight }));
                None
            }
            Err(refusal) => Some(self.take_refused(slot, &flight, refusal)),
        }
    }

    /// Takes in bytes at this `place` of the scratch buffer that no request asked for. The connection is given up, so that they are not
    /// paired with the next request, unless more bytes are needed to tell whether they only announce its end: until then it is
    /// [in doubt](Slot::is_in_doubt).
    #[cold]
    fn take_idle(&self, slot: &Slot, place: Range<usize>) -> Option<Loss> {
        let mut parser = slot.parser.borrow_mut();
        let piece = &self.scratch.borrow()[place];
        let before =
            parser.as_ref().filter(|parser| parser.has_begun()).map_or(&[][..], |parser| parser.beginning());
        match is_farewell(&[before, piece].concat()) {
            None if parser.as_mut().is_some_and(|parser| parser.feed(piece).is_ok()) => return None,
            Some(true) => {}
            _ => self.tally.borrow_mut().unasked_replies += 1,
        }
        Some(Loss::Idle)
    }

    /// Gives up a connection over which bytes came that are no reply. Those that belong to the reply before have only crossed the
    /// request in flight: had they come with that reply, the request would have gone out on a fresh connection, and so it does now.
    fn take_refused(&self, slot: &Slot, flight: &Flight, refusal: Refusal) -> Loss {
        if refusal != Refusal::Unasked {
            return Loss::Failed(refusal.into());
        }
        self.tally.borrow_mut().unasked_replies += 1;
        if self.may_be_repeated(slot, flight) { Loss::Crossed } else { Loss::Failed(refusal.into()) }
    }

    /// Ends the request in flight with its reply, whose last `piece` bytes, if any, are in the scratch buffer; the connection, too,
    /// where nothing may be sent after that.
    fn take_reply(
        &self,
        slot: &Slot,
        flight: &Flight,
        reply: &Reply,
        piece: usize,
        now: Moment,
    ) -> Option<Loss> {
        let in_time = flight.service(now) <= self.order.load.timeout;
        let kind = if in_time { self.judge(slot, flight, reply, now) } else { OutcomeKind::Timeout };
        if kind == OutcomeKind::WrongStatus && self.is_crossed_farewell(slot, flight, reply, now) {
            return Some(Loss::Crossed);
        }
        if matches!(kind, OutcomeKind::WrongStatus | OutcomeKind::WrongBody) {
            self.keep_wrong(slot, flight, reply, piece, now);
        }
        if !flight.stalled_after.is_zero() {
            self.standstills.found_unread();
        }
        {
            let mut tally = self.tally.borrow_mut();
            tally.replied(flight, reply.status, in_time, now);
            tally.answered(reply.body.bytes, now);
            tally.ended(flight, kind, now);
        }
        slot.flight.set(None);
        slot.free_since.set(now);
        slot.served.set(slot.served.get() + 1);
        slot.failures.set(0);
        // Behind the last reply of a connection nothing can be taken for another one. What comes behind others is looked at as it
        // would be had it come a moment later.
        let has_more = reply.surplus > 0 && reply.keep_alive;
        let is_lost = has_more && self.take_idle(slot, piece - reply.surplus..piece).is_some();
        if self.is_last(slot.served.get()) {
            return Some(Loss::Answered(Absence::Planned));
        }
        if !reply.keep_alive {
            self.tally.borrow_mut().closes_announced += 1;
        }
        let is_over = !reply.keep_alive || is_lost || slot.unsent.get() > 0;
        is_over.then_some(Loss::Answered(Absence::Ended))
    }

    /// How a whole reply in time ends its request. One that came before the request's wait was over is no more right than another body.
    fn judge(&self, slot: &Slot, flight: &Flight, reply: &Reply, now: Moment) -> OutcomeKind {
        match self.order.judges[slot.walk.get().at as usize].judge(reply) {
            OutcomeKind::Ok if flight.is_early(now) => OutcomeKind::WrongBody,
            kind => kind,
        }
    }

    fn take_end(&self, slot: &Slot) -> Loss {
        let Some(flight) = slot.flight.get() else { return Loss::Idle };
        if slot.was_reset() {
            return Loss::Failed(OutcomeKind::Reset);
        }
        let end = slot.parser.borrow_mut().as_mut().map_or(End::Closed, |parser| parser.end());
        match end {
            End::Reply(reply) => {
                let now = self.now();
                let flight = flight.read(self.standstills.unread(flight.started, now), now);
                self.take_reply(slot, &flight, &reply, 0, now).unwrap_or(Loss::Answered(Absence::Ended))
            }
            End::Closed => Loss::Failed(OutcomeKind::Closed),
            End::Truncated => Loss::Failed(OutcomeKind::Truncated),
        }
    }

    /// Gives up the connection. Its slot stays in line, or gets back into it, at its user's pace.
    fn lose(&self, slot: &Rc<Slot>, loss: &Loss) {
        match *loss {
            Loss::Idle => slot.close(self.parser(), Absence::Ended),
            Loss::Answered(absence) => {
                slot.close(self.parser(), absence);
                let ready = slot.free_since.get().after(self.order.load.pace.think());
                self.offer(slot, ready, self.order.clock.now());
            }
            Loss::Failed(kind) => self.fail(slot, kind),
            Loss::Crossed => self.send_again(slot),
        }
    }

    /// Gives up the connection, and has the request in flight sent on a fresh one. Once: a second time it is the server's doing.
    fn send_again(&self, slot: &Slot) {
        let flight = slot.flight.get();
        slot.close(self.parser(), Absence::Ended);
        slot.flight.set(flight.map(|flight| Flight {
            resent: true,
            first_byte: Moment::NEVER,
            stalled_after: Duration::ZERO,
            ..flight
        }));
    }

    /// Gives up the connection and the request in flight.
    fn fail(&self, slot: &Rc<Slot>, kind: OutcomeKind) {
        let Some(mut flight) = slot.flight.get() else { return slot.close(self.parser(), Absence::Ended) };
        let now = self.now();
        flight.stalled_after = self.standstills.unread(flight.started, now);
        if slot.served.get() == 0 {
            slot.failures.set(slot.failures.get().saturating_add(1));
        }
        self.keep_failed(slot, &flight, kind, now);
        slot.close(self.parser(), Absence::Ended);
        slot.flight.set(None);
        self.tally.borrow_mut().ended(&flight, kind, now);
        self.rest(slot, PAUSE, now);
    }

    fn may_be_repeated(&self, slot: &Slot, flight: &Flight) -> bool {
        !flight.resent && (self.order.load.request.is_repeatable() || self.never_left(slot))
    }

    /// Whether not a byte of the request in flight was sent, because its connection had ended before.
    fn never_left(&self, slot: &Slot) -> bool {
        slot.was_refused() && slot.unsent.get() == self.request(slot).len()
    }

    /// Whether the connection of the request in flight stood before there was that request.
    fn is_kept(slot: &Slot, flight: &Flight) -> bool {
        slot.served.get() > 0 || flight.connect.is_zero()
    }

    /// Whether a reply is the farewell of a kept connection, sent before the request in flight came, which may be sent again.
    fn is_crossed_farewell(&self, slot: &Slot, flight: &Flight, reply: &Reply, now: Moment) -> bool {
        reply.status == FAREWELL
            && !reply.keep_alive
            && Self::is_kept(slot, flight)
            && self.may_be_repeated(slot, flight)
            && crossed(flight.service(now), self.round_trip.get())
    }

    /// The same loss, or that its request met the end of a kept connection and may be sent again.
    fn weigh(&self, slot: &Slot, loss: Loss) -> Loss {
        let (&Loss::Failed(kind), Some(flight)) = (&loss, slot.flight.get()) else { return loss };
        if self.never_left(slot) && Self::is_kept(slot, &flight) && !flight.resent {
            return Loss::Crossed;
        }
        let has_begun = slot.parser.borrow().as_ref().is_some_and(|parser| parser.has_begun());
        if has_begun || slot.served.get() == 0 || !self.may_be_repeated(slot, &flight) {
            return loss;
        }
        let (after, round_trip) = (self.now().since(flight.started), self.round_trip.get());
        if !ended_before_an_answer(kind, after, round_trip, || slot.was_turned_away()) {
            return loss;
        }
        self.tally.borrow_mut().stale_resets += u64::from(kind == OutcomeKind::Reset);
        Loss::Crossed
    }

    /// Waits until a request is given to the slot, opens a connection for it and sends it.
    async fn open(&self, slot: &Rc<Slot>) {
        slot.given().await;
        let begun = self.order.clock.now();
        slot.opening_since.set(Some(begun));
        let opened = tokio::select! {
            biased;
            opened = self.route.open(slot.turn.get()) => opened,
            () = slot.overdue() => Err(NotConnected::in_time()),
        };
        slot.opening_since.set(None);
        // It may have been told that it is overdue just as it ended: that is over, and not the next one's.
        slot.expired.set(false);
        let now = self.now();
        // It may have been open for as long as this thread did not look.
        let stalled = self.standstills.unread(begun, now);
        // The next connection goes to the next address, be it because this one failed.
        slot.turn.set(slot.turn.get().wrapping_add(1));
        match opened {
            Ok((stream, took)) => {
                let took = took.saturating_sub(stalled);
                self.round_trip.set(self.round_trip.get().min(round_trip(took)));
                self.failing.set(None);
                self.tally.borrow_mut().late_connects += u64::from(took >= REPEATED);
                if slot.absence.get() != Absence::Planned {
                    self.tally.borrow_mut().reopened += 1;
                }
                slot.fill(stream, 0);
                self.tally.borrow_mut().idled(begun, stalled, now);
                self.send_first(slot, begun.after(stalled));
            }
            Err(failed) => {
                self.not_opened(slot, failed.kind, stalled, now);
                // A refusal is there at once: others have their turn before the next attempt.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Sends the request for which a connection was opened from `begun` on: later than it began by what the client stood still.
    fn send_first(&self, slot: &Slot, begun: Moment) {
        let Some(mut flight) = slot.flight.get() else { return };
        let now = self.order.clock.now();
        if flight.resent {
            self.tally.borrow_mut().resent(&mut flight, now);
            slot.flight.set(Some(flight));
            return self.write(slot);
        }
        (flight.connect, flight.started) = (now.since(begun), now);
        slot.flight.set(Some(flight));
        self.write(slot);
        self.tally.borrow_mut().sent(&flight);
    }

    /// Ends the request for which no connection could be opened.
    ///
    /// So a server that is gone shows as failed requests, one for each attempt, and not as silence.
    fn not_opened(&self, slot: &Rc<Slot>, kind: OutcomeKind, stalled_after: Duration, now: Moment) {
        slot.absence.set(Absence::NotOpened);
        slot.failures.set(slot.failures.get().saturating_add(1));
        let (since, _) = self.failing.get().unwrap_or((now, now));
        self.failing.set(Some((since, now)));
        if let Some(flight) = slot.flight.take() {
            let mut tally = self.tally.borrow_mut();
            if flight.resent {
                tally.ended(&flight.without_connection(), kind, now);
            } else {
                tally.not_connected(&Flight { stalled_after, ..flight }, kind, now);
            }
        }
        let doublings = slot.failures.get().saturating_sub(PATIENCE + 1);
        self.rest(slot, (PAUSE * (1 << doublings.min(10))).min(PAUSE_MAX), now);
    }

    /// Puts the slot in line again after a failure: in a closed loop after a pause, where there were several in a row.
    ///
    /// In an open loop at once: the schedule alone says when the next attempt is due, and a pause of the client's own
    /// would be time that the server is blamed for.
    fn rest(&self, slot: &Rc<Slot>, pause: Duration, now: Moment) {
        slot.free_since.set(now);
        let pauses = self.order.load.pace.is_closed() && slot.failures.get() > PATIENCE;
        let pause = if pauses { pause } else { Duration::ZERO };
        self.offer(slot, now.after(self.order.load.pace.think().max(pause)), now);
    }
}

/// Whether a kept connection that ended as `kind`, `after` a request was sent, ended before the server could have
/// answered: nobody's failure, and every client sends a repeatable request again.
///
/// A server that closes while the request is under way has sent its end before the request came: that end is here within
/// a round trip. Where it closed the socket for good, its kernel turns the request away with a reset, which is proof at
/// any time when it follows an end, and within a few round trips when it comes alone. A request that was read and
/// dropped gets neither: that is the server's failure.
fn ended_before_an_answer(
    kind: OutcomeKind,
    after: Duration,
    round_trip: Duration,
    was_turned_away: impl Fn() -> bool,
) -> bool {
    match kind {
        OutcomeKind::Closed => after < round_trip.saturating_sub(WAKING) || was_turned_away(),
        OutcomeKind::Reset => crossed(after, round_trip),
        _ => false,
    }
}

/// Whether what came `after` a request was sent was on its way before the request came.
fn crossed(after: Duration, round_trip: Duration) -> bool {
    after < RESET_WITHIN.max(round_trip * RESET_ROUND_TRIPS)
}

/// What servers send before they close a connection that is idle for too long (RFC 9110, §15.5.9).
const FAREWELL: u16 = 408;

/// Whether bytes on an idle connection only announce its end; `None` while they are too few to tell.
pub(super) fn is_farewell(bytes: &[u8]) -> Option<bool> {
    let farewells = ["1.0", "1.1"].map(|version| format!("HTTP/{version} {FAREWELL}"));
    let of = |farewell: &String| {
        let told = bytes.len().min(farewell.len());
        (bytes[..told] == farewell.as_bytes()[..told]).then_some(told == farewell.len())
    };
    match farewells.iter().find_map(of) {
        Some(false) => None,
        is_whole => Some(is_whole.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_nobodys_failure_only_before_an_answer_could_have_come() {
        let ms = Duration::from_millis;
        for (kind, after_ms, round_trip_ms, was_turned_away, expected) in [
            (OutcomeKind::Closed, 0, 20, false, true),
            (OutcomeKind::Closed, 19, 20, false, true),
            (OutcomeKind::Closed, 20, 20, false, false),
            (OutcomeKind::Closed, 300, 20, false, false),
            (OutcomeKind::Closed, 300, 20, true, true),
            (OutcomeKind::Reset, 5, 0, false, true),
            (OutcomeKind::Reset, 50, 20, false, true),
            (OutcomeKind::Reset, 50, 0, false, false),
            (OutcomeKind::Reset, 300, 20, false, false),
            (OutcomeKind::Truncated, 0, 20, true, false),
        ] {
            let found = ended_before_an_answer(kind, ms(after_ms), ms(round_trip_ms), || was_turned_away);
            assert_eq!(found, expected, "{kind} after {after_ms} ms of {round_trip_ms}");
        }
        // Over loopback waking takes longer than the round trip: only the kernel's word counts.
        let micros = Duration::from_micros;
        assert!(!ended_before_an_answer(OutcomeKind::Closed, micros(30), micros(60), || false));
    }

    #[test]
    fn a_farewell_is_told_from_a_reply() {
        for (bytes, is_told) in [
            ("HTTP/1.1 408 Request Timeout\r\n\r\n", Some(true)),
            ("HTTP/1.0 408\r\n", Some(true)),
            ("HTTP/1.1 200 OK\r\n\r\n", Some(false)),
            ("HTTP/1.1 2", Some(false)),
            ("\n", Some(false)),
            ("HTTP/1.1 40", None),
            ("H", None),
        ] {
            assert_eq!(is_farewell(bytes.as_bytes()), is_told, "{bytes:?}");
        }
    }
}

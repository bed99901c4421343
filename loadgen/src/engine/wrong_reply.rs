//! The wrong replies that are kept to be shown: the first of each kind.

use reports_record::{OutcomeKind, WrongReply};

use super::{Engine, Slot};
use crate::clock::Moment;
use crate::reply::Reply;
use crate::span::show_span;
use crate::tally::{Flight, Wrong};

/// The expectation that a reply which came too soon did not meet.
fn expected_wait(flight: &Flight, now: Moment) -> String {
    let [wait, took] = [flight.wait, now.since(flight.started)].map(show_span);
    format!("no reply within the {wait} that the request asks the server to wait, and it came after {took}")
}

impl Engine {
    /// A whole reply was judged to be wrong. Its last `piece` bytes, if any, are in the scratch buffer.
    #[cold]
    pub(super) fn keep_wrong(&self, slot: &Slot, flight: &Flight, reply: &Reply, piece: usize, now: Moment) {
        let variant = slot.walk.get().at;
        let expect = self.order.load.expect_at(variant);
        let (kind, wrong, finding) = match self.order.judges[variant as usize].judge(reply) {
            OutcomeKind::WrongStatus => {
                (OutcomeKind::WrongStatus, Wrong::Status(reply.status), format!("status {}", expect.status))
            }
            OutcomeKind::Ok => (OutcomeKind::WrongBody, Wrong::Early, expected_wait(flight, now)),
            _ => (OutcomeKind::WrongBody, Wrong::Body, expect.to_string()),
        };
        let bytes = match slot.parser.borrow().as_ref() {
            Some(parser) => [parser.beginning(), &self.scratch.borrow()[..piece]].concat(),
            None => return,
        };
        self.keep(flight, wrong, now, || WrongReply::new(kind, &format!("expected {finding}"), &bytes));
    }

    /// A request failed with this outcome; a part of its reply may have come.
    #[cold]
    pub(super) fn keep_failed(&self, slot: &Slot, flight: &Flight, kind: OutcomeKind, now: Moment) {
        let parser = slot.parser.borrow();
        let Some(parser) = parser.as_ref().filter(|parser| parser.has_begun()) else { return };
        let (wrong, finding) = match (parser.refusal(), kind) {
            (Some(refusal), _) => (Wrong::Refused(refusal), refusal.to_string()),
            (None, OutcomeKind::Timeout) => {
                (Wrong::Unfinished, format!("when the time-out came, {}", parser.missing()))
            }
            (None, _) => (Wrong::Truncated, format!("when the connection ended, {}", parser.missing())),
        };
        self.keep(flight, wrong, now, || WrongReply::new(kind, &finding, parser.beginning()));
    }

    fn keep(&self, flight: &Flight, wrong: Wrong, now: Moment, reply: impl FnOnce() -> WrongReply) {
        let kept = &mut self.tally.borrow_mut().wrong_replies;
        if flight.measured && kept.lacks(wrong) {
            kept.keep(now, wrong, reply());
        }
    }
}

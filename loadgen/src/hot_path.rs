//! What the load generator does for each request besides reading and writing, step by step, for `cargo bench`.
//!
//! Not part of the library's interface: it may change with the steps themselves. The first step, the schedule, is
//! public anyway ([`crate::Schedule`]).

use std::rc::Rc;
use std::time::Duration;

use reports_record::OutcomeKind;

use crate::clock::Moment;
use crate::reply::{End, Look, Reply, ReplyParser};
use crate::tally::{Flight, Tally};
use crate::window::Window;

/// A reply as a connection reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeReply {
    /// Its status.
    pub status: u16,
    /// Whether the connection may carry another request.
    pub keep_alive: bool,
    /// Length of its body.
    pub body_bytes: u64,
    /// CRC-32 (IEEE) of its body.
    pub body_crc32: u32,
    /// Bytes that came with its end and do not belong to it.
    pub surplus: usize,
}

/// Reads replies as a connection does, bodies digested.
#[derive(Debug)]
pub struct Parse(ReplyParser);

impl Default for Parse {
    fn default() -> Self {
        Self::answering(false)
    }
}

impl From<Reply> for WholeReply {
    fn from(Reply { status, keep_alive, body, surplus, .. }: Reply) -> Self {
        Self { status, keep_alive, body_bytes: body.bytes, body_crc32: body.crc32, surplus }
    }
}

impl Parse {
    /// Of replies to `HEAD`, or to anything else.
    #[must_use]
    pub fn answering(head: bool) -> Self {
        Self(ReplyParser::new(head, Look::Digest, Rc::default()))
    }

    /// The length of the body of `reply`, one whole reply; `None` when it is not one.
    pub fn body_bytes(&mut self, reply: &[u8]) -> Option<u64> {
        let reply = self.0.feed(reply).ok().flatten()?;
        (reply.surplus == 0).then_some(reply.body.bytes)
    }

    /// The reply that `bytes` end: `None` while more of it is to come. For fuzzing.
    ///
    /// # Errors
    /// Why they are not a reply, in words.
    pub fn piece(&mut self, bytes: &[u8]) -> Result<Option<WholeReply>, String> {
        let fed = self.0.feed(bytes).map_err(|refusal| refusal.to_string())?;
        Ok(fed.map(WholeReply::from))
    }

    /// The reply that the connection's end ends. For fuzzing.
    ///
    /// # Errors
    /// What is missing of one that had begun; nothing where none had.
    pub fn end(&mut self) -> Result<WholeReply, Option<String>> {
        match self.0.end() {
            End::Reply(reply) => Ok(reply.into()),
            End::Closed => Err(None),
            End::Truncated => Err(Some(self.0.missing())),
        }
    }

    /// Bytes that are kept of a reply which is not whole yet. For fuzzing.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.held()
    }
}

/// Counts and times requests as a client thread of an open loop does.
#[derive(Debug)]
pub struct Record(Tally);

impl Default for Record {
    /// Over a window of an hour.
    fn default() -> Self {
        let end = Moment::default().after(Duration::from_secs(3600));
        Self(Tally::new(Window { start: Moment::default(), end }, true))
    }
}

impl Record {
    /// Records a request due at `intended` since the window's start, sent `lateness` later and answered after
    /// `service` with a correct reply of `bytes`.
    pub fn request(&mut self, intended: Duration, lateness: Duration, service: Duration, bytes: usize) {
        let due = Moment::default().after(intended);
        let started = due.after(lateness);
        let now = started.after(service);
        let flight = Flight {
            intended: due,
            free_since: due,
            connect: Duration::ZERO,
            started,
            first_byte: now,
            measured: self.0.window.contains(due),
            resent: false,
            wait: Duration::ZERO,
            stalled_before: Duration::ZERO,
            stalled_after: Duration::ZERO,
        };
        self.0.sent(&flight);
        self.0.received(bytes, now);
        self.0.answered(bytes as u64, now);
        self.0.replied(&flight, 200, true, now);
        self.0.ended(&flight, OutcomeKind::Ok, now);
    }

    /// Correct replies recorded so far.
    #[must_use]
    pub fn correct(&self) -> u64 {
        self.0.good_replies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_whole_and_again() {
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        let mut parse = Parse::default();
        assert_eq!(parse.body_bytes(reply), Some(5));
        assert_eq!(parse.body_bytes(reply), Some(5));
        assert_eq!(parse.body_bytes(b"nonsense\r\n\r\n"), None);
    }

    #[test]
    fn what_is_recorded_is_counted_and_timed() {
        let mut record = Record::default();
        for request in 0..100 {
            let due = Duration::from_micros(request * 10);
            record.request(due, Duration::from_micros(3), Duration::from_micros(50), 5);
        }
        assert_eq!(record.correct(), 100);
        assert_eq!(record.0.timings.service.all().exact().value_at_quantile(0.5) / 100, 500);
        assert_eq!(record.0.timings.lateness.all().exact().value_at_quantile(0.5) / 10, 300);
    }
}

//! Reading replies: incremental, any split of the bytes, bodies counted and digested but never kept.

mod body;
mod chunks;
mod head;
mod known_head;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use reports_record::OutcomeKind;

use crate::expect::BodyDigest;
use body::Body;
pub(crate) use body::Look;
use chunks::Chunks;
use head::{Framing, Head};
pub(crate) use known_head::KnownHead;

/// Longest head that is read; the same limit as common servers put on requests, several times over.
const HEAD_LIMIT: usize = 64 * 1024;

/// A whole reply; its body only as a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Whether the connection may carry another request.
    pub(crate) keep_alive: bool,
    /// Its CRC is 0 unless bodies are digested.
    pub(crate) body: BodyDigest,
    /// Whether it is the expected body, if that was looked at by SHA-256.
    pub(crate) proven: Option<bool>,
}

/// Why bytes are not a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyError {
    /// Not HTTP/1.x, or framed ambiguously.
    Protocol,
    /// A head beyond 64 KiB or 128 headers.
    HeadTooLarge,
}

impl From<ReplyError> for OutcomeKind {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::Protocol => Self::Protocol,
            ReplyError::HeadTooLarge => Self::HeadTooLarge,
        }
    }
}

/// How a connection's end is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It ended the reply, which had no other end.
    Reply(Reply),
    /// No byte of a reply had come.
    Closed,
    /// It came within a reply.
    Truncated,
}

/// Reads one reply after another from one connection.
#[derive(Debug)]
pub(crate) struct ReplyParser {
    stage: Stage,
    known: Rc<KnownHead>,
    /// Bytes of a head that is not whole yet; empty while heads come in one piece, as they nearly always do.
    head: Vec<u8>,
    to_head_request: bool,
    /// Whether a byte of the current reply has come, be it of a 1xx before it.
    begun: bool,
    reply: Reply,
    body: Body,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Head,
    Length(u64),
    Chunked(Chunks),
    UntilClose,
}

impl ReplyParser {
    /// For replies to `HEAD` (which have no body whatever they announce) or to anything else. `known` is for replies to
    /// one request only.
    pub(crate) fn new(to_head_request: bool, look: Look, known: Rc<KnownHead>) -> Self {
        let body = BodyDigest { bytes: 0, crc32: 0 };
        Self {
            stage: Stage::Head,
            known,
            head: Vec::new(),
            to_head_request,
            begun: false,
            reply: Reply { status: 0, keep_alive: true, body, proven: None },
            body: Body::new(look),
        }
    }

    /// Takes in the next bytes: the whole reply if they end it, `None` if more is to come.
    ///
    /// # Errors
    /// When they are no HTTP reply, or go on after its end: no request is waiting for what follows, so the peer and
    /// this side disagree on where the reply ends.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Option<Reply>, ReplyError> {
        self.begun |= !bytes.is_empty();
        let mut rest = bytes;
        let ended = loop {
            if let Stage::Head = self.stage {
                let Some(head) = self.take_head(&mut rest)? else { break false };
                self.stage = match head.framing {
                    Framing::Interim => Stage::Head,
                    Framing::None => Stage::Length(0),
                    Framing::Length(length) => Stage::Length(length),
                    Framing::Chunked => Stage::Chunked(Chunks::default()),
                    Framing::UntilClose => Stage::UntilClose,
                };
                self.reply.status = head.status;
                self.reply.keep_alive = head.keep_alive;
                self.body.begin();
            } else {
                break self.take_body(&mut rest)?;
            }
        };
        match (ended, rest.is_empty()) {
            (false, _) => Ok(None),
            (true, true) => Ok(Some(self.finish())),
            (true, false) => Err(ReplyError::Protocol),
        }
    }

    /// What it means that the connection ended here.
    pub(crate) fn end(&mut self) -> End {
        match self.stage {
            Stage::UntilClose => End::Reply(self.finish()),
            _ if !self.begun => End::Closed,
            _ => End::Truncated,
        }
    }

    /// Whether a byte of the current reply has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Bytes kept of a head that is not whole yet.
    pub(crate) fn held(&self) -> usize {
        self.head.len()
    }

    fn take_head(&mut self, rest: &mut &[u8]) -> Result<Option<Head>, ReplyError> {
        if rest.is_empty() {
            return Ok(None);
        }
        let saved = self.head.len();
        if saved == 0
            && let Some(head) = self.head_in_one_piece(rest)?
        {
            *rest = &rest[head.bytes..];
            return Ok(Some(head));
        }
        // A head ends with a line, so without a line's end there is nothing new to find: dripping stays linear.
        let has_line_end = rest.contains(&b'\n');
        self.head.extend_from_slice(rest);
        let found =
            if saved == 0 || !has_line_end { None } else { head::parse(&self.head, self.to_head_request)? };
        match found {
            Some(head) => {
                *rest = &rest[head.bytes - saved..];
                self.head.clear();
                Ok(Some(head))
            }
            None if self.head.len() > HEAD_LIMIT => Err(ReplyError::HeadTooLarge),
            None => {
                *rest = &[];
                Ok(None)
            }
        }
    }

    fn head_in_one_piece(&self, bytes: &[u8]) -> Result<Option<Head>, ReplyError> {
        if let Some(head) = self.known.recognise(bytes) {
            return Ok(Some(head));
        }
        let head = head::parse(bytes, self.to_head_request)?;
        if let Some(head) = head {
            self.known.learn(&bytes[..head.bytes], head);
        }
        Ok(head)
    }

    /// Takes in body bytes and says whether they end the reply.
    fn take_body(&mut self, rest: &mut &[u8]) -> Result<bool, ReplyError> {
        let body = &mut self.body;
        let mut count = |part: &[u8]| body.take(part);
        match &mut self.stage {
            Stage::Head => Ok(false),
            Stage::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                count(&rest[..taken]);
                *rest = &rest[taken..];
                *left -= taken as u64;
                Ok(*left == 0)
            }
            Stage::Chunked(chunks) => chunks.take(rest, &mut count),
            Stage::UntilClose => {
                count(rest);
                *rest = &[];
                Ok(false)
            }
        }
    }

    fn finish(&mut self) -> Reply {
        let mut reply = self.reply;
        (reply.body, reply.proven) = self.body.finish();
        self.stage = Stage::Head;
        self.begun = false;
        reply
    }
}

//! Reading replies: incremental, any split of the bytes, bodies counted and digested but never kept.

mod body;
#[cfg(test)]
mod cases;
mod chunks;
mod field_lines;
mod framing_fields;
mod head;
mod known_head;
#[cfg(test)]
mod properties;
mod refusal;
#[cfg(test)]
mod second_opinion;
mod status_line;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use crate::expect::BodyDigest;
use body::Body;
pub(crate) use body::Look;
use chunks::Chunks;
pub(crate) use field_lines::is_token_byte;
use head::{Framing, HeadReader};
pub(crate) use known_head::KnownHead;
pub(crate) use refusal::Refusal;

/// Longest head that is read, bytes; the same limit as common servers put on requests, several times over.
const HEAD_LIMIT: usize = 64 * 1024;
/// Most header fields that are read.
const FIELD_LIMIT: usize = 128;
/// Longest beginning of a reply in pieces that is kept, bytes: to show a wrong one in brief.
const BEGINNING: usize = 2048;

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
    /// Bytes that came together with its end and do not belong to it. RFC 9112, §6.3, lets a client discard them, and forbids to
    /// take them for a reply to another request.
    pub(crate) surplus: usize,
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
///
/// What it decides depends on the bytes alone and not on how they are split: each byte that is not of a body is looked at once, and
/// a malformed reply is refused at the first byte that makes it so.
#[derive(Debug)]
pub(crate) struct ReplyParser {
    stage: Stage,
    known: Rc<KnownHead>,
    head: HeadReader,
    /// The first bytes of a reply that came in pieces, but for the last piece.
    beginning: Vec<u8>,
    /// Whether a byte of the current reply has come, be it of a 1xx before it.
    begun: bool,
    /// Whether it has read a reply from this connection.
    has_replied: bool,
    refusal: Option<Refusal>,
    reply: Reply,
    body: Body,
}

#[derive(Debug)]
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
            head: HeadReader::new(to_head_request),
            beginning: Vec::new(),
            begun: false,
            has_replied: false,
            refusal: None,
            reply: Reply { status: 0, keep_alive: true, body, proven: None, surplus: 0 },
            body: Body::new(look),
        }
    }

    /// Takes in the next bytes: the whole reply if they end it, `None` if more is to come.
    ///
    /// Bytes after the reply's end are not read, only counted as its surplus. The caller gives up the connection then: no request
    /// is waiting for them.
    ///
    /// # Errors
    /// When they are not an HTTP reply.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Option<Reply>, Refusal> {
        if !self.begun {
            self.beginning.clear();
        }
        self.begun |= !bytes.is_empty();
        let has_replied = self.has_replied;
        let fed =
            self.take(bytes).map_err(|refusal| if has_replied { refusal.after_a_reply() } else { refusal });
        if !matches!(fed, Ok(Some(_))) {
            self.refusal = fed.err();
            let room = BEGINNING - self.beginning.len();
            self.beginning.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        fed
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Option<Reply>, Refusal> {
        let mut rest = bytes;
        let ended = loop {
            if let Stage::Head = self.stage {
                let Some(framing) = self.take_head(&mut rest)? else { break false };
                self.stage = match framing {
                    Framing::Interim => Stage::Head,
                    Framing::None => Stage::Length(0),
                    Framing::Length(length) => Stage::Length(length),
                    Framing::Chunked => Stage::Chunked(Chunks::default()),
                    Framing::UntilClose => Stage::UntilClose,
                };
            } else {
                break self.take_body(&mut rest)?;
            }
        };
        Ok(ended.then(|| self.finish(rest.len())))
    }

    /// What it means that the connection ended here.
    pub(crate) fn end(&mut self) -> End {
        match self.stage {
            Stage::UntilClose => End::Reply(self.finish(0)),
            _ if !self.begun => End::Closed,
            _ => End::Truncated,
        }
    }

    /// Whether a byte of the current reply has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Why the bytes that came are not a reply, if they are not.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// The first bytes of a reply: all at hand of one that is not whole or was refused, and of one that just ended those
    /// before its last piece.
    pub(crate) fn beginning(&self) -> &[u8] {
        &self.beginning
    }

    /// The part that a begun reply still lacks, in words.
    pub(crate) fn missing(&self) -> String {
        match &self.stage {
            Stage::Head => "its head did not end".into(),
            Stage::Length(1) => "1 byte of its body is missing".into(),
            Stage::Length(left) => format!("{left} bytes of its body are missing"),
            Stage::Chunked(_) => "its last chunk did not come".into(),
            Stage::UntilClose => {
                "it has neither content-length nor chunks, so that only the connection's end ends it".into()
            }
        }
    }

    /// Bytes kept of a reply that is not whole yet.
    pub(crate) fn held(&self) -> usize {
        self.beginning.len() + self.head.held()
    }

    /// Takes bytes of heads and says what follows the one that they end.
    fn take_head(&mut self, rest: &mut &[u8]) -> Result<Option<Framing>, Refusal> {
        if rest.is_empty() {
            return Ok(None);
        }
        let bytes = *rest;
        let known = if self.head.is_fresh() { self.known.recognise(bytes) } else { None };
        let head = match known {
            Some((head, length)) => {
                *rest = &bytes[length..];
                head
            }
            None => {
                let is_in_one_piece = self.head.is_fresh();
                let Some(head) = self.head.take(rest)? else { return Ok(None) };
                self.known.announce(self.head.announced_requests());
                if is_in_one_piece {
                    self.known.learn(&bytes[..bytes.len() - rest.len()], head);
                }
                head
            }
        };
        self.reply.status = head.status;
        self.reply.keep_alive = head.keep_alive;
        self.body.begin();
        Ok(Some(head.framing))
    }

    /// Takes in body bytes and says whether they end the reply.
    fn take_body(&mut self, rest: &mut &[u8]) -> Result<bool, Refusal> {
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

    fn finish(&mut self, surplus: usize) -> Reply {
        let mut reply = self.reply;
        (reply.body, reply.proven) = self.body.finish();
        reply.surplus = surplus;
        self.stage = Stage::Head;
        self.begun = false;
        self.has_replied = true;
        reply
    }
}

//! A reply's head: its status, and how its body is framed (RFC 9112, §6.3).

use super::field_lines::FieldLines;
use super::framing_fields::FramingFields;
use super::status_line::StatusLine;
use super::{HEAD_LIMIT, Refusal};

/// What of a head matters to a load generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) keep_alive: bool,
    pub(super) framing: Framing,
}

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Another head: this one was a 1xx.
    Interim,
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

/// Reads a head in any pieces and keeps none of it but the field under way.
///
/// Not a parser of a whole buffer, such as httparse, which tests and fuzzing hold this one to: that cannot say what is wrong,
/// and of a head in pieces it would have to read the beginning again with each of them, or leave it to the time-out to refuse a
/// malformed line that has no end.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    to_head_request: bool,
    bytes: usize,
    status_line: StatusLine,
    /// Whether the status line is over.
    has_status: bool,
    lines: FieldLines,
    fields: FramingFields,
    /// `keep-alive: max=` of the last head that had it.
    announced_requests: Option<u32>,
}

impl HeadReader {
    pub(super) fn new(to_head_request: bool) -> Self {
        Self { to_head_request, ..Self::default() }
    }

    /// Whether no byte of a head has come.
    #[inline]
    pub(super) fn is_fresh(&self) -> bool {
        self.bytes == 0
    }

    /// The requests that the last head announced for its connection.
    pub(super) fn announced_requests(&self) -> Option<u32> {
        self.announced_requests
    }

    /// Bytes kept of the field under way.
    pub(super) fn held(&self) -> usize {
        self.lines.held()
    }

    /// Takes bytes of the head from `rest`; the head when they end it.
    pub(super) fn take(&mut self, rest: &mut &[u8]) -> Result<Option<Head>, Refusal> {
        while let Some((&byte, after)) = rest.split_first() {
            self.bytes += 1;
            if self.bytes > HEAD_LIMIT {
                return Err(Refusal::HeadTooLarge);
            }
            let ended = if self.has_status {
                let (fields, minor) = (&mut self.fields, self.status_line.minor);
                self.lines.step(byte, |name, value| fields.add(name, value, minor))?
            } else {
                self.has_status = self.status_line.step(byte, after)?;
                false
            };
            *rest = after;
            if ended {
                return self.finish().map(Some);
            }
        }
        Ok(None)
    }

    fn finish(&mut self) -> Result<Head, Refusal> {
        let to_head_request = self.to_head_request;
        let Self { status_line: StatusLine { minor, status, .. }, fields, .. } =
            std::mem::replace(self, Self::new(to_head_request));
        self.announced_requests = fields.announced_requests();
        let body = fields.framing()?;
        let framing = match status {
            100..=199 => Framing::Interim,
            204 | 304 => Framing::None,
            _ if to_head_request => Framing::None,
            _ => body,
        };
        let keep_alive = fields.keep_alive(minor) && framing != Framing::UntilClose;
        Ok(Head { status, keep_alive, framing })
    }
}

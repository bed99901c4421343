//! A reply's head: its status, and how its body is framed (RFC 9112, §6.3).

use std::mem::MaybeUninit;

use super::{HEAD_LIMIT, ReplyError};

/// Most headers that are read.
const HEADERS: usize = 128;

/// What of a head matters to a load generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Its length.
    pub(super) bytes: usize,
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

/// The head at the beginning of `bytes`; `None` when it is not whole yet.
pub(super) fn parse(bytes: &[u8], to_head_request: bool) -> Result<Option<Head>, ReplyError> {
    // httparse skips blank lines before a head and waits for more of anything that could still become one.
    if !bytes.iter().zip(b"HTTP/1.").all(|(found, expected)| found == expected) {
        return Err(ReplyError::Protocol);
    }
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut headers,
    );
    let length = match parsed {
        Ok(httparse::Status::Partial) => return Ok(None),
        Ok(httparse::Status::Complete(length)) if length > HEAD_LIMIT => {
            return Err(ReplyError::HeadTooLarge);
        }
        Ok(httparse::Status::Complete(length)) => length,
        Err(httparse::Error::TooManyHeaders) => return Err(ReplyError::HeadTooLarge),
        Err(_) => return Err(ReplyError::Protocol),
    };
    let (Some(status), Some(minor)) = (response.code, response.version) else {
        return Err(ReplyError::Protocol);
    };
    let fields = Fields::of(response.headers, minor)?;
    let framing = fields.framing(status, to_head_request)?;
    let keep_alive = fields.keep_alive && framing != Framing::UntilClose;
    Ok(Some(Head { bytes: length, status, keep_alive, framing }))
}

/// The header fields that frame the body or end the connection.
struct Fields {
    length: Option<u64>,
    chunked: bool,
    other_coding: bool,
    keep_alive: bool,
}

impl Fields {
    fn of(headers: &[httparse::Header<'_>], minor: u8) -> Result<Self, ReplyError> {
        let mut fields = Self { length: None, chunked: false, other_coding: false, keep_alive: minor == 1 };
        for header in headers {
            // Lengths first: most headers are told apart without comparing a letter.
            match header.name.len() {
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    fields.add_length(header.value)?
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    // HTTP/1.0 has no chunks; who sends them there means something else by them.
                    if minor == 0 || fields.chunked {
                        return Err(ReplyError::Protocol);
                    }
                    let last = tokens(header.value).last().unwrap_or_default();
                    fields.chunked = last.eq_ignore_ascii_case(b"chunked");
                    fields.other_coding |= !fields.chunked;
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for token in tokens(header.value) {
                        if token.eq_ignore_ascii_case(b"close") {
                            fields.keep_alive = false;
                        } else if minor == 0 && token.eq_ignore_ascii_case(b"keep-alive") {
                            fields.keep_alive = true;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(fields)
    }

    /// The same length twice is one length; two lengths are none.
    fn add_length(&mut self, value: &[u8]) -> Result<(), ReplyError> {
        for token in tokens(value) {
            if token.is_empty() || !token.iter().all(u8::is_ascii_digit) {
                return Err(ReplyError::Protocol);
            }
            let length = std::str::from_utf8(token).ok().and_then(|digits| digits.parse().ok());
            let length = length.ok_or(ReplyError::Protocol)?;
            if self.length.replace(length).is_some_and(|before| before != length) {
                return Err(ReplyError::Protocol);
            }
        }
        Ok(())
    }

    fn framing(&self, status: u16, to_head_request: bool) -> Result<Framing, ReplyError> {
        if (self.chunked || self.other_coding) && self.length.is_some() {
            return Err(ReplyError::Protocol);
        }
        Ok(match status {
            // Never asked for: an upgrade would be the end of HTTP on this connection.
            0..=99 | 101 => return Err(ReplyError::Protocol),
            100..=199 => Framing::Interim,
            204 | 304 => Framing::None,
            _ if to_head_request => Framing::None,
            _ if self.chunked => Framing::Chunked,
            _ => self.length.map_or(Framing::UntilClose, Framing::Length),
        })
    }
}

/// The elements of a comma-separated value, without the blanks around them.
fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

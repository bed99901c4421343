//! Why bytes are not a reply, in words.

use reports_record::OutcomeKind;

use super::chunks::LINE_LIMIT;
use super::{FIELD_LIMIT, HEAD_LIMIT};

/// Why bytes are not a reply: they are not HTTP/1.x, are malformed, or are framed in a way that two readers may read
/// differently. `docs/REPLIES.md` lists what is refused and what is accepted, each with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "the server speaks TLS: expected plain HTTP/1.1; measure a plain port, or put a plain listener in front"
    )]
    Tls,
    #[error("the server speaks SSH: expected HTTP/1.1; check the port")]
    Ssh,
    #[error("the server speaks HTTP/2 only: expected HTTP/1.1; measure a port that serves HTTP/1.1")]
    Http2,
    #[error("the status line names another version than HTTP/1.0 and HTTP/1.1")]
    OtherVersion,
    #[error("the reply begins with an empty line")]
    EmptyLine,
    #[error("the reply does not begin with HTTP/1.0 or HTTP/1.1; check the port")]
    NotHttp,
    #[error("bytes came that begin no reply; the reply before them may be longer than it announced")]
    Unasked,
    #[error("the status line is malformed: expected a version, a space, three digits and a reason")]
    StatusLine,
    #[error("the status is below 100: expected one from 100 to 599")]
    StatusBelow100,
    #[error("status 101: the server switches to another protocol: expected HTTP/1.1; ask for no upgrade")]
    SwitchingProtocols,
    #[error("the first header line begins with a blank, but has no line before it to continue")]
    BlankBeforeHeaders,
    #[error("a header or trailer line has no colon")]
    NoColon,
    #[error("a header or trailer has no name")]
    NoName,
    #[error("a header or trailer has a blank before its colon")]
    BlankBeforeColon,
    #[error("the name of a header or trailer contains byte {0:#04x}, which is not allowed")]
    NameByte(u8),
    #[error("the value of a header or trailer contains control character {0:#04x}")]
    ValueByte(u8),
    #[error("a CR stands without its LF")]
    BareCr,
    #[error("content-length is not a number of bytes")]
    Length,
    #[error("content-length is beyond 64 bits")]
    LengthTooLarge,
    #[error("two different content-lengths: two readers may see different ends of the body")]
    LengthsDiffer,
    #[error("content-length beside transfer-encoding: two readers may see different ends of the body")]
    LengthBesideCoding,
    #[error("transfer-encoding in an HTTP/1.0 reply, where the body's end cannot be relied on")]
    CodingInHttp10,
    #[error("transfer-encoding without a coding")]
    NoCoding,
    #[error("transfer-encoding names an unknown coding: the body's end is not known")]
    UnknownCoding,
    #[error("transfer-encoding lists chunked twice")]
    ChunkedTwice,
    #[error("transfer-encoding lists another coding after chunked")]
    ChunkedNotLast,
    #[error("a chunk's size is not a hexadecimal number")]
    ChunkSize,
    #[error("a chunk's size is beyond 64 bits")]
    ChunkTooLarge,
    #[error("a chunk's size is followed by other text than an extension")]
    ChunkLine,
    #[error("a chunk's extension contains control character {0:#04x}")]
    ExtensionByte(u8),
    #[error("a chunk's size ends with LF alone: expected CR LF")]
    ChunkLineFeed,
    #[error("a chunk's line is longer than {LINE_LIMIT} bytes")]
    ChunkLineTooLong,
    #[error("a chunk goes on after its announced size")]
    ChunkEnd,
    #[error("the head is longer than the limit of {HEAD_LIMIT} bytes")]
    HeadTooLarge,
    #[error("the head has more than the limit of {FIELD_LIMIT} header fields")]
    TooManyFields,
    #[error("the trailers are longer than the limit of {HEAD_LIMIT} bytes")]
    TrailersTooLarge,
    #[error("there are more than the limit of {FIELD_LIMIT} trailer fields")]
    TooManyTrailers,
}

/// The first bytes of TLS records: change of cipher, alert, handshake, data.
const TLS_RECORDS: std::ops::RangeInclusive<u8> = 0x14..=0x17;

impl Refusal {
    /// What a reply is that does not begin with `HTTP/1.`: its first `matched` bytes did, then came `first` and with it `after`.
    ///
    /// From the bytes at hand, which a protocol's first packet nearly always has together: waiting for more would leave it to
    /// the time-out whether they are a reply.
    pub(super) fn of_foreign(matched: usize, first: u8, after: &[u8]) -> Self {
        match (matched, first) {
            (0, _) if TLS_RECORDS.contains(&first) => Self::Tls,
            (0, b'\r' | b'\n') => Self::EmptyLine,
            (0, b'S') if after.starts_with(b"SH-") => Self::Ssh,
            (0, b'P') if after.starts_with(b"RI * HTTP/2") => Self::Http2,
            (0, 0) if is_first_frame(after) => Self::Http2,
            (5.., _) => Self::OtherVersion,
            _ => Self::NotHttp,
        }
    }
}

impl Refusal {
    /// What it is on a connection that has carried a reply: a server that speaks HTTP there begins no reply so, and these bytes
    /// belong to no request.
    pub(super) fn after_a_reply(self) -> Self {
        match self {
            Self::Tls | Self::Ssh | Self::Http2 | Self::EmptyLine | Self::NotHttp => Self::Unasked,
            other => other,
        }
    }
}

/// Whether bytes after a first 0 go on as an HTTP/2 frame that a server may begin with: SETTINGS or GOAWAY, of less than
/// 64 KiB, on stream 0 (RFC 9113, §4.1, §6.5, §6.8).
fn is_first_frame(after: &[u8]) -> bool {
    matches!(after, [_, _, 0x04 | 0x07, 0 | 1, 0, 0, 0, 0, ..])
}

impl From<Refusal> for OutcomeKind {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::HeadTooLarge
            | Refusal::TooManyFields
            | Refusal::TrailersTooLarge
            | Refusal::TooManyTrailers => Self::HeadTooLarge,
            _ => Self::Protocol,
        }
    }
}

//! One reply, as the bytes on the wire say it: decoded by this crate alone, never by a client library.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use thiserror::Error;

/// Longest reply head accepted, in bytes; a contender's own heads are far below 1 KiB.
const HEAD_LIMIT: usize = 64 * 1024;
/// Longest reply body accepted, in bytes: twice the largest reply of the contract, so that a wrong
/// contender cannot fill the memory of whoever checks it.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// Most headers accepted in a reply, as by the load generator; the stacks under test send fewer than ten.
const HEADERS_LIMIT: usize = 128;
/// How far a reply's date may be from this machine's time: both are one machine, but a contender may tell the time from
/// a thread of its own, which a busy machine keeps waiting.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// A complete reply: what a client may act upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    /// Status code, 200–599; interim (1xx) replies are skipped.
    pub(crate) status: u16,
    /// Header names in lower case, values without surrounding blanks, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, freed of its framing.
    pub(crate) body: Vec<u8>,
    /// Whether an interim reply came first.
    pub(crate) interim: bool,
}

impl Received {
    /// Whether it has one `date`, and that is this machine's time within [`CLOCKS_DIFFER`]: RFC 9110 §6.6.1 asks every
    /// server that has a clock for it.
    pub(crate) fn is_dated(&self) -> bool {
        let mut dates = self.headers.iter().filter(|(known, _)| known == "date");
        let (date, None) = (dates.next(), dates.next()) else { return false };
        // Only the preferred form reads back as it was: the two others are obsolete.
        let told = date.and_then(|(_, text)| {
            let time = httpdate::parse_http_date(text).ok()?;
            (httpdate::fmt_http_date(time) == *text).then_some(time)
        });
        let now = SystemTime::now();
        told.is_some_and(|told| {
            now.duration_since(told).unwrap_or_else(|ahead| ahead.duration()) <= CLOCKS_DIFFER
        })
    }

    /// The first value of the header `name` (lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why bytes are not a reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Malformed {
    /// The head is not that of an HTTP reply.
    #[error("not the head of an HTTP reply: {0}")]
    Head(#[from] httparse::Error),
    /// The head does not end within [`HEAD_LIMIT`].
    #[error("a reply head of more than {HEAD_LIMIT} bytes")]
    HeadTooLong,
    /// The body does not end within [`BODY_LIMIT`].
    #[error("a reply body of more than {BODY_LIMIT} bytes")]
    BodyTooLong,
    /// The head announces no length, two of them, or one that is not a number.
    #[error("ambiguous length of the reply: {0}")]
    Length(String),
    /// A chunk of the body does not follow the chunked coding.
    #[error("not a chunk of a chunked body")]
    Chunk,
}

/// How strictly a reply's framing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As a server may send it. For contenders.
    Strict,
    /// As a client may take it, and as the load generator does (`docs/REPLIES.md`). For servers that know no contract.
    Tolerant,
}

/// Takes the first reply from the front of `bytes`, with the number of bytes it used.
///
/// `None` while it is incomplete. `ended` says that no more bytes will come: only then may a body that
/// announces no length be complete.
pub(crate) fn take(
    bytes: &[u8],
    ended: bool,
    reading: Reading,
) -> Result<Option<(Received, usize)>, Malformed> {
    let mut from = 0;
    loop {
        let Some(head) = head(&bytes[from..], reading)? else {
            return if bytes.len() - from > HEAD_LIMIT { Err(Malformed::HeadTooLong) } else { Ok(None) };
        };
        let start = from + head.length;
        if (100..200).contains(&head.status) {
            from = start;
            continue;
        }
        let body = match framing(&head, reading)? {
            Framing::Length(length) => exactly(&bytes[start..], length),
            Framing::Chunked => chunked(&bytes[start..])?,
            Framing::UntilEnd if ended => Some((bytes[start..].to_vec(), bytes.len() - start)),
            Framing::UntilEnd => None,
        };
        if body.is_none() && bytes.len() - start > BODY_LIMIT {
            return Err(Malformed::BodyTooLong);
        }
        return Ok(body.map(|(body, used)| {
            (Received { status: head.status, headers: head.headers, body, interim: from > 0 }, start + used)
        }));
    }
}

struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    length: usize,
}

fn head(bytes: &[u8], reading: Reading) -> Result<Option<Head>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
    let mut response = httparse::Response::new(&mut headers);
    let is_tolerant = reading == Reading::Tolerant;
    let parsed = httparse::ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(is_tolerant)
        .allow_multiple_spaces_in_response_status_delimiters(is_tolerant)
        .parse_response(&mut response, bytes);
    let httparse::Status::Complete(length) = parsed? else { return Ok(None) };
    let headers = response.headers.iter().map(|header| {
        (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned())
    });
    // A complete head always has a status; 0 would be refused by every case.
    Ok(Some(Head { status: response.code.unwrap_or(0), headers: headers.collect(), length }))
}

enum Framing {
    Length(usize),
    Chunked,
    UntilEnd,
}

fn framing(head: &Head, reading: Reading) -> Result<Framing, Malformed> {
    let values = |name: &str| -> Vec<&str> {
        head.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    match (length(&lengths, reading), is_chunked(&codings, reading)) {
        _ if matches!(head.status, 204 | 304) => Ok(Framing::Length(0)),
        _ if lengths.is_empty() && codings.is_empty() => Ok(Framing::UntilEnd),
        (_, true) if lengths.is_empty() => Ok(Framing::Chunked),
        (Some(digits), _) if codings.is_empty() => match digits.parse() {
            Ok(length) if length <= BODY_LIMIT => Ok(Framing::Length(length)),
            _ => Err(Malformed::BodyTooLong),
        },
        _ => Err(Malformed::Length(format!("content-length {lengths:?}, transfer-encoding {codings:?}"))),
    }
}

/// The digits of the one length in these fields. A tolerant reader takes the same length again and again for one.
fn length<'a>(fields: &[&'a str], reading: Reading) -> Option<&'a str> {
    let mut lengths: Vec<&str> = match reading {
        Reading::Strict => fields.to_vec(),
        Reading::Tolerant => fields.iter().flat_map(|field| field.split(',')).map(str::trim).collect(),
    };
    if reading == Reading::Tolerant {
        lengths.dedup();
    }
    match lengths[..] {
        [length] if length.bytes().all(|byte| byte.is_ascii_digit()) => Some(length),
        _ => None,
    }
}

/// Whether these fields name the chunked coding alone; for a tolerant reader, whether it is the last one.
fn is_chunked(fields: &[&str], reading: Reading) -> bool {
    let elements = || fields.iter().flat_map(|field| field.split(',')).map(str::trim);
    let mut codings = elements().filter(|coding| !coding.is_empty());
    let is_last = codings.next_back().is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    is_last && (reading == Reading::Tolerant || elements().count() == 1)
}

fn exactly(bytes: &[u8], length: usize) -> Option<(Vec<u8>, usize)> {
    bytes.get(..length).map(|body| (body.to_vec(), length))
}

/// The body and the bytes it took; `None` while incomplete. Extensions and trailers are skipped.
fn chunked(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Malformed> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let size = httparse::parse_chunk_size(&bytes[at..]).map_err(|_| Malformed::Chunk)?;
        let httparse::Status::Complete((used, size)) = size else { return Ok(None) };
        at += used;
        if size == 0 {
            return Ok(trailers(&bytes[at..])?.map(|used| (body, at + used)));
        }
        let size = usize::try_from(size).ok().filter(|size| body.len() + size <= BODY_LIMIT);
        let chunk: Range<usize> = at..at + size.ok_or(Malformed::BodyTooLong)?;
        let Some(line_end) = bytes.get(chunk.end..chunk.end + 2) else { return Ok(None) };
        if line_end != b"\r\n" {
            return Err(Malformed::Chunk);
        }
        at = chunk.end + 2;
        body.extend_from_slice(&bytes[chunk]);
    }
}

fn trailers(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
    match httparse::parse_headers(bytes, &mut headers)? {
        httparse::Status::Complete((used, _)) => Ok(Some(used)),
        httparse::Status::Partial => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain \r\nContent-Length: 3\r\n\r\nabcHTTP";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nt: 1\r\n\r\n";

    fn complete(bytes: &[u8]) -> (Received, usize) {
        take(bytes, false, Reading::Strict).unwrap().expect("complete")
    }

    #[test]
    fn a_reply_takes_its_own_bytes_and_no_more() {
        let (reply, used) = complete(LENGTH);
        assert_eq!((reply.status, reply.body.as_slice(), &LENGTH[used..]), (200, &b"abc"[..], &b"HTTP"[..]));
        assert_eq!(reply.header("content-type"), Some("text/plain"));
    }

    #[test]
    fn chunks_extensions_and_trailers_are_taken_off() {
        let (reply, used) = complete(CHUNKED);
        assert_eq!((reply.body.as_slice(), used), (&b"abcde"[..], CHUNKED.len()));
    }

    #[test]
    fn a_reply_is_dated_by_one_date_of_now_in_the_preferred_form() {
        let now = httpdate::fmt_http_date(SystemTime::now());
        let dated = |fields: &str| {
            complete(format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n").as_bytes()).0.is_dated()
        };
        assert!(dated(&format!("Date: {now}\r\n")));
        assert!(!dated(""));
        assert!(!dated(&format!("date: {now}\r\n").repeat(2)));
        assert!(!dated("date: now\r\n"));
        assert!(!dated("date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
        assert!(!dated("date: Sunday, 06-Nov-94 08:49:37 GMT\r\n"));
    }

    #[test]
    fn every_prefix_of_a_reply_is_incomplete() {
        for whole in [&LENGTH[..LENGTH.len() - 4], CHUNKED] {
            for cut in 0..whole.len() {
                let taken = take(&whole[..cut], false, Reading::Strict);
                assert_eq!(taken, Ok(None), "{}", whole[..cut].escape_ascii());
            }
        }
    }

    #[test]
    fn a_coding_is_one_in_any_case_and_a_tolerant_reader_takes_what_any_client_may() {
        let read = |fields: &str, reading| {
            let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
            let body = if fields.contains("length") { "ab" } else { "2\r\nab\r\n0\r\n\r\n" };
            take([bytes, body.to_owned()].concat().as_bytes(), false, reading)
        };
        for (fields, strict) in [
            ("Transfer-Encoding: Chunked", true),
            ("transfer-encoding: gzip, chunked", false),
            ("transfer-encoding: gzip\r\ntransfer-encoding: chunked", false),
            ("transfer-encoding: chunked,", false),
            ("content-length: 2, 2\r\ncontent-length: 2", false),
            ("x: a\r\n b\r\ncontent-length: 2", false),
        ] {
            let taken = read(fields, Reading::Tolerant).unwrap().expect("complete");
            assert_eq!(taken.0.body, b"ab", "{fields}");
            assert_eq!(read(fields, Reading::Strict).is_ok(), strict, "{fields}");
        }
        for fields in ["content-length: 2, 3", "content-length: 2,", "transfer-encoding: chunked, gzip"] {
            assert!(read(fields, Reading::Tolerant).is_err(), "{fields}");
        }
    }

    #[test]
    fn interim_replies_are_skipped() {
        let bytes = [b"HTTP/1.1 100 Continue\r\n\r\n", LENGTH].concat();
        assert_eq!(complete(&bytes).0, Received { interim: true, ..complete(LENGTH).0 });
    }

    #[test]
    fn without_a_length_the_body_ends_with_the_connection() {
        let bytes = b"HTTP/1.0 200 OK\r\n\r\nabc";
        assert_eq!(take(bytes, false, Reading::Strict), Ok(None));
        assert_eq!(take(bytes, true, Reading::Strict).unwrap().expect("complete").0.body, b"abc");
    }

    #[test]
    fn garbage_and_ambiguous_lengths_are_refused() {
        for head in [
            "content-length: 1\r\ncontent-length: 1",
            "content-length: +1",
            "content-length: 1\r\ntransfer-encoding: chunked",
        ] {
            let bytes = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\na");
            assert!(
                matches!(take(bytes.as_bytes(), true, Reading::Strict), Err(Malformed::Length(_))),
                "{head}"
            );
        }
        assert!(matches!(take(b"garbage\r\n\r\n", true, Reading::Strict), Err(Malformed::Head(_))));
        let endless = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n";
        assert_eq!(take(endless, false, Reading::Strict), Err(Malformed::BodyTooLong));
        let bad = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcde";
        assert_eq!(take(bad, false, Reading::Strict), Err(Malformed::Chunk));
    }
}

//! Requests whose length two readers could take for two different ones, and bytes that no head may hold.
//!
//! Any status 4xx will do, since a stack's own parser may speak first; but the connection must end, because
//! nobody can know where the next request begins.

use crate::case::{Case, Expected};

/// What is wrong, and the headers (and body) that follow `POST /echo`. Where a lenient reader would take a
/// length at all, the body holds as much: it then answers, wrongly, instead of waiting for more.
const AMBIGUOUS: [(&str, &[u8]); 12] = [
    ("two lengths", b"content-length: 4\r\ncontent-length: 5\r\n\r\nhello"),
    ("a list of lengths", b"content-length: 5, 5\r\n\r\nhello"),
    ("a length and a coding", b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a length with a sign", b"content-length: +5\r\n\r\nhello"),
    ("a length below zero", b"content-length: -5\r\n\r\nhello"),
    ("a length in hexadecimal", b"content-length: 0x5\r\n\r\nhello"),
    ("a length of no digits", b"content-length:\r\n\r\nhello"),
    ("an unknown coding", b"transfer-encoding: squeezed\r\n\r\n0\r\n\r\n"),
    ("a chunk size with a sign", b"transfer-encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n"),
    ("a space before the colon", b"content-length : 5\r\n\r\nhello"),
    ("a NUL in a header", b"x-header: a\0b\r\ncontent-length: 5\r\n\r\nhello"),
    ("a bare CR in a header", b"x-header: a\rb\r\ncontent-length: 5\r\n\r\nhello"),
];

pub(super) fn cases() -> Vec<Case> {
    let case = |(what, rest): &(&str, &[u8])| {
        let sent = [b"POST /echo HTTP/1.1\r\nhost: conformance\r\n", *rest].concat();
        Case::refused_and_closed(&format!("framing: {what}"), sent, Expected::Refusal)
    };
    AMBIGUOUS.iter().flat_map(case).collect()
}

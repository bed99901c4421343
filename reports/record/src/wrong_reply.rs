//! A wrong reply in brief.

use serde::{Deserialize, Serialize};

use crate::{OutcomeKind, shown};

/// Most headers that are kept, in the order in which they came.
const HEADERS: usize = 8;
/// Most of a status line or of a header that is kept, characters.
const LINE: usize = 120;
/// Most of a body that is kept, bytes.
const BODY: usize = 200;
/// Headers whose values may let their reader in.
const SECRETS: [&str; 2] = ["set-cookie", "set-cookie2"];

/// The first wrong reply of one kind in brief, escaped by [`shown`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongReply {
    /// How its request ended.
    pub kind: OutcomeKind,
    /// The fault found, in words.
    pub finding: String,
    /// Its first line; `None` where the bytes are not a reply's.
    pub status_line: Option<String>,
    /// Its first eight headers, `name: value`; without the values of cookies.
    pub headers: Vec<String>,
    /// The first 200 bytes of its body as they came, or of whatever came instead of a reply.
    pub body: String,
}

impl WrongReply {
    /// The reply that begins with `bytes`, 1xx replies before it left out.
    #[must_use]
    pub fn new(kind: OutcomeKind, finding: &str, bytes: &[u8]) -> Self {
        let (head, body) = after_interims(bytes);
        let mut lines = unfolded(head).into_iter();
        let status_line = lines.next().map(|line| shown(&line, LINE));
        let headers = lines.take(HEADERS).map(|line| header(&line)).collect();
        let more = if body.len() > BODY { "…" } else { "" };
        let body = shown(&body[..body.len().min(BODY)], usize::MAX) + more;
        Self { kind, finding: finding.to_owned(), status_line, headers, body }
    }
}

/// The lines of a head that are not empty, each joined to those that continue it: a secret may be folded.
fn unfolded(head: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::<Vec<u8>>::new();
    for line in head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        match lines.last_mut().filter(|_| line.starts_with(b" ") || line.starts_with(b"\t")) {
            Some(before) => before.extend_from_slice(&[b" ", line.trim_ascii()].concat()),
            None => lines.push(line.trim_ascii().to_vec()),
        }
    }
    lines
}

fn header(line: &[u8]) -> String {
    // A blank before the colon makes it another name to some readers, and the secret none the less one.
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii_end();
    if SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes())) {
        return format!("{}: (value not kept)", shown(name, LINE));
    }
    shown(line, LINE)
}

/// Head and body of the first reply in `bytes` that is not a 1xx; no head where they are not HTTP.
fn after_interims(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = bytes;
    loop {
        if !rest.starts_with(b"HTTP/") {
            return (&[], rest);
        }
        let (head, body) = head_and_body(rest);
        let is_interim = head.get(9) == Some(&b'1') && head.get(8) == Some(&b' ');
        if !is_interim || body.is_empty() {
            return (head, body);
        }
        rest = body;
    }
}

fn head_and_body(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut line_begin = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if bytes[line_begin..at].trim_ascii().is_empty() && line_begin > 0 {
            return (&bytes[..line_begin], &bytes[at + 1..]);
        }
        line_begin = at + 1;
    }
    (bytes, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_shown_by_its_first_line_headers_and_body() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\x1b[2J\r\nretry-after: 1\r\nSet-Cookie: id=secret\r\n\r\nbusy\n";
        let reply = WrongReply::new(OutcomeKind::WrongStatus, "expected status 2xx", bytes);
        assert_eq!(reply.status_line.as_deref(), Some(r"HTTP/1.1 503 Busy\u{1b}[2J"));
        assert_eq!(reply.headers, ["retry-after: 1", "Set-Cookie: (value not kept)"]);
        assert_eq!(reply.body, r"busy\n");
    }

    #[test]
    fn a_cookie_is_not_kept_however_its_line_is_written() {
        for cookie in [
            "set-cookie: id=secret",
            "Set-Cookie:\r\n id=secret",
            "SET-COOKIE: a=b;\r\n\tid=secret",
            "set-cookie : id=secret",
            "set-cookie2\t: id=secret",
        ] {
            let bytes = format!("HTTP/1.1 503 Busy\r\n{cookie}\r\nretry-after:\r\n 1\r\n\r\nbusy");
            let reply = WrongReply::new(OutcomeKind::WrongStatus, "", bytes.as_bytes());
            assert!(reply.headers[0].ends_with(": (value not kept)"), "{:?}", reply.headers);
            assert_eq!(reply.headers[1..], ["retry-after: 1"], "{cookie:?}");
        }
    }

    #[test]
    fn what_is_not_a_reply_is_shown_by_its_first_bytes() {
        let reply = WrongReply::new(OutcomeKind::Protocol, "the server speaks TLS", b"\x15\x03\x01");
        assert_eq!(
            (reply.status_line, reply.headers.len(), reply.body.as_str()),
            (None, 0, r"\u{15}\u{3}\u{1}")
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let head = format!("HTTP/1.1 200 {}\r\n{}\r\n", "x".repeat(9000), "y: z\r\n".repeat(100));
        let reply = WrongReply::new(OutcomeKind::WrongBody, "", &[head.as_bytes(), &[0; 5000]].concat());
        assert!(reply.status_line.unwrap().chars().count() < 150);
        assert_eq!((reply.headers.len(), reply.body), (8, r"\0".repeat(200) + "…"));
        let cut = WrongReply::new(OutcomeKind::Truncated, "", b"HTTP/1.1 200 OK\r\ncontent-le");
        assert_eq!(cut.headers, ["content-le"]);
    }
}

//! A request's head: where it ends, and what it says.

use std::{mem::MaybeUninit, ops::Range};

use servers_contract::{
    Framing, Refusal, is_host,
    limits::{BODY_LIMIT, HEAD_LIMIT, HEADERS_LIMIT, TARGET_LIMIT},
};

use crate::{
    Persistence,
    section::{self, Endless},
};

const MALFORMED: Refusal = Refusal::Framing(Framing::Head);

/// A parsed head; positions count from its first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: Range<usize>,
    pub(crate) target: Range<usize>,
    /// Bytes up to and including the blank line.
    pub(crate) length: usize,
    pub(crate) body: Body,
    pub(crate) persistence: Persistence,
    /// The client waits for an interim reply before it sends the body.
    pub(crate) expects_continue: bool,
}

/// How the body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// So many bytes; zero without a `content-length`.
    Length(usize),
    Chunked,
}

/// Finds the end of a head, as [`section::end`] does.
pub(crate) fn end(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, Refusal> {
    section::end(bytes, scanned).map_err(|endless| match endless {
        Endless::BareLineFeed => MALFORMED,
        Endless::TooLong => too_large(&bytes[..HEAD_LIMIT]),
    })
}

/// Which part of a head without end is to blame.
fn too_large(head: &[u8]) -> Refusal {
    // A method and a version beside a target of the largest size.
    const REQUEST_LINE: usize = TARGET_LIMIT + 64;
    match head[..REQUEST_LINE].contains(&b'\n') {
        true => Refusal::HeadTooLarge,
        false => Refusal::TargetTooLong,
    }
}

/// Parses a head whose end is known.
pub(crate) fn parse(bytes: &[u8]) -> Result<Head, Refusal> {
    // Uninitialised: clearing 64 fields for the three that usually come would cost more than parsing those.
    let mut fields = [const { MaybeUninit::uninit() }; HEADERS_LIMIT];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut fields) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Ok(_) | Err(_) => return Err(MALFORMED),
    }
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(MALFORMED);
    };
    if target.len() > TARGET_LIMIT {
        return Err(Refusal::TargetTooLong);
    }
    let said = Said::in_fields(request.headers)?;
    // RFC 9112 §3.2.
    if version == 1 && !said.host {
        return Err(HOST);
    }
    Ok(Head {
        method: position(method, bytes),
        target: position(target, bytes),
        length: bytes.len(),
        body: said.body(version)?,
        persistence: said.persistence(version),
        expects_continue: said.expects_continue && version == 1,
    })
}

/// Where the parser found `part` in `whole`. Counted by nobody again: what the parser skips would shift it.
fn position(part: &str, whole: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

const HOST: Refusal = Refusal::Framing(Framing::Host);

/// What the header fields say that matters here.
#[derive(Debug, Default)]
struct Said {
    length: Option<usize>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
    host: bool,
}

impl Said {
    fn in_fields(fields: &[httparse::Header<'_>]) -> Result<Said, Refusal> {
        let mut said = Said::default();
        for field in fields {
            let is = |name: &str| field.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                if said.length.is_some() {
                    return Err(Refusal::Framing(Framing::TwoLengths));
                }
                said.length = Some(length(field.value)?);
            } else if is("transfer-encoding") {
                if said.chunked || !field.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(Refusal::Framing(Framing::Coding));
                }
                said.chunked = true;
            } else if is("connection") {
                said.close |= lists(field.value, b"close");
                said.keep_alive |= lists(field.value, b"keep-alive");
            } else if is("expect") {
                said.expects_continue |= lists(field.value, b"100-continue");
            } else if is("host") {
                // RFC 9112 §3.2: a proxy may have chosen by the other one, or by another part of its value.
                if said.host || !is_host(field.value) {
                    return Err(HOST);
                }
                said.host = true;
            }
        }
        Ok(said)
    }

    fn body(&self, version: u8) -> Result<Body, Refusal> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Refusal::Framing(Framing::LengthAndCoding)),
            // RFC 9112 §6.1: a coding in HTTP/1.0 is a sign of faulty framing.
            (true, None) if version == 0 => Err(Refusal::Framing(Framing::Coding)),
            (true, None) => Ok(Body::Chunked),
            (false, Some(length)) if length > BODY_LIMIT => Err(Refusal::BodyTooLarge),
            (false, length) => Ok(Body::Length(length.unwrap_or(0))),
        }
    }

    fn persistence(&self, version: u8) -> Persistence {
        match (self.close, version, self.keep_alive) {
            (true, _, _) | (false, 0, false) => Persistence::Closes,
            (false, 0, true) => Persistence::StaysOnRequest,
            (false, _, _) => Persistence::Stays,
        }
    }
}

/// Digits and nothing else; what does not even fit a `usize` saturates, and is too large later.
fn length(value: &[u8]) -> Result<usize, Refusal> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Framing(Framing::Length));
    }
    Ok(value
        .iter()
        .fold(0usize, |length, digit| length.saturating_mul(10).saturating_add(usize::from(digit - b'0'))))
}

/// Whether a comma-separated list has this member.
fn lists(value: &[u8], member: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|listed| listed.trim_ascii().eq_ignore_ascii_case(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(fields: &str) -> Result<Head, Refusal> {
        parse(format!("POST /echo HTTP/1.1\r\nhost: x\r\n{fields}\r\n").as_bytes())
    }

    #[test]
    fn a_head_gives_its_parts_and_the_framing_of_its_body() {
        let bytes =
            b"POST /echo?a HTTP/1.1\r\nHost: x\r\nContent-Length: 007\r\nExpect: 100-Continue\r\n\r\n";
        let head = parse(bytes).unwrap();
        assert_eq!(&bytes[head.method.clone()], b"POST");
        assert_eq!(&bytes[head.target.clone()], b"/echo?a");
        assert_eq!((head.length, head.body), (bytes.len(), Body::Length(7)));
        assert!(head.expects_continue);
        assert!(with("expect: 100-continue\r\nexpect: x\r\n").unwrap().expects_continue);
        let old = b"POST /echo HTTP/1.0\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n";
        assert!(!parse(old).unwrap().expects_continue, "RFC 9110 \u{a7}10.1.1");
        assert_eq!(with("Transfer-Encoding: Chunked\r\n").unwrap().body, Body::Chunked);
        assert_eq!(with("").unwrap().body, Body::Length(0));
    }

    #[test]
    fn ambiguous_framing_is_refused() {
        for (fields, framing) in [
            ("content-length: 5\r\ncontent-length: 5\r\n", Framing::TwoLengths),
            ("content-length: 5\r\ncontent-length: 6\r\n", Framing::TwoLengths),
            ("content-length: 5\r\ntransfer-encoding: chunked\r\n", Framing::LengthAndCoding),
            ("transfer-encoding: chunked\r\ncontent-length: 5\r\n", Framing::LengthAndCoding),
            ("content-length: +5\r\n", Framing::Length),
            ("content-length: -5\r\n", Framing::Length),
            ("content-length: 0x21\r\n", Framing::Length),
            ("content-length: 5, 5\r\n", Framing::Length),
            ("content-length: 5 5\r\n", Framing::Length),
            ("content-length:\r\n", Framing::Length),
            ("transfer-encoding: gzip\r\n", Framing::Coding),
            ("transfer-encoding: identity\r\n", Framing::Coding),
            ("transfer-encoding: gzip, chunked\r\n", Framing::Coding),
            ("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", Framing::Coding),
            ("transfer-encoding:\r\n", Framing::Coding),
            ("content-length : 5\r\n", Framing::Head),
            ("content-length\r\n", Framing::Head),
            (" folded: 5\r\n", Framing::Head),
            ("x: a\0b\r\n", Framing::Head),
            ("x: a\rb\r\n", Framing::Head),
            ("x\0: a\r\n", Framing::Head),
            (": a\r\n", Framing::Head),
            ("Host: x\r\n", Framing::Host),
        ] {
            assert_eq!(with(fields), Err(Refusal::Framing(framing)), "{fields:?}");
        }
        for line in
            ["GET /hello", "GET  /hello HTTP/1.1", "GET /hello HTTP/2.0", "GET /hel\0lo HTTP/1.1", "GET"]
        {
            assert_eq!(
                parse(format!("{line}\r\n\r\n").as_bytes()),
                Err(Refusal::Framing(Framing::Head)),
                "{line:?}"
            );
        }
        for host in
            ["", "host: a b\r\n", "host: a/b\r\n", "host: user@a\r\n", "host: a\r\nx: y\r\nHost: a\r\n"]
        {
            let head = format!("GET / HTTP/1.1\r\n{host}\r\n");
            assert_eq!(parse(head.as_bytes()), Err(HOST), "{host:?}");
        }
        let old = b"POST /echo HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(parse(old), Err(Refusal::Framing(Framing::Coding)));
    }

    #[test]
    fn what_is_too_large_is_told_apart() {
        assert_eq!(with("content-length: 1048576\r\n").unwrap().body, Body::Length(BODY_LIMIT));
        assert_eq!(with("content-length: 1048577\r\n"), Err(Refusal::BodyTooLarge));
        assert_eq!(with("content-length: 99999999999999999999999999\r\n"), Err(Refusal::BodyTooLarge));
        assert_eq!(with(&"a: b\r\n".repeat(HEADERS_LIMIT - 1)).unwrap().body, Body::Length(0));
        assert_eq!(with(&"a: b\r\n".repeat(HEADERS_LIMIT)), Err(Refusal::HeadTooLarge));
        let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(TARGET_LIMIT));
        assert_eq!(parse(long.as_bytes()), Err(Refusal::TargetTooLong));
        let endless = |bytes: Vec<u8>| end(&bytes, &mut 0);
        assert_eq!(endless([b"GET /".as_slice(), &[b'x'; HEAD_LIMIT]].concat()), Err(Refusal::TargetTooLong));
        assert_eq!(endless(b"a: b\r\n".repeat(HEAD_LIMIT)), Err(Refusal::HeadTooLarge));
    }

    #[test]
    fn positions_are_those_of_the_parser_whatever_it_skips() {
        for empty in ["", "\r\n", "\r\n\r\n"] {
            let bytes = format!("{empty}GET /hello HTTP/1.1\r\nhost: x\r\n\r\n");
            let head = parse(bytes.as_bytes()).unwrap();
            assert_eq!((&bytes[head.method], &bytes[head.target]), ("GET", "/hello"), "{empty:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_is_no_line_end() {
        assert_eq!(end(b"GET /hello HTTP/1.1\n\n", &mut 0), Err(MALFORMED));
    }

    #[test]
    fn persistence_follows_version_and_connection() {
        let of = |line: &str, connection: &str| {
            parse(format!("GET / {line}\r\nhost: x\r\n{connection}\r\n").as_bytes()).unwrap().persistence
        };
        assert_eq!(of("HTTP/1.1", ""), Persistence::Stays);
        assert_eq!(of("HTTP/1.1", "connection: x, Close\r\n"), Persistence::Closes);
        assert_eq!(of("HTTP/1.1", "connection: keep-alive\r\nCONNECTION: CLOSE\r\n"), Persistence::Closes);
        assert_eq!(of("HTTP/1.1", "connection: closed\r\n"), Persistence::Stays);
        assert_eq!(of("HTTP/1.0", ""), Persistence::Closes);
        assert_eq!(of("HTTP/1.0", "connection: Keep-Alive\r\n"), Persistence::StaysOnRequest);
        assert_eq!(of("HTTP/1.0", "connection: keep-alive\r\nconnection: close\r\n"), Persistence::Closes);
    }
}

//! How one connection serves many requests, and when it ends.

use crate::case::{Case, End, Expected, Step, request};

pub(super) fn cases() -> Vec<Case> {
    vec![
        keep_alive(),
        pipelining(),
        close(),
        old_version(),
        split(
            "connection: a request without body, split at every byte",
            request("GET", "/wait?ms=0", &[], b""),
            ("GET", "/wait?ms=0", b""),
        ),
        split(
            "connection: a request with a body, split at every byte",
            request("POST", "/echo", &[], b"hello"),
            ("POST", "/echo", b"hello"),
        ),
    ]
}

fn hello() -> Vec<u8> {
    request("GET", "/hello", &[], b"")
}

fn expected(method: &str, target: &str, body: &[u8]) -> Vec<Expected> {
    Expected::of(method, target, body).into_iter().collect()
}

fn keep_alive() -> Case {
    let step = Step { pieces: vec![hello()], expected: expected("GET", "/hello", b"") };
    Case { name: "connection: keep-alive".to_owned(), steps: vec![step; 5], end: End::Open }
}

/// Four requests in one piece, answered in their order: a wait, a refusal and a body among them.
fn pipelining() -> Case {
    let calls: [(&str, &str, &[u8]); 4] = [
        ("GET", "/wait?ms=2", b""),
        ("GET", "/nowhere", b""),
        ("POST", "/echo", b"third"),
        ("GET", "/hello", b""),
    ];
    let piece = calls.iter().flat_map(|(method, target, body)| request(method, target, &[], body)).collect();
    let expected =
        calls.iter().filter_map(|(method, target, body)| Expected::of(method, target, body)).collect();
    let step = Step { pieces: vec![piece], expected };
    Case { name: "connection: pipelining".to_owned(), steps: vec![step], end: End::Open }
}

fn close() -> Case {
    let step = Step {
        pieces: vec![request("GET", "/hello", &[("connection", "close")], b"")],
        expected: expected("GET", "/hello", b""),
    };
    Case { name: "connection: close".to_owned(), steps: vec![step], end: End::Closed }
}

fn old_version() -> Case {
    let step = Step {
        pieces: vec![b"GET /hello HTTP/1.0\r\n\r\n".to_vec()],
        expected: expected("GET", "/hello", b""),
    };
    Case { name: "connection: HTTP/1.0".to_owned(), steps: vec![step], end: End::Closed }
}

/// The same request over and over on one connection: in two pieces at every place, then byte by byte.
fn split(name: &str, whole: Vec<u8>, (method, target, body): (&str, &str, &[u8])) -> Case {
    let twos = (1..whole.len()).map(|cut| vec![whole[..cut].to_vec(), whole[cut..].to_vec()]);
    let ones = std::iter::once(whole.iter().map(|byte| vec![*byte]).collect());
    let steps = twos.chain(ones).map(|pieces| Step { pieces, expected: expected(method, target, body) });
    Case { name: name.to_owned(), steps: steps.collect(), end: End::Open }
}

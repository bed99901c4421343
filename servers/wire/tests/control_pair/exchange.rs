//! Requests that are large, early, many at once, or given up.

use std::io::{Read, Write};

use servers_contract::{Refusal, limits};

use super::{connect, hello, reply, rest, start};

#[test]
fn who_sends_too_much_can_read_why_while_still_sending() {
    let program = start(&[]);
    let mut stream = connect(&program);
    let size = 2 * limits::BODY_LIMIT;
    stream
        .write_all(format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n").as_bytes())
        .unwrap();
    stream.write_all(&vec![b'x'; size]).unwrap();
    let answer = rest(&mut stream);
    let text = Refusal::BodyTooLarge.to_string();
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with(&format!("{text}\n")), "{answer:?}");
}

#[test]
fn bytes_behind_the_last_request_of_a_connection_do_not_cost_its_reply() {
    let program = start(&[]);
    let size = limits::PAYLOAD_MAX;
    for behind in [&b"\r\n"[..], b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut stream = connect(&program);
        let request = format!("GET /payload?bytes={size} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        // The reply is under way, and most of it does not fit into what the client's kernel takes unread.
        stream.read_exact(&mut [0]).unwrap();
        stream.write_all(behind).unwrap();
        let answer = rest(&mut stream);
        assert!(answer.len() > size, "{} bytes of {size}", answer.len());
    }
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to_go_on() {
    let program = start(&[]);
    let mut stream = connect(&program);
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n")
        .unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body\n").unwrap();
    assert!(reply(&mut stream).ends_with("\r\n\r\nbody\n"));
}

#[test]
fn a_reset_connection_harms_nobody_else() {
    let program = start(&[]);
    for _ in 0..20 {
        let mut stream = connect(&program);
        stream.write_all(b"GET /payload?bytes=1000000 HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        // Closing with unread bytes resets it.
        stream.read_exact(&mut [0; 1]).unwrap();
    }
    hello(&mut connect(&program));
    let mut stream = connect(&program);
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\nab\n")
        .unwrap();
    assert!(rest(&mut stream).ends_with("\r\n\r\nab\n"));
}

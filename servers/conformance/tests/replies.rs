//! Odd replies of servers that know no contract: read here as the load generator reads them.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use servers_conformance::exchange;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// Answers one request with `reply`, and resets the connection or ends its own side.
fn answering(reply: Vec<u8>, resets: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        // What is left unread resets the connection when it is dropped.
        let mut request = vec![0; REQUEST.len() - usize::from(resets)];
        stream.read_exact(&mut request).unwrap();
        stream.write_all(&reply).unwrap();
        if !resets {
            stream.shutdown(Shutdown::Write).unwrap();
            // Until the client has gone, however it goes.
            let _ = stream.read_to_end(&mut request);
        }
    });
    address
}

fn asked(reply: &[u8], resets: bool) -> Result<(u16, usize), String> {
    let answer = exchange(answering(reply.to_vec(), resets), REQUEST, Duration::from_secs(10));
    answer.map(|answer| (answer.status, answer.body.len()))
}

/// The bytes that [`slice::escape_ascii`] made a text of.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut letters = text.bytes();
    while let Some(letter) = letters.next() {
        bytes.push(match (letter, if letter == b'\\' { letters.next() } else { None }) {
            (_, Some(b'r')) => b'\r',
            (_, Some(b'n')) => b'\n',
            (_, Some(b't')) => b'\t',
            (_, Some(b'x')) => {
                let digits = [letters.next().unwrap(), letters.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            (_, Some(escaped)) => escaped,
            (plain, None) => plain,
        });
    }
    assert_eq!(bytes.escape_ascii().to_string(), text);
    bytes
}

#[test]
fn a_reply_that_the_load_generator_takes_is_one_here_with_the_same_status_and_length() {
    let document = include_str!("../../../docs/REPLIES.md");
    let table = document.split("<!-- replies -->").nth(1).unwrap().split("<!-- /replies -->").next().unwrap();
    let mut tried = 0;
    for line in table.trim().lines().skip(2) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        // Such as "200, 2 bytes; the connection is closed".
        let verdict = cells[2].split_once(", ").and_then(|(status, rest)| {
            Some((status.parse::<u16>().ok()?, rest.split(' ').next()?.parse::<usize>().ok()?))
        });
        let (Some(expected), false) = (verdict, cells[1].starts_with("to HEAD")) else { continue };
        let reply = unescaped(cells[1].trim_matches('`'));
        assert_eq!(asked(&reply, false), Ok(expected), "{}", cells[0]);
        tried += 1;
    }
    assert!(tried >= 25, "{tried} replies in docs/REPLIES.md");
}

#[test]
fn a_body_that_a_reset_ends_is_not_whole() {
    let reply = b"HTTP/1.1 200 OK\r\n\r\nhello";
    assert_eq!(asked(reply, false), Ok((200, 5)));
    let cut = asked(reply, true).unwrap_err();
    assert!(cut.contains("closed before a complete reply"), "{cut}");
    // One that tells its length is, whatever ends the connection.
    assert_eq!(asked(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", true), Ok((200, 5)));
}

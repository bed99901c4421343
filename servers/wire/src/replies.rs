//! From replies to the bytes of one write.

use std::io::Write;

use servers_contract::{Refusal, Reply};

use crate::{KEEP_SIZE, Persistence, Request, date::Date};

/// The replies to a batch of pipelined requests, encoded one after another into a buffer that is used again.
#[derive(Debug)]
pub struct Replies {
    bytes: Vec<u8>,
    closing: bool,
    date: Date,
}

impl Default for Replies {
    fn default() -> Self {
        Self { bytes: Vec::new(), closing: false, date: Date::at(0) }
    }
}

impl Replies {
    /// Adds the reply to a request, made in this second since 1970 (UTC).
    ///
    /// The connection closes after it if the client or the reply says so, or if it is the `last`: the contender stops.
    pub fn push(&mut self, request: &Request<'_>, reply: &Reply, last: bool, second: u64) {
        let persistence = if reply.close || last { Persistence::Closes } else { request.persistence };
        self.closing |= persistence == Persistence::Closes;
        self.date.set(second);
        encode(&mut self.bytes, reply, &self.date, persistence, request.wants_no_body());
    }

    /// Adds the reply to something that is no request; the connection closes after it.
    pub fn push_last(&mut self, reply: &Reply, second: u64) {
        self.closing = true;
        self.date.set(second);
        encode(&mut self.bytes, reply, &self.date, Persistence::Closes, false);
    }

    /// What is to be written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what has been written.
    pub fn clear(&mut self) {
        if self.bytes.capacity() > KEEP_SIZE { self.bytes = Vec::new() } else { self.bytes.clear() }
    }

    /// Whether the batch should be written before another reply joins it: many small requests may ask for much.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= KEEP_SIZE
    }

    /// Whether the connection closes after what is to be written; requests after that are not answered.
    pub fn is_closing(&self) -> bool {
        self.closing
    }
}

/// The bytes of a refusal that is all that a connection ever gets.
pub fn alone(refusal: Refusal, second: u64) -> Vec<u8> {
    let mut replies = Replies::default();
    replies.push_last(&refusal.reply(), second);
    replies.bytes
}

fn encode(out: &mut Vec<u8>, reply: &Reply, date: &Date, persistence: Persistence, without_body: bool) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status_line(reply.status).as_bytes());
    out.extend_from_slice(b"\r\ncontent-type: ");
    out.extend_from_slice(reply.content_type.as_bytes());
    out.extend_from_slice(b"\r\ncontent-length: ");
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{}", reply.body.len());
    out.extend_from_slice(b"\r\ndate: ");
    out.extend_from_slice(date.text());
    if let Some(methods) = reply.allow {
        out.extend_from_slice(b"\r\nallow: ");
        out.extend_from_slice(methods.as_bytes());
    }
    out.extend_from_slice(match persistence {
        Persistence::Stays => b"\r\n\r\n",
        Persistence::StaysOnRequest => b"\r\nconnection: keep-alive\r\n\r\n",
        Persistence::Closes => b"\r\nconnection: close\r\n\r\n",
    });
    if !without_body {
        out.extend_from_slice(&reply.body);
    }
}

/// Status and reason for each status of the contract.
fn status_line(status: u16) -> &'static str {
    match status {
        200 => "200 OK",
        400 => "400 Bad Request",
        404 => "404 Not Found",
        405 => "405 Method Not Allowed",
        408 => "408 Request Timeout",
        413 => "413 Content Too Large",
        414 => "414 URI Too Long",
        431 => "431 Request Header Fields Too Large",
        502 => "502 Bad Gateway",
        503 => "503 Service Unavailable",
        504 => "504 Gateway Timeout",
        // A status that the contract does not know would be a bug of this process, which is what 500 says.
        _ => "500 Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use servers_contract::{Endpoint, Framing, Parameter};

    fn request(method: &'static str, persistence: Persistence) -> Request<'static> {
        Request { method, target: "/hello", body: b"", persistence }
    }

    fn pushed(request: Request<'_>, reply: &Reply, last: bool) -> (String, bool) {
        let mut replies = Replies::default();
        replies.push(&request, reply, last, 784_111_777);
        (String::from_utf8(replies.bytes().to_vec()).unwrap(), replies.is_closing())
    }

    const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 6\r\n\
                         date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

    #[test]
    fn a_reply_says_no_more_about_the_connection_than_it_must() {
        for (persistence, last, said, closing) in [
            (Persistence::Stays, false, "", false),
            (Persistence::StaysOnRequest, false, "connection: keep-alive\r\n", false),
            (Persistence::Closes, false, "connection: close\r\n", true),
            (Persistence::Stays, true, "connection: close\r\n", true),
        ] {
            let sent = pushed(request("GET", persistence), &Reply::hello(), last);
            assert_eq!(sent, (format!("{HELLO}{said}\r\nhello\n"), closing), "{persistence:?}");
        }
    }

    #[test]
    fn the_reply_to_head_has_a_length_and_no_body() {
        let refusal = Refusal::WrongMethod(Endpoint::Hello).reply();
        let (sent, closing) = pushed(request("HEAD", Persistence::Stays), &refusal, false);
        assert!(
            sent.starts_with("HTTP/1.1 405 ") && sent.ends_with("allow: GET\r\n\r\n") && !closing,
            "{sent:?}"
        );
        assert!(sent.contains(&format!("content-length: {}\r\n", refusal.body.len())), "{sent:?}");
    }

    #[test]
    fn every_refusal_has_a_reason_of_its_own() {
        for refusal in [
            Refusal::Missing(Parameter::Ms),
            Refusal::UnknownPath,
            Refusal::WrongMethod(Endpoint::Wait),
            Refusal::TooSlow,
            Refusal::BodyTooLarge,
            Refusal::TargetTooLong,
            Refusal::HeadTooLarge,
            Refusal::Panicked,
            Refusal::NoUpstream,
            Refusal::UpstreamLate,
            Refusal::Busy,
            Refusal::Framing(Framing::Head),
        ] {
            let line = status_line(refusal.status());
            assert!(line.starts_with(&format!("{} ", refusal.status())), "{refusal:?}: {line}");
        }
        assert!(alone(Refusal::Busy, 0).starts_with(b"HTTP/1.1 503 "));
    }

    #[test]
    fn a_large_reply_fills_the_batch_and_its_memory_is_given_back() {
        let mut replies = Replies::default();
        replies.push(&request("GET", Persistence::Stays), &Reply::payload(KEEP_SIZE), false, 0);
        assert!(replies.is_full());
        replies.clear();
        assert!(!replies.is_full() && replies.bytes.capacity() <= KEEP_SIZE);
    }
}

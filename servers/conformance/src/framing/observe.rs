//! The answers of a contender to each request, without a judgement.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::case::request;
use crate::connection::{Connection, Trouble};
use crate::framing::{AMBIGUOUS, RULES};

/// What came for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A reply, and what then became of the connection.
    Status(u16, Then),
    /// The same after an interim reply.
    Interim(u16, Then),
    /// Another reply came for the good request before it.
    Lost,
    /// The connection ended without a reply.
    Closed,
    /// Nothing within the patience: the contender waits for more.
    Waits,
    /// Bytes that are no reply.
    NotHttp,
}

/// What a plain request on the same connection met after the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The connection was closed.
    Closed,
    /// It was answered as if nothing had been.
    Open,
    /// Something else came first: a part of the ambiguous request was taken for another one.
    Another,
}

/// The answers to all of them, in the order of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// For each row of [`AMBIGUOUS`].
    pub ambiguous: Vec<Answer>,
    /// For each of the [`RULES`].
    pub rules: Vec<Answer>,
}

/// How a request reaches the contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In one piece.
    Whole,
    /// Each byte by itself.
    Bytes,
    /// In one piece with a good request before it, which must be answered.
    AfterAnother,
}

/// Sends each request on a connection of its own, then `GET /hello` on the same.
///
/// `patience` bounds each wait: a contender that waits for more costs as much for that request.
pub fn observe(address: SocketAddr, patience: Duration, delivery: Delivery) -> Answers {
    let answer = |sent: &[u8]| answer(sent, address, patience, delivery);
    Answers {
        ambiguous: AMBIGUOUS.iter().map(|row| answer(&row.bytes())).collect(),
        rules: RULES.iter().map(|rule| answer(rule.sent)).collect(),
    }
}

/// The answer to these bytes, and to `GET /hello` after them.
pub(crate) fn answer(sent: &[u8], address: SocketAddr, patience: Duration, delivery: Delivery) -> Answer {
    let received = Connection::open(address, patience).and_then(|mut connection| {
        match delivery {
            Delivery::Whole => connection.send(sent)?,
            Delivery::Bytes => sent.chunks(1).try_for_each(|byte| connection.send(byte))?,
            Delivery::AfterAnother => {
                connection.send(&[&request("GET", "/hello", &[], b"")[..], sent].concat())?;
                if connection.receive()?.body != b"hello\n" {
                    return Ok(None);
                }
            }
        }
        let received = connection.receive()?;
        Ok(Some((received, then(&mut connection))))
    });
    match received {
        Ok(None) => Answer::Lost,
        Ok(Some((received, then))) if received.interim => Answer::Interim(received.status, then),
        Ok(Some((received, then))) => Answer::Status(received.status, then),
        Err(Trouble::Silent { .. }) => Answer::Waits,
        Err(Trouble::Malformed(_)) => Answer::NotHttp,
        Err(_) => Answer::Closed,
    }
}

fn then(connection: &mut Connection) -> Then {
    let sent = connection.send(&request("GET", "/hello", &[], b""));
    match sent.and_then(|()| connection.receive()) {
        Ok(received) if received.status == 200 && received.body == b"hello\n" => Then::Open,
        Ok(_) | Err(Trouble::Malformed(_)) => Then::Another,
        Err(_) => Then::Closed,
    }
}

/// A cell of the document, such as `400, closed`.
impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, then) => write!(formatter, "{status}, {then}"),
            Self::Interim(status, then) => write!(formatter, "100, then {status}, {then}"),
            Self::Lost => formatter.write_str("lost"),
            Self::Closed => formatter.write_str("closed"),
            Self::Waits => formatter.write_str("waits"),
            Self::NotHttp => formatter.write_str("not HTTP"),
        }
    }
}

impl fmt::Display for Then {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Another => "then another",
        })
    }
}

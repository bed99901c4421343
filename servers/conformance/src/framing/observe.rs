//! What a contender makes of each request of the table, judged by nobody.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::case::request;
use crate::connection::{Connection, Trouble};
use crate::framing::{AMBIGUOUS, Ambiguous};

/// What came for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A reply, and what then became of the connection.
    Status(u16, Then),
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

/// Sends each request of the table on a connection of its own, then `GET /hello` on the same.
///
/// `patience` bounds each wait: a contender that waits for more costs as much for that request.
pub fn observe(address: SocketAddr, patience: Duration) -> Vec<Answer> {
    AMBIGUOUS.iter().map(|row| answer(row, address, patience)).collect()
}

fn answer(row: &Ambiguous, address: SocketAddr, patience: Duration) -> Answer {
    let received = Connection::open(address, patience).and_then(|mut connection| {
        connection.send(&row.bytes())?;
        let received = connection.receive()?;
        Ok((received.status, then(&mut connection)))
    });
    match received {
        Ok((status, then)) => Answer::Status(status, then),
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

impl Answer {
    /// Whether it is what an ambiguous request must meet: a refusal, and the end of the connection.
    pub fn refuses(&self) -> bool {
        matches!(self, Self::Status(400..500, Then::Closed))
    }
}

/// A cell of the document, such as `400, closed`.
impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, Then::Closed) => write!(formatter, "{status}, closed"),
            Self::Status(status, Then::Open) => write!(formatter, "{status}, open"),
            Self::Status(status, Then::Another) => write!(formatter, "{status}, then another"),
            Self::Closed => formatter.write_str("closed"),
            Self::Waits => formatter.write_str("waits"),
            Self::NotHttp => formatter.write_str("not HTTP"),
        }
    }
}

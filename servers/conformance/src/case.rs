//! A claim about a contender as data: what is sent, piece by piece, and what must come back.

use std::time::Duration;

use servers_contract::{Call, Reply, expected};

use crate::connection::{Connection, shortened};
use crate::finding::Finding;
use crate::patience::Peer;
use crate::reply::Received;

/// What the name of the second of [`Case::refused_and_closed`] adds to that of the first.
const THEN_CLOSED: &str = ", then closed";

/// One named claim, judged on a connection of its own.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Unique, `group: what`; exceptions are listed by it.
    pub(crate) name: String,
    /// Judged one after another on the same connection.
    pub(crate) steps: Vec<Step>,
    /// What must become of the connection after the last step.
    pub(crate) end: End,
}

/// What is sent at once and what must come for it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Each is handed to the kernel by itself, without delay.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// One for each request in the pieces, in order.
    pub(crate) expected: Vec<Expected>,
}

/// What a reply must be.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// This status, body, content type and `allow`, byte for byte; further headers are the stack's own.
    Exactly(Reply),
    /// Any status 4xx: a stack's own parser may refuse in its own words.
    Refusal,
}

/// What must become of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It answers one more request.
    Open,
    /// The contender closes it.
    Closed,
    /// Either is right: closing spares reading a body that was refused.
    Either,
}

impl Case {
    /// A case of one request that is sent whole.
    pub(crate) fn single(name: String, sent: Vec<u8>, expected: Expected, end: End) -> Self {
        Self { name, steps: vec![Step { pieces: vec![sent], expected: vec![expected] }], end }
    }

    /// Two cases of one request: that it is answered so, and that the connection then closes.
    ///
    /// Apart, because some stacks can say no but cannot hang up: their exception must not hide a wrong reply.
    pub(crate) fn refused_and_closed(name: &str, sent: Vec<u8>, expected: Expected) -> [Self; 2] {
        [
            Self::single(name.to_owned(), sent.clone(), expected.clone(), End::Either),
            Self::single(format!("{name}{THEN_CLOSED}"), sent, expected, End::Closed),
        ]
    }

    /// Whether it makes the claim of the case `name` and one more.
    pub(crate) fn is_the_end_of(&self, name: &str) -> bool {
        self.name.strip_suffix(THEN_CLOSED) == Some(name)
    }

    /// Judges the claim at `peer`; `patience` bounds each reply and the end.
    pub(crate) fn judge(&self, peer: impl Into<Peer>, patience: Duration) -> Result<(), Finding> {
        let mut connection =
            Connection::open(peer, patience).map_err(|trouble| Finding::new("", "a connection", trouble))?;
        for step in &self.steps {
            step.judge(&mut connection)?;
        }
        match self.end {
            End::Either => Ok(()),
            End::Open => Step::hello().judge(&mut connection).map_err(Finding::on_the_same_connection),
            End::Closed => self.closes(&mut connection),
        }
    }

    /// Whether the connection ends, proven by one more request: an answer shows at once that it did not,
    /// where waiting for an end that never comes would cost the whole patience.
    fn closes(&self, connection: &mut Connection) -> Result<(), Finding> {
        let sent = self.steps.last().map(Step::sent).unwrap_or_default();
        connection
            .send(&Step::hello().pieces.concat())
            .and_then(|()| connection.ends())
            .map_err(|trouble| Finding::new(sent, "the connection closed after the reply", trouble))
    }
}

impl Step {
    /// A `GET` sent whole; `None` expects no reply.
    pub(crate) fn get(target: &str, expected: Option<Expected>) -> Self {
        Self { pieces: vec![request("GET", target, &[], b"")], expected: expected.into_iter().collect() }
    }

    /// The simplest request of all, to see whether a connection still answers.
    pub(crate) fn hello() -> Self {
        Self::get("/hello", Some(Expected::Exactly(Reply::hello())))
    }

    /// Sends the pieces and compares what comes.
    pub(crate) fn judge(&self, connection: &mut Connection) -> Result<(), Finding> {
        for piece in &self.pieces {
            connection.send(piece).map_err(|trouble| Finding::new(self.sent(), "to be read", trouble))?;
        }
        for expected in &self.expected {
            let received = connection
                .receive()
                .map_err(|trouble| Finding::new(self.sent(), expected.describe(), trouble))?;
            if !expected.is_met_by(&received) {
                return Err(Finding::new(self.sent(), expected.describe(), describe(&received)));
            }
        }
        Ok(())
    }

    fn sent(&self) -> String {
        let whole = self.pieces.concat();
        match self.pieces.len() {
            1 => shortened(&whole),
            count => {
                format!("{} (in {count} pieces, the first of {} bytes)", shortened(&whole), self.first())
            }
        }
    }

    fn first(&self) -> usize {
        self.pieces.first().map_or(0, Vec::len)
    }
}

impl Expected {
    /// The contract's reply to `method target` with `body`; `None` for what only the contender can know.
    pub(crate) fn of(method: &str, target: &str, body: &[u8]) -> Option<Self> {
        match Call::parse(method, target) {
            Ok(call) => expected(&call, body).map(Self::Exactly),
            Err(refusal) => Some(Self::Exactly(refusal.reply())),
        }
    }

    fn is_met_by(&self, received: &Received) -> bool {
        match self {
            Self::Refusal => (400..500).contains(&received.status),
            Self::Exactly(reply) => {
                received.status == reply.status
                    && received.body == *reply.body
                    && received.header("content-type") == Some(reply.content_type)
                    && received.header("allow") == reply.allow
            }
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Refusal => "a status 4xx".to_owned(),
            Self::Exactly(reply) => shown(reply.status, Some(reply.content_type), reply.allow, &reply.body),
        }
    }
}

fn describe(received: &Received) -> String {
    shown(received.status, received.header("content-type"), received.header("allow"), &received.body)
}

fn shown(status: u16, content_type: Option<&str>, allow: Option<&str>, body: &[u8]) -> String {
    let content_type = content_type.unwrap_or("no content-type");
    let allow = allow.map(|methods| format!(", allow {methods}")).unwrap_or_default();
    format!("{status}, {content_type}{allow}, {} bytes \"{}\"", body.len(), shortened(body))
}

/// The bytes of an HTTP/1.1 request; `content-length` is added unless the body is empty.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: conformance\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

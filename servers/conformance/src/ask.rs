//! A question to a contender about itself.

use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use servers_contract::JSON;

use crate::case::request;
use crate::connection::{Connection, Trouble, shortened};
use crate::finding::Finding;
use crate::patience::Peer;
use crate::reply::Received;

/// How long an answer may take: ample for a contender that is busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// The machine-readable reply to `GET target`, such as `/health` or `/stats`, over a connection of its own.
///
/// # Errors
/// When nothing answers within 5 s, or not with status 200, JSON, and what `T` needs.
pub fn ask<T: DeserializeOwned>(peer: impl Into<Peer>, target: &str) -> Result<T, Finding> {
    ask_within(peer, target, PATIENCE)
}

/// [`ask`] with another patience.
pub(crate) fn ask_within<T: DeserializeOwned>(
    peer: impl Into<Peer>,
    target: &str,
    patience: Duration,
) -> Result<T, Finding> {
    let wrong = |got: String| Finding::new(format!("GET {target}"), format!("200, {JSON}, its schema"), got);
    let received = fetch(peer.into(), target, patience).map_err(|trouble| wrong(trouble.to_string()))?;
    if received.status != 200 || received.header("content-type") != Some(JSON) {
        return Err(wrong(format!("{}, {:?}", received.status, received.header("content-type"))));
    }
    serde_json::from_slice(&received.body)
        .map_err(|error| wrong(format!("{error} in \"{}\"", shortened(&received.body))))
}

/// One reply of any server: what a client may act upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status, 200–599; interim replies are skipped.
    pub status: u16,
    /// Its body, freed of its framing.
    pub body: Vec<u8>,
    /// Where a redirection leads, as its `location` has it.
    pub location: Option<String>,
}

/// The reply of the server at `address` to `request`, as it goes over the wire, over a connection of its own.
///
/// For servers that know no contract. A reply to HEAD has no end that this decoder knows.
///
/// # Errors
/// When it cannot be connected to, or no whole reply of at most 32 MiB comes within `patience`; in words.
pub fn exchange(address: SocketAddr, request: &[u8], patience: Duration) -> Result<Answer, String> {
    let answered = || {
        let mut connection = Connection::open(address, patience)?.tolerant();
        connection.send(request)?;
        connection.receive()
    };
    let received = answered().map_err(|trouble: Trouble| trouble.to_string())?;
    let location = received.header("location").map(str::to_owned);
    Ok(Answer { status: received.status, body: received.body, location })
}

/// Largest answer that is read, head and body: a contender that knows everything of itself says a fiftieth of it.
const ANSWER_LIMIT: usize = 64 << 10;

fn fetch(peer: Peer, target: &str, patience: Duration) -> Result<Received, Trouble> {
    let mut connection = Connection::open(peer, patience)?.with_limit(ANSWER_LIMIT);
    connection.send(&request("GET", target, &[("connection", "close")], b""))?;
    connection.receive()
}

//! Opening connections beforehand: one after another, each proven before the next, or only as many as show that they can be opened.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::engine::Slot;
use crate::reply::{End, Look, Reply, ReplyParser};
use crate::route::{Route, round_trip};
use crate::thread::Hand;
use crate::timer;
use crate::{Interrupt, Pool, Request, StartError};

/// Deadline of the request that proves a connection.
const PROOF_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a raised interrupt is looked for meanwhile.
const INTERRUPT_TICK: Duration = Duration::from_millis(50);

/// One thread's connections to open.
pub(crate) struct Opening {
    /// Used in turn.
    pub(crate) addresses: Vec<SocketAddr>,
    /// Whether each address is known to accept connections. Otherwise those that do not are left out, as long as one
    /// does.
    pub(crate) are_proven: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) connections: u32,
    /// Whether all are opened, or one of the first thread's to show that the server is there.
    pub(crate) pool: Pool,
    /// Connections that other threads opened before.
    pub(crate) before: u32,
    /// Sent once over each connection, and to be answered with success.
    pub(crate) priming: Option<Request>,
    pub(crate) interrupt: Interrupt,
}

impl Opening {
    /// Opens all of them into `hand`; returns the way they went.
    ///
    /// One after another: some servers leave bursts of simultaneous connections unanswered, and which connection failed
    /// can be said.
    pub(crate) fn run(self, hand: &mut Hand) -> Result<Opened, StartError> {
        let Hand { runtime, slots, .. } = hand;
        runtime.block_on(async {
            tokio::select! {
                opened = self.open_all(slots) => opened,
                () = raised(&self.interrupt) => Err(StartError::Interrupted),
            }
        })
    }

    async fn open_all(&self, slots: &mut Vec<Rc<Slot>>) -> Result<Opened, StartError> {
        let (mut opened, mut proof) =
            if self.are_proven { (self.all_addresses(), None) } else { self.prove_addresses().await? };
        let turns = self.before as usize..;
        for (number, turn) in (1..=self.connections).zip(turns) {
            let mut stream = match proof.take() {
                Some(stream) => stream,
                None if self.pool == Pool::OnDemand => {
                    slots.push(Rc::new(Slot::vacant(turn)));
                    continue;
                }
                None => self.open(&mut opened.route, turn, number).await?,
            };
            if let Some(priming) = &self.priming {
                prove(&mut stream, priming).await.map_err(|found| StartError::Priming {
                    url: priming.url().to_string(),
                    number,
                    found,
                })?;
            }
            slots.push(Rc::new(Slot::with(stream, turn, u64::from(self.priming.is_some()))));
        }
        Ok(opened)
    }

    fn all_addresses(&self) -> Opened {
        Opened { route: self.route(&self.addresses), left_out: Vec::new() }
    }

    fn route(&self, addresses: &[SocketAddr]) -> Route {
        let addresses = Arc::from(addresses);
        Route { addresses, connect_timeout: self.connect_timeout, round_trip: Duration::MAX }
    }

    /// Finds out which addresses accept connections; returns a connection to the first of them as well.
    ///
    /// With one address, nothing is opened but that connection; of several, each gets one, closed again but for the
    /// first, so that no request fails later for an address that never worked.
    async fn prove_addresses(&self) -> Result<(Opened, Option<TcpStream>), StartError> {
        let (mut proven, mut left_out, mut first) = (Vec::new(), Vec::new(), None);
        let mut all = self.route(&self.addresses);
        let mut refusal = None;
        for (turn, address) in self.addresses.iter().enumerate() {
            match self.open(&mut all, turn, 1).await {
                Ok(stream) => {
                    proven.push(*address);
                    first.get_or_insert(stream);
                }
                Err(StartError::Connect { address, number, cause }) => {
                    left_out.push(LeftOut { address, cause: cause.to_string() });
                    refusal = Some(StartError::Connect { address, number, cause });
                }
                Err(error) => return Err(error),
            }
        }
        if proven.is_empty() {
            return Err(refusal.unwrap_or(StartError::NoAddress));
        }
        let route = Route { round_trip: all.round_trip, ..self.route(&proven) };
        Ok((Opened { route, left_out }, first))
    }

    async fn open(&self, route: &mut Route, turn: usize, number: u32) -> Result<TcpStream, StartError> {
        let address = route.address(turn);
        let opened = route.open_in_time(turn).await;
        let (stream, took) =
            opened.map_err(|failed| StartError::Connect { address, number, cause: failed.source })?;
        route.round_trip = route.round_trip.min(round_trip(took));
        Ok(stream)
    }
}

/// How connections went to the server.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) route: Route,
    pub(crate) left_out: Vec<LeftOut>,
}

/// An address of the host that connections do not go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The address, with its port.
    pub address: SocketAddr,
    /// The system's reason.
    pub cause: String,
}

async fn raised(interrupt: &Interrupt) {
    while !interrupt.is_raised() {
        if timer::sleep(INTERRUPT_TICK).await.is_err() {
            // Without a descriptor left, opening fails and says so.
            std::future::pending::<()>().await;
        }
    }
}

/// Sends `request` and reads its reply, which must be a success and keep the connection.
async fn prove(stream: &mut TcpStream, request: &Request) -> Result<(), String> {
    let answered = timer::within(PROOF_TIMEOUT, exchange(stream, request)).await.and_then(Option::transpose);
    match answered {
        Err(error) => Err(error.to_string()),
        Ok(None) => Err("no whole reply within 5s".into()),
        Ok(Some(reply)) if !(200..300).contains(&reply.status) => Err(format!("status {}", reply.status)),
        Ok(Some(reply)) if !reply.keep_alive => Err("a reply that closes the connection".into()),
        Ok(Some(reply)) if reply.surplus > 0 => Err("a reply with bytes after its end".into()),
        Ok(Some(_)) => Ok(()),
    }
}

async fn exchange(stream: &mut TcpStream, request: &Request) -> io::Result<Reply> {
    stream.write_all(request.bytes()).await?;
    read_reply(stream, request).await
}

/// Reads the one reply to `request` that is to come.
pub(crate) async fn read_reply(stream: &mut TcpStream, request: &Request) -> io::Result<Reply> {
    let mut parser = ReplyParser::new(request.method() == "HEAD", Look::Count, Rc::default());
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return match parser.end() {
                End::Reply(reply) => Ok(reply),
                End::Closed | End::Truncated => {
                    Err(io::Error::other("the connection ended before the reply did"))
                }
            };
        }
        let fed = parser.feed(&buffer[..count]).map_err(io::Error::other)?;
        match fed {
            Some(reply) if reply.surplus > 0 => {
                return Err(io::Error::other("bytes after the reply that no request asked for"));
            }
            Some(reply) => return Ok(reply),
            None => {}
        }
    }
}

//! Opening connections one after another, each proven before the next.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::engine::{Route, Slot};
use crate::reply::{End, Look, Reply, ReplyParser};
use crate::thread::Hand;
use crate::{Interrupt, Request, StartError, socket};

/// Deadline of the request that proves a connection.
const PROOF_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a raised interrupt is looked for meanwhile.
const INTERRUPT_TICK: Duration = Duration::from_millis(50);

/// One thread's connections to open.
pub(crate) struct Opening {
    /// The first that accepts is used for all.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) connect_timeout: Duration,
    pub(crate) connections: u32,
    /// Sent once over each connection, and to be answered with success.
    pub(crate) priming: Option<Request>,
    pub(crate) interrupt: Interrupt,
}

impl Opening {
    /// Opens all of them into `hand`; returns the way they went.
    ///
    /// One after another: some servers leave bursts of simultaneous connections unanswered, and which connection failed
    /// can be said.
    pub(crate) fn run(self, hand: &mut Hand) -> Result<Route, StartError> {
        let Hand { runtime, slots } = hand;
        runtime.block_on(async {
            tokio::select! {
                opened = self.open_all(slots) => opened,
                () = raised(&self.interrupt) => Err(StartError::Interrupted),
            }
        })
    }

    async fn open_all(&self, slots: &mut Vec<Rc<Slot>>) -> Result<Route, StartError> {
        let (first, address) = self.open_any().await?;
        let route = Route { address, connect_timeout: self.connect_timeout };
        let mut opened = Some(first);
        for number in 1..=self.connections {
            let mut stream = match opened.take() {
                Some(stream) => stream,
                None => self.open(address, number).await?,
            };
            if let Some(priming) = &self.priming {
                prove(&mut stream, priming).await.map_err(|found| StartError::Priming {
                    url: priming.url().to_string(),
                    number,
                    found,
                })?;
            }
            let slot = Slot::default();
            slot.fill(stream, u64::from(self.priming.is_some()));
            slots.push(Rc::new(slot));
        }
        Ok(route)
    }

    async fn open_any(&self) -> Result<(TcpStream, SocketAddr), StartError> {
        let mut refusal = None;
        for address in &self.addresses {
            match self.open(*address, 1).await {
                Ok(stream) => return Ok((stream, *address)),
                Err(error) => refusal = Some(error),
            }
        }
        Err(refusal.unwrap_or(StartError::NoAddress))
    }

    async fn open(&self, address: SocketAddr, number: u32) -> Result<TcpStream, StartError> {
        let failed =
            |failed: socket::NotConnected| StartError::Connect { address, number, cause: failed.source };
        socket::connect(address, self.connect_timeout).await.map_err(failed)
    }
}

async fn raised(interrupt: &Interrupt) {
    while !interrupt.is_raised() {
        tokio::time::sleep(INTERRUPT_TICK).await;
    }
}

/// Sends `request` and reads its reply, which must be a success and keep the connection.
async fn prove(stream: &mut TcpStream, request: &Request) -> Result<(), String> {
    let answered = tokio::time::timeout(PROOF_TIMEOUT, exchange(stream, request)).await;
    match answered {
        Err(_) => Err("no whole reply within 5s".into()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(reply)) if !(200..300).contains(&reply.status) => Err(format!("status {}", reply.status)),
        Ok(Ok(reply)) if !reply.keep_alive => Err("a reply that closes the connection".into()),
        Ok(Ok(reply)) if reply.surplus > 0 => Err("a reply with bytes after its end".into()),
        Ok(Ok(_)) => Ok(()),
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
        if let Some(reply) = fed {
            return Ok(reply);
        }
    }
}

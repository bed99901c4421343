//! A raw connection to a contender, on which nothing waits for ever.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::patience::{Patience, Peer};
use crate::reply::{self, Malformed, Reading, Received};

/// What kept a reply from coming.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// No connection was made.
    #[error("could not connect to {address}: {source}")]
    Connect {
        /// Where the contender was expected.
        address: SocketAddr,
        /// Why the kernel refused.
        source: io::Error,
    },
    /// The socket failed otherwise than by being closed.
    #[error("the socket failed: {0}")]
    Socket(#[source] io::Error),
    /// Nothing more came in time.
    #[error("nothing more came within {patience:?} (so far: \"{so_far}\")")]
    Silent {
        /// How long was waited.
        patience: Duration,
        /// What had come by then, escaped and shortened.
        so_far: String,
    },
    /// The contender closed or reset the connection before a complete reply.
    #[error("the connection was closed before a complete reply (so far: \"{so_far}\")")]
    Closed {
        /// What had come by then, escaped and shortened.
        so_far: String,
    },
    /// More came than the question may be answered with.
    #[error("a reply of more than {limit} bytes")]
    TooLong {
        /// How many are allowed.
        limit: usize,
    },
    /// What came is not a reply.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// The connection stayed open, or more came on it, where it had to end.
    #[error("the connection was not closed: {0}")]
    NotClosed(String),
}

/// One TCP connection and the bytes read from it that no reply has used yet.
pub(crate) struct Connection {
    stream: TcpStream,
    peer: Peer,
    unused: Vec<u8>,
    ended: bool,
    /// Whether it ended by a reset: what had come by then may not be all.
    was_reset: bool,
    reading: Reading,
    patience: Duration,
    /// Most bytes of one reply that are kept.
    limit: usize,
}

impl Connection {
    /// Connects; `patience` bounds the connect and, each time anew, every reply and the end.
    pub(crate) fn open(peer: impl Into<Peer>, patience: Duration) -> Result<Self, Trouble> {
        let peer = peer.into();
        let address = peer.address();
        let connect = |source| Trouble::Connect { address, source };
        let stream = TcpStream::connect_timeout(&address, patience).map_err(connect)?;
        // A piece must leave when it is sent, or splitting a request would test nothing.
        stream.set_nodelay(true).map_err(Trouble::Socket)?;
        stream.set_write_timeout(Some(patience)).map_err(Trouble::Socket)?;
        let (unused, limit) = (Vec::new(), usize::MAX);
        let reading = Reading::Strict;
        Ok(Self { stream, peer, unused, ended: false, was_reset: false, reading, patience, limit })
    }

    /// The same to a server that knows no contract.
    pub(crate) fn tolerant(self) -> Self {
        Self { reading: Reading::Tolerant, ..self }
    }

    /// The same, on which a reply of more than `limit` bytes is refused: none is kept beyond what the decoder allows.
    pub(crate) fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Sends one piece.
    ///
    /// A contender may close before it has read everything, for instance a body it refuses: a reply that
    /// came before counts, so a closed connection is reported by [`Self::receive`], not here.
    pub(crate) fn send(&mut self, piece: &[u8]) -> Result<(), Trouble> {
        match self.stream.write_all(piece) {
            Err(error) if !is_closing(&error) => Err(Trouble::Socket(error)),
            _ => Ok(()),
        }
    }

    /// The next reply.
    pub(crate) fn receive(&mut self) -> Result<Received, Trouble> {
        let mut patience = self.peer.patience(self.patience);
        loop {
            if let Some((received, used)) = self.take()? {
                self.unused.drain(..used);
                return Ok(received);
            }
            if self.ended {
                return Err(Trouble::Closed { so_far: shortened(&self.unused) });
            }
            if self.unused.len() > self.limit {
                return Err(Trouble::TooLong { limit: self.limit });
            }
            self.read_patiently(&mut patience)?;
        }
    }

    fn take(&self) -> Result<Option<(Received, usize)>, Malformed> {
        reply::take(&self.unused, self.ended && !self.was_reset, self.reading)
    }

    /// Waits for the contender to close, with nothing sent after the last reply.
    pub(crate) fn ends(&mut self) -> Result<(), Trouble> {
        let mut patience = self.peer.patience(self.patience);
        while !self.ended && self.unused.is_empty() {
            match self.read_patiently(&mut patience) {
                Err(Trouble::Silent { patience, .. }) => {
                    return Err(Trouble::NotClosed(format!("open and silent for {patience:?}")));
                }
                other => other?,
            }
        }
        if self.unused.is_empty() {
            return Ok(());
        }
        Err(Trouble::NotClosed(format!("more came: \"{}\"", shortened(&self.unused))))
    }

    /// Goes on with something until the contender has had enough: its reply, or `None` if it ends the connection
    /// without one.
    ///
    /// `go_on` is called again and again with a pause for reading between; `false` says that it is at its end.
    pub(crate) fn outlast(
        &mut self,
        pause: Duration,
        mut go_on: impl FnMut(&mut Self) -> Result<bool, Trouble>,
    ) -> Result<Option<Received>, Trouble> {
        let deadline = Instant::now() + self.patience;
        while !self.ended {
            if Instant::now() > deadline || !go_on(self)? {
                return Err(Trouble::NotClosed("it was open and silent all the time".to_owned()));
            }
            self.read(Instant::now() + pause)?;
            if let Some((received, used)) = self.take()? {
                self.unused.drain(..used);
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    /// Reads what comes within `pause` and forgets it; at most 16 KiB.
    pub(crate) fn take_a_little(&mut self, pause: Duration) -> Result<(), Trouble> {
        self.unused.clear();
        self.read(Instant::now() + pause)
    }

    /// Whether nothing of a reply has come, and the connection is open, after `pause`.
    pub(crate) fn is_silent(&mut self, pause: Duration) -> Result<bool, Trouble> {
        let until = Instant::now() + pause;
        while !self.ended && self.unused.is_empty() && Instant::now() < until {
            // Just before the end there is no time left to read in.
            match self.read(until) {
                Err(Trouble::Silent { .. }) => break,
                other => other?,
            }
        }
        Ok(!self.ended && self.unused.is_empty())
    }

    /// Reads what comes within a turn; an error once patience is at its end.
    fn read_patiently(&mut self, patience: &mut Patience) -> Result<(), Trouble> {
        let Some(turn) = patience.turn() else {
            return Err(Trouble::Silent { patience: self.patience, so_far: shortened(&self.unused) });
        };
        match self.read(Instant::now() + turn) {
            // No time was left to read in: the next turn has some.
            Err(Trouble::Silent { .. }) => Ok(()),
            read => read,
        }
    }

    fn read(&mut self, deadline: Instant) -> Result<(), Trouble> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Trouble::Silent { patience: self.patience, so_far: shortened(&self.unused) });
        }
        self.stream.set_read_timeout(Some(left)).map_err(Trouble::Socket)?;
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.ended = true,
            Ok(count) => self.unused.extend_from_slice(&chunk[..count]),
            Err(error) if is_closing(&error) => (self.ended, self.was_reset) = (true, true),
            // The deadline is judged above, on the next turn.
            Err(error) if is_pause(&error) => {}
            Err(error) => return Err(Trouble::Socket(error)),
        }
        Ok(())
    }
}

fn is_closing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// `bytes` as one line of text: escaped, and cut after 160 bytes with the number left out.
pub(crate) fn shortened(bytes: &[u8]) -> String {
    shortened_to(160, bytes)
}

/// [`shortened`] to another length.
pub(crate) fn shortened_to(length: usize, bytes: &[u8]) -> String {
    match bytes.get(..length) {
        Some(start) if bytes.len() > length => {
            format!("{}… and {} bytes more", start.escape_ascii(), bytes.len() - length)
        }
        _ => bytes.escape_ascii().to_string(),
    }
}

//! The way to a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::socket::{self, NotConnected};

/// Where connections go, and how long opening one may take.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// Connections go to them in turn; never empty.
    pub(crate) addresses: Arc<[SocketAddr]>,
    pub(crate) connect_timeout: Duration,
    /// The shortest time that opening a connection took: a round trip, and what waking this side takes.
    pub(crate) round_trip: Duration,
}

impl Route {
    /// The address of the connection whose `turn` it is.
    pub(crate) fn address(&self, turn: usize) -> SocketAddr {
        self.addresses[turn % self.addresses.len()]
    }

    /// Opens the connection whose `turn` it is, and says how long that took.
    pub(crate) async fn open(&self, turn: usize) -> Result<(TcpStream, Duration), NotConnected> {
        let begun = Instant::now();
        let stream = socket::connect(self.address(turn), self.connect_timeout).await?;
        Ok((stream, begun.elapsed()))
    }
}

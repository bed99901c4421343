//! The way to a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::socket::{self, NotConnected};
use crate::timer;

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

    /// Opens the connection whose `turn` it is, however long that takes, and says how long it took.
    pub(crate) async fn open(&self, turn: usize) -> Result<(TcpStream, Duration), NotConnected> {
        let begun = Instant::now();
        let stream = socket::connect(self.address(turn)).await?;
        Ok((stream, begun.elapsed()))
    }

    /// The same within the time that it may take.
    pub(crate) async fn open_in_time(&self, turn: usize) -> Result<(TcpStream, Duration), NotConnected> {
        timer::within(self.connect_timeout, self.open(turn))
            .await?
            .unwrap_or_else(|| Err(NotConnected::in_time()))
    }
}

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

/// The round trip of a connection that took this long to open. An attempt that the server's kernel drops is repeated after whole seconds
/// (RFC 6298, §2.1 and §5.5), which are no part of the way there and back.
pub(crate) fn round_trip(took: Duration) -> Duration {
    Duration::from_nanos(u64::from(took.subsec_nanos()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_that_passed_before_an_attempt_was_repeated_is_no_round_trip() {
        let ms = Duration::from_millis;
        assert_eq!(
            [80, 1_020, 3_020, 7_000].map(|took| round_trip(ms(took))),
            [ms(80), ms(20), ms(20), ms(0)]
        );
    }
}

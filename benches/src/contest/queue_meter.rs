//! A meter that also counts connections which the server's kernel did not take.

use crate::meter::{Meter, ProcessMeter, Spent};
use crate::sampler::listen_overflows;

/// A server's meter, and the connections that were dropped on a full accept queue while it was asked.
///
/// The kernel counts them for the whole machine; the servers of a contest are asked one after another, so that those in a
/// server's own slices are its own unless another program drops some at the same time.
pub(super) struct QueueMeter {
    meter: ProcessMeter,
    before: Option<u64>,
    dropped: u64,
}

impl QueueMeter {
    pub(super) fn of(supervisor: u32) -> Self {
        Self { meter: ProcessMeter::of(supervisor), before: None, dropped: 0 }
    }

    /// Connections that were dropped so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Meter for QueueMeter {
    fn begin(&mut self) -> anyhow::Result<()> {
        self.before = listen_overflows();
        self.meter.begin()
    }

    fn end(&mut self) -> anyhow::Result<Spent> {
        let during = self.before.zip(listen_overflows()).map(|(before, after)| after.saturating_sub(before));
        self.dropped += during.unwrap_or(0);
        self.meter.end()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// A queue of one holds one more than that, as Linux has it; of eight connections that nobody accepts some are dropped.
    #[test]
    fn connections_that_a_full_queue_drops_are_counted() {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut meter = QueueMeter::of(std::process::id());
        meter.begin().unwrap();
        let clients: Vec<Socket> = (0..8)
            .map(|_| {
                let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                client.set_nonblocking(true).unwrap();
                // In progress: no error of the test's.
                let _ = client.connect(&address);
                client
            })
            .collect();
        meter.end().unwrap();
        assert!(meter.dropped() > 0, "{clients:?}");
    }
}

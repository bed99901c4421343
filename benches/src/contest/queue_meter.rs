//! A meter that also counts connections which the server's kernel did not take.

use std::time::Duration;

use crate::meter::{Meter, ProcessMeter, Spent};
use crate::sampler::listen_overflows;

/// A server's meter, and the connections that were dropped on a full accept queue while it was asked.
///
/// The kernel counts them for the whole machine; the servers of a contest are asked one after another, so that those in a
/// server's own slices are its own unless another program drops some at the same time. Between its slices another server is asked.
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
        self.meter.begin()
    }

    fn set_off(&mut self) {
        self.before = listen_overflows();
        self.meter.set_off();
    }

    fn lap(&mut self) -> Option<Duration> {
        let during = self.before.zip(listen_overflows()).map(|(before, after)| after.saturating_sub(before));
        self.dropped += during.unwrap_or(0);
        self.meter.lap()
    }

    fn end(&mut self) -> anyhow::Result<Spent> {
        self.meter.end()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, SocketAddr};
    use std::process::{Child, Command, Stdio};

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// A shell with a child, which has begun.
    fn supervised() -> Child {
        let mut shell = Command::new("sh")
            .args(["-c", "cat; true"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        shell.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        shell
    }

    /// A queue of one holds one more than that, as Linux has it; of eight connections that nobody accepts some are dropped.
    #[test]
    fn connections_that_a_full_queue_drops_are_counted_for_the_server_that_is_asked_and_for_no_other() {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = supervised();
        let [mut meter, mut other] = [(); 2].map(|()| QueueMeter::of(server.id()));
        meter.begin().unwrap();
        other.begin().unwrap();
        meter.set_off();
        let clients: Vec<Socket> = (0..8)
            .map(|_| {
                let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                client.set_nonblocking(true).unwrap();
                // In progress: no error of the test's.
                let _ = client.connect(&address);
                client
            })
            .collect();
        assert!(meter.lap().is_some(), "the CPU time of a slice is told");
        meter.end().unwrap();
        other.end().unwrap();
        assert!(meter.dropped() > 0, "{clients:?}");
        assert_eq!(other.dropped(), 0);
        drop(server.stdin.take());
        server.wait().unwrap();
    }
}

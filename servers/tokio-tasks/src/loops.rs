//! How connections are shared out among the event loops.

use std::{
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use servers_front::StageProbe;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Every event loop, with what it has: each connection goes to the one that has the fewest.
///
/// Where all loops share the listener instead, the kernel wakes whichever it likes, and some serve several times as many
/// connections as others.
#[derive(Default)]
pub(crate) struct Loops {
    loops: Vec<Loop>,
    last: usize,
}

struct Loop {
    connections: UnboundedSender<HandedOut>,
    share: Arc<Share>,
}

/// A loop's part of the work.
#[derive(Default)]
pub(crate) struct Share {
    open: AtomicUsize,
    requests: AtomicU64,
}

/// A connection on its way to its loop.
pub(crate) struct HandedOut {
    pub(crate) stream: TcpStream,
    pub(crate) place: Place,
    pub(crate) probe: Option<Box<StageProbe>>,
}

/// One of a loop's connections, until it is dropped.
pub(crate) struct Place(Arc<Share>);

impl Loops {
    /// Adds a loop; returns what will be handed to it, and its part of the work.
    pub(crate) fn add(&mut self) -> (UnboundedReceiver<HandedOut>, Arc<Share>) {
        // Without a limit: what waits here is counted and bounded as soon as its loop takes it.
        let (connections, handed_out) = unbounded_channel();
        let share = Arc::<Share>::default();
        self.loops.push(Loop { connections, share: Arc::clone(&share) });
        (handed_out, share)
    }

    /// Hands a connection to the loop with the fewest.
    pub(crate) fn hand_out(&mut self, stream: TcpStream, probe: Option<Box<StageProbe>>) {
        let open: Vec<usize> = self.loops.iter().map(|one| one.share.open.load(Relaxed)).collect();
        self.last = fewest(&open, self.last);
        let one = &self.loops[self.last];
        one.share.open.fetch_add(1, Relaxed);
        // Fails only if the loop has ended, and with it the process.
        let _ = one.connections.send(HandedOut { stream, place: Place(Arc::clone(&one.share)), probe });
    }
}

impl Share {
    /// Connections that are open on it.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Relaxed) as u64
    }

    /// Requests that it has taken.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }
}

impl Place {
    /// Counts a request to the connection's loop: one addition to a number that no other loop writes.
    pub(crate) fn count_request(&self) {
        self.0.requests.fetch_add(1, Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// The place of the smallest number; of several, the first after `last`.
fn fewest(numbers: &[usize], last: usize) -> usize {
    let after = (1..=numbers.len()).map(|step| (last + step) % numbers.len());
    after.min_by_key(|place| numbers[*place]).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_come_first_and_equal_ones_in_turn() {
        assert_eq!(fewest(&[3, 1, 2], 0), 1);
        assert_eq!(fewest(&[0, 0, 0], 0), 1);
        assert_eq!(fewest(&[0, 0, 0], 2), 0);
        assert_eq!(fewest(&[1, 2, 1], 0), 2);
        assert_eq!(fewest(&[5], 0), 0);
    }
}

//! How connections are shared out among the event loops.

use std::{
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

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
    open: Arc<AtomicUsize>,
}

/// A connection on its way to its loop.
pub(crate) struct HandedOut {
    pub(crate) stream: TcpStream,
    pub(crate) place: Place,
}

/// One of a loop's connections, until it is dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Loops {
    /// Adds a loop; returns what will be handed to it, and how many connections it has.
    pub(crate) fn add(&mut self) -> (UnboundedReceiver<HandedOut>, Arc<AtomicUsize>) {
        // Without a limit: what waits here is counted and bounded as soon as its loop takes it.
        let (connections, handed_out) = unbounded_channel();
        let open = Arc::<AtomicUsize>::default();
        self.loops.push(Loop { connections, open: Arc::clone(&open) });
        (handed_out, open)
    }

    /// Hands a connection to the loop with the fewest.
    pub(crate) fn hand_out(&mut self, stream: TcpStream) {
        let open: Vec<usize> = self.loops.iter().map(|one| one.open.load(Relaxed)).collect();
        self.last = fewest(&open, self.last);
        let one = &self.loops[self.last];
        one.open.fetch_add(1, Relaxed);
        // Fails only if the loop has ended, and with it the process.
        let _ = one.connections.send(HandedOut { stream, place: Place(Arc::clone(&one.open)) });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
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

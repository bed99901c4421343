//! The connections that are open: how many there may be, and how all of them are told to end.

use std::{
    collections::HashMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// Open connections by number, at most as many as stated; `S` is what ends one of them from outside.
pub struct Connections<S> {
    open: Mutex<Open<S>>,
    one_closed: Condvar,
    limit: usize,
    draining: AtomicBool,
}

struct Open<S> {
    next: u64,
    sockets: HashMap<u64, S>,
}

/// An open connection's place; dropping it gives the place free.
pub struct Ticket<S> {
    connections: Arc<Connections<S>>,
    number: u64,
}

impl<S> Connections<S> {
    /// None open yet.
    pub fn new(limit: usize) -> Arc<Connections<S>> {
        Arc::new(Connections {
            open: Mutex::new(Open { next: 0, sockets: HashMap::new() }),
            one_closed: Condvar::new(),
            limit,
            draining: AtomicBool::new(false),
        })
    }

    /// Takes a place.
    ///
    /// # Errors
    /// Gives the socket back when all places are taken, or when no more connections are wanted.
    pub fn open(self: &Arc<Self>, socket: S) -> Result<Ticket<S>, S> {
        let mut open = self.lock();
        // Under the lock, so that none slips in behind `drain`.
        if open.sockets.len() >= self.limit || self.is_draining() {
            return Err(socket);
        }
        let number = open.next;
        open.next += 1;
        open.sockets.insert(number, socket);
        Ok(Ticket { connections: Arc::clone(self), number })
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.lock().sockets.len()
    }

    /// Whether connections should end after the reply that they are at.
    pub fn is_draining(&self) -> bool {
        // Alone: what a connection does with it depends on no other memory.
        self.draining.load(Relaxed)
    }

    /// Takes no more connections and applies `end` to each that is open.
    ///
    /// `end` should close the reading half: what has arrived is still answered, an idle connection wakes and ends.
    pub fn drain(&self, end: impl Fn(&S)) {
        let open = self.lock();
        self.draining.store(true, Relaxed);
        open.sockets.values().for_each(end);
    }

    /// Waits until none is open, at most `grace`; returns how many are still open.
    pub fn wait_until_closed(&self, grace: Duration) -> usize {
        let (open, _) = self
            .one_closed
            .wait_timeout_while(self.lock(), grace, |open| !open.sockets.is_empty())
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        open.sockets.len()
    }

    /// Nothing panics while it is held, save for a caller's `end`, which leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, Open<S>> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<S> Drop for Ticket<S> {
    fn drop(&mut self) {
        let socket = self.connections.lock().sockets.remove(&self.number);
        self.connections.one_closed.notify_all();
        // Outside the lock: closing a socket is a system call.
        drop(socket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, thread};

    #[test]
    fn no_more_places_than_the_limit_and_a_dropped_ticket_frees_one() {
        let connections = Connections::new(2);
        let one = connections.open("a").ok().unwrap();
        let _two = connections.open("b").ok().unwrap();
        assert_eq!(connections.open("c").err(), Some("c"));
        drop(one);
        assert!(connections.open("c").is_ok());
    }

    #[test]
    fn a_drain_ends_each_open_connection_and_waits_for_the_last() {
        let connections = Connections::new(8);
        let (end, ended) = mpsc::channel();
        let ticket = connections.open(end).ok().unwrap();
        let connection = thread::spawn(move || {
            ended.recv().unwrap();
            drop(ticket);
        });
        assert_eq!(connections.wait_until_closed(Duration::ZERO), 1);
        connections.drain(|end| end.send(()).unwrap());
        assert_eq!(connections.wait_until_closed(Duration::from_secs(60)), 0);
        assert!(connections.is_draining() && connections.open(mpsc::channel().0).is_err());
        connection.join().unwrap();
    }
}

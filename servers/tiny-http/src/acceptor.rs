//! Whether the library still accepts connections.

use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io, thread};

use anyhow::{Context, anyhow};
use servers_front::Failure;

/// How often is looked: what dies here has died for good, so a second more does not matter.
const INTERVAL: Duration = Duration::from_secs(1);

/// The accept thread of tiny_http, seen from outside by the descriptor that only it owns.
///
/// An error of `accept` is also passed on in the queue of requests, but a panic of that thread is not (it duplicates
/// each socket and spawns threads, and unwraps both). Either way the thread drops the listener.
#[derive(Debug)]
pub(crate) struct Acceptor {
    descriptor: PathBuf,
    socket: PathBuf,
}

impl Acceptor {
    /// Remembers the listener before the library gets it.
    pub(crate) fn of(listener: &TcpListener) -> io::Result<Self> {
        let descriptor = PathBuf::from(format!("/proc/self/fd/{}", listener.as_raw_fd()));
        let socket = fs::read_link(&descriptor)?;
        Ok(Self { descriptor, socket })
    }

    /// Reports a failure as soon as the listener is gone.
    pub(crate) fn watch(self, failure: Failure) -> anyhow::Result<()> {
        let watch = move || {
            while self.is_alive() {
                thread::sleep(INTERVAL);
            }
            failure.report(anyhow!(
                "tiny_http has stopped accepting connections for good: see above for its panic, \
                 give the process more descriptors or threads, or fewer connections"
            ));
        };
        thread::Builder::new()
            .name("acceptor-watch".to_owned())
            .spawn(watch)
            .context("could not start the thread that watches the accept loop")?;
        Ok(())
    }

    fn is_alive(&self) -> bool {
        // Compared, since the number may have been given to another socket by now.
        match fs::read_link(&self.descriptor) {
            Ok(socket) => socket == self.socket,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_listener_is_noticed_even_when_its_number_is_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let acceptor = Acceptor::of(&listener).unwrap();
        assert!(acceptor.is_alive());
        drop(listener);
        let reused = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(!acceptor.is_alive(), "{acceptor:?} {reused:?}");
    }
}

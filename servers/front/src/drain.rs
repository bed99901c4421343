//! The end of a contender that has been asked to stop.

use std::{net::Shutdown, os::fd::AsFd, time::Duration};

use socket2::SockRef;

use crate::{Connections, notice};

/// Stops accepting, ends every connection after the reply that it is at, and waits for that, at most `grace`.
///
/// `end` closes a connection's reading half ([`Connections::drain`]). Shutting the listener down wakes an `accept`
/// that blocks and one that is awaited alike; both then fail as [`crate::AfterError::End`].
pub fn drain<S>(listener: &impl AsFd, connections: &Connections<S>, end: impl Fn(&S), grace: Duration) {
    connections.drain(end);
    // Fails only if it is shut already, which is what is wanted.
    let _ = SockRef::from(listener).shutdown(Shutdown::Both);
    match connections.wait_until_closed(grace) {
        0 => {}
        left => {
            notice(format_args!("{left} connections were still open after the grace of {grace:?}: cut off"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Read,
        net::{TcpListener, TcpStream},
        sync::Arc,
        thread,
    };

    #[test]
    fn a_drain_wakes_an_accept_that_blocks_and_an_idle_connection() {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let accepted = Arc::new(accepted);
        let connections = Connections::new(1);
        let ticket = connections.open(Arc::clone(&accepted)).ok().unwrap();
        let accepts = Arc::clone(&listener);
        let accepting = thread::spawn(move || accepts.accept().is_err());
        let idle = thread::spawn(move || {
            let read = (&*accepted).read(&mut [0; 1]).unwrap();
            drop(ticket);
            read
        });
        let end = |stream: &Arc<TcpStream>| stream.shutdown(Shutdown::Read).unwrap();
        drain(&*listener, &connections, end, Duration::from_secs(60));
        assert_eq!(connections.count(), 0);
        assert_eq!(idle.join().unwrap(), 0);
        assert!(accepting.join().unwrap());
        drop(client);
    }
}

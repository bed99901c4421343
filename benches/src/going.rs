//! Whether a server is about to be gone, as its sockets tell before its supervisor knows.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take to answer, or to close a connection, before it is taken for one that is merely silent.
const MOMENT: Duration = Duration::from_secs(1);

/// Whether the server at `address` ends or has ended: it takes no connection, or closes one without a byte in reply to `request`. One that
/// lives answers, and one that is stopped or slow keeps silent.
pub(crate) fn is_going(address: SocketAddr, request: &[u8]) -> bool {
    let is_closed = || -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, MOMENT)?;
        stream.set_read_timeout(Some(MOMENT))?;
        stream.write_all(request)?;
        Ok(stream.read(&mut [0])? == 0)
    };
    is_closed().unwrap_or_else(|error| !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use super::*;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn a_server_that_refuses_or_closes_is_going_and_one_that_answers_or_keeps_silent_is_not() {
        let (gone, address) = listener();
        drop(gone);
        assert!(is_going(address, b"?"), "nobody listens");
        // Its queue takes the connection, and no process reads from it.
        let (_silent, address) = listener();
        assert!(!is_going(address, b"?"), "silent");
        for (reply, expected) in [(&b"HTTP"[..], false), (b"", true)] {
            let (server, address) = listener();
            let answering = thread::spawn(move || {
                let (mut stream, _) = server.accept().unwrap();
                stream.read_exact(&mut [0]).unwrap();
                stream.write_all(reply).unwrap();
            });
            assert_eq!(is_going(address, b"?"), expected, "{reply:?}");
            answering.join().unwrap();
        }
    }
}

//! What to do when a connection cannot be accepted or kept.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// How an accept loop goes on after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterError {
    /// The connection was gone before it was accepted, or a signal came: accept the next one.
    Next,
    /// Something ran out, descriptors most often. Accept again after this pause: the waiting connection would
    /// make every immediate attempt fail and the loop spin.
    Pause(Duration),
    /// The listener itself is gone, as after a shutdown: stop accepting.
    End,
}

/// Long enough to cost nothing (twenty attempts a second), short enough that a freed descriptor is soon used.
const PAUSE: Duration = Duration::from_millis(50);

/// Decides by the kind of error that `accept` gave.
pub fn after_error(error: &io::Error) -> AfterError {
    match error.kind() {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted => {
            AfterError::Next
        }
        // EINVAL is what a listener answers after it was shut down.
        io::ErrorKind::InvalidInput => AfterError::End,
        _ => AfterError::Pause(PAUSE),
    }
}

/// Answers a connection that there is no room for, without ever blocking; the caller drops it then.
///
/// What has arrived of its request is taken first, because closing a socket with unread bytes resets it and the
/// reply could be lost. A request that arrives later still resets it: the client then sees a refusal without a
/// reason, which is the price of not holding on to what there is no room for.
pub fn turn_away(mut stream: &TcpStream, reply: &[u8]) {
    let mut request = [0; 4096];
    // Each may fail because the client has gone, which is where this ends anyway.
    let _ = stream.set_nonblocking(true);
    let _ = stream.read(&mut request);
    let _ = stream.write_all(reply);
    let _ = stream.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn running_out_pauses_and_a_shut_listener_ends() {
        const EMFILE: i32 = 24;
        assert_eq!(after_error(&io::Error::from_raw_os_error(EMFILE)), AfterError::Pause(PAUSE));
        assert_eq!(after_error(&io::ErrorKind::ConnectionAborted.into()), AfterError::Next);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        socket2::SockRef::from(&listener).shutdown(Shutdown::Both).unwrap();
        assert_eq!(after_error(&listener.accept().unwrap_err()), AfterError::End);
    }

    #[test]
    fn who_is_turned_away_can_read_why() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(b"GET /hello HTTP/1.1\r\n\r\n").unwrap();
        let (accepted, _) = listener.accept().unwrap();
        turn_away(&accepted, b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
        let mut answer = String::new();
        drop(accepted);
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer:?}");
    }
}

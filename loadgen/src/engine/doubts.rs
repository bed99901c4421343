//! Connections that were given up because of bytes of which it is not told yet whether they only announce the connection's end.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

use super::conversation::is_farewell;
use crate::clock::Moment;

/// A server that has begun to announce the end of a connection goes on within this time, however busy it is.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most connections that are listened to: each holds a descriptor.
const MOST: usize = 32;

/// Connections without a request that are listened to until it is told what their bytes are.
#[derive(Debug, Default)]
pub(super) struct Doubts(VecDeque<Doubt>);

#[derive(Debug)]
struct Doubt {
    stream: TcpStream,
    bytes: Vec<u8>,
    since: Moment,
}

/// What it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Ended,
    Unasked,
}

impl Doubts {
    /// Listens on to `stream`, over which these bytes came.
    pub(super) fn add(&mut self, stream: TcpStream, bytes: &[u8], since: Moment) {
        self.0.push_back(Doubt { stream, bytes: bytes.to_vec(), since });
    }

    /// Looks at each; returns how many brought bytes that no request asked for. The earliest do without being told where there are too
    /// many, and those that fell silent.
    pub(super) fn unasked(&mut self, now: Moment) -> u64 {
        let too_many = self.0.len().saturating_sub(MOST);
        let mut unasked = self.0.drain(..too_many).count() as u64;
        self.0.retain_mut(|doubt| {
            let told = doubt.look(now);
            unasked += u64::from(told == Told::Unasked);
            told == Told::Nothing
        });
        unasked
    }
}

impl Doubt {
    fn look(&mut self, now: Moment) -> Told {
        let mut piece = [0; 64];
        match self.stream.try_read(&mut piece) {
            Ok(0) => Told::Ended,
            Ok(count) => {
                self.bytes.extend_from_slice(&piece[..count]);
                match is_farewell(&self.bytes) {
                    None => Told::Nothing,
                    Some(true) => Told::Ended,
                    Some(false) => Told::Unasked,
                }
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Told::Ended,
            Err(_) if now.since(self.since) > PATIENCE => Told::Unasked,
            Err(_) => Told::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream as StdStream};

    use tokio::runtime::Builder;

    use super::*;

    /// A connection of the runtime that calls this, and its server's end.
    fn pair() -> (TcpStream, StdStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = StdStream::connect(listener.local_addr().unwrap()).unwrap();
        own.set_nonblocking(true).unwrap();
        (TcpStream::from_std(own).unwrap(), listener.accept().unwrap().0)
    }

    #[test]
    fn bytes_are_listened_to_until_they_are_told() {
        let ms = |ms: u64| Moment::from_nanos(ms * 1_000_000);
        Builder::new_current_thread().enable_io().build().unwrap().block_on(async {
            // The rest, `None` for an end without one, and what it makes of `HTTP/1.1 `.
            for (rest, at, unasked, is_over) in [
                (Some(&b"408 Request"[..]), 10, 0, true),
                (Some(b"4"), 10, 0, false),
                (Some(b"200 OK"), 10, 1, true),
                (None, 10, 0, true),
                (Some(b""), 1_000, 0, false),
                (Some(b""), 1_001, 1, true),
            ] {
                let (stream, mut server) = pair();
                let mut doubts = Doubts::default();
                doubts.add(stream, b"HTTP/1.1 ", ms(0));
                assert_eq!(doubts.unasked(ms(1)), 0);
                match rest {
                    Some(rest) => server.write_all(rest).unwrap(),
                    None => server.shutdown(std::net::Shutdown::Write).unwrap(),
                }
                if rest != Some(b"") {
                    doubts.0[0].stream.readable().await.unwrap();
                }
                assert_eq!((doubts.unasked(ms(at)), doubts.0.is_empty()), (unasked, is_over), "{rest:?}");
            }
        });
    }

    #[test]
    fn no_more_than_some_are_listened_to() {
        Builder::new_current_thread().enable_io().build().unwrap().block_on(async {
            let mut doubts = Doubts::default();
            let servers: Vec<_> = (0..MOST + 3)
                .map(|_| {
                    let (stream, server) = pair();
                    doubts.add(stream, b"HTTP", Moment::default());
                    server
                })
                .collect();
            assert_eq!((doubts.unasked(Moment::default()), doubts.0.len()), (3, MOST), "{servers:?}");
        });
    }
}

//! The scripted server: one thread that looks at its sockets and its clock in turn and never sleeps.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use serde::{Deserialize, Serialize};

use super::script::{Replies, Script};

const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";

/// Where a request ends: those that are sent here have no body.
const END: &[u8] = b"\r\n\r\n";

/// The epoll key of the listener; connections have their place in the list.
const LISTENER: u64 = u64::MAX;

/// Events taken from the kernel at a time.
const EVENTS: usize = 64;

/// A look at sockets and clock that took so long was interrupted; as the load generator counts its own.
const AWAY: Duration = Duration::from_micros(50);

/// By how much replies left later than the script has it: the server's own error, to be held against what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Punctuality {
    /// Replies sent.
    pub replies: u64,
    /// Mean, microseconds.
    pub late_us_mean: f64,
    /// The latest, microseconds.
    pub late_us_max: f64,
    /// Share of its time in which the kernel kept it from running, 0–1: what came then was also noticed late.
    pub away: f64,
}

/// Answers whoever connects to `listener` until `over`.
///
/// # Errors
/// When the kernel refuses what a server needs.
pub(super) fn serve(
    listener: &TcpListener,
    script: Script,
    over: &AtomicBool,
) -> anyhow::Result<Punctuality> {
    listener.set_nonblocking(true).context("cannot serve without blocking")?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("cannot watch sockets")?;
    epoll
        .add(listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))
        .context("cannot watch the listener")?;
    let mut server = Server {
        epoll,
        connections: Vec::new(),
        replies: Replies::new(script),
        begin: None,
        due: VecDeque::new(),
    };
    let mut late = Late::default();
    let begin = Instant::now();
    let (mut last, mut away) = (begin, Duration::ZERO);
    let mut events = [EpollEvent::empty(); EVENTS];
    while !over.load(Ordering::Relaxed) {
        let ready =
            server.epoll.wait(&mut events, EpollTimeout::ZERO).context("cannot look at the sockets")?;
        for event in &events[..ready] {
            match event.data() {
                LISTENER => server.accept(listener)?,
                place => server.receive(place as usize),
            }
        }
        let sent = late.replies;
        server.reply(&mut late);
        let now = Instant::now();
        // Only of looks that found nothing to do, for those take a microsecond unless something else had the CPU.
        if ready == 0 && late.replies == sent && now - last >= AWAY {
            away += now - last;
        }
        last = now;
    }
    let away = away.as_secs_f64() / begin.elapsed().as_secs_f64();
    Ok(Punctuality { away, ..late.punctuality() })
}

struct Server {
    epoll: Epoll,
    /// A place is never used again: a bench opens thousands of connections, not millions.
    connections: Vec<Option<Connection>>,
    replies: Replies,
    /// When the first request came.
    begin: Option<Instant>,
    /// Replies to come, in order: when, and to whom.
    due: VecDeque<(Instant, usize)>,
}

struct Connection {
    stream: TcpStream,
    /// How much of [`END`] the last bytes were.
    matched: usize,
}

impl Server {
    fn accept(&mut self, listener: &TcpListener) -> anyhow::Result<()> {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            // Gone again; others come with the next look.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {
                return Ok(());
            }
            Err(error) => return Err(error).context("cannot accept a connection"),
        };
        stream
            .set_nonblocking(true)
            .and_then(|()| stream.set_nodelay(true))
            .context("cannot set a socket up")?;
        let place = self.connections.len() as u64;
        self.epoll
            .add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, place))
            .context("cannot watch a connection")?;
        self.connections.push(Some(Connection { stream, matched: 0 }));
        Ok(())
    }

    fn receive(&mut self, place: usize) {
        let Some(connection) = self.connections.get_mut(place).and_then(Option::as_mut) else { return };
        let mut bytes = [0; 4096];
        match connection.stream.read(&mut bytes) {
            Ok(length @ 1..) => {
                let now = Instant::now();
                for _ in 0..connection.requests(&bytes[..length]) {
                    let begin = *self.begin.get_or_insert(now);
                    self.due.push_back((begin + self.replies.due(now - begin), place));
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // Closed, by its end or by an error: dropping it takes it out of the epoll set too.
            Ok(0) | Err(_) => self.connections[place] = None,
        }
    }

    /// Sends what is due by now.
    fn reply(&mut self, late: &mut Late) {
        while let Some(&(due, place)) = self.due.front() {
            let now = Instant::now();
            if now < due {
                return;
            }
            self.due.pop_front();
            let Some(connection) = self.connections[place].as_mut() else { continue };
            // A hundred bytes find room in any socket whose client reads; one that does not is no longer answered.
            match connection.stream.write(REPLY) {
                Ok(length) if length == REPLY.len() => late.add(now - due),
                _ => self.connections[place] = None,
            }
        }
    }
}

impl Connection {
    /// How many requests end in `bytes`, which follow those of earlier calls.
    fn requests(&mut self, bytes: &[u8]) -> usize {
        let mut requests = 0;
        for byte in bytes {
            self.matched =
                if *byte == END[self.matched] { self.matched + 1 } else { usize::from(*byte == END[0]) };
            if self.matched == END.len() {
                (self.matched, requests) = (0, requests + 1);
            }
        }
        requests
    }
}

#[derive(Default)]
struct Late {
    replies: u64,
    sum: Duration,
    max: Duration,
}

impl Late {
    fn add(&mut self, late: Duration) {
        self.replies += 1;
        self.sum += late;
        self.max = self.max.max(late);
    }

    fn punctuality(&self) -> Punctuality {
        let mean = if self.replies == 0 { 0.0 } else { self.sum.as_secs_f64() * 1e6 / self.replies as f64 };
        Punctuality {
            replies: self.replies,
            late_us_mean: mean,
            late_us_max: self.max.as_secs_f64() * 1e6,
            away: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_however_their_bytes_are_split() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut connection = Connection { stream, matched: 0 };
        let bytes = b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /\r\r\n\r\n";
        assert_eq!(connection.requests(bytes), 2);
        assert_eq!(bytes.iter().map(|byte| connection.requests(&[*byte])).sum::<usize>(), 2);
    }
}

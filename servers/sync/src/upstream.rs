//! Waiting on a socket by blocking the thread.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use servers_contract::{Refusal, Upstream as Place, upstream};

/// The upstream, with the connections to it that are idle; all threads share them.
pub(crate) struct Upstream {
    place: Option<Place>,
    /// The most recently used one is next, so that as many are open as were needed at once.
    idle: Mutex<Vec<TcpStream>>,
}

impl Upstream {
    /// No connection is opened before one is needed.
    pub(crate) fn of(place: Option<Place>) -> Upstream {
        Upstream { place, idle: Mutex::default() }
    }

    /// Asks the upstream to answer after `time`, and blocks until it does.
    ///
    /// A connection that failed is closed, and the question is not repeated.
    pub(crate) fn wait(&self, time: Duration) -> Result<(), Refusal> {
        let place = self.place.ok_or(Refusal::NoUpstream)?;
        let idle = self.idle().pop();
        let asked = idle.map_or_else(|| connect(place), Ok).and_then(|stream| {
            ask(&stream, upstream::question(time), place.timeout)?;
            Ok(stream)
        });
        match asked {
            Ok(stream) => self.idle().push(stream),
            // What SO_RCVTIMEO gives, and what a connect gives that takes too long.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(Refusal::UpstreamLate);
            }
            Err(_) => return Err(Refusal::UpstreamFailed),
        }
        Ok(())
    }

    /// A panic elsewhere does not spoil it: nothing can panic half-way while it is held.
    fn idle(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A connection whose reads end at the time-out: set once, so that a question costs no system call for it.
fn connect(place: Place) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&place.address, place.timeout)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(place.timeout))?;
    Ok(stream)
}

fn ask(mut stream: &TcpStream, question: [u8; upstream::LENGTH], timeout: Duration) -> io::Result<()> {
    let deadline = Instant::now() + timeout;
    stream.write_all(&question)?;
    // Longer than an answer, as where it is awaited: what comes with an answer is an error, and is not taken for the next one.
    let (mut answer, mut length) = ([0; upstream::LENGTH + 1], 0);
    let mut in_pieces = false;
    while length < upstream::LENGTH {
        match stream.read(&mut answer[length..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if length < upstream::LENGTH {
            // The time-out is the whole answer's, and a socket has one for each read.
            in_pieces = true;
            let left = deadline.saturating_duration_since(Instant::now());
            stream.set_read_timeout(Some(left)).map_err(|_| ErrorKind::TimedOut)?;
        }
    }
    if in_pieces {
        stream.set_read_timeout(Some(timeout))?;
    }
    if answer[..length] == question { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

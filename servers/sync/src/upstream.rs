//! Waiting on a socket by blocking the thread.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    sync::{Mutex, MutexGuard},
    time::Duration,
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
            ask(&stream, upstream::question(time))?;
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

fn ask(mut stream: &TcpStream, question: [u8; upstream::LENGTH]) -> io::Result<()> {
    stream.write_all(&question)?;
    let mut answer = [0; upstream::LENGTH];
    stream.read_exact(&mut answer)?;
    if answer == question { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

//! Waiting on a socket by awaiting.

use std::{
    future::{Future, poll_fn},
    io::{self, ErrorKind},
    pin::pin,
    sync::{Mutex, MutexGuard},
    task::Poll,
    time::Duration,
};

use servers_contract::{Refusal, Upstream as Place, upstream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::Patience;

/// The upstream, with the connections to it that are idle; the tasks of one event loop share them.
pub(crate) struct Upstream {
    place: Option<Place>,
    /// The most recently used one is next, so that as many are open as were needed at once. std's Mutex: nothing awaits while it is
    /// held.
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    stream: TcpStream,
    patience: Patience,
}

impl Upstream {
    /// No connection is opened before one is needed.
    pub(crate) fn of(place: Option<Place>) -> Upstream {
        Upstream { place, idle: Mutex::default() }
    }

    /// Asks the upstream to answer after `time`, and awaits it.
    ///
    /// A connection that failed is closed, and the question is not repeated; so is one whose asker was dropped.
    pub(crate) async fn wait(&self, time: Duration) -> Result<(), Refusal> {
        let place = self.place.ok_or(Refusal::NoUpstream)?;
        let idle = self.idle().pop();
        match ask(idle, place, upstream::question(time)).await {
            Ok(connection) => self.idle().push(connection),
            Err(error) if error.kind() == ErrorKind::TimedOut => return Err(Refusal::UpstreamLate),
            Err(_) => return Err(Refusal::UpstreamFailed),
        }
        Ok(())
    }

    /// A panic elsewhere does not spoil it: nothing can panic half-way while it is held.
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Asks over an idle connection, or over a new one where there is none, and gives it back.
async fn ask(
    idle: Option<Connection>,
    place: Place,
    question: [u8; upstream::LENGTH],
) -> io::Result<Connection> {
    let mut connection = match idle {
        Some(connection) => connection,
        None => Connection::open(place).await?,
    };
    connection.ask(question, Instant::now() + place.timeout).await?;
    Ok(connection)
}

impl Connection {
    async fn open(place: Place) -> io::Result<Connection> {
        let stream = timeout(place.timeout, TcpStream::connect(place.address)).await??;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, patience: Patience::until(Instant::now() + place.timeout) })
    }

    async fn ask(&mut self, question: [u8; upstream::LENGTH], deadline: Instant) -> io::Result<()> {
        let mut exchange = pin!(exchange(&mut self.stream, question));
        poll_fn(|context| match exchange.as_mut().poll(context) {
            Poll::Pending => self.patience.poll(deadline, context).map(|()| Err(ErrorKind::TimedOut.into())),
            answered => answered,
        })
        .await
    }
}

async fn exchange(stream: &mut TcpStream, question: [u8; upstream::LENGTH]) -> io::Result<()> {
    stream.write_all(&question).await?;
    // Longer than an answer: a read that leaves room tells tokio that the socket is empty, and saves the read that would only say so.
    let (mut answer, mut length) = ([0; upstream::LENGTH + 1], 0);
    while length < upstream::LENGTH {
        match stream.read(&mut answer[length..]).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
    }
    if answer[..length] == question { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

//! A socket whose reads and writes are awaited, each for a stated time at most.

use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll, ready},
};

use servers_async::Patience;
use servers_front::{Probe, read_stamped};
use servers_wire::{Decoder, LINGER, LINGER_BYTES, Progress, READ_SIZE, Timeouts};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, Interest, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{self, Instant},
};

/// An accepted socket and what is left of its time.
///
/// Read through the one half that a task owns, because tokio then knows that a short read emptied the socket and
/// saves the read that would only say so; written through a shared reference.
pub(crate) struct Socket {
    stream: OwnedReadHalf,
    timeouts: Timeouts,
    patience: Patience,
    /// Which part of a request is being waited for, and until when.
    part: Option<(Progress, Instant)>,
}

/// What a read came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// More bytes, or a reason to look again.
    More,
    /// The client closed, or was idle for too long.
    End,
    /// A part of a request took too long.
    TooSlow,
}

/// A handle by which a connection is ended from outside its task.
///
/// tokio hands out a second owner of a socket only as its writing half.
pub(crate) struct Outside(Option<OwnedWriteHalf>);

impl Outside {
    /// The half that the connection's task owns, and the handle.
    pub(crate) fn of(stream: TcpStream) -> (OwnedReadHalf, Outside) {
        let (reader, writer) = stream.into_split();
        (reader, Outside(Some(writer)))
    }

    /// The socket.
    pub(crate) fn stream(&self) -> &TcpStream {
        self.half().as_ref()
    }

    /// Takes both parts back together.
    pub(crate) fn reunite(mut self, reader: OwnedReadHalf) -> TcpStream {
        let writer = self.0.take().expect("taken only here and when dropped");
        reader.reunite(writer).expect("both are of one socket")
    }

    fn half(&self) -> &OwnedWriteHalf {
        self.0.as_ref().expect("taken only here and when dropped")
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // Dropping the half would shut it down first: a system call that the close after it makes needless.
        if let Some(half) = self.0.take() {
            half.forget();
        }
    }
}

impl Socket {
    pub(crate) fn new(stream: OwnedReadHalf, timeouts: Timeouts) -> Self {
        let patience = Patience::until(Instant::now() + timeouts.keep_alive);
        Socket { stream, timeouts, patience, part: None }
    }

    /// Reads once, for as long as the part of the request that is being waited for may still take.
    pub(crate) async fn read<P: Probe>(&mut self, decoder: &mut Decoder, probe: &mut P) -> io::Result<Read> {
        let progress = decoder.progress();
        let deadline = self.deadline(progress);
        let read = poll_fn(|context| {
            let read = if P::IS_ON {
                poll_read_stamped(self.stream.as_ref(), decoder.space(), probe, context)
            } else {
                poll_read(&mut self.stream, decoder.space(), context)
            };
            match read {
                Poll::Ready(read) => Poll::Ready(Some(read)),
                Poll::Pending => self.patience.poll(deadline, context).map(|()| None),
            }
        });
        match read.await {
            Some(Ok(0)) => Ok(Read::End),
            Some(Ok(bytes)) => {
                decoder.filled(bytes);
                Ok(Read::More)
            }
            Some(Err(error)) => Err(error),
            None if progress == Progress::Idle => Ok(Read::End),
            None => Ok(Read::TooSlow),
        }
    }

    /// Writes all of it within the write time-out.
    ///
    /// # Errors
    /// The client is gone, or took too long.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.part = None;
        let stream: &TcpStream = self.stream.as_ref();
        let mut deadline = None;
        loop {
            match stream.try_write(bytes) {
                Ok(written) if written == bytes.len() => return Ok(()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.timeouts.write);
                    time::timeout_at(deadline, stream.writable()).await??;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the writing half and reads what still comes, so that the client gets the last reply.
    pub(crate) async fn linger(&mut self) -> io::Result<()> {
        SockRef::from(self.stream.as_ref()).shutdown(Shutdown::Write)?;
        // On the heap: an array would be part of every connection's task.
        let mut buffer = vec![0; READ_SIZE];
        let discard = async {
            let mut discarded = 0;
            while discarded < LINGER_BYTES {
                match self.stream.read(&mut buffer).await? {
                    0 => break,
                    bytes => discarded += bytes,
                }
            }
            Ok(())
        };
        time::timeout(LINGER, discard).await.unwrap_or(Ok(()))
    }

    /// Until when a read may take.
    fn deadline(&mut self, progress: Progress) -> Instant {
        let limit = self.timeouts.of(progress);
        if progress == Progress::Idle {
            return Instant::now() + limit;
        }
        let deadline = match self.part {
            Some((part, deadline)) if part == progress => deadline,
            _ => Instant::now() + limit,
        };
        self.part = Some((progress, deadline));
        deadline
    }
}

fn poll_read(
    stream: &mut OwnedReadHalf,
    space: &mut [u8],
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut space = ReadBuf::new(space);
    ready!(Pin::new(stream).poll_read(context, &mut space))?;
    Poll::Ready(Ok(space.filled().len()))
}

/// As [`poll_read`], and tells `probe` when the bytes arrived.
fn poll_read_stamped(
    stream: &TcpStream,
    space: &mut [u8],
    probe: &mut impl Probe,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_read_ready(context))?;
        let mut short = None;
        let read = stream.try_io(Interest::READABLE, || {
            let (bytes, arrived) = read_stamped(stream, space)?;
            probe.read(arrived);
            if 0 < bytes && bytes < space.len() {
                // It emptied the socket, and this has tokio know it, as its own reads do: no further read has to say so.
                short = Some(bytes);
                return Err(ErrorKind::WouldBlock.into());
            }
            Ok(bytes)
        });
        match (short, read) {
            (Some(bytes), _) => return Poll::Ready(Ok(bytes)),
            (None, Err(error)) if error.kind() == ErrorKind::WouldBlock => {}
            (None, read) => return Poll::Ready(read),
        }
    }
}

//! A socket whose reads and writes block, each for a stated time at most.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use servers_front::{Probe, read_stamped};
use servers_wire::{Decoder, LINGER, LINGER_BYTES, Progress, READ_SIZE, Timeouts};

/// An accepted socket and what is left of its time.
pub(crate) struct Socket<'stream> {
    stream: &'stream TcpStream,
    timeouts: Timeouts,
    /// What the kernel allows a read, as it was last set.
    read_timeout: Duration,
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

/// What the kernel may be asked for at least: zero would mean "for ever".
const SHORTEST: Duration = Duration::from_millis(1);

impl<'stream> Socket<'stream> {
    /// Sets both time-outs: never on the listener, where they would end `accept`.
    pub(crate) fn new(stream: &'stream TcpStream, timeouts: Timeouts) -> io::Result<Self> {
        stream.set_read_timeout(Some(timeouts.keep_alive))?;
        stream.set_write_timeout(Some(timeouts.write))?;
        Ok(Socket { stream, timeouts, read_timeout: timeouts.keep_alive, part: None })
    }

    /// Reads once, for as long as the part of the request that is being waited for may still take.
    pub(crate) fn read<P: Probe>(&mut self, decoder: &mut Decoder, probe: &mut P) -> io::Result<Read> {
        let progress = decoder.progress();
        let Some(left) = self.left(progress) else { return Ok(Read::TooSlow) };
        if left != self.read_timeout {
            self.stream.set_read_timeout(Some(left))?;
            self.read_timeout = left;
        }
        let read = if P::IS_ON {
            read_stamped(self.stream, decoder.space()).map(|(bytes, arrived)| {
                probe.read(arrived);
                bytes
            })
        } else {
            self.stream.read(decoder.space())
        };
        match read {
            Ok(0) => Ok(Read::End),
            Ok(bytes) => {
                decoder.filled(bytes);
                Ok(Read::More)
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut if progress == Progress::Idle => Ok(Read::End),
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(Read::TooSlow),
                ErrorKind::Interrupted => Ok(Read::More),
                _ => Err(error),
            },
        }
    }

    /// Writes all of it within the write time-out.
    ///
    /// # Errors
    /// The client is gone, or took too long.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.part = None;
        let deadline = Instant::now() + self.timeouts.write;
        loop {
            match self.stream.write(bytes) {
                Ok(written) if written == bytes.len() => return Ok(()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            // Blocking, so it comes back short only because of its time-out or of a signal.
            if Instant::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }

    /// Ends the writing half and reads what still comes, so that the client gets the last reply.
    pub(crate) fn linger(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + LINGER;
        let mut discarded = 0;
        while discarded < LINGER_BYTES {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.stream.set_read_timeout(Some(left.max(SHORTEST)))?;
            match self.stream.read(&mut [0; READ_SIZE])? {
                0 => break,
                bytes => discarded += bytes,
            }
        }
        Ok(())
    }

    /// How long a read may take now; `None` if the time of this part of the request is up.
    fn left(&mut self, progress: Progress) -> Option<Duration> {
        let limit = self.timeouts.of(progress);
        if progress == Progress::Idle {
            // Without a look at the clock: each idle time is one read.
            return Some(limit);
        }
        let now = Instant::now();
        let deadline = match self.part {
            Some((part, deadline)) if part == progress => deadline,
            _ => now + limit,
        };
        self.part = Some((progress, deadline));
        let left = deadline.saturating_duration_since(now);
        (!left.is_zero()).then_some(left.max(SHORTEST))
    }
}

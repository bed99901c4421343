//! Something that is written bit by bit.

use std::fs::File;
use std::io::{self, Stdout, Write};

/// A file, pipe or device that is written to bit by bit, or stdout.
///
/// A reader that closes its pipe has seen enough: what is written from then on is dropped, without an error.
#[derive(Debug)]
pub struct Stream {
    to: To,
    is_closed: bool,
}

#[derive(Debug)]
enum To {
    Stdout(Stdout),
    File(File),
}

impl Stream {
    pub(crate) fn of_stdout() -> Self {
        Self { to: To::Stdout(io::stdout()), is_closed: false }
    }

    pub(crate) fn of_file(file: File) -> Self {
        Self { to: To::File(file), is_closed: false }
    }

    /// Waits until all of it is on disk, where it goes to one.
    ///
    /// # Errors
    /// When it did not get there.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        match &self.to {
            To::File(file) if file.metadata()?.is_file() => file.sync_all(),
            _ => Ok(()),
        }
    }

    fn unless_closed<T>(&mut self, written: io::Result<T>, otherwise: T) -> io::Result<T> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(otherwise)
            }
            written => written,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let written = match &mut self.to {
            To::Stdout(stdout) => stdout.write(bytes),
            To::File(file) => file.write(bytes),
        };
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let flushed = match &mut self.to {
            To::Stdout(stdout) => stdout.flush(),
            To::File(file) => file.flush(),
        };
        self.unless_closed(flushed, ())
    }
}

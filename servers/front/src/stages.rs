//! Probes: readings of the clock at the ends of a request's stages, in the loop of its connection.
//!
//! A connection's loop is generic over its [`Probe`]. With [`NoProbe`], which has no size and does nothing, the compiler leaves
//! the code that there would be without probes; a task holds a reference to it, 16 bytes.

mod exchange;

use std::{
    fs::File,
    io::{BufWriter, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, ensure};
use servers_contract::{Endpoint, MOST_REQUESTS, RequestStages, StageTimes};

use self::exchange::{Exchange, Finished};
use crate::stamped::stamp;

/// Requests that a connection keeps to itself before it hands them to the log: a lock for each would be felt.
const BATCH: usize = 256;

/// Pairs of readings of which the closest says what a reading takes.
const READINGS: usize = 1000;

/// Readings at the ends of the stages of one connection's requests.
pub trait Probe {
    /// Whether readings are taken at all: what serves them alone may stand behind it.
    const IS_ON: bool;

    /// Bytes were read; `arrived` is when the kernel had them ([`crate::read_stamped`]).
    fn read(&mut self, arrived: Option<u64>);

    /// A request for `target` was decoded.
    fn parsed(&mut self, target: &str);

    /// Its handler has answered.
    fn handled(&mut self);

    /// The kernel has taken every reply until now.
    fn written(&mut self);
}

/// No probe.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProbe;

impl Probe for NoProbe {
    const IS_ON: bool = false;

    fn read(&mut self, _: Option<u64>) {}

    fn parsed(&mut self, _: &str) {}

    fn handled(&mut self) {}

    fn written(&mut self) {}
}

/// The times of all connections, written to a file at the process's end.
#[derive(Debug)]
pub struct StageLog {
    path: PathBuf,
    file: File,
    times: Mutex<StageTimes>,
}

impl StageLog {
    /// Makes the file, and has the kernel tell of connections that `listener` will accept when their bytes arrive.
    ///
    /// # Errors
    /// The file cannot be made, or the kernel does not tell.
    pub(crate) fn create(path: &Path, listener: &TcpListener) -> anyhow::Result<StageLog> {
        let shown = path.display();
        let file =
            File::create(path).with_context(|| format!("--stages {shown}: could not make the file"))?;
        // Accepted sockets inherit it, so that no connection pays a system call for it.
        stamp(listener).context("--stages: the kernel does not tell when bytes arrive (SO_TIMESTAMPNS)")?;
        let times = StageTimes { reading_ns: reading_ns(), ..StageTimes::default() };
        Ok(StageLog { path: path.to_owned(), file, times: Mutex::new(times) })
    }

    /// The probe of a connection that was accepted just now.
    pub fn accepted(self: &Arc<Self>) -> Box<StageProbe> {
        let log = Arc::clone(self);
        Box::new(StageProbe {
            log,
            accepted: now(),
            exchange: Exchange::default(),
            kept: Vec::with_capacity(BATCH),
            left_out: 0,
        })
    }

    /// Writes what all connections that have ended left.
    ///
    /// # Errors
    /// The file cannot be written; no request arrived with a time.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let shown = self.path.display();
        let times = self.times();
        ensure!(
            times.left_out == 0 || !times.requests.is_empty(),
            "--stages {shown}: none of {} requests could be timed; send one at a time over a connection, on a kernel that \
             tells when bytes arrive",
            times.left_out
        );
        let mut out = BufWriter::new(&self.file);
        serde_json::to_writer(&mut out, &*times)
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(out.flush()?))
            .with_context(|| format!("--stages {shown}: could not write the file"))
    }

    /// Nothing panics while it is held.
    fn times(&self) -> MutexGuard<'_, StageTimes> {
        self.times.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The probe of one connection.
#[derive(Debug)]
pub struct StageProbe {
    log: Arc<StageLog>,
    accepted: u64,
    exchange: Exchange,
    kept: Vec<(Endpoint, RequestStages)>,
    left_out: u64,
}

impl StageProbe {
    /// The connection's thread or task runs.
    pub fn started(&self) {
        let took = now().saturating_sub(self.accepted);
        self.log.times().starts_ns.push(took);
    }

    fn hand_over(&mut self) {
        let mut times = self.log.times();
        times.left_out += std::mem::take(&mut self.left_out);
        let kept: usize = times.requests.values().map(Vec::len).sum();
        let room = MOST_REQUESTS.saturating_sub(kept).min(self.kept.len());
        times.left_out += (self.kept.len() - room) as u64;
        for (endpoint, stages) in self.kept.drain(..).take(room) {
            times.requests.entry(endpoint.name().to_owned()).or_default().push(stages);
        }
    }
}

impl Probe for StageProbe {
    const IS_ON: bool = true;

    fn read(&mut self, arrived: Option<u64>) {
        self.exchange.read(arrived, now());
    }

    fn parsed(&mut self, target: &str) {
        self.exchange.parsed(now());
        // After the reading, so that it counts to the handler, which does the same.
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        self.exchange.names(Endpoint::at(path));
    }

    fn handled(&mut self) {
        self.exchange.handled(now());
    }

    fn written(&mut self) {
        match self.exchange.written(now()) {
            Finished::Request(endpoint, stages) => self.kept.push((endpoint, stages)),
            Finished::LeftOut(requests) => self.left_out += requests,
        }
        if self.kept.len() == BATCH {
            self.hand_over();
        }
    }
}

impl Drop for StageProbe {
    fn drop(&mut self) {
        self.hand_over();
    }
}

/// Nanoseconds since 1970, by the clock that the kernel stamps arrivals with. A step of that clock makes a time negative, and
/// its request is left out.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn reading_ns() -> u64 {
    (0..READINGS).map(|_| now().abs_diff(now())).filter(|apart| *apart > 0).min().unwrap_or(0)
}

//! A meter that also sees what a server did to itself and to the others: connections that its kernel did not take, and CPU time that it
//! used while another one was asked.

use std::time::{Duration, Instant};

use crate::meter::{Meter, ProcessMeter, Spent};
use crate::sampler::listen_overflows;

/// A server's meter, and the connections that were dropped on a full accept queue while it was asked.
///
/// The kernel counts them for the whole machine; the servers of a contest are asked one after another, so that those in a
/// server's own slices are its own unless another program drops some at the same time. Between its slices another server is asked: CPU
/// time that it uses then is its own cost, and is taken from the other where they share CPUs.
pub(super) struct QueueMeter {
    meter: ProcessMeter,
    before: Option<u64>,
    dropped: u64,
    /// The end of its slice before, or of what came before its first one.
    since: Instant,
    unasked: Unasked,
}

/// CPU time that a server used between its slices, since a measurement began.
#[derive(Debug, Clone, Copy, Default)]
struct Unasked {
    time: Duration,
    /// `None` once a reading is missing.
    cpu: Option<Duration>,
    /// The part of it that no lap has told yet.
    untold: Option<Duration>,
}

impl QueueMeter {
    pub(super) fn of(supervisor: u32) -> Self {
        let (before, dropped) = (None, 0);
        let unasked = Unasked::default();
        Self { meter: ProcessMeter::of(supervisor), before, dropped, since: Instant::now(), unasked }
    }

    /// Connections that were dropped so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// CPUs that it used on average while others were asked, since the measurement began; `None` where the kernel does not tell, or
    /// no other was asked for long enough to tell.
    pub(super) fn cpus_unasked(&self) -> Option<f64> {
        let Unasked { time, cpu, .. } = self.unasked;
        (time >= LEAST).then_some(cpu?.as_secs_f64() / time.as_secs_f64())
    }

    /// Reads what it used since its slice before.
    fn read_unasked(&mut self) {
        let untold = self.meter.lap();
        self.unasked.time += self.since.elapsed();
        self.unasked.cpu = self.unasked.cpu.zip(untold).map(|(sum, more)| sum + more);
        self.unasked.untold = untold;
    }
}

/// The least time in which CPU time between slices says something: shorter ones may hold the end of a reply and little else.
const LEAST: Duration = Duration::from_millis(50);

impl Meter for QueueMeter {
    fn begin(&mut self) -> anyhow::Result<()> {
        self.unasked = Unasked { cpu: Some(Duration::ZERO), ..Unasked::default() };
        self.meter.begin()?;
        self.since = Instant::now();
        Ok(())
    }

    fn set_off(&mut self) {
        self.read_unasked();
        self.before = listen_overflows();
        self.meter.set_off();
    }

    fn lap(&mut self) -> Option<Duration> {
        let during = self.before.zip(listen_overflows()).map(|(before, after)| after.saturating_sub(before));
        self.dropped += during.unwrap_or(0);
        let asked = self.meter.lap();
        self.since = Instant::now();
        asked.zip(self.unasked.untold.take()).map(|(asked, unasked)| asked + unasked)
    }

    fn end(&mut self) -> anyhow::Result<Spent> {
        self.read_unasked();
        self.meter.end()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, SocketAddr};
    use std::process::{Child, Command, Stdio};

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// A shell with a child, which has begun.
    fn supervised() -> Child {
        let mut shell = Command::new("sh")
            .args(["-c", "cat; true"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        shell.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        shell
    }

    /// A queue of one holds one more than that, as Linux has it; of eight connections that nobody accepts some are dropped.
    #[test]
    fn connections_that_a_full_queue_drops_are_counted_for_the_server_that_is_asked_and_for_no_other() {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = supervised();
        let [mut meter, mut other] = [(); 2].map(|()| QueueMeter::of(server.id()));
        meter.begin().unwrap();
        other.begin().unwrap();
        meter.set_off();
        let clients: Vec<Socket> = (0..8)
            .map(|_| {
                let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                client.set_nonblocking(true).unwrap();
                // In progress: no error of the test's.
                let _ = client.connect(&address);
                client
            })
            .collect();
        assert!(meter.lap().is_some(), "the CPU time of a slice is told");
        meter.end().unwrap();
        other.end().unwrap();
        assert!(meter.dropped() > 0, "{clients:?}");
        assert_eq!(other.dropped(), 0);
        drop(server.stdin.take());
        server.wait().unwrap();
    }

    /// One that computes all the time, and one that sleeps: a lap holds all that was used since the one before, and what was used before
    /// the slice is known besides.
    #[test]
    fn cpu_time_that_is_used_while_others_are_asked_is_told_apart_and_counted_as_the_server_s_own() {
        let busy = || Command::new("sh").args(["-c", "sh -c 'while :; do :; done'; true"]).spawn().unwrap();
        for (mut server, is_busy) in [(busy(), true), (supervised(), false)] {
            while crate::descendants::below(server.id()).is_empty() {
                std::thread::yield_now();
            }
            let mut meter = QueueMeter::of(server.id());
            meter.begin().unwrap();
            assert_eq!(meter.cpus_unasked(), None, "no time has passed");
            let until = Instant::now() + 2 * LEAST;
            while Instant::now() < until {
                std::thread::yield_now();
            }
            meter.set_off();
            let cpus = meter.cpus_unasked().unwrap();
            let lap = meter.lap().unwrap();
            meter.end().unwrap();
            if is_busy {
                // Its share of a busy machine's CPU, of which this test takes one as well.
                assert!(cpus > 0.02, "{cpus}");
                assert!(lap.as_secs_f64() >= cpus * LEAST.as_secs_f64(), "{lap:?}");
            } else {
                assert!(cpus < 0.02, "{cpus}");
            }
            crate::descendants::below(server.id()).into_iter().for_each(|pid| {
                let _ = nix::sys::signal::kill(
                    nix::unistd::Pid::from_raw(pid),
                    nix::sys::signal::Signal::SIGKILL,
                );
            });
            drop(server.stdin.take());
            server.wait().unwrap();
        }
    }
}

//! A contender as a running process: ready, asked for its counters, stopped.

use std::net::SocketAddr;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reports_record::shown;
use servers_conformance::{Patience, Peer, ask};
use servers_contract::{Health, Ready, Stats};

use crate::going::is_going;
use crate::outside;
use crate::process::{FIRST_LINE, Identity, Launch, Process, Tail};

/// How long a contender may take until its ready line.
const READY: Duration = Duration::from_secs(5);

/// How long one that has closed its sockets may take to be gone, of time in which it can run.
const GONE: Duration = Duration::from_secs(5);

/// A request that a live contender answers at once.
const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// A contender that runs. Dropping it kills it and all of its process group.
#[derive(Debug)]
pub struct Contender {
    process: Process,
    ready: Ready,
}

impl Contender {
    /// Starts a fresh process, waits for its ready line, and makes sure that it is this process which answers there.
    ///
    /// What it says on stderr goes to `tail`, also when it fails.
    ///
    /// # Errors
    /// When it does not start, is not ready in time, is not the contender that was planned, or somebody else answers at
    /// its address.
    pub fn start(launch: &Launch, tail: &Tail) -> anyhow::Result<Self> {
        let (mut process, first_line) = Process::start(launch, tail)?;
        let ready = wait_until_ready(&mut process, &first_line)?;
        let contender = Self { process, ready };
        let health = contender.health()?;
        ensure!(
            health.nonce == contender.ready.nonce,
            "somebody else answers at {}: its /health has nonce \"{}\", expected \"{}\"",
            contender.address(),
            shown(&health.nonce, SHOWN),
            shown(&contender.ready.nonce, SHOWN)
        );
        // A nonce can be passed on; a socket cannot be claimed.
        ensure!(
            outside::listens(contender.supervisor(), contender.address()) != Some(false),
            "somebody else listens at {}: none of the contender's own processes does",
            contender.address()
        );
        launch.identity.as_ref().map_or(Ok(()), |planned| is_planned(&health, planned))?;
        Ok(contender)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.ready.address
    }

    /// Where it listens, for waits that do not count time in which it could not run.
    #[must_use]
    pub fn peer(&self) -> Peer {
        Peer::with_stalls(self.address(), self.process.starvation())
    }

    /// Process id of its supervisor: every process below it is the contender's.
    #[must_use]
    pub fn supervisor(&self) -> u32 {
        self.process.supervisor()
    }

    /// Who it is and which settings are in effect.
    ///
    /// # Errors
    /// When it does not answer as the contract says.
    pub fn health(&self) -> anyhow::Result<Health> {
        Ok(ask(self.peer(), "/health")?)
    }

    /// Its counters.
    ///
    /// # Errors
    /// When it does not answer as the contract says.
    pub fn stats(&self) -> anyhow::Result<Stats> {
        Ok(ask(self.peer(), "/stats")?)
    }

    /// How it has ended, if it has: a contender runs until it is asked to end.
    fn ended(&mut self) -> Option<ExitStatus> {
        // Where the kernel does not say, whatever else failed is what is known.
        self.process.ended().ok().flatten()
    }

    /// How it has ended, or is about to: one whose sockets are closed is waited for until its supervisor says how. `None` where it runs
    /// on.
    pub fn ends(&mut self) -> Option<ExitStatus> {
        // Where the kernel does not say, whatever else failed is what is known.
        if is_going(self.address(), HEALTH) {
            self.process.ended_within(GONE).ok().flatten()
        } else {
            self.ended()
        }
    }

    /// Asks it to end and waits for it.
    ///
    /// # Errors
    /// When it does not end in time (it is killed then), ends with an error, or leaves processes behind.
    pub fn stop(self) -> anyhow::Result<()> {
        self.process.stop()
    }
}

/// A program under another contender's entry would be measured under a false name.
fn is_planned(health: &Health, planned: &Identity) -> anyhow::Result<()> {
    ensure!(
        health.contender == planned.name && health.model == planned.model,
        "its /health says that it is {:?} ({:?}), expected {:?} ({:?}); give the contender a program of its own",
        health.contender,
        health.model,
        planned.name,
        planned.model
    );
    Ok(())
}

fn wait_until_ready(process: &mut Process, first_line: &Receiver<Vec<u8>>) -> anyhow::Result<Ready> {
    match receive(first_line, Patience::with_stalls(READY, process.starvation())) {
        Ok(line) => read_ready(&line),
        Err(RecvTimeoutError::Timeout) => bail!("not ready within {}s", READY.as_secs()),
        Err(RecvTimeoutError::Disconnected) => bail!("ended before it was ready ({})", process.wait()?),
    }
}

/// The result of waiting until there is no patience left.
fn receive<T>(first_line: &Receiver<T>, mut patience: Patience) -> Result<T, RecvTimeoutError> {
    while let Some(turn) = patience.turn() {
        match first_line.recv_timeout(turn) {
            Err(RecvTimeoutError::Timeout) => {}
            received => return received,
        }
    }
    Err(RecvTimeoutError::Timeout)
}

/// Characters of a first line, a name or a nonce that are shown when they are wrong.
const SHOWN: usize = 200;

fn read_ready(line: &[u8]) -> anyhow::Result<Ready> {
    ensure!(
        line.len() as u64 <= FIRST_LINE,
        "its first line on stdout is longer than {FIRST_LINE} bytes, expected a ready line: \"{}\"",
        shown(line, SHOWN)
    );
    let ready: Ready = serde_json::from_slice(line).with_context(|| {
        format!("its first line on stdout is not a ready line: \"{}\"", shown(line.trim_ascii_end(), SHOWN))
    })?;
    ensure!(
        ready.address.ip().to_canonical().is_loopback() && ready.address.port() != 0,
        "its ready line says that it listens at {}, expected a port of this machine's loopback",
        ready.address
    );
    Ok(ready)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &[u8]) -> String {
        format!("{:#}", read_ready(line).unwrap_err())
    }

    #[test]
    fn a_ready_line_is_read_and_anything_else_is_shown_escaped_and_cut() {
        let line = |address: &str| {
            format!(r#"{{"contender":"x","address":"{address}","nonce":"n","pid":1}}"#).into_bytes()
        };
        assert_eq!(read_ready(&line("127.0.0.1:80")).unwrap().address.port(), 80);
        assert!(read_ready(&line("[::1]:80")).is_ok());
        for address in ["192.0.2.1:80", "0.0.0.0:80", "127.0.0.1:0", "[2001:db8::1]:80"] {
            assert!(refusal(&line(address)).contains("port of this machine's loopback"), "{address}");
        }
        let said = refusal(b"\x1b[2J\xff\n");
        assert!(said.contains(r#"not a ready line: "\u{1b}[2J\xff""#), "{said}");
        let said = refusal(&vec![b'x'; 20_000]);
        assert!(said.contains("longer than 16384 bytes") && said.len() < 400, "{said}");
    }
}

//! A contender as a running process: ready, asked for its counters, stopped.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use servers_conformance::ask;
use servers_contract::{Health, Ready, Stats};

use crate::process::{Identity, Launch, Process, Tail};

/// How long a contender may take until its ready line.
const READY: Duration = Duration::from_secs(5);

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
            "somebody else answers at {}: its /health has nonce {:?}, expected {:?}",
            contender.address(),
            health.nonce,
            contender.ready.nonce
        );
        launch.identity.as_ref().map_or(Ok(()), |planned| is_planned(&health, planned))?;
        Ok(contender)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.ready.address
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.ready.pid
    }

    /// Who it is and which settings are in effect.
    ///
    /// # Errors
    /// When it does not answer as the contract says.
    pub fn health(&self) -> anyhow::Result<Health> {
        Ok(ask(self.address(), "/health")?)
    }

    /// Its counters.
    ///
    /// # Errors
    /// When it does not answer as the contract says.
    pub fn stats(&self) -> anyhow::Result<Stats> {
        Ok(ask(self.address(), "/stats")?)
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

fn wait_until_ready(process: &mut Process, first_line: &Receiver<String>) -> anyhow::Result<Ready> {
    match first_line.recv_timeout(READY) {
        Ok(line) => serde_json::from_str(&line)
            .with_context(|| format!("its first line on stdout is not a ready line: {:?}", line.trim_end())),
        Err(RecvTimeoutError::Timeout) => bail!("not ready within {}s", READY.as_secs()),
        Err(RecvTimeoutError::Disconnected) => bail!("ended before it was ready ({})", process.wait()?),
    }
}

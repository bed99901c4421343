//! The scripted server as a process: this program started again, gone with the one that started it.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, ensure};
use loadgen::Url;

use super::script::Script;
use super::server::{self, Punctuality};
use crate::bench::table::print;
use crate::{cpus, root};

/// The first argument of a program that is to [be a scripted server](be_scripted).
pub const SCRIPTED: &str = "scripted";

/// A scripted server that runs. Dropped, it ends.
#[derive(Debug)]
pub struct Scripted {
    child: Child,
    /// Held open for as long as it is to serve.
    leash: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Scripted {
    /// Starts this program again as a server bound to `cpus`, and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started or does not listen.
    pub fn start(script: Script, cpus: &[u32]) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot find this program to serve with")?;
        let cpus: Vec<String> = cpus.iter().map(u32::to_string).collect();
        let mut child = Command::new(own)
            .args([SCRIPTED, &serde_json::to_string(&script)?, &cpus.join(",")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C at the terminal is for this process, which then ends the server.
            .process_group(0)
            .spawn()
            .context("cannot start the scripted server")?;
        let leash = child.stdin.take();
        let mut said = BufReader::new(child.stdout.take().context("the server's stdout is a pipe")?);
        let mut line = String::new();
        said.read_line(&mut line).context("cannot hear from the scripted server")?;
        let address = line.trim().parse();
        let address =
            address.with_context(|| format!("expected the scripted server's address, found {line:?}"))?;
        Ok(Self { child, leash, said, address })
    }

    /// Where to send requests.
    ///
    /// # Errors
    /// Never, for an address makes a URL.
    pub fn url(&self) -> anyhow::Result<Url> {
        Ok(format!("http://{}/", self.address).parse()?)
    }

    /// Ends it, and gives how punctual it was.
    ///
    /// # Errors
    /// When it does not end as it should.
    pub fn stop(mut self) -> anyhow::Result<Punctuality> {
        self.leash.take();
        let mut line = String::new();
        self.said.read_line(&mut line).context("cannot hear from the scripted server")?;
        let status = self.child.wait().context("cannot wait for the scripted server")?;
        ensure!(status.success(), "the scripted server ended with {status}; its message is above");
        serde_json::from_str(&line)
            .with_context(|| format!("cannot read what the scripted server said: {line:?}"))
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.leash.take();
        // One that was stopped is collected already, and there is nobody to tell.
        let _ = self.child.wait();
    }
}

/// This program as the server: `SCRIPT CPUS`. Prints its address, then, when its stdin ends, its punctuality.
///
/// # Errors
/// When the arguments are not these, or it cannot serve.
pub fn be_scripted(arguments: &[String]) -> anyhow::Result<()> {
    let [script, cpus] = arguments else {
        anyhow::bail!("cannot serve {arguments:?}, expected a script and CPUs");
    };
    let script: Script = serde_json::from_str(script).context("cannot read the script")?;
    let cpus = cpus.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>();
    cpus::bind(&cpus.context("cannot read the list of CPUs")?)?;
    let listener = TcpListener::bind(root::ANY_PORT).context("cannot listen")?;
    print(listener.local_addr().context("cannot tell where it listens")?)?;
    let over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&over);
    thread::spawn(move || {
        // The end of stdin, however it comes, is the end.
        let _ = io::stdin().lock().read(&mut [0]);
        seen.store(true, Ordering::Relaxed);
    });
    let punctuality = server::serve(&listener, script, &over)?;
    print(serde_json::to_string(&punctuality)?)?;
    Ok(())
}

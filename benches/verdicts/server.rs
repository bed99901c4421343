//! The server: a thread per connection that computes hash rounds and replies. This program started again.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use anyhow::Context as _;
use benches::bench::table::print;
use benches::meter::ProcessMeter;
use benches::{cpus, root};
use loadgen::Url;
use servers_contract::work;

/// The first argument of a program that is to [be the server](be_hashing).
pub(crate) const HASHING: &str = "hashing";

const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A server that runs. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Hashing {
    child: Child,
    /// Held open for as long as it is to serve.
    leash: Option<ChildStdin>,
    /// Where to send requests.
    pub(crate) url: Url,
}

impl Hashing {
    /// Starts this program again as a server bound to `cpus` that computes `rounds` a request, and waits until it listens.
    pub(crate) fn start(rounds: u32, cpus: &[u32]) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot find this program to serve with")?;
        let cpus: Vec<String> = cpus.iter().map(u32::to_string).collect();
        let mut child = Command::new(own)
            .args([HASHING, &rounds.to_string(), &cpus.join(",")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C at the terminal is for this process, which then ends the server.
            .process_group(0)
            .spawn()
            .context("cannot start the server")?;
        let leash = child.stdin.take();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().context("the server's stdout is a pipe")?);
        said.read_line(&mut line).context("cannot hear from the server")?;
        let url = format!("http://{}/", line.trim()).parse();
        let url = url.with_context(|| format!("expected the server's address, found {line:?}"))?;
        Ok(Self { child, leash, url })
    }

    /// A meter of its CPU time, and of no other server's beside it.
    pub(crate) fn meter(&self) -> ProcessMeter {
        ProcessMeter::alone(self.child.id())
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.leash.take();
        // There is nobody to tell.
        let _ = self.child.wait();
    }
}

/// This program as the server: `ROUNDS CPUS`. Prints its address and serves until its stdin ends.
pub(crate) fn be_hashing(arguments: &[String]) -> anyhow::Result<()> {
    let [rounds, cpus] = arguments else {
        anyhow::bail!("cannot serve {arguments:?}, expected rounds and CPUs");
    };
    let rounds: u32 = rounds.parse().context("cannot read the number of rounds")?;
    let cpus = cpus.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>();
    cpus::bind(&cpus.context("cannot read the list of CPUs")?)?;
    let listener = TcpListener::bind(root::ANY_PORT).context("cannot listen")?;
    print(listener.local_addr().context("cannot tell where it listens")?)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, rounds));
        }
    });
    // The end of stdin, however it comes, is the end.
    let _ = io::stdin().lock().read(&mut [0]);
    Ok(())
}

/// Answers one request after another; each comes in one piece, for it is short and the next follows its reply.
fn serve(mut stream: TcpStream, rounds: u32) {
    let mut bytes = [0; 4096];
    // Whoever is gone wants no reply.
    let _ = stream.set_nodelay(true);
    while stream.read(&mut bytes).is_ok_and(|length| length > 0) {
        std::hint::black_box(work::chain(rounds));
        if stream.write_all(REPLY).is_err() {
            return;
        }
    }
}

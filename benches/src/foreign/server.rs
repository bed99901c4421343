//! A foreign server that answers, started or found, and ended again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use loadgen::{Interrupt, Request, Statuses, Url, show_span};
use reports_record::shown;
use servers_conformance::{Answer, Patience, exchange};

use super::listening::listening;
use super::{Asked, Origin};
use crate::outside;
use crate::process::{Launch, Process, Tail};
use crate::supervise::LEFT_PROCESSES;

/// Exit code of a program that SIGTERM ended, as shells have it.
const TERMINATED: i32 = 128 + 15;

/// How often a server that is not ready yet is asked again.
const AGAIN: Duration = Duration::from_millis(20);

/// How long a program that has closed its connections may take to be gone.
const GONE: Duration = Duration::from_secs(2);

/// How long one question to a server that may not be ready may take: afterwards it is asked anew, elsewhere if need be.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Most of a server's text that an error shows, characters.
const SHOWN: usize = 200;

/// What to do about a server that is not ready in time.
const NOT_READY: &str =
    "give it longer by --ready-timeout, or another --ready-path, --request or --expect-status";

/// When a server counts as ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The path that it answers with success once it is; `None`: the request of the comparison itself.
    pub path: Option<String>,
    /// How long that may take.
    pub timeout: Duration,
    /// The statuses that are right for the request of the comparison.
    pub status: Statuses,
}

/// A server that has answered the request of the comparison. Dropping it kills what was started for it.
#[derive(Debug)]
pub struct Server {
    process: Option<(Process, Tail)>,
    request: Request,
    addresses: Vec<SocketAddr>,
    answer: Answer,
}

/// Where and how a server is started.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// CPUs that a started server may use.
    pub cpus: &'a [u32],
    /// The folder that it is started in.
    pub folder: &'a Path,
}

impl Server {
    /// Starts the server, or finds the one that runs, and waits until it answers.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not answer as it should in time; with its last words on stderr.
    pub fn start(
        origin: &Origin,
        asked: &Asked,
        readiness: &Readiness,
        place: Place<'_>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        match origin {
            Origin::Running(url) => Self::find(url, asked, readiness, interrupt),
            Origin::Command(_) => {
                let tail = Tail::default();
                launch(origin, asked, readiness, place, interrupt, &tail).map_err(|error| tail.explain(error))
            }
        }
    }

    fn find(url: &Url, asked: &Asked, readiness: &Readiness, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let addresses = url.resolve()?;
        let question = Question::new(asked, url, readiness)?;
        let deadline = Instant::now() + readiness.timeout;
        loop {
            match question.ask(addresses[0], ATTEMPT) {
                Ok(answer) => {
                    return Ok(Self { process: None, request: question.request, addresses, answer });
                }
                // A server that runs is there at once or was never started.
                Err(refusal) if refusal.is_unreachable => {
                    bail!("no server answers at {url}: {}; start it, or give its command", refusal.text)
                }
                Err(refusal) => question.wait(&refusal, deadline, readiness, interrupt)?,
            }
        }
    }

    /// What it is asked, again and again.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Its reply to that before anything was measured.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Where it was reached; never empty.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Process id of its supervisor, below which its processes are; `None` for one that ran already.
    #[must_use]
    pub fn supervisor(&self) -> Option<u32> {
        self.process.as_ref().map(|(process, _)| process.supervisor())
    }

    /// Makes sure that what was started still runs.
    ///
    /// # Errors
    /// When it has ended; with its last words.
    pub fn ensure_alive(&mut self) -> anyhow::Result<()> {
        let Some((process, tail)) = &mut self.process else { return Ok(()) };
        match process.ended()? {
            None => Ok(()),
            Some(status) => {
                let error = anyhow::anyhow!(
                    "it ended while it was measured ({}), expected a server that runs until SIGTERM; see why in its log, or ask with \
                     fewer --connections",
                    ending(status)
                );
                Err(tail.explain(error))
            }
        }
    }

    /// `error`, or that what was started has ended, which explains it; for that, it has a moment to be gone.
    #[must_use]
    pub fn explain(&mut self, error: anyhow::Error) -> anyhow::Error {
        let Some((process, _)) = &self.process else { return error };
        let mut patience = Patience::with_stalls(GONE, process.starvation());
        while let Some(turn) = patience.turn() {
            if let Err(ended) = self.ensure_alive() {
                return ended;
            }
            thread::sleep(turn);
        }
        error
    }

    /// Ends what was started. Gives what was odd about its end, if anything: any end after SIGTERM is a normal one.
    ///
    /// # Errors
    /// When it had ended before, or cannot be waited for.
    pub fn stop(mut self) -> anyhow::Result<Option<String>> {
        self.ensure_alive()?;
        let Some((process, _)) = self.process.take() else { return Ok(None) };
        Ok(match process.terminate()? {
            None => Some("it did not end on SIGTERM and was killed".to_owned()),
            Some(status) => match status.code() {
                Some(0 | TERMINATED | LEFT_PROCESSES) => None,
                _ => Some(format!("it ended on SIGTERM with {}", ending(status))),
            },
        })
    }
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) if code > 128 => format!("signal {}", code - 128),
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// What to do about a command that ended at once, by the exit codes that every shell has for programs that it cannot start.
fn remedy(status: ExitStatus, folder: &Path) -> String {
    match status.code() {
        Some(127) => format!(
            "the shell found no such program: check its name, PATH, and whether its path holds from {}",
            folder.display()
        ),
        Some(126) => "the shell may not execute it: make it executable".to_owned(),
        Some(0) => "start it in the foreground, not as a daemon".to_owned(),
        _ => "run the command by itself, with PORT and ADDRESS set, to see why".to_owned(),
    }
}

/// Starts a command and waits for it to answer wherever it listens.
fn launch(
    origin: &Origin,
    asked: &Asked,
    readiness: &Readiness,
    place: Place<'_>,
    interrupt: &Interrupt,
    tail: &Tail,
) -> anyhow::Result<Server> {
    let port = free_port()?;
    let given = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let command = origin.command_at(port).context("only a command can be started")?;
    let launch = Launch {
        cpus: place.cpus.to_vec(),
        ..Launch::of(
            ["env", &format!("PORT={port}"), &format!("ADDRESS={given}"), "sh", "-c", &command]
                .map(str::to_owned)
                .to_vec(),
            place.folder.to_owned(),
        )
    };
    let (mut process, first_line) = Process::start(&launch, tail)?;
    let mut wanted = Wanted { origin, given, printed: None, first_line };
    let deadline = Instant::now() + readiness.timeout;
    loop {
        if let Some(status) = process.ended()? {
            process.wait()?;
            bail!(
                "it ended before it was ready ({}), expected a server that runs until SIGTERM; {}",
                ending(status),
                remedy(status, place.folder)
            );
        }
        let refusal = match wanted.address(process.supervisor()) {
            Ok(address) => {
                let url: Url = format!("http://{address}").parse()?;
                let question = Question::new(asked, &url, readiness)?;
                match question.ask(address, ATTEMPT.min(readiness.timeout)) {
                    Ok(answer) => {
                        let addresses = vec![address];
                        let request = question.request;
                        return Ok(Server {
                            process: Some((process, tail.clone())),
                            request,
                            addresses,
                            answer,
                        });
                    }
                    Err(refusal) => refusal.text,
                }
            }
            Err(reason) => reason,
        };
        ensure!(
            Instant::now() < deadline,
            "it was not ready within {}: {refusal}; {NOT_READY}",
            show_span(readiness.timeout)
        );
        ensure!(!interrupt.is_raised(), "interrupted before it was ready");
        thread::sleep(AGAIN);
    }
}

/// The address at which a started server is looked for.
struct Wanted<'a> {
    origin: &'a Origin,
    /// The address that it was given.
    given: SocketAddr,
    /// The address in its first line on stdout.
    printed: Option<SocketAddr>,
    first_line: Receiver<Vec<u8>>,
}

impl Wanted<'_> {
    /// Where it can be asked by now, or why nowhere.
    fn address(&mut self, supervisor: u32) -> Result<SocketAddr, String> {
        if let Ok(line) = self.first_line.try_recv() {
            self.printed = address_in(&line);
        }
        let found = listening(supervisor);
        let is_there =
            |address: &SocketAddr| found.iter().any(|listening| listening.port() == address.port());
        if is_there(&self.given) {
            return Ok(self.given);
        }
        if self.origin.names_its_address() {
            // Descriptors may be hidden from this process; then whoever answers there is believed, unless it is known not to.
            return match outside::listens(supervisor, self.given) {
                Some(true) => Ok(self.given),
                Some(false) => Err(format!("another process listens at {}", self.given)),
                None if found.is_empty() => Err(format!("nothing listens at {}", self.given)),
                None => {
                    let elsewhere: Vec<String> = found.iter().map(ToString::to_string).collect();
                    Err(format!("nothing listens at {}, but at {}", self.given, elsewhere.join(", ")))
                }
            };
        }
        match (self.printed.filter(is_there), &found[..]) {
            (Some(printed), _) => Ok(printed),
            (None, []) => Err("it listens nowhere".to_owned()),
            (None, [only]) => Ok(*only),
            (None, several) => {
                let several: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(format!(
                    "it listens at {}, and which is meant is not known: write {{address}} or {{port}} into its command",
                    several.join(" and ")
                ))
            }
        }
    }
}

/// The first address with a port in a line, such as `{"address":"127.0.0.1:80"}` or `listening on http://localhost:80/`.
fn address_in(line: &[u8]) -> Option<SocketAddr> {
    let text = String::from_utf8_lossy(line).replace("localhost", "127.0.0.1");
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || ".:[]".contains(letter)));
    let mut addresses = words.filter_map(|word| word.trim_end_matches(['.', ':']).parse::<SocketAddr>().ok());
    addresses.find(|address| address.port() != 0)
}

/// A port that nothing listened at a moment ago.
fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr().context("cannot read the number of a free port")?.port())
}

/// What a server is asked before it is measured.
struct Question {
    /// Asked first, until it is answered with success.
    ready: Option<Request>,
    request: Request,
    status: Statuses,
}

/// Why a server is not ready.
struct Refusal {
    text: String,
    /// Nothing accepts connections there.
    is_unreachable: bool,
}

impl Question {
    fn new(asked: &Asked, url: &Url, readiness: &Readiness) -> anyhow::Result<Self> {
        let path = readiness.path.as_deref();
        let ready = path.map(|path| url.with_target(path).map(|url| Request::get(&url))).transpose();
        Ok(Self { ready: ready.context("--ready-path")?, request: asked.of(url)?, status: readiness.status })
    }

    fn ask(&self, address: SocketAddr, patience: Duration) -> Result<Answer, Refusal> {
        if let Some(ready) = &self.ready {
            ask(address, ready, Statuses::default(), patience)?;
        }
        ask(address, &self.request, self.status, patience)
    }

    /// Lets a moment pass before it is asked again.
    fn wait(
        &self,
        refusal: &Refusal,
        deadline: Instant,
        readiness: &Readiness,
        interrupt: &Interrupt,
    ) -> anyhow::Result<()> {
        ensure!(
            Instant::now() < deadline,
            "it was not ready within {}: {}; {NOT_READY}",
            show_span(readiness.timeout),
            refusal.text
        );
        ensure!(!interrupt.is_raised(), "interrupted before it was ready");
        thread::sleep(AGAIN);
        Ok(())
    }
}

fn ask(
    address: SocketAddr,
    request: &Request,
    status: Statuses,
    patience: Duration,
) -> Result<Answer, Refusal> {
    let told = format!("{} {}", request.method(), request.url());
    match exchange(address, request.bytes(), patience) {
        Ok(answer) if status.contains(answer.status) => Ok(answer),
        Ok(answer) => {
            let elsewhere =
                |place: &String| format!(", which leads to \"{}\" and is not followed", shown(place, SHOWN));
            Err(Refusal {
                text: format!(
                    "{told} is answered with status {} and \"{}\"{}, expected {status}",
                    answer.status,
                    shown(&answer.body, SHOWN),
                    answer.location.as_ref().map(elsewhere).unwrap_or_default()
                ),
                is_unreachable: false,
            })
        }
        Err(trouble) => Err(Refusal {
            is_unreachable: trouble.starts_with("could not connect"),
            text: format!("{told}: {trouble}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_servers_print() {
        let found = |line: &str| address_in(line.as_bytes()).map(|address| address.to_string());
        for (line, expected) in [
            (r#"{"contender":"x","address":"127.0.0.1:41","nonce":"n","pid":1}"#, Some("127.0.0.1:41")),
            ("Listening on http://localhost:3000/ (press CTRL+C)", Some("127.0.0.1:3000")),
            ("started at [::1]:80.", Some("[::1]:80")),
            ("* Running on http://127.0.0.1:5000", Some("127.0.0.1:5000")),
            ("12:30:01 started, version 1.2.3", None),
            ("127.0.0.1:0", None),
            ("", None),
        ] {
            assert_eq!(found(line).as_deref(), expected, "{line}");
        }
    }
}

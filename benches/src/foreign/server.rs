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
use servers_conformance::{Answer, exchange};

use super::listening::{listening, reachable};
use super::{Asked, Origin};
use crate::going::is_going;
use crate::outside;
use crate::process::{Launch, Process, Tail};
use crate::supervise::LEFT_PROCESSES;

/// Exit code of a program that SIGTERM ended, as shells have it.
const TERMINATED: i32 = 128 + 15;

/// How often a server that is not ready yet is asked again.
const AGAIN: Duration = Duration::from_millis(20);

/// How long a program that has closed its sockets may take to be gone, of time in which it can run.
const GONE: Duration = Duration::from_secs(5);

/// How long the first question to a server that may not be ready may take: afterwards it is asked anew, elsewhere if need be, and has twice
/// as long.
const ATTEMPT: Duration = Duration::from_secs(5);

/// How long a question may take at most: what takes longer is a failure while it is measured.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);

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
        let resolved = url.resolve()?;
        let question = Question::new(asked, url, readiness)?;
        let mut attempts = Attempts::of(readiness.timeout);
        loop {
            match attempts
                .make(|patience| first_reached(&resolved, |address| question.ask(address, patience)))
            {
                Ok((address, answer)) => {
                    // The one that answered stands first: the others may be of nothing that listens.
                    let others = resolved.iter().copied().filter(|other| *other != address);
                    let addresses = std::iter::once(address).chain(others).collect();
                    return Ok(Self { process: None, request: question.request, addresses, answer });
                }
                // A server that runs is there at once or was never started.
                Err(refusal) if refusal.is_unreachable => {
                    bail!("no server answers at {url}: {}; start it, or give its command", refusal.text)
                }
                Err(refusal) => attempts.wait(&refusal.text, interrupt)?,
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

    /// Where it may be reached, first of all where it was; never empty.
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

    /// As [`Server::ensure_alive`], behind something that the server's end would explain: one whose sockets are closed is waited for until
    /// its supervisor says how it ended.
    ///
    /// # Errors
    /// When it has ended; with its last words.
    pub fn ensure_stays(&mut self) -> anyhow::Result<()> {
        if let Some((process, _)) = &mut self.process
            && is_going(self.addresses[0], self.request.bytes())
        {
            process.ended_within(GONE)?;
        }
        self.ensure_alive()
    }

    /// `error`, or that what was started has ended, which explains it.
    #[must_use]
    pub fn explain(&mut self, error: anyhow::Error) -> anyhow::Error {
        self.ensure_stays().err().unwrap_or(error)
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
        Some(LEFT_PROCESSES) => {
            "the command ended and left its server in the background, where it was killed: start it in the foreground, without & and \
             not as a daemon"
                .to_owned()
        }
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
    let mut attempts = Attempts::of(readiness.timeout);
    loop {
        if let Some(status) = process.ended()? {
            process.wait()?;
            bail!(
                "it ended before it was ready ({}), expected a server that runs until SIGTERM; {}",
                ending(status),
                remedy(status, place.folder)
            );
        }
        let refusal = match wanted.addresses(process.supervisor()) {
            Ok(addresses) => {
                let met = |address, patience| -> Result<(Request, Answer), Refusal> {
                    let question = Question::at(address, asked, readiness)?;
                    let answer = question.ask(address, patience)?;
                    Ok((question.request, answer))
                };
                match attempts.make(|patience| first_reached(&addresses, |address| met(address, patience))) {
                    Ok((address, (request, answer))) => {
                        let process = Some((process, tail.clone()));
                        return Ok(Server { process, request, addresses: vec![address], answer });
                    }
                    Err(refusal) => refusal.text,
                }
            }
            Err(reason) => reason,
        };
        attempts.wait(&refusal, interrupt)?;
    }
}

/// The questions to a server that may not be ready, one after another until it answers or its time is over.
struct Attempts {
    timeout: Duration,
    deadline: Instant,
    /// How long the next one may take.
    patience: Duration,
}

impl Attempts {
    fn of(timeout: Duration) -> Self {
        Self { timeout, deadline: Instant::now() + timeout, patience: ATTEMPT.min(timeout) }
    }

    /// Asks once. A question that took all of its patience is followed by one with twice as much, within what is left: a server whose
    /// replies take long is never ready for one that gives up.
    fn make<T>(&mut self, ask: impl FnOnce(Duration) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let began = Instant::now();
        let asked = ask(self.patience);
        if asked.is_err() && began.elapsed() >= self.patience {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let longer = (2 * self.patience).min(LONGEST_ATTEMPT).min(left);
            self.patience = longer.max(ATTEMPT.min(self.timeout));
        }
        asked
    }

    /// Lets a moment pass before it is asked again.
    ///
    /// # Errors
    /// When its time is over, with what was refused last, and when it is interrupted.
    fn wait(&self, refusal: &str, interrupt: &Interrupt) -> anyhow::Result<()> {
        ensure!(
            Instant::now() < self.deadline,
            "it was not ready within {}: {refusal}; {NOT_READY}",
            show_span(self.timeout)
        );
        ensure!(!interrupt.is_raised(), "interrupted before it was ready");
        thread::sleep(AGAIN);
        Ok(())
    }
}

/// The first of the host's addresses at which something answers, and its answer; else the refusal of the first at which something
/// listens, and where nothing does that of the last.
fn first_reached<T>(
    addresses: &[SocketAddr],
    ask: impl Fn(SocketAddr) -> Result<T, Refusal>,
) -> Result<(SocketAddr, T), Refusal> {
    let mut refused = None::<Refusal>;
    for &address in addresses {
        match ask(address) {
            Ok(answer) => return Ok((address, answer)),
            Err(refusal) if refused.as_ref().is_none_or(|refused| refused.is_unreachable) => {
                refused = Some(refusal)
            }
            Err(_) => {}
        }
    }
    Err(refused
        .unwrap_or_else(|| Refusal { text: "its host has no address".to_owned(), is_unreachable: true }))
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
    /// Where it may be asked by now, the likeliest first, or why nowhere; never empty.
    fn addresses(&mut self, supervisor: u32) -> Result<Vec<SocketAddr>, String> {
        if let Ok(line) = self.first_line.try_recv() {
            self.printed = address_in(&line);
        }
        let found = listening(supervisor);
        let is_there =
            |address: &SocketAddr| found.iter().any(|listening| listening.port() == address.port());
        if is_there(&self.given) {
            // One that was given a port alone may listen at another address of this machine, such as [::1] for localhost.
            let is_other =
                |address: &&SocketAddr| address.port() == self.given.port() && **address != self.given;
            return Ok(std::iter::once(self.given).chain(found.iter().find(is_other).copied()).collect());
        }
        if self.origin.names_its_address() {
            // Descriptors may be hidden from this process; then whoever answers there is believed, unless it is known not to.
            return match outside::listens(supervisor, self.given) {
                Some(true) => Ok(vec![self.given]),
                Some(false) => Err(format!(
                    "a process that the command did not start itself listens at {} (one in a container, for instance: start that, and \
                     give its URL)",
                    self.given
                )),
                None if found.is_empty() => Err(format!("nothing listens at {}", self.given)),
                None => {
                    let elsewhere: Vec<String> = found.iter().map(ToString::to_string).collect();
                    Err(format!("nothing listens at {}, but at {}", self.given, elsewhere.join(", ")))
                }
            };
        }
        match (self.printed.filter(is_there), &found[..]) {
            // One that listens everywhere is asked where its name says a host: some answer to those they know alone.
            (Some(printed), _) => Ok(vec![reachable(printed)]),
            (None, []) => Err("it listens nowhere".to_owned()),
            (None, [only]) => Ok(vec![*only]),
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

    /// The question to a server that was started at `address`.
    fn at(address: SocketAddr, asked: &Asked, readiness: &Readiness) -> Result<Self, Refusal> {
        let url = format!("http://{address}").parse::<Url>().map_err(anyhow::Error::from);
        url.and_then(|url| Self::new(asked, &url, readiness))
            .map_err(|error| Refusal { text: format!("{error:#}"), is_unreachable: false })
    }

    fn ask(&self, address: SocketAddr, patience: Duration) -> Result<Answer, Refusal> {
        if let Some(ready) = &self.ready {
            ask(address, ready, Statuses::default(), patience)?;
        }
        ask(address, &self.request, self.status, patience)
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

    /// `localhost` is two addresses on many machines, and a server often listens at one of them.
    #[test]
    fn of_a_host_s_addresses_the_first_that_answers_is_taken() {
        let [six, four]: [SocketAddr; 2] =
            ["[::1]:80", "127.0.0.1:80"].map(|address| address.parse().unwrap());
        let reached = |refusing: &[(SocketAddr, bool)]| {
            first_reached(&[six, four], |address| {
                match refusing.iter().find(|(refuses, _)| *refuses == address) {
                    Some((_, is_unreachable)) => {
                        Err(Refusal { text: address.to_string(), is_unreachable: *is_unreachable })
                    }
                    None => Ok(()),
                }
            })
            .map(|(address, ())| address)
            .map_err(|refusal| (refusal.text, refusal.is_unreachable))
        };
        assert_eq!(reached(&[]), Ok(six));
        assert_eq!(reached(&[(six, true)]), Ok(four));
        assert_eq!(reached(&[(six, false)]), Ok(four));
        // One that listens and answers wrong may become ready; one that does not listen was never started.
        assert_eq!(reached(&[(six, false), (four, true)]), Err((six.to_string(), false)));
        assert_eq!(reached(&[(six, true), (four, false)]), Err((four.to_string(), false)));
        assert_eq!(reached(&[(six, true), (four, true)]), Err((four.to_string(), true)));
    }

    /// Replies of six seconds: one that gives up after five is followed by one that waits for ten.
    #[test]
    fn a_question_that_was_given_up_is_followed_by_one_with_more_patience() {
        let mut attempts = Attempts::of(Duration::from_secs(30));
        assert_eq!(attempts.patience, ATTEMPT);
        let refuse = || Err::<(), _>(Refusal { text: String::new(), is_unreachable: false });
        assert!(attempts.make(|_| refuse()).is_err());
        assert_eq!(attempts.patience, ATTEMPT, "an early refusal says nothing of slow replies");
        attempts.patience = Duration::ZERO;
        assert!(attempts.make(|_| refuse()).is_err());
        assert_eq!(attempts.patience, ATTEMPT);
        assert_eq!(Attempts::of(Duration::from_secs(1)).patience, Duration::from_secs(1));
    }

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

//! `crossover compare`: any two servers, or more, asked the same.

mod revisions;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use loadgen::{Rate, Statuses, Url, parse_span};
use reports_terminal::{counted, talk};

use self::revisions::{Revisions, Worktree};
use super::contest::{self, Hall, Occasion};
use crate::contest::{Entrant, FailIf, Foreign, Rates, Source};
use crate::cpus::Split;
use crate::foreign::{Asked, Origin, Readiness};
use crate::signals::Signals;

/// Shares of the weaker entrant's capacity that are offered unless a rate is given: what most services see, and close to
/// where the weaker one ends.
const SHARES: [f64; 2] = [0.1, 0.7];

/// The arguments of `crossover compare`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The server that the others are held against: a URL, or a command that starts one
    ///
    /// A command gets a free port: in its text as {port} or {address}, and as PORT and ADDRESS in its environment. One that
    /// uses neither is found where it listens. It is started anew for every block, on CPUs of its own, and ended by SIGTERM.
    #[arg(
        long,
        value_name = "URL|COMMAND",
        required_unless_present = "revisions",
        conflicts_with = "revisions"
    )]
    a: Option<Origin>,
    /// A second server
    #[arg(
        long,
        value_name = "URL|COMMAND",
        required_unless_present = "revisions",
        conflicts_with = "revisions"
    )]
    b: Option<Origin>,
    /// A third server
    #[arg(long, value_name = "URL|COMMAND", requires = "b")]
    c: Option<Origin>,
    /// A fourth server
    #[arg(long, value_name = "URL|COMMAND", requires = "c")]
    d: Option<Origin>,
    /// Compare revisions of this repository instead: each is checked out and built in a folder of its own
    #[arg(long, value_name = "REV,REV", value_delimiter = ',', requires = "command")]
    revisions: Vec<String>,
    /// The command that builds a revision, in its folder
    #[arg(long, value_name = "COMMAND", requires = "revisions")]
    build: Option<String>,
    /// The command that starts a revision's server, in its folder; it gets a port as --a does
    #[arg(long, value_name = "COMMAND", requires = "revisions")]
    command: Option<String>,
    /// The request that every server answers; a URL with a path of its own keeps that path
    #[arg(long, value_name = "METHOD PATH", default_value = "GET /")]
    request: Asked,
    /// A header field of the request; may be given again
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The body of the request
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// Connections to each server
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,
    /// Offer this rate, such as 1k/s; may be given again [default: a tenth and seven tenths of what the weaker one serves]
    #[arg(long = "rate", value_name = "RATE")]
    rates: Vec<Rate>,
    /// Names of the servers, in their order [default: a,b,… or the revisions]
    #[arg(long, value_delimiter = ',')]
    names: Vec<String>,
    /// About how long to measure; what is undecided then is said with what it would take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = within)]
    within: Duration,
    /// How long each server is asked after each start before anything counts; 0s measures servers that are cold
    ///
    /// Servers that compile or fill caches at run time are slower at first: a cold Node serves about a tenth. Raise it where a note says
    /// that a server may become faster still.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = warm_up)]
    warm_up: Duration,
    /// Exit with 1 on this verdict, such as 'b worse throughput' (cpu, p50, p99, memory); may be given again
    ///
    /// Worse is a verdict, never a noisy ratio. What cannot be told passes, and the last lines say how large a loss could
    /// have hidden. A condition that could not be judged at all, for want of sound blocks, ends with 2.
    #[arg(long, value_name = "CONDITION")]
    fail_if: Vec<FailIf>,
    /// A server is ready when it answers GET of this path with success [default: when it answers the request]
    #[arg(long, value_name = "PATH")]
    ready_path: Option<String>,
    /// How long it may take to be ready
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = within)]
    ready_timeout: Duration,
    /// The statuses that are right
    #[arg(long, value_name = "STATUS", default_value = "2xx")]
    expect_status: Statuses,
    /// All servers have to answer with the same body
    #[arg(long)]
    expect_same_body: bool,
    /// CPUs that the servers share; the client has one of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    server_cpus: u32,
    /// Folder that gets the folder of record and page [default: reports/runs in the project, crossover-runs elsewhere]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Print everything as JSON on stdout; the answer goes to stderr
    #[arg(long)]
    json: bool,
    /// Seed of orders and schedules
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Measure although another run measures on the same CPUs; the page says so
    #[arg(long)]
    anyway: bool,
}

fn within(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::from_secs(1)..=Duration::from_secs(24 * 3600)))
}

fn warm_up(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::ZERO..=Duration::from_secs(3600)))
}

/// Compares servers, prints what was found and writes its page; gives the exit code: 0 whatever the verdicts, 1 where one is not allowed.
///
/// # Errors
/// When servers cannot be built, started or asked, or the output not be written.
pub fn compare(arguments: Arguments) -> anyhow::Result<i32> {
    let signals = Signals::install()?;
    signals.conclude(hold(&arguments, &signals))
}

fn hold(arguments: &Arguments, signals: &Signals) -> anyhow::Result<i32> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    // All that can be wrong is found before anything is built: a build takes minutes.
    let names = names(arguments)?;
    let asked = asked(arguments)?;
    let is_started = |at: usize| !matches!(arguments.origins().get(at), Some(Origin::Running(_)));
    for condition in &arguments.fail_if {
        condition.ensure_known(&names).map_err(anyhow::Error::msg)?;
        condition.ensure_readable(&names, is_started).map_err(anyhow::Error::msg)?;
    }
    let split = Split::here(arguments.server_cpus, 1)
        .with_context(|| format!("--server-cpus {}", arguments.server_cpus))?;
    let runs = Occasion::runs(arguments.runs.clone(), &here);
    let revisions = Revisions::find(&here, &arguments.revisions)?;
    let mut remarks = revisions.remarks();
    remarks.iter().for_each(|remark| talk!("warning: {remark}"));
    let claim = contest::prepare(&runs, names.len() as u64, arguments.connections, &split, arguments.anyway)?;
    remarks.extend(contest::crowded(claim.as_ref()));
    // Kept until the end: dropping one removes its folder.
    let worktrees = revisions.build(arguments.build.as_deref(), signals.interrupt())?;
    let question = question(&asked, arguments, &names);
    let entrants = entrants(arguments, asked, &names, &here, &worktrees);
    let rates = match &arguments.rates[..] {
        [] => Rates::Shares(SHARES.to_vec()),
        given => Rates::Given(given.to_vec()),
    };
    let hall = Hall {
        connections: arguments.connections,
        split,
        warm_up: arguments.warm_up,
        seed: arguments.seed,
        within: arguments.within,
        _claim: claim,
    };
    let occasion = Occasion { name: "compare", question, remarks, runs, place: here };
    let held = contest::hold(vec![entrants], &rates, arguments.expect_same_body, hall, occasion, signals)?;
    Ok(i32::from(held.tell(arguments.json, &arguments.fail_if)?))
}

impl Arguments {
    /// Where the servers that are no revisions come from, in their order.
    fn origins(&self) -> Vec<&Origin> {
        [&self.a, &self.b, &self.c, &self.d].into_iter().flatten().collect()
    }
}

/// The request of `arguments`, and the path of readiness, which can be sent to any server.
fn asked(arguments: &Arguments) -> anyhow::Result<Asked> {
    let asked = Asked {
        headers: arguments.headers.clone(),
        body: arguments.body.clone().map(String::into_bytes),
        ..arguments.request.clone()
    };
    let any: Url = "http://127.0.0.1:80/".parse()?;
    asked.of(&any).context("the request, by --request, --header and --body")?;
    if let Some(path) = &arguments.ready_path {
        any.with_target(path).context("--ready-path")?;
    }
    Ok(asked)
}

/// The question, as a page's title: without a path where each server's URL has its own.
fn question(asked: &Asked, arguments: &Arguments, names: &[String]) -> String {
    let Asked { method, target, .. } = asked;
    let has_own = |origin: &&Origin| matches!(origin, Origin::Running(url) if url.target() != "/");
    let origins = arguments.origins();
    let target = match origins.iter().filter(|origin| has_own(origin)).count() {
        0 => target.clone(),
        own if own == origins.len() => "its own path".to_owned(),
        _ => format!("{target} or its own path"),
    };
    format!(
        "{}: {method} {target} on {}?",
        names.join(" or "),
        counted(arguments.connections.into(), "connection")
    )
}

/// The names of the servers: given, the revisions, or letters.
fn names(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let own: Vec<String> = if arguments.revisions.is_empty() {
        // No letter can be left out: each but the first two requires the one before.
        ["a", "b", "c", "d"][..arguments.origins().len()].iter().map(|letter| (*letter).to_owned()).collect()
    } else {
        arguments.revisions.clone()
    };
    ensure!(own.len() >= 2, "--revisions names {}, expected two or more, such as main,HEAD", own.len());
    let names = if arguments.names.is_empty() { own.clone() } else { arguments.names.clone() };
    ensure!(
        names.len() == own.len(),
        "--names has {} for {} servers, expected one each",
        counted(names.len() as u64, "name"),
        own.len()
    );
    for (at, name) in names.iter().enumerate() {
        let wrong = match () {
            () if name.trim().is_empty() => "is empty",
            () if name.trim() != name => "begins or ends with a blank",
            () if names[..at].contains(name) => "comes twice",
            () => continue,
        };
        bail!(
            "{}: \"{}\" {wrong}; expected another name for each server, such as --names old,new",
            if arguments.names.is_empty() { "--revisions" } else { "--names" },
            reports_record::shown(name, 80)
        );
    }
    Ok(names)
}

fn entrants(
    arguments: &Arguments,
    asked: Asked,
    names: &[String],
    here: &Path,
    worktrees: &[Worktree],
) -> Vec<Entrant> {
    let readiness = Readiness {
        path: arguments.ready_path.clone(),
        timeout: arguments.ready_timeout,
        status: arguments.expect_status,
    };
    let origins: Vec<(Origin, PathBuf)> = match &arguments.command {
        Some(command) => {
            let origin = Origin::Command(command.clone());
            worktrees.iter().map(|worktree| (origin.clone(), worktree.path())).collect()
        }
        None => arguments.origins().into_iter().map(|origin| (origin.clone(), here.to_owned())).collect(),
    };
    let entrant = |(name, (origin, folder)): (&String, (Origin, PathBuf))| Entrant {
        name: name.clone(),
        source: Source::Foreign(Box::new(Foreign {
            origin,
            folder,
            asked: asked.clone(),
            readiness: readiness.clone(),
            body: None,
        })),
    };
    names.iter().zip(origins).map(entrant).collect()
}

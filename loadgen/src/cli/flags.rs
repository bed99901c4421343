//! What can be asked for, and what follows when it is not.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, ValueEnum};
use loadgen::{Crew, Expect, ExpectBody, Load, Pace, Rate, Request, Stop, Url, show_span};
use reports_record::Arrivals;

use super::numbers::{span, whole};
use super::outputs::Outputs;

/// The window when neither a duration nor a number of requests is given.
const DURATION: Duration = Duration::from_secs(10);
/// How long requests in flight may go on after the window.
const GRACE: Duration = Duration::from_secs(2);

/// Push load at an HTTP server and certify what was measured
///
/// Without --rate the loop is closed: each connection sends its next request when its last one ended, which measures
/// throughput. With --rate it is open: requests start when the schedule says so, whatever the server does, and are
/// timed from then, which measures what users would feel.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    after_help = "Exit codes: 0 measured and valid (also with warnings); 1 measured, but the result could not be \
                  written; 2 could not start, or wrong usage; 3 measured but invalid; 130 and 143 interrupted by \
                  SIGINT or SIGTERM, with the partial result written (a second signal ends at once)."
)]
pub(crate) struct Flags {
    /// Where to send requests: http://host[:port][/path][?query]
    #[arg(value_name = "URL")]
    url: Url,

    /// Connections held open
    ///
    /// In a closed loop this is the concurrency. In an open loop it bounds it: take more than rate times response time,
    /// or requests wait for a connection (which is measured and shown).
    #[arg(long, short = 'c', value_name = "N", default_value = "1", allow_hyphen_values = true,
          value_parser = whole(Crew::CONNECTIONS))]
    connections: u32,

    /// Measure for so long [default: 10s]
    ///
    /// From 100ms to 24h, warm-up not included. Longer windows have more samples and higher quantiles.
    #[arg(long, short = 'd', value_name = "TIME", conflicts_with = "requests", allow_hyphen_values = true,
          value_parser = span(Load::WINDOW))]
    duration: Option<Duration>,

    /// Measure until so many requests ended, instead of for a time
    ///
    /// For small checks: such a window has no parts known beforehand, so drift within it is not looked for.
    #[arg(long, short = 'n', value_name = "N", allow_hyphen_values = true, value_parser = whole(Load::REQUESTS))]
    requests: Option<u64>,

    /// Open loop: start so many requests per second, such as 500/s, 2k/s or 30/m
    ///
    /// From 0.01/s to 1000k/s. Intended starts never shift to follow a slow server: times are counted from them.
    #[arg(long, short = 'r', value_name = "RATE", allow_hyphen_values = true)]
    rate: Option<Rate>,

    /// How the open loop spaces its starts [default: constant]
    ///
    /// Constant: equal gaps, the least queueing a rate can cause. Poisson: independent gaps, as of many users who do
    /// not know of each other.
    #[arg(long, value_enum, value_name = "SHAPE", requires = "rate")]
    arrivals: Option<Shape>,

    /// Seed of Poisson arrivals [default: 1]
    ///
    /// The same seed gives the same starts, so that two servers can be given the very same load.
    #[arg(long, value_name = "N", requires = "arrivals", allow_hyphen_values = true, value_parser = whole(0..=u64::MAX))]
    seed: Option<u64>,

    /// Leave out this long at the start
    ///
    /// Requests that start (open loop: are due) in it are sent but not measured. Up to 1h.
    #[arg(long, value_name = "TIME", default_value = "0s", allow_hyphen_values = true, value_parser = span(Load::MARGIN))]
    warm_up: Duration,

    /// Deadline of one request, from its first byte sent to its reply's last
    ///
    /// A request past it counts as a time-out, in quantiles as at least so long. From 1ms to 1h.
    #[arg(long, value_name = "TIME", default_value = "10s", allow_hyphen_values = true,
          value_parser = span(Load::TIMEOUT))]
    timeout: Duration,

    /// Let what was due in the window go on for so long after it [default: 2s]
    ///
    /// Requests in flight end, and those that waited for a connection are still sent. What is unfinished then is
    /// censored: known to have taken at least so long. Up to 1h.
    #[arg(long, value_name = "TIME", conflicts_with = "requests", allow_hyphen_values = true,
          value_parser = span(Load::MARGIN))]
    grace: Option<Duration>,

    /// How long opening one connection may take
    ///
    /// From 1ms to 1h; short, because on a network that is worth measuring on a connection takes milliseconds.
    #[arg(long, value_name = "TIME", default_value = "2s", allow_hyphen_values = true,
          value_parser = span(Load::TIMEOUT))]
    connect_timeout: Duration,

    /// Prove each connection by one GET of this path before the next is opened
    ///
    /// Connections are opened one after another in any case: some servers leave bursts of them unanswered. The path,
    /// such as /hello, has to answer with success.
    #[arg(long, value_name = "PATH")]
    prime: Option<String>,

    /// The request's method
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    method: String,

    /// A header to send, 'name: value'; may be given more than once
    ///
    /// host replaces the URL's. The body's length is added from --body and cannot be given.
    #[arg(long, short = 'H', value_name = "HEADER", action = ArgAction::Append)]
    header: Vec<String>,

    /// A body to send with each request
    #[arg(long, short = 'b', value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,

    /// Count replies whose body differs from the first one's as wrong
    ///
    /// Not the default, because many servers rightly answer differently each time. Costs a CRC of every body.
    #[arg(long)]
    expect_same_body: bool,

    /// Client threads, each with its own event loop and share of the connections
    ///
    /// One thread sends tens of thousands of requests per second; add more when the certificate says client-limited.
    #[arg(long, short = 't', value_name = "N", default_value = "1", allow_hyphen_values = true,
          value_parser = whole(Crew::THREADS))]
    threads: u32,

    /// Bind client threads to these CPUs, in turn: 0 or 0,1
    ///
    /// Keep them apart from the server's, or the two take turns and both are measured.
    #[arg(long, value_name = "CPUS", value_delimiter = ',', allow_hyphen_values = true, value_parser = whole(0..=1023usize))]
    pin: Vec<usize>,

    /// Write the measurement to this new file as JSON; - for stdout, where then nothing else goes
    ///
    /// Written whole or not at all; a file that exists is refused before anything starts.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Write each second's times to this new file, as an HdrHistogram interval log
    ///
    /// Response times, in a closed loop service times. Written while measuring: what there is survives even SIGKILL. Costs
    /// each client thread a fresh histogram a second.
    #[arg(long, value_name = "PATH")]
    hdr_log: Option<PathBuf>,

    /// Write the measurement's percentiles to this new file, as HdrHistogram plotters read them, in milliseconds
    ///
    /// Response times, in a closed loop service times. Written whole or not at all.
    #[arg(long, value_name = "PATH")]
    hgrm: Option<PathBuf>,
}

/// How an open loop spaces its starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Equal gaps
    Constant,
    /// Independent exponential gaps
    Poisson,
}

/// What the flags come to.
pub(crate) struct Plan {
    pub(crate) crew: Crew,
    pub(crate) load: Load,
    pub(crate) priming: Option<Url>,
}

impl Flags {
    /// Where results go, checked.
    pub(crate) fn outputs(&self) -> anyhow::Result<Outputs> {
        Outputs::prepare(self.json.as_deref(), self.hgrm.as_deref(), self.hdr_log.as_deref())
    }

    /// What to measure, each part within its range.
    pub(crate) fn plan(&self) -> anyhow::Result<Plan> {
        let request =
            Request::new(&self.url, &self.method, &self.header, self.body.as_deref().map(str::as_bytes))?;
        let crew = Crew {
            connections: self.connections,
            threads: self.threads,
            pins: self.pin.clone(),
            connect_timeout: self.connect_timeout,
        };
        let body = if self.expect_same_body { ExpectBody::Same } else { ExpectBody::Any };
        let load = Load {
            request,
            expect: Expect { status: None, body },
            pace: self.pace()?,
            warm_up: self.warm_up,
            stop: match self.requests {
                Some(requests) => Stop::Requests(requests),
                None => Stop::After(self.duration.unwrap_or(DURATION)),
            },
            timeout: self.timeout,
            grace: self.grace.unwrap_or(GRACE),
        };
        crew.validate()?;
        load.validate()?;
        let priming = self.prime.as_deref().map(|path| self.url.with_target(path)).transpose()?;
        Ok(Plan { crew, load, priming })
    }

    fn pace(&self) -> anyhow::Result<Pace> {
        let Some(rate) = self.rate else { return Ok(Pace::Closed) };
        let arrivals = match self.arrivals {
            None | Some(Shape::Constant) => Arrivals::Constant,
            Some(Shape::Poisson) => Arrivals::Poisson,
        };
        if self.seed.is_some() && arrivals == Arrivals::Constant {
            anyhow::bail!(
                "--seed: constant arrivals are the same with any (leave it out, or ask for --arrivals poisson)"
            );
        }
        Ok(Pace::Open { rate, arrivals, seed: self.seed.unwrap_or(1) })
    }
}

impl Plan {
    /// What will run, how long it takes, and the seed.
    pub(crate) fn announcement(&self, address: SocketAddr) -> String {
        let Self { crew, load, .. } = self;
        let pace = match load.pace {
            Pace::Closed => "closed loop".into(),
            Pace::Open { rate, arrivals: Arrivals::Constant, .. } => format!("open loop of {rate}, constant"),
            Pace::Open { rate, arrivals: Arrivals::Poisson, seed } => {
                format!("open loop of {rate}, Poisson, seed {seed}")
            }
        };
        let length = match load.stop {
            Stop::After(window) => format!(
                "{} after {} of warm-up, at most {} in all",
                show_span(window),
                show_span(load.warm_up),
                show_span(load.warm_up + window + load.grace)
            ),
            Stop::Requests(requests) => {
                format!("{requests} requests after {} of warm-up", show_span(load.warm_up))
            }
        };
        format!(
            "{} {} at {address}: {pace}, connections: {}, threads: {}, {length}",
            load.request.method(),
            load.request.url(),
            crew.connections,
            crew.threads
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Flags::command().debug_assert();
    }

    #[test]
    fn every_flag_says_why_and_not_only_what() {
        for argument in Flags::command().get_arguments().filter(|argument| !argument.is_positional()) {
            assert!(argument.get_help().is_some(), "--{}", argument.get_id());
        }
    }

    #[test]
    fn a_flag_without_effect_is_refused() {
        let refused = |flags: &[&str]| {
            let parsed = Flags::try_parse_from(["loadgen", "http://localhost/"].iter().chain(flags));
            parsed.is_err() || parsed.is_ok_and(|flags| flags.plan().is_err())
        };
        assert!(refused(&["--arrivals", "poisson"]));
        assert!(refused(&["--rate", "5/s", "--seed", "3"]));
        assert!(refused(&["--rate", "5/s", "--arrivals", "constant", "--seed", "3"]));
        assert!(refused(&["--requests", "5", "--duration", "1s"]));
        assert!(refused(&["--requests", "5", "--grace", "1s"]));
        assert!(refused(&["--pin", "0,1"]));
        assert!(!refused(&["--rate", "5/s", "--arrivals", "poisson", "--seed", "3"]));
    }
}

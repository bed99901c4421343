//! The flags, the same for every contender.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, thread, time::Duration};

use clap::{ArgAction, Parser};
use servers_contract::Endpoint;

/// What can be set from the command line. Values that a front does not honour keep their default and are refused
/// when given (see [`crate::Front::honours`]).
#[derive(Clone, Debug, Parser)]
#[command(
    max_term_width = 80,
    about = "A contender: one server under test",
    after_help = "Prints one JSON line with its address and nonce once it answers; talks on stderr.\n\
                  SIGTERM or SIGINT drains and exits 0; a second one ends at once.\n\
                  Exit codes: 0 drained, 1 serving failed, 2 could not start."
)]
#[non_exhaustive]
pub struct Flags {
    /// Address to listen on; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// Name that the ready line and /health tell, where one program is listed twice with other flags [default: the
    /// program's without "server-"]
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Option<String>,

    /// Let --listen and --upstream name an address beyond loopback
    ///
    /// A contender has no authentication and computes what it is asked to.
    #[arg(long)]
    pub allow_remote: bool,

    /// Length of the listen queue
    ///
    /// Connections that arrive while it is full are dropped by the kernel. The system caps it at
    /// net.core.somaxconn; /health tells the effective value.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub backlog: u32,

    /// Send small replies at once (TCP_NODELAY)
    ///
    /// With false, Nagle's algorithm and the client's delayed acknowledgements add 40 ms to some replies.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    pub nodelay: bool,

    /// End a connection whose peer acknowledges nothing, or keeps its window closed, for this long (TCP_USER_TIMEOUT)
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub user_timeout: Duration,

    /// How late a thread's own sleep may be made, so that several wake-ups share one (PR_SET_TIMERSLACK), from 1ns to 1s
    /// [default: the system's, 50us unless it was changed]
    ///
    /// It touches blocking waits and not awaited ones, which end by a timerfd. With 1ns both are as punctual, and threads
    /// that sleep cost more CPU time.
    #[arg(long, value_name = "SLACK", value_parser = slack)]
    pub timer_slack: Option<Duration>,

    /// On SIGTERM, wait this long for requests in flight
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub grace: Duration,

    /// Event loops, one thread each [default: the CPUs that the process may use]
    #[arg(long, value_name = "N", value_parser = count)]
    pub workers: Option<NonZeroUsize>,

    /// Serve by one runtime whose --workers threads take work from each other, in place of an event loop for each
    ///
    /// tokio's own default. Without it a connection stays on its loop.
    #[arg(long)]
    pub stealing: bool,

    /// Size of the pool of blocking threads
    ///
    /// In a sync contender the threads that handle requests [default: one per request]; in an async one the
    /// threads that run what was offloaded from the event loops [default: 512].
    #[arg(long, value_name = "N", value_parser = count)]
    pub threads: Option<NonZeroUsize>,

    /// Connections held at once
    ///
    /// One more is answered 503 and closed, or waits in the listen queue where the stack under test knows no
    /// other way. Also bounded by the descriptor limit; /health tells the effective value.
    #[arg(long, value_name = "N", default_value = "16384", value_parser = count)]
    pub max_connections: NonZeroUsize,

    /// Close a connection that sent nothing for this long
    #[arg(long, value_name = "TIME", default_value = "75s", value_parser = duration)]
    pub keep_alive: Duration,

    /// A head must be complete this long after its first byte, however slowly it drips
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub head_timeout: Duration,

    /// A body must be complete this long after its head, however slowly it drips
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub body_timeout: Duration,

    /// The kernel must have taken a batch of replies within this long
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub write_timeout: Duration,

    /// Let blocking calls hold the event loop, so that their cost can be measured
    ///
    /// Without it the guardrail answers 500 and names the call and the cure.
    #[arg(long)]
    pub allow_blocking: bool,

    /// Count and log a handler that holds its event loop for longer than this
    ///
    /// The default is that of Python's asyncio in debug mode.
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = duration)]
    pub slow_poll: Duration,

    /// The server that /upstream asks, and waits for on a socket
    ///
    /// Without it /upstream is answered 502. The runner sets it.
    #[arg(long, value_name = "ADDRESS")]
    pub upstream: Option<SocketAddr>,

    /// Fault injection: the handler of this endpoint panics
    ///
    /// To see what becomes of everyone else; such as wait, for /wait.
    #[arg(long, value_name = "ENDPOINT", value_parser = endpoint)]
    pub panic_on: Option<Endpoint>,

    /// Read the clock at the end of each request's stages and write their times to this file at the end
    ///
    /// For `crossover path`. The readings take time themselves, so nothing that is judged is measured with them.
    #[arg(long, value_name = "FILE")]
    pub stages: Option<PathBuf>,
}

impl Flags {
    /// Event loops to start: `--workers`, or the CPUs that the process may use (its affinity counts).
    pub fn workers(&self) -> usize {
        let available = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.workers.unwrap_or_else(available).get()
    }
}

/// 1 ms to 1 h: a zero time-out means "none" to the kernel, which nobody who writes 0s can be sure of.
fn duration(text: &str) -> Result<Duration, String> {
    const RANGE: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3600);
    match humantime::parse_duration(text) {
        Ok(duration) if RANGE.contains(&duration) => Ok(duration),
        _ => Err("expected a time from 1ms to 1h, such as 100ms or 5s".to_owned()),
    }
}

/// 1 ns to 1 s: zero would mean the default to the kernel.
fn slack(text: &str) -> Result<Duration, String> {
    const RANGE: std::ops::RangeInclusive<Duration> = Duration::from_nanos(1)..=Duration::from_secs(1);
    match humantime::parse_duration(text) {
        Ok(slack) if RANGE.contains(&slack) => Ok(slack),
        _ => Err("expected a time from 1ns to 1s, such as 1ns or 50us".to_owned()),
    }
}

/// A name that the list of contenders accepts.
fn name(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.is_empty() || text.len() > 64 || text.starts_with('-') || !text.bytes().all(fits) {
        return Err("expected up to 64 letters, digits and \"-\", the first not \"-\"".to_owned());
    }
    Ok(text.to_owned())
}

/// An endpoint by its name.
fn endpoint(text: &str) -> Result<Endpoint, String> {
    let found = Endpoint::ALL.into_iter().find(|endpoint| endpoint.name() == text);
    found.ok_or_else(|| format!("expected one of {}", Endpoint::ALL.map(Endpoint::name).join(", ")))
}

/// 1 to 1,000,000: far above what one process can hold, far below what arithmetic could overflow.
fn count(text: &str) -> Result<NonZeroUsize, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<NonZeroUsize>() {
        Ok(count) if plain && count.get() <= 1_000_000 => Ok(count),
        _ => Err("expected a whole number from 1 to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_flags_are_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn no_line_of_a_help_is_wider_than_80_columns_wherever_it_goes() {
        fn check(command: &mut clap::Command) {
            for help in [command.render_help(), command.render_long_help()].map(|help| help.to_string()) {
                let wide = help.lines().find(|line| line.chars().count() > 80);
                assert_eq!(wide, None, "{}", command.get_name());
            }
            command.get_subcommands_mut().for_each(check);
        }
        let mut command = Flags::command();
        command.build();
        check(&mut command);
    }

    #[test]
    fn a_name_is_one_that_the_list_takes() {
        assert_eq!(name("tiny-http-2"), Ok("tiny-http-2".to_owned()));
        for text in ["", "-a", "a b", "a/b", "\u{e4}", &"a".repeat(65)] {
            assert!(name(text).unwrap_err().starts_with("expected up to 64"), "{text:?}");
        }
    }

    #[test]
    fn an_endpoint_goes_by_its_name() {
        assert_eq!(endpoint("wait"), Ok(Endpoint::Wait));
        assert!(endpoint("/wait").unwrap_err().starts_with("expected one of hello, wait"));
    }

    #[test]
    fn numbers_and_times_out_of_range_are_refused_with_the_range() {
        for value in ["0", "-1", "+5", "1e3", "NaN", "", "1000001", "99999999999999999999"] {
            assert!(count(value).unwrap_err().contains("1 to 1000000"), "{value:?}");
        }
        for value in ["0s", "-1s", "5", "NaN", "", "1e18s", "2h", "99999999999999999999s"] {
            assert!(duration(value).unwrap_err().contains("1ms to 1h"), "{value:?}");
        }
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for value in ["0ns", "-1ns", "1", "2s", "NaN", ""] {
            assert!(slack(value).unwrap_err().contains("1ns to 1s"), "{value:?}");
        }
        assert_eq!(slack("50us"), Ok(Duration::from_micros(50)));
    }
}

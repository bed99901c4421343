//! Enough file descriptors, or a clear no before anything starts.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that are no connections: standard streams, the runtimes' own, timers, files, with room to spare.
const SLACK: u64 = 64;
/// Descriptors of each client thread: its epoll, its waker, its timer.
const PER_THREAD: u64 = 8;

/// Fewer descriptors than a measurement needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{connections} connections and {slack} other descriptors need {} in all, the limit is {limit} \
     (raise it with `ulimit -Hn`, or open fewer connections)",
    connections + slack
)]
pub struct TooFewDescriptors {
    connections: u64,
    slack: u64,
    limit: u64,
}

/// Raises the soft limit to the hard one and holds the need against it.
pub(crate) fn ensure(connections: u32, threads: u32) -> Result<(), TooFewDescriptors> {
    let connections = u64::from(connections);
    let slack = SLACK + PER_THREAD * u64::from(threads);
    // Where the limit cannot be read it cannot be judged either; running into it later has an outcome of its own.
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return Ok(()) };
    let limit =
        if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    if connections + slack > limit { Err(TooFewDescriptors { connections, slack, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_its_arithmetic() {
        let refused = TooFewDescriptors { connections: 2000, slack: 72, limit: 1024 };
        let text = refused.to_string();
        assert!(text.contains("2000") && text.contains("2072") && text.contains("1024"), "{text}");
    }
}

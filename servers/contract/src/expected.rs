//! The reply that a call must get.

use crate::{Call, Reply, work};

/// The reply to `call` with this request body; `None` for `/health` and `/stats`, which say what only the
/// contender knows.
///
/// Does not wait, but does compute: a caller that verifies many replies to the same call keeps the result.
pub fn expected(call: &Call, body: &[u8]) -> Option<Reply> {
    Some(match *call {
        Call::Hello => Reply::hello(),
        Call::Wait { wait, .. } | Call::Upstream { wait } => Reply::waited(wait),
        Call::Cpu { rounds, .. } => Reply::computed(&work::chain(rounds)),
        Call::Mixed { wait, rounds, .. } => Reply::waited_and_computed(wait, &work::chain(rounds)),
        Call::Payload { bytes } => Reply::payload(bytes),
        Call::Echo => Reply::echo(body.to_vec()),
        Call::Health | Call::Stats => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_gives_the_lines_of_wait_and_of_cpu() {
        let body = |target| expected(&Call::parse("GET", target).unwrap(), b"").unwrap().body.into_owned();
        let both = [body("/wait?ms=0.5"), body("/cpu?rounds=7")].concat();
        assert_eq!(body("/mixed?ms=0.5&rounds=7"), both);
    }

    #[test]
    fn only_health_and_stats_have_no_expected_reply() {
        for (method, target, known) in [
            ("GET", "/hello", true),
            ("POST", "/echo", true),
            ("GET", "/health", false),
            ("GET", "/stats", false),
        ] {
            let call = Call::parse(method, target).unwrap();
            assert_eq!(expected(&call, b"x").is_some(), known, "{target}");
        }
    }
}

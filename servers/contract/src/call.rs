//! A request that reaches a handler.

use std::time::Duration;

use crate::{Endpoint, Refusal, query::Query, target::path_and_query};

/// What a request asks for, read and in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `GET /hello`
    Hello,
    /// `GET /wait?ms=`
    Wait {
        /// At least this long; whole microseconds.
        wait: Duration,
        /// `blocking=1`: an async contender is to block its event loop. No effect in a sync one.
        blocking: bool,
    },
    /// `GET /cpu?rounds=`
    Cpu {
        /// Rounds of hashing.
        rounds: u32,
        /// Where an async contender computes. No effect in a sync one.
        run: Run,
    },
    /// `GET /mixed?ms=&rounds=`: waits first, computes then.
    Mixed {
        /// As in [`Call::Wait`].
        wait: Duration,
        /// As in [`Call::Cpu`].
        rounds: u32,
        /// As in [`Call::Cpu`]; the wait is always awaited.
        run: Run,
    },
    /// `GET /upstream?ms=`: asks the upstream, which answers after the wait ([`crate::upstream`]).
    Upstream {
        /// As in [`Call::Wait`].
        wait: Duration,
    },
    /// `GET /payload?bytes=`
    Payload {
        /// Size of the reply's body.
        bytes: usize,
    },
    /// `POST /echo`
    Echo,
    /// `GET /health`
    Health,
    /// `GET /stats`
    Stats,
}

/// Where an async contender runs work that does not await.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// On the event loop, holding it.
    #[default]
    Inline,
    /// On a pool of threads.
    Pool,
    /// On one dedicated thread, in order of arrival.
    Single,
}

impl Run {
    /// The value in the query.
    pub fn name(self) -> &'static str {
        match self {
            Run::Inline => "inline",
            Run::Pool => "pool",
            Run::Single => "single",
        }
    }
}

impl Call {
    /// Reads a request's method and raw target: path and query as the client sent them, or with `http://host` before.
    ///
    /// # Errors
    /// The first of these that applies: the target is too long or is not one, its path is unknown, the method is not
    /// the endpoint's, a pair of the query is wrong (from left to right), a required parameter is missing.
    pub fn parse(method: &str, target: &str) -> Result<Call, Refusal> {
        if target.len() > crate::limits::TARGET_LIMIT {
            return Err(Refusal::TargetTooLong);
        }
        let target = path_and_query(method, target)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let endpoint = Endpoint::at(path).ok_or(Refusal::UnknownPath)?;
        if method != endpoint.method() {
            return Err(Refusal::WrongMethod(endpoint));
        }
        let query = Query::parse(endpoint, query)?;
        Ok(match endpoint {
            Endpoint::Hello => Call::Hello,
            Endpoint::Wait => Call::Wait { wait: query.ms()?, blocking: query.blocking() },
            Endpoint::Cpu => Call::Cpu { rounds: query.rounds()?, run: query.run() },
            Endpoint::Mixed => Call::Mixed { wait: query.ms()?, rounds: query.rounds()?, run: query.run() },
            Endpoint::Upstream => Call::Upstream { wait: query.ms()? },
            Endpoint::Payload => Call::Payload { bytes: query.bytes()? },
            Endpoint::Echo => Call::Echo,
            Endpoint::Health => Call::Health,
            Endpoint::Stats => Call::Stats,
        })
    }

    /// The wait that it asks for; `None` for one that waits for nothing.
    pub fn wait(&self) -> Option<Duration> {
        match *self {
            Call::Wait { wait, .. } | Call::Mixed { wait, .. } | Call::Upstream { wait } => Some(wait),
            _ => None,
        }
    }

    /// The same call with another wait; as it is where it waits for nothing.
    #[must_use]
    pub fn with_wait(self, wait: Duration) -> Call {
        match self {
            Call::Wait { blocking, .. } => Call::Wait { wait, blocking },
            Call::Mixed { rounds, run, .. } => Call::Mixed { wait, rounds, run },
            Call::Upstream { .. } => Call::Upstream { wait },
            other => other,
        }
    }

    /// The endpoint that answers it.
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Call::Hello => Endpoint::Hello,
            Call::Wait { .. } => Endpoint::Wait,
            Call::Cpu { .. } => Endpoint::Cpu,
            Call::Mixed { .. } => Endpoint::Mixed,
            Call::Upstream { .. } => Endpoint::Upstream,
            Call::Payload { .. } => Endpoint::Payload,
            Call::Echo => Endpoint::Echo,
            Call::Health => Endpoint::Health,
            Call::Stats => Endpoint::Stats,
        }
    }

    /// The target that [`Call::parse`] reads back as this call; parameters at their default are left out.
    pub fn target(&self) -> String {
        let path = self.endpoint().path();
        match *self {
            Call::Wait { wait, blocking } => {
                format!("{path}?ms={}{}", decimal(wait), if blocking { "&blocking=1" } else { "" })
            }
            Call::Cpu { rounds, run } => format!("{path}?rounds={rounds}{}", run_pair(run)),
            Call::Mixed { wait, rounds, run } => {
                format!("{path}?ms={}&rounds={rounds}{}", decimal(wait), run_pair(run))
            }
            Call::Upstream { wait } => format!("{path}?ms={}", decimal(wait)),
            Call::Payload { bytes } => format!("{path}?bytes={bytes}"),
            Call::Hello | Call::Echo | Call::Health | Call::Stats => path.to_owned(),
        }
    }
}

fn decimal(wait: Duration) -> String {
    let micros = wait.as_micros();
    match (micros / 1000, micros % 1000) {
        (whole, 0) => whole.to_string(),
        (whole, fraction) => format!("{whole}.{fraction:03}"),
    }
}

fn run_pair(run: Run) -> String {
    if run == Run::default() { String::new() } else { format!("&run={}", run.name()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Framing, Parameter, limits};
    use proptest::prelude::*;

    fn get(target: &str) -> Result<Call, Refusal> {
        Call::parse("GET", target)
    }

    #[test]
    fn parameters_may_come_in_any_order_and_have_defaults() {
        let wait = Duration::from_micros(200);
        assert_eq!(get("/wait?ms=0.2"), Ok(Call::Wait { wait, blocking: false }));
        assert_eq!(get("/wait?blocking=1&ms=0.2"), Ok(Call::Wait { wait, blocking: true }));
        assert_eq!(get("/mixed?rounds=3&ms=0.2"), Ok(Call::Mixed { wait, rounds: 3, run: Run::Inline }));
        assert_eq!(get("/hello?"), Ok(Call::Hello));
        assert_eq!(get("http://127.0.0.1:1/hello"), Ok(Call::Hello));
        assert_eq!(get("HTTP://127.0.0.1:1/hello"), Ok(Call::Hello));
        assert_eq!(Call::parse("POST", "/echo"), Ok(Call::Echo));
    }

    #[test]
    fn the_first_fault_decides_the_refusal() {
        for (target, refusal) in [
            ("hello", Refusal::Framing(Framing::Target)),
            ("/nothing#x", Refusal::Framing(Framing::Target)),
            ("/wait?ms=\u{e4}", Refusal::Framing(Framing::Target)),
            ("/nothing?ms=1", Refusal::UnknownPath),
            ("http://127.0.0.1:1", Refusal::UnknownPath),
            ("/wait", Refusal::Missing(Parameter::Ms)),
            ("/mixed?ms=1", Refusal::Missing(Parameter::Rounds)),
            ("/wait?ms", Refusal::Invalid(Parameter::Ms)),
            ("/wait?ms=1&ms=x", Refusal::Duplicate(Parameter::Ms)),
            ("/wait?ms=x&ms=1", Refusal::Invalid(Parameter::Ms)),
            ("/wait?ms=1&rounds=1", Refusal::UnknownParameter(Endpoint::Wait)),
            ("/wait?ms=1&", Refusal::UnknownParameter(Endpoint::Wait)),
            ("/upstream", Refusal::Missing(Parameter::Ms)),
            ("/upstream?ms=1&blocking=1", Refusal::UnknownParameter(Endpoint::Upstream)),
            ("/hello?x=1", Refusal::UnknownParameter(Endpoint::Hello)),
            ("/cpu?rounds=1&run=fast", Refusal::Invalid(Parameter::Run)),
            ("/wait?ms=1&blocking=yes", Refusal::Invalid(Parameter::Blocking)),
        ] {
            assert_eq!(get(target), Err(refusal), "{target}");
        }
        assert_eq!(Call::parse("POST", "/wait?ms=x"), Err(Refusal::WrongMethod(Endpoint::Wait)));
        assert_eq!(Call::parse("get", "/hello"), Err(Refusal::WrongMethod(Endpoint::Hello)));
        let long = format!("/hello?{}", "x".repeat(limits::TARGET_LIMIT));
        assert_eq!(get(&long), Err(Refusal::TargetTooLong));
    }

    fn run() -> impl Strategy<Value = Run> {
        prop_oneof![Just(Run::Inline), Just(Run::Pool), Just(Run::Single)]
    }

    fn call() -> impl Strategy<Value = Call> {
        let wait = (0..=60_000_000u64).prop_map(Duration::from_micros);
        let rounds = 0..=limits::ROUNDS_MAX;
        prop_oneof![
            Just(Call::Hello),
            (wait.clone(), any::<bool>()).prop_map(|(wait, blocking)| Call::Wait { wait, blocking }),
            (rounds.clone(), run()).prop_map(|(rounds, run)| Call::Cpu { rounds, run }),
            (wait.clone(), rounds, run()).prop_map(|(wait, rounds, run)| Call::Mixed { wait, rounds, run }),
            wait.prop_map(|wait| Call::Upstream { wait }),
            (0..=limits::PAYLOAD_MAX).prop_map(|bytes| Call::Payload { bytes }),
            Just(Call::Echo),
        ]
    }

    #[test]
    fn only_calls_that_wait_have_a_wait_and_another_one_changes_nothing_else() {
        let wait = |method, target| Call::parse(method, target).unwrap().wait();
        assert_eq!((wait("GET", "/cpu?rounds=1"), wait("POST", "/echo")), (None, None));
        for (target, longer) in [
            ("/wait?ms=1.5&blocking=1", "/wait?ms=2&blocking=1"),
            ("/mixed?ms=1.5&rounds=3&run=pool", "/mixed?ms=2&rounds=3&run=pool"),
            ("/upstream?ms=1.5", "/upstream?ms=2"),
        ] {
            assert_eq!(wait("GET", target), Some(Duration::from_micros(1_500)), "{target}");
            let changed = get(target).unwrap().with_wait(Duration::from_millis(2));
            assert_eq!(changed.target(), longer);
        }
    }

    proptest! {
        #[test]
        fn every_call_is_read_back_from_its_target(call in call()) {
            prop_assert_eq!(Call::parse(call.endpoint().method(), &call.target()), Ok(call));
        }

        #[test]
        fn any_text_is_read_without_a_panic(method in ".{0,8}", target in "(/(wait|cpu|mixed|upstream))?.{0,40}") {
            if let Ok(call) = Call::parse(&method, &target) {
                prop_assert_eq!(call.endpoint().method(), method);
            }
        }
    }
}

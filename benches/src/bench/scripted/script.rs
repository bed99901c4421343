//! What a scripted server does, as arithmetic: when the reply to a request is due.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// When replies are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    /// As soon as the request is there.
    AtOnce,
    /// So long after the request is there, however many others are waiting.
    Delay(Duration),
    /// At once, but in the last `stall` of each `period` since the first request not at all.
    Stall {
        /// How long nothing is answered.
        stall: Duration,
        /// From one stall's end to the next one's.
        period: Duration,
    },
    /// By a single server, one after another in order of arrival over all connections, each taking a service time.
    Queue {
        /// Mean service time.
        service: Duration,
        /// How service times differ.
        spread: Spread,
        /// The same seed gives the same service times.
        seed: u64,
    },
}

/// How service times differ from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Not at all.
    Fixed,
    /// Exponentially distributed.
    Exponential,
}

/// The generator's stream of service times. A schedule of the same seed has stream 0: where both draw from that one, long service times
/// meet short gaps, and a queue is half as long again as theory has it.
const SERVICE_TIMES: u64 = 1;

/// A script carried out: pure, so that it also gives the exact times that a measurement should find.
#[derive(Debug)]
pub struct Replies {
    script: Script,
    random: ChaCha8Rng,
    /// When the single server is free again.
    free: Duration,
}

impl Replies {
    /// From the beginning.
    #[must_use]
    pub fn new(script: Script) -> Self {
        let seed = if let Script::Queue { seed, .. } = script { seed } else { 0 };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(SERVICE_TIMES);
        Self { script, random, free: Duration::ZERO }
    }

    /// When the reply to a request that is there at `arrival` is due, both since the first request.
    ///
    /// Requests have to be told in order of arrival; replies are due in the same order.
    pub fn due(&mut self, arrival: Duration) -> Duration {
        match self.script {
            Script::AtOnce => arrival,
            Script::Delay(delay) => arrival + delay,
            Script::Stall { stall, period } => {
                let within = Duration::from_nanos((arrival.as_nanos() % period.as_nanos().max(1)) as u64);
                if within + stall >= period { arrival + (period - within) } else { arrival }
            }
            Script::Queue { service, spread, .. } => {
                // Lindley's recursion (1952): a request waits for the one before it, and for nothing else.
                let start = arrival.max(self.free);
                self.free = start + self.service(service, spread);
                self.free
            }
        }
    }

    fn service(&mut self, mean: Duration, spread: Spread) -> Duration {
        match spread {
            Spread::Fixed => mean,
            Spread::Exponential => {
                // 53 random bits over (0, 1]; inverse of the distribution function.
                let uniform = ((self.random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
                mean.mul_f64(-uniform.ln())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_stall_holds_every_reply_back_until_its_end() {
        let mut replies = Replies::new(Script::Stall { stall: ms(400), period: ms(4000) });
        let due: Vec<_> = [0, 3599, 3600, 3999, 4000, 7900].map(|at| replies.due(ms(at))).into();
        assert_eq!(due, [ms(0), ms(3599), ms(4000), ms(4000), ms(4000), ms(8000)]);
    }

    #[test]
    fn a_queue_serves_one_after_another() {
        let script = Script::Queue { service: ms(5), spread: Spread::Fixed, seed: 1 };
        let mut replies = Replies::new(script);
        assert_eq!([0, 1, 2, 100].map(|at| replies.due(ms(at))), [ms(5), ms(10), ms(15), ms(105)]);
    }

    #[test]
    fn exponential_service_times_have_their_mean_and_come_again() {
        let script = Script::Queue { service: ms(5), spread: Spread::Exponential, seed: 7 };
        let sum = || {
            let mut replies = Replies::new(script);
            (0..20_000).map(|request| replies.due(ms(request * 1000)) - ms(request * 1000)).sum::<Duration>()
        };
        let mean = sum() / 20_000;
        // Its standard error is 5 ms ÷ √20,000 = 0.035 ms.
        assert!(mean.abs_diff(ms(5)) < Duration::from_micros(150), "{mean:?}");
        assert_eq!(sum() / 20_000, mean);
    }
}

//! CPU time as rounds of this project's CPU work, by a calibration.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use servers_conformance::exchange;
use servers_contract::Call;

use crate::contender::Contender;
use crate::contest::Metric;
use crate::process::{Launch, Tail};
use crate::slices::{Meter as _, ProcessMeter};

/// Rounds of a calibrating request: a few milliseconds, far longer than reading the request takes.
const MANY: u32 = 20_000;

/// Calibrating requests, of many rounds and of one.
const REQUESTS: u32 = 20;

/// How long one of them may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// CPU time as rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rounds {
    /// The CPU time that was asked for.
    cpu: Duration,
    /// CPU time of one round here, nanoseconds.
    each_ns: f64,
    /// The rounds that take it.
    pub(super) rounds: u32,
}

impl Rounds {
    /// Measures what a round costs the contender of `launch`, by its own CPU clock, and how many make `cpu`.
    ///
    /// # Errors
    /// When it cannot be started or asked, or so much CPU time takes more rounds than a request may ask for.
    pub(super) fn of(cpu: Duration, launch: &Launch) -> anyhow::Result<Self> {
        let tail = Tail::default();
        let contender = Contender::start(launch, &tail).map_err(|error| tail.explain(error))?;
        let (many, one) = (spent(&contender, MANY)?, spent(&contender, 1)?);
        contender.stop().map_err(|error| tail.explain(error))?;
        Self::by(cpu, many.saturating_sub(one))
    }

    fn by(cpu: Duration, spent: Duration) -> anyhow::Result<Self> {
        let each_ns = spent.as_secs_f64() * 1e9 / f64::from(REQUESTS) / f64::from(MANY - 1);
        ensure!(each_ns > 0.0, "a round of CPU work took no time: its CPU clock stands still");
        let rounds = (cpu.as_secs_f64() * 1e9 / each_ns).round().max(1.0);
        ensure!(
            rounds <= f64::from(servers_contract::limits::ROUNDS_MAX),
            "--cpu: {rounds:.0} rounds of CPU work are more than a request may ask for, {}: ask for less",
            servers_contract::limits::ROUNDS_MAX
        );
        Ok(Self { cpu, each_ns, rounds: rounds as u32 })
    }

    /// The calibration in one line.
    pub(super) fn tell(&self) -> String {
        format!(
            "{} of CPU are {} rounds of SHA-256 here, {:.1} ns each",
            Metric::CpuPerRequest.show(self.cpu.as_secs_f64() * 1e6),
            self.rounds,
            self.each_ns
        )
    }
}

/// CPU time of the contender over some requests of so many rounds.
fn spent(contender: &Contender, rounds: u32) -> anyhow::Result<Duration> {
    let call = Call::parse("GET", &format!("/cpu?rounds={rounds}"))
        .map_err(|refusal| anyhow::anyhow!("cannot calibrate CPU time: {refusal}"))?;
    let request = format!("GET {} HTTP/1.1\r\nhost: calibration\r\nconnection: close\r\n\r\n", call.target());
    let mut meter = ProcessMeter::of(contender.supervisor());
    meter.begin()?;
    for _ in 0..REQUESTS {
        exchange(contender.address(), request.as_bytes(), PATIENCE)
            .map_err(anyhow::Error::msg)
            .context("cannot calibrate CPU time")?;
    }
    let cpu = meter.end()?.cpu().context("cannot calibrate CPU time: the kernel does not tell it")?;
    Ok(Duration::from_micros(cpu.total_us()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 20 requests of 19,999 rounds in 40 ms of CPU are 100 ns a round, so that 1 ms takes 10,000.
    #[test]
    fn rounds_follow_from_the_time_of_one() {
        let by = |cpu_ms| Rounds::by(Duration::from_millis(cpu_ms), Duration::from_micros(39_998));
        let found = by(1).unwrap();
        assert_eq!(found.rounds, 10_000);
        assert_eq!(found.tell(), "1.00 ms of CPU are 10000 rounds of SHA-256 here, 100.0 ns each");
        assert!(by(3_600_000).unwrap_err().to_string().contains("more than a request may ask for"));
        assert!(Rounds::by(Duration::from_millis(1), Duration::ZERO).is_err());
    }
}

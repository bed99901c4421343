//! What a server has cost, read around a measurement.

use std::time::Duration;

use anyhow::Context as _;
use reports_record::{CostSource, ServerCost};
use servers_contract::Stats;

use crate::contender::Contender;
use crate::descendants;
use crate::outside::{CpuLaps, Outside};

/// Reads a server's cost around measurements.
pub trait Meter {
    /// Reads just before the first measurement.
    ///
    /// # Errors
    /// When the server does not answer for its counters.
    fn begin(&mut self) -> anyhow::Result<()>;

    /// Prepares for a measurement that follows at once.
    fn set_off(&mut self) {}

    /// Reads after a measurement and its drain; returns the CPU time since the reading before, whatever took it. Cheap, and `None`
    /// where only [`Meter::end`] tells it.
    fn lap(&mut self) -> Option<Duration> {
        None
    }

    /// Reads just after the last measurement and its drain; gives what was spent since [`Meter::begin`].
    ///
    /// # Errors
    /// When the server does not answer for its counters, or they run backwards.
    fn end(&mut self) -> anyhow::Result<Spent>;
}

/// CPU time, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cpu {
    /// In user mode.
    pub user_us: u64,
    /// In the kernel.
    pub system_us: u64,
}

impl Cpu {
    /// Both together, microseconds.
    #[must_use]
    pub fn total_us(self) -> u64 {
        self.user_us + self.system_us
    }
}

/// What a server spent on a measurement. `None` where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Requests that it counted.
    pub requests: Option<u64>,
    /// CPU time as the server tells it.
    pub told: Option<Cpu>,
    /// CPU time as the kernel has it of the server's processes, to the microsecond.
    pub kernel: Option<Cpu>,
    /// Context switches that it asked for, and that were forced on it.
    pub switches: Option<(u64, u64)>,
    /// Whether the server itself tells its switches.
    pub tells_switches: bool,
}

impl Spent {
    /// The part of it that answering `kept` of `answered` requests took: `cpu` where that is known, and what is counted for all of
    /// them together in proportion.
    #[must_use]
    pub fn part(&self, cpu: Option<Duration>, kept: u64, answered: u64) -> Self {
        let share = if answered == 0 { 0.0 } else { kept as f64 / answered as f64 };
        let of = |count: u64| (count as f64 * share).round() as u64;
        let of_cpu = |all: Cpu| match cpu {
            // To the tick alone is known what of it was the kernel's.
            Some(cpu) => {
                let total_us = cpu.as_micros() as u64;
                let user = if all.total_us() == 0 { 1.0 } else { all.user_us as f64 / all.total_us() as f64 };
                let user_us = (total_us as f64 * user).round() as u64;
                Cpu { user_us, system_us: total_us - user_us.min(total_us) }
            }
            None => Cpu { user_us: of(all.user_us), system_us: of(all.system_us) },
        };
        Self {
            requests: Some(kept),
            told: self.told.map(of_cpu),
            kernel: self.kernel.map(of_cpu),
            switches: self.switches.map(|(voluntary, involuntary)| (of(voluntary), of(involuntary))),
            tells_switches: self.tells_switches,
        }
    }

    /// Whether laps that took `laps` together hold all of the CPU time: no process came or went unseen. The rest is what the kernel
    /// counts in ticks.
    #[must_use]
    pub fn is_all_in(&self, laps: Duration) -> bool {
        const SLACK_US: f64 = 20_000.0;
        const SLACK: f64 = 0.02;
        self.kernel.is_some_and(|all| {
            let (all, laps) = (all.total_us() as f64, laps.as_micros() as f64);
            (all - laps).abs() <= SLACK_US.min(0.5 * all).max(SLACK * all)
        })
    }

    /// CPU time: the kernel's figure, which leaves out what reading the counters costs, else the server's own.
    #[must_use]
    pub fn cpu(&self) -> Option<Cpu> {
        self.kernel.or(self.told)
    }

    /// As the record keeps it, of a measurement in which the client saw `answered` replies.
    ///
    /// # Errors
    /// When nobody tells its CPU time.
    pub fn cost(&self, answered: u64) -> anyhow::Result<ServerCost> {
        let cpu = self.cpu().context("neither the contender's /stats nor /proc tells its CPU time")?;
        let source = |is_kernel| if is_kernel { CostSource::Kernel } else { CostSource::Contender };
        Ok(ServerCost {
            requests: self.requests.unwrap_or(answered),
            cpu_user_us: cpu.user_us,
            cpu_system_us: cpu.system_us,
            voluntary_switches: self.switches.map(|(voluntary, _)| voluntary),
            involuntary_switches: self.switches.map(|(_, involuntary)| involuntary),
            cpu_source: source(self.kernel.is_some()),
            switches_source: source(!self.tells_switches),
        })
    }
}

/// Meter of processes on this machine, from outside.
#[derive(Debug)]
pub struct ProcessMeter {
    metered: Metered,
    before: Option<Outside>,
    laps: CpuLaps,
}

/// The processes that a meter reads.
#[derive(Debug)]
enum Metered {
    Below(u32),
    Alone(u32),
}

impl ProcessMeter {
    /// Of all processes below process `supervisor`.
    #[must_use]
    pub fn of(supervisor: u32) -> Self {
        Self::metering(Metered::Below(supervisor))
    }

    /// Of process `pid` alone.
    #[must_use]
    pub fn alone(pid: u32) -> Self {
        Self::metering(Metered::Alone(pid))
    }

    fn metering(metered: Metered) -> Self {
        Self { metered, before: None, laps: CpuLaps::default() }
    }

    fn processes(&self) -> Vec<i32> {
        match self.metered {
            Metered::Below(supervisor) => descendants::below(supervisor),
            Metered::Alone(pid) => vec![pid.cast_signed()],
        }
    }
}

impl Meter for ProcessMeter {
    fn begin(&mut self) -> anyhow::Result<()> {
        let processes = self.processes();
        self.before = Outside::read(&processes, false);
        self.laps = CpuLaps::of(processes);
        Ok(())
    }

    fn lap(&mut self) -> Option<Duration> {
        self.laps.lap()
    }

    fn end(&mut self) -> anyhow::Result<Spent> {
        let after = Outside::read(&self.processes(), false);
        Ok(Spent { kernel: kernel(self.before.as_ref(), after.as_ref()), ..Spent::default() })
    }
}

/// Meter of a contender: its own counters, and the kernel's figures of its processes.
#[derive(Debug)]
pub struct ContenderMeter<'a> {
    contender: &'a Contender,
    /// The endpoint whose requests count.
    endpoint: &'a str,
    before: Reading,
    laps: CpuLaps,
}

impl<'a> ContenderMeter<'a> {
    /// Of `contender`, whose count of requests for `endpoint` is what it was asked.
    #[must_use]
    pub fn of(contender: &'a Contender, endpoint: &'a str) -> Self {
        Self { contender, endpoint, before: Reading::default(), laps: CpuLaps::default() }
    }

    /// The contender's processes now.
    fn processes(&self) -> Vec<i32> {
        descendants::below(self.contender.supervisor())
    }
}

impl Meter for ContenderMeter<'_> {
    fn begin(&mut self) -> anyhow::Result<()> {
        let told = self.contender.stats()?;
        let processes = self.processes();
        self.before = Reading { outside: Outside::read(&processes, counts_threads(&told)), told };
        self.laps = CpuLaps::of(processes);
        Ok(())
    }

    fn lap(&mut self) -> Option<Duration> {
        self.laps.lap()
    }

    fn end(&mut self) -> anyhow::Result<Spent> {
        // Before it is asked, so that the kernel's figure is of the measurement alone.
        let outside = Outside::read(&self.processes(), counts_threads(&self.before.told));
        spent(&self.before, &Reading { told: self.contender.stats()?, outside }, self.endpoint)
    }
}

/// Whether threads are counted one by one: only for a contender that does not tell its switches, since that takes the client's CPU.
fn counts_threads(told: &Stats) -> bool {
    told.voluntary_switches.is_none() || told.involuntary_switches.is_none()
}

/// A reading of a contender's cost at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
struct Reading {
    /// By itself.
    told: Stats,
    /// By the kernel; `None` where it does not say.
    outside: Option<Outside>,
}

/// CPU time between two readings as the kernel has it.
fn kernel(before: Option<&Outside>, after: Option<&Outside>) -> Option<Cpu> {
    let (user, system) = after?.cpu_since(before?)?;
    Some(Cpu {
        user_us: u64::try_from(user.as_micros()).ok()?,
        system_us: u64::try_from(system.as_micros()).ok()?,
    })
}

/// What a contender spent between two readings.
///
/// # Errors
/// When its count of requests runs backwards.
fn spent(before: &Reading, after: &Reading, endpoint: &str) -> anyhow::Result<Spent> {
    let told = |of: fn(&Stats) -> Option<u64>| of(&after.told)?.checked_sub(of(&before.told)?);
    let requests = |reading: &Reading| reading.told.requests.get(endpoint).copied().unwrap_or(0);
    let own = told(|stats| stats.voluntary_switches).zip(told(|stats| stats.involuntary_switches));
    let outside = || after.outside.as_ref()?.switches_since(before.outside.as_ref()?);
    Ok(Spent {
        requests: Some(
            requests(after).checked_sub(requests(before)).with_context(|| {
                format!("the contender's count of requests for /{endpoint} runs backwards")
            })?,
        ),
        told: told(|stats| stats.cpu_user_us)
            .zip(told(|stats| stats.cpu_system_us))
            .map(|(user_us, system_us)| Cpu { user_us, system_us }),
        kernel: kernel(before.outside.as_ref(), after.outside.as_ref()),
        switches: own.or_else(|| outside().map(|found| (found.voluntary, found.involuntary))),
        tells_switches: own.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn reading(cpu_us: Option<u64>, switches: Option<u64>, requests: u64, outside_ms: u64) -> Reading {
        Reading {
            told: Stats {
                requests: [("wait".to_owned(), requests)].into(),
                cpu_user_us: cpu_us,
                cpu_system_us: cpu_us.map(|_| 7),
                voluntary_switches: switches,
                involuntary_switches: switches,
                ..Stats::default()
            },
            outside: Some(Outside { cpu: Duration::from_millis(outside_ms), ..Outside::default() }),
        }
    }

    #[test]
    fn cpu_time_is_the_kernel_s_where_it_says_and_else_the_contender_s() {
        let cost = |before: &Reading, after: &Reading| spent(before, after, "wait").unwrap().cost(0).unwrap();
        let kernel = cost(&reading(Some(10), Some(1), 3, 0), &reading(Some(50), Some(4), 13, 100));
        assert_eq!((kernel.requests, kernel.cpu_per_request_us()), (10, Some(10_000.0)));
        assert_eq!((kernel.cpu_source, kernel.switches_source), (CostSource::Kernel, CostSource::Contender));
        assert_eq!(kernel.switches_per_request(), Some(0.6));
        let unseen = |cpu_us, requests| Reading { outside: None, ..reading(Some(cpu_us), None, requests, 0) };
        let told = cost(&unseen(10, 3), &unseen(50, 13));
        assert_eq!((told.cpu_per_request_us(), told.cpu_source), (Some(4.0), CostSource::Contender));
        // No thread is known that could have done this work.
        assert_eq!((told.switches_per_request(), told.switches_source), (None, CostSource::Kernel));
    }

    #[test]
    fn counts_that_run_backwards_and_times_that_nobody_tells_are_errors_and_no_zeros() {
        let unknown = Reading { outside: None, ..reading(None, None, 3, 0) };
        let error = spent(&unknown, &unknown, "wait").unwrap().cost(0).unwrap_err().to_string();
        assert!(error.contains("nor /proc tells"));
        let error = spent(&reading(None, None, 3, 0), &reading(None, None, 2, 0), "wait").unwrap_err();
        assert!(error.to_string().contains("/wait runs backwards"));
    }

    /// 100 ms for 40 requests, a fifth of it in the kernel, of which 10 requests are kept.
    #[test]
    fn a_part_has_its_own_cpu_time_or_its_share() {
        let all = Spent {
            requests: Some(41),
            kernel: Some(Cpu { user_us: 80_000, system_us: 20_000 }),
            switches: Some((400, 8)),
            ..Spent::default()
        };
        let known = all.part(Some(Duration::from_millis(30)), 10, 40);
        assert_eq!(known.cpu(), Some(Cpu { user_us: 24_000, system_us: 6_000 }));
        assert_eq!((known.requests, known.switches), (Some(10), Some((100, 2))));
        assert_eq!(all.part(None, 10, 40).cpu(), Some(Cpu { user_us: 20_000, system_us: 5_000 }));
        assert_eq!(all.part(None, 0, 0).cpu(), Some(Cpu::default()));
        assert_eq!(Spent::default().part(Some(Duration::from_millis(1)), 1, 1).cpu(), None);
    }

    #[test]
    fn laps_that_miss_a_process_are_found_by_the_sum() {
        let all = |user_us| Spent { kernel: Some(Cpu { user_us, system_us: 0 }), ..Spent::default() };
        let ms = Duration::from_millis;
        assert!(all(1_000_000).is_all_in(ms(985)) && all(1_000_000).is_all_in(ms(1_010)));
        assert!(!all(1_000_000).is_all_in(ms(700)), "a process that came later did the rest");
        assert!(!all(30_000).is_all_in(ms(5)), "a few ticks are no excuse for most of it");
        assert!(!Spent::default().is_all_in(ms(0)));
    }

    /// A spinning child costs its time, and its meter sees it to better than the kernel's ticks.
    #[test]
    fn a_process_is_metered_from_outside() {
        let script =
            "echo ready; read line; i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo done; read line";
        let mut child = std::process::Command::new("sh")
            .args(["-c", script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        let mut meters = [ProcessMeter::of(std::process::id()), ProcessMeter::alone(child.id())];
        meters.iter_mut().for_each(|meter| meter.begin().unwrap());
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"go\n").unwrap();
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        let all = meters.each_mut().map(|meter| meter.end().unwrap());
        drop(child.stdin.take());
        child.wait().unwrap();
        for spent in all {
            // Tens of milliseconds of a shell's loop; no other child of this test can be in it but by running at the same time.
            assert!(spent.kernel.unwrap().total_us() > 2_000, "{spent:?}");
            assert_eq!(spent.requests, None);
        }
    }
}

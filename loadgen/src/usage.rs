//! What the machine says measuring costs, and what it lost meanwhile.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::time::{ClockId, clock_gettime};

use crate::clock::Moment;

/// The calling thread's resource use so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ThreadUsage {
    pub(crate) at: Moment,
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    pub(crate) involuntary_switches: u64,
    /// Time it was ready to run and did not; `None` where the kernel does not say.
    pub(crate) waited_for_cpu: Option<Duration>,
    pub(crate) spin: Spin,
}

/// What waiting for starts without sleeping took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spin {
    /// CPU time spent on nothing else.
    pub(crate) time: Duration,
    /// Times the thread was kept from running meanwhile.
    pub(crate) interruptions: u64,
    /// For how long, in all.
    pub(crate) interrupted: Duration,
    /// Whether the timer took over, because of the interruptions.
    pub(crate) is_given_up: bool,
}

/// Of spinning for less than this, a share says little: it is some hundred starts.
const ENOUGH_SPINNING: Duration = Duration::from_millis(100);
/// One long interruption is a disturbance, and not a neighbour.
const ENOUGH_INTERRUPTIONS: u64 = 10;
/// With this share of its time taken by others, a thread that spins uses up its turn on waiting and lacks it for work. On a CPU of its
/// own less than a hundredth is taken.
const SHARED: f64 = 0.1;

impl Spin {
    /// Whether interruptions show that the thread shares its CPU.
    pub(crate) fn is_interrupted_often(&self) -> bool {
        let all = self.time + self.interrupted;
        self.interruptions >= ENOUGH_INTERRUPTIONS
            && all >= ENOUGH_SPINNING
            && self.interrupted.as_secs_f64() > SHARED * all.as_secs_f64()
    }

    /// This and one more look at the clock, `since` the last; one that came after `interruption` or later was no spinning.
    pub(crate) fn and(self, since: Duration, interruption: Duration) -> Self {
        if since < interruption {
            Self { time: self.time + since, ..self }
        } else {
            Self { interruptions: self.interruptions + 1, interrupted: self.interrupted + since, ..self }
        }
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            time: self.time.saturating_sub(earlier.time),
            interruptions: self.interruptions.saturating_sub(earlier.interruptions),
            interrupted: self.interrupted.saturating_sub(earlier.interrupted),
            is_given_up: self.is_given_up,
        }
    }
}

impl ThreadUsage {
    /// As of now, `spin` included; zero where the kernel does not say, which Linux always does.
    pub(crate) fn read(at: Moment, spin: Spin) -> Self {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Self { at, ..Self::default() } };
        Self {
            at,
            user: duration(usage.user_time()),
            system: duration(usage.system_time()),
            involuntary_switches: u64::try_from(usage.involuntary_context_switches()).unwrap_or(0),
            waited_for_cpu: std::fs::read_to_string("/proc/thread-self/schedstat")
                .ok()
                .as_deref()
                .and_then(run_delay),
            spin,
        }
    }

    /// What was used since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> ThreadCost {
        ThreadCost {
            wall: self.at.since(earlier.at),
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            involuntary_switches: self.involuntary_switches.saturating_sub(earlier.involuntary_switches),
            waited_for_cpu: self
                .waited_for_cpu
                .zip(earlier.waited_for_cpu)
                .map(|(now, before)| now.saturating_sub(before)),
            spin: self.spin.since(earlier.spin),
        }
    }
}

/// What one client thread used over the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ThreadCost {
    pub(crate) wall: Duration,
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    pub(crate) involuntary_switches: u64,
    pub(crate) waited_for_cpu: Option<Duration>,
    pub(crate) spin: Spin,
}

impl ThreadCost {
    /// CPU time that was not spent on spinning.
    pub(crate) fn work(&self) -> Duration {
        (self.user + self.system).saturating_sub(self.spin.time)
    }

    /// Share of its time in which the thread was ready and did not run, 0–1; `None` over no time or where nobody says.
    pub(crate) fn wait_share(&self) -> Option<f64> {
        let waited = self.waited_for_cpu.filter(|_| !self.wall.is_zero())?;
        Some((waited.as_secs_f64() / self.wall.as_secs_f64()).min(1.0))
    }

    /// Share of one CPU that was spent on anything but spinning, 0–1; 0 over no time.
    pub(crate) fn share(&self) -> f64 {
        if self.wall.is_zero() { 0.0 } else { self.work().as_secs_f64() / self.wall.as_secs_f64() }
    }
}

/// CPU time of the calling thread so far.
pub(crate) fn thread_cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

fn duration(time: TimeVal) -> Duration {
    let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// What happened to the machine as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct MachineReading {
    /// Ticks of all CPUs, and those that the hypervisor gave to others; `None` where the kernel does not say.
    ticks: Option<(u64, u64)>,
    /// Time spent suspended since boot, which the monotonic clock leaves out.
    suspended: Duration,
}

impl MachineReading {
    pub(crate) fn read() -> Self {
        let now = |clock| clock_gettime(clock).map_or(Duration::ZERO, Duration::from);
        // In this order the difference is never too large.
        let (awake_and_asleep, awake) = (now(ClockId::CLOCK_BOOTTIME), now(ClockId::CLOCK_MONOTONIC));
        let stat = std::fs::read_to_string("/proc/stat").ok();
        Self { ticks: stat.as_deref().and_then(cpu_ticks), suspended: awake_and_asleep.saturating_sub(awake) }
    }

    /// Share of CPU time that the hypervisor gave to others since `earlier`; `None` where nobody says, or no tick passed.
    pub(crate) fn steal_since(&self, earlier: &Self) -> Option<f64> {
        let ((all, stolen), (all_before, stolen_before)) = (self.ticks?, earlier.ticks?);
        let all = all.checked_sub(all_before).filter(|ticks| *ticks > 0)?;
        Some(stolen.saturating_sub(stolen_before) as f64 / all as f64)
    }

    /// Time the machine slept since `earlier`.
    pub(crate) fn suspended_since(&self, earlier: &Self) -> Duration {
        self.suspended.saturating_sub(earlier.suspended)
    }
}

/// The second field of a thread's schedstat: nanoseconds spent waiting on a run queue (sched-stats in the kernel's docs).
fn run_delay(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

/// All ticks and stolen ones of the first line of `/proc/stat` (proc_stat(5)).
fn cpu_ticks(stat: &str) -> Option<(u64, u64)> {
    let ticks: Vec<u64> = stat
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_whitespace()
        .map_while(|ticks| ticks.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guest time after that is counted in user already.
    let stolen = *ticks.get(7)?;
    Some((ticks.iter().take(8).sum(), stolen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_a_share_of_all_ticks_between_two_readings() {
        let reading = |stat| MachineReading { ticks: cpu_ticks(stat), suspended: Duration::ZERO };
        let before = reading("cpu  100 0 50 850 0 0 0 10 7 0\ncpu0 1 1\n");
        let after = reading("cpu  140 0 60 890 0 0 0 20 9 0\ncpu0 1 1\n");
        assert_eq!(after.steal_since(&before), Some(0.1));
        assert_eq!(after.steal_since(&after), None);
        assert_eq!(cpu_ticks("intr 1 2 3"), None);
    }

    #[test]
    fn waiting_for_a_cpu_is_a_share_of_the_time_that_passed() {
        assert_eq!(run_delay("146437 250000000 7\n"), Some(Duration::from_millis(250)));
        assert_eq!(run_delay(""), None);
        let at = |ms: u64, waited| ThreadUsage {
            at: Moment::from_nanos(ms * 1_000_000),
            waited_for_cpu: run_delay(waited),
            ..ThreadUsage::default()
        };
        let cost = at(1000, "1 300000000 1").since(&at(0, "1 50000000 1"));
        assert_eq!(cost.wait_share(), Some(0.25));
        assert_eq!(at(1000, "").since(&at(0, "1 1 1")).wait_share(), None);
    }

    #[test]
    fn time_without_the_cpu_is_no_spinning() {
        let look = |spin: Spin, micros| spin.and(Duration::from_micros(micros), Duration::from_micros(50));
        let spin = [1, 2, 49, 50, 4000].into_iter().fold(Spin::default(), look);
        assert_eq!((spin.time, spin.interruptions), (Duration::from_micros(52), 2));
        assert_eq!(spin.interrupted, Duration::from_micros(4050));
        let usage = |spin| ThreadUsage { user: Duration::from_micros(100), spin, ..ThreadUsage::default() };
        let cost = usage(spin).since(&ThreadUsage::default());
        assert_eq!(cost.work(), Duration::from_micros(48));
    }

    #[test]
    fn a_tenth_taken_by_others_shows_a_shared_cpu_and_a_single_disturbance_does_not() {
        let spun = |rounds: u64, free: u64, taken: u64| {
            let looks = (0..rounds).flat_map(|_| (0..free).map(|_| 49).chain([taken]));
            let look =
                |spin: Spin, micros| spin.and(Duration::from_micros(micros), Duration::from_micros(50));
            looks.fold(Spin::default(), look).is_interrupted_often()
        };
        // Of 10 ms spent spinning, 4 ms taken again and again.
        assert!(spun(10, 204, 4_000));
        assert!(!spun(9, 204, 4_000), "nine times may be chance");
        assert!(!spun(10, 204, 1_000), "a tenth is not exceeded: 1 ms of 11");
        assert!(!spun(1, 2_040, 500_000), "once is a disturbance");
        assert!(!spun(20, 1, 4_000), "too short a time to tell");
    }

    #[test]
    fn work_shows_in_the_threads_usage() {
        let before = ThreadUsage::read(Moment::from_nanos(0), Spin::default());
        let mut spun = 0u64;
        while ThreadUsage::read(Moment::default(), Spin::default()).since(&before).user.is_zero() {
            spun = std::hint::black_box(spun + 1);
        }
        let cost = ThreadUsage::read(Moment::from_nanos(1_000_000_000), Spin::default()).since(&before);
        assert!(cost.share() > 0.0, "{cost:?} after {spun} rounds");
    }

    #[test]
    fn work_is_cpu_time_of_both_modes_without_spinning() {
        let ms = Duration::from_millis;
        let cost = |spun| ThreadCost {
            user: ms(30),
            system: ms(20),
            spin: Spin { time: ms(spun), ..Spin::default() },
            ..ThreadCost::default()
        };
        assert_eq!([0, 15, 60].map(|spun| cost(spun).work()), [ms(50), ms(35), ms(0)]);
    }
}

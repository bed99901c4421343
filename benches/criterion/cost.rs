//! Reading the clocks around operations, outside what they time.

use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};

/// Time and CPU time of some operations together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Nanoseconds on the clock, or whatever else the bench counts.
    pub(crate) value: f64,
    /// CPU time of the serving threads, ns; `None` where it was not measured.
    pub(crate) cpu_ns: Option<f64>,
    /// Their context switches.
    pub(crate) switches: Option<u64>,
    /// Times that an event loop asked the kernel for events.
    pub(crate) loop_waits: Option<u64>,
    /// Times that the client on another CPU slept until an answer woke it.
    pub(crate) client_wakes: Option<u64>,
    /// Times that the timer of the serving threads' CPU interrupted it.
    pub(crate) timer_interrupts: Option<u64>,
    /// Time for which threads that ended meanwhile had been ready without a CPU, ns, as they said themselves: the kernel
    /// forgets it with them.
    pub(crate) ended_delay_ns: u64,
    /// Whether a certificate says not to believe it.
    pub(crate) doubtful: bool,
}

impl Cost {
    /// A value without CPU time.
    pub(crate) fn of_value(value: f64) -> Self {
        Self { value, ..Self::default() }
    }

    /// A share of the operations that cost this.
    pub(crate) fn scaled(self, share: f64) -> Self {
        Self {
            value: self.value * share,
            cpu_ns: self.cpu_ns.map(|cpu| cpu * share),
            switches: self.switches.map(|switches| (switches as f64 * share).round() as u64),
            ..self
        }
    }
}

/// Which threads' CPU time and switches count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// All of this process.
    All,
    /// All but the calling one, which plays the client.
    Others,
}

/// The clocks at one instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    threads: Threads,
    cpu: Duration,
    switches: u64,
    begun: Instant,
}

impl Stopwatch {
    /// The clock on the wall is read last.
    pub(crate) fn start(threads: Threads) -> Self {
        let (switches, cpu) = (switches(threads), cpu(threads));
        Self { threads, cpu, switches, begun: Instant::now() }
    }

    /// Time and CPU time since the start; the clock on the wall is read first.
    pub(crate) fn stop(self) -> Cost {
        let wall = self.begun.elapsed();
        let (cpu, switches) = (cpu(self.threads), switches(self.threads));
        Cost {
            value: wall.as_nanos() as f64,
            cpu_ns: Some(cpu.saturating_sub(self.cpu).as_nanos() as f64),
            switches: Some(switches.saturating_sub(self.switches)),
            ..Cost::default()
        }
    }
}

/// Nanoseconds of the calling thread.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    /// On a CPU.
    pub(crate) cpu: f64,
    /// On the clock.
    pub(crate) wall: f64,
}

impl Spent {
    /// Does `work`. Reading the clocks is in it: a system call, about as long as the shortest.
    pub(crate) fn on(work: impl FnOnce()) -> Self {
        let (begun, before) = (Instant::now(), own_cpu());
        work();
        let cpu = own_cpu().saturating_sub(before).as_nanos() as f64;
        Self { cpu, wall: begun.elapsed().as_nanos() as f64 }
    }

    /// Both together.
    pub(crate) fn add(&mut self, more: Self) {
        self.cpu += more.cpu;
        self.wall += more.wall;
    }

    /// The rest of this, never below zero.
    pub(crate) fn less(self, other: Self) -> Self {
        Self { cpu: (self.cpu - other.cpu).max(0.0), wall: (self.wall - other.wall).max(0.0) }
    }

    /// The cost of operations that took this.
    pub(crate) fn cost(self) -> Cost {
        Cost { value: self.wall, cpu_ns: Some(self.cpu), ..Cost::default() }
    }
}

/// CPU time of the calling thread alone.
pub(crate) fn own_cpu() -> Duration {
    clock(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// Context switches of the calling thread alone.
pub(crate) fn own_switches() -> u64 {
    count(UsageWho::RUSAGE_THREAD)
}

/// Times that a thread of this process gave up its CPU to wait.
pub(crate) fn sleeps() -> u64 {
    u64::try_from(usage(UsageWho::RUSAGE_SELF).voluntary_context_switches()).unwrap_or_default()
}

/// CPU time of all threads of this process, those that ended too.
pub(crate) fn cpu_of_all() -> Duration {
    clock(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

fn cpu(threads: Threads) -> Duration {
    let all = cpu_of_all();
    match threads {
        Threads::All => all,
        Threads::Others => all.saturating_sub(own_cpu()),
    }
}

fn switches(threads: Threads) -> u64 {
    let all = count(UsageWho::RUSAGE_SELF);
    match threads {
        Threads::All => all,
        Threads::Others => all.saturating_sub(own_switches()),
    }
}

fn clock(id: ClockId) -> Duration {
    Duration::from(clock_gettime(id).expect("Linux has clocks of CPU time"))
}

fn count(who: UsageWho) -> u64 {
    let usage = usage(who);
    let both = usage.voluntary_context_switches() + usage.involuntary_context_switches();
    u64::try_from(both).unwrap_or_default()
}

fn usage(who: UsageWho) -> Usage {
    getrusage(who).expect("a process may ask for its own usage")
}

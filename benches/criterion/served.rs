//! A contender to send requests to: built, started as the runner starts it, connected to.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use benches::artifacts::Built;
use benches::contender::Contender;
use benches::process::{Launch, Tail};
use benches::sampler::Sampler;
use benches::{artifacts, descendants, drawn, root, target};
use loadgen::{Client, Crew, Interrupt, Load, Stop};
use nix::time::ClockId;
use nix::unistd::Pid;
use reports_record::CertificateVerdict;
use servers_conformance::contenders::Contenders;
use servers_contract::Call;

use crate::bound;
use crate::clock::Turn;
use crate::cost::{self, Cost};
use crate::interrupts;
use crate::waits::{SEED, SPREAD};

/// The contenders, once they are built: once for all processes of an invocation.
static BUILT: OnceLock<Built> = OnceLock::new();

/// Has contenders started from the programs that an earlier process of this invocation built.
pub(crate) fn take_over(built: Built) {
    BUILT.get_or_init(|| built);
}

/// The contenders that later processes may take over; `None` where this one needed none so far.
pub(crate) fn built() -> Option<&'static Built> {
    BUILT.get()
}

/// Builds the contenders unless that was done.
///
/// # Errors
/// When they cannot be built.
pub(crate) fn build() -> anyhow::Result<()> {
    let root = root::find()?;
    build_in(&root, &Contenders::load(&root.join(root::CONTENDERS))?).map(|_| ())
}

fn build_in(root: &Path, contenders: &Contenders) -> anyhow::Result<&'static Built> {
    if BUILT.get().is_none() {
        let built = artifacts::build_alike(root, contenders)?;
        BUILT.get_or_init(|| built);
    }
    BUILT.get().context("the contenders were just built")
}

/// A contender that runs on CPUs of its own, and connections to it. Dropped, it ends.
pub(crate) struct Served {
    // Before the contender, so that connections are closed before it ends.
    client: Client,
    load: Load,
    contender: Contender,
    /// Process ids: the contender may have several.
    processes: Vec<Pid>,
}

/// The contender's own counts so far.
#[derive(Debug, Clone, Copy)]
struct Counts {
    switches: Option<u64>,
    loop_waits: Option<u64>,
}

impl Served {
    /// Builds and starts the contender `name`, and opens `connections` to it, each proven by a request; `call` is what it
    /// will be asked, its waits drawn as a run's closed loop draws them.
    ///
    /// # Errors
    /// When there is none of that name, it cannot be built, does not start or does not answer.
    pub(crate) fn start(name: &str, connections: u32, call: &Call) -> anyhow::Result<Self> {
        let root = root::find()?;
        let list = root.join(root::CONTENDERS);
        let contenders = Contenders::load(&list)?;
        let chosen =
            contenders.get(name).with_context(|| format!("no contender {name} in {}", list.display()))?;
        let built = build_in(&root, &contenders)?;
        let split = &bound::split().parts;
        let launch = Launch {
            cpus: split.contender.clone(),
            ..Launch::of(built.command(chosen, root::ANY_PORT)?, root)
        };
        let tail = Tail::default();
        let contender = Contender::start(&launch, &tail).map_err(|error| tail.explain(error))?;
        let client = connect(&contender, connections)?;
        let draws = drawn::draws(&contender, call, SPREAD, SEED)?;
        let load = Load { draws, ..target::load(&contender, call, b"")? };
        let processes = descendants::below(contender.supervisor()).into_iter().map(Pid::from_raw).collect();
        Ok(Self { client, load, contender, processes })
    }

    /// Makes this many requests in a closed loop, over all connections together.
    ///
    /// # Errors
    /// When one of them is not answered as it should be, or the contender does not say what it took.
    pub(crate) fn requests(&mut self, requests: u64) -> anyhow::Result<Turn> {
        let load = Load { stop: Stop::Requests(requests), ..self.load.clone() };
        // Asking for the counts is a request on a connection of its own, and in no CPU time: the clocks are read within.
        let before = self.counts()?;
        let interrupts = interrupts::of_timer();
        let (cpu, sleeps) = (self.cpu()?, cost::sleeps());
        let measured = self.client.measure(&load, &Interrupt::default(), &mut |_| ())?;
        let (slept, cpu) = (cost::sleeps() - sleeps, self.cpu()?.saturating_sub(cpu));
        let timer_interrupts = interrupts::of_timer_since(interrupts);
        let after = self.counts()?;
        let account = &measured.account;
        ensure!(
            account.finished == account.due,
            "{} of {} requests were not answered correctly: {:?}",
            account.due - account.finished,
            account.due,
            measured.outcomes
        );
        let since = |of: fn(&Counts) -> Option<u64>| Some(of(&after)?.saturating_sub(of(&before)?));
        let cost = Cost {
            value: measured.window_s * 1e9,
            cpu_ns: Some(cpu.as_nanos() as f64),
            switches: since(|counts| counts.switches),
            loop_waits: since(|counts| counts.loop_waits),
            // The load generator runs in this process.
            client_wakes: Some(slept),
            timer_interrupts,
            ended_delay_ns: 0,
            doubtful: measured.certificate.verdict == CertificateVerdict::Invalid,
        };
        let times = measured.histograms.service_time.decode().context("a histogram was damaged")?;
        let samples = times
            .iter_recorded()
            .flat_map(|step| std::iter::repeat_n(step.value_iterated_to(), step.count_at_value() as usize));
        Ok(Turn { cost, samples: samples.collect() })
    }

    /// Bytes that each of `more` idle connections adds to the contender, page tables and kernel stacks included.
    ///
    /// # Errors
    /// When they cannot be opened, or the kernel does not tell sizes.
    pub(crate) fn idle_connection_bytes(&self, more: u32) -> anyhow::Result<f64> {
        let before = self.memory_bytes()?;
        let opened = connect(&self.contender, more)?;
        let grown = self.memory_bytes()?.saturating_sub(before);
        drop(opened);
        Ok(grown as f64 / f64::from(more))
    }

    fn memory_bytes(&self) -> anyhow::Result<u64> {
        let sampler = Sampler::start(self.contender.supervisor());
        sampler.read_memory();
        sampler.finish().memory_bytes().context("the kernel does not tell the contender's memory")
    }

    /// CPU time by the kernel's clock of each process.
    fn cpu(&self) -> anyhow::Result<Duration> {
        let mut cpu = Duration::ZERO;
        for &process in &self.processes {
            let clock =
                ClockId::pid_cpu_clock_id(process).context("the contender has no clock of CPU time")?;
            cpu += Duration::from(clock.now().context("cannot read the contender's CPU time")?);
        }
        Ok(cpu)
    }

    fn counts(&self) -> anyhow::Result<Counts> {
        let stats = self.contender.stats()?;
        let both = stats.voluntary_switches.zip(stats.involuntary_switches);
        Ok(Counts {
            switches: both.map(|(voluntary, involuntary)| voluntary + involuntary),
            loop_waits: stats.loop_waits,
        })
    }
}

fn connect(contender: &Contender, connections: u32) -> anyhow::Result<Client> {
    let crew = Crew { connections, pins: vec![bound::client() as usize], ..Crew::default() };
    target::connect(contender, &crew, &Interrupt::default())
}

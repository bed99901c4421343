//! A contender to send requests to: built, started as the runner starts it, connected to.

use std::sync::OnceLock;

use anyhow::{Context as _, ensure};
use benches::artifacts::Built;
use benches::contender::Contender;
use benches::cpus::Split;
use benches::process::{Launch, Tail};
use benches::{artifacts, root, target};
use loadgen::{Client, Crew, Interrupt, Load, Stop};
use reports_record::Measurement;
use servers_conformance::contenders::Contenders;
use servers_contract::Call;

/// What is asked of it: the least there is.
const CALL: Call = Call::Hello;

/// The contenders, once they are built: once for all benches.
static BUILT: OnceLock<Built> = OnceLock::new();

/// A contender that runs on CPUs of its own, and connections to it. Dropped, it ends.
pub(crate) struct Served {
    // Before the contender, so that connections are closed before it ends.
    client: Client,
    load: Load,
    _contender: Contender,
}

impl Served {
    /// Builds and starts the contender `name`, and opens `connections` to it, each proven by a request.
    ///
    /// # Errors
    /// When there is none of that name, it cannot be built, does not start or does not answer.
    pub(crate) fn start(name: &str, connections: u32) -> anyhow::Result<Self> {
        let root = root::find()?;
        let list = root.join(root::CONTENDERS);
        let contenders = Contenders::load(&list)?;
        let chosen =
            contenders.get(name).with_context(|| format!("no contender {name} in {}", list.display()))?;
        if BUILT.get().is_none() {
            let built = artifacts::build_alike(&root, &contenders)?;
            BUILT.get_or_init(|| built);
        }
        let built = BUILT.get().context("the contenders were just built")?;
        let split = Split::here(1, 1)?;
        let launch = Launch {
            cpus: split.contender.clone(),
            ..Launch::of(built.command(chosen, root::ANY_PORT)?, root)
        };
        let tail = Tail::default();
        let contender = Contender::start(&launch, &tail).map_err(|error| tail.explain(error))?;
        let pins = split.client.iter().map(|&cpu| cpu as usize).collect();
        let crew = Crew { connections, pins, ..Crew::default() };
        let client = target::connect(&contender, &crew, &Interrupt::default())?;
        let load = target::load(&contender, &CALL, b"")?;
        Ok(Self { client, load, _contender: contender })
    }

    /// So many requests in a closed loop, over all connections together.
    ///
    /// # Errors
    /// When one of them is not answered as it should be.
    pub(crate) fn requests(&mut self, requests: u64) -> anyhow::Result<Measurement> {
        let load = Load { stop: Stop::Requests(requests), ..self.load.clone() };
        let measured = self.client.measure(&load, &Interrupt::default(), &mut |_| ())?;
        let account = measured.account;
        ensure!(
            account.finished == account.due,
            "{} of {} requests were not answered correctly: {:?}",
            account.due - account.finished,
            account.due,
            measured.outcomes
        );
        Ok(measured)
    }
}

//! A server of a contest, started afresh for every block.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use loadgen::{Client, Crew, Expect, ExpectBody, Load, Pool};
use reports_record::shown;
use servers_conformance::{exchange, verify};
use servers_contract::Call;

use super::Setting;
use super::queue_meter::QueueMeter;
use crate::contender::Contender;
use crate::drawn;
use crate::foreign::{Asked, Origin, Place, Readiness, Server};
use crate::process::{Launch, Tail};
use crate::target;

/// Most of a body that a refusal shows, characters.
const SHOWN: usize = 120;

/// Coefficient of variation of the waits of a closed loop: connections that all wait alike would march in step.
const WAIT_SPREAD: f64 = 0.5;

/// Questions that tell how long a request takes while nothing else is asked.
const QUESTIONS: usize = 5;

/// A server of a contest.
#[derive(Debug, Clone)]
pub struct Entrant {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where an entrant comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Any server, known by one right reply.
    Foreign(Box<Foreign>),
    /// A contender of this project.
    Own {
        /// How it is started.
        launch: Box<Launch>,
        /// What it is asked.
        call: Call,
    },
}

/// A server that knows no contract.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// How it is started, or where it runs.
    pub origin: Origin,
    /// The folder that a command is started in.
    pub folder: PathBuf,
    /// The request.
    pub asked: Asked,
    /// When it is ready, and which statuses are right.
    pub readiness: Readiness,
    /// The body that every reply has to have; `None`: any.
    pub body: Option<Vec<u8>>,
}

/// An entrant whose connections stand.
pub(super) struct Running {
    pub(super) client: Client,
    pub(super) load: Load,
    pub(super) meter: Option<QueueMeter>,
    pub(super) met: Acquaintance,
    keeper: Keeper,
}

enum Keeper {
    Foreign(Box<Server>),
    Own(Box<Contender>, Tail),
}

/// What is learnt of an entrant before its connections are opened.
pub(super) struct Acquaintance {
    /// How long a request takes while nothing else is asked, in the median.
    pub(super) service: Duration,
    /// The body of its replies, where all were alike.
    pub(super) body: Option<Vec<u8>>,
}

impl Acquaintance {
    /// Asks a few times, one after another, over connections that end with it. It comes before any connection that stays: a
    /// silent one takes a worker of some servers.
    ///
    /// # Errors
    /// When one is not answered as it should be.
    fn make(address: SocketAddr, load: &Load) -> anyhow::Result<Self> {
        let (mut times, mut bodies) = (Vec::new(), Vec::new());
        for _ in 0..QUESTIONS {
            let began = Instant::now();
            let answer = exchange(address, load.request.bytes(), load.timeout).map_err(anyhow::Error::msg)?;
            times.push(began.elapsed());
            ensure!(
                load.expect.status.contains(answer.status),
                "{} is answered with status {} and \"{}\", expected {}",
                load.request.url(),
                answer.status,
                shown(&answer.body, SHOWN),
                load.expect.status
            );
            bodies.push(answer.body);
        }
        times.sort_unstable();
        let is_alike = bodies.windows(2).all(|two| two[0] == two[1]);
        Ok(Self { service: times[QUESTIONS / 2], body: bodies.pop().filter(|_| is_alike) })
    }
}

impl Entrant {
    /// Starts it and opens its connections.
    ///
    /// # Errors
    /// When it cannot be started, is not ready, answers wrong, or does not take the connections; with its name.
    pub(super) fn start(&self, setting: &Setting<'_>) -> anyhow::Result<Running> {
        self.begin(setting).with_context(|| self.title())
    }

    fn begin(&self, setting: &Setting<'_>) -> anyhow::Result<Running> {
        let crew = Crew {
            connections: setting.connections,
            pins: setting.client_cpus.iter().map(|&cpu| cpu as usize).collect(),
            ..Crew::default()
        };
        match &self.source {
            Source::Foreign(foreign) => {
                let Foreign { origin, folder, asked, readiness, body } = &**foreign;
                let place = Place { cpus: setting.server_cpus, folder };
                let mut server = Server::start(origin, asked, readiness, place, setting.interrupt)?;
                let expect = Expect {
                    status: readiness.status,
                    body: body.clone().map_or(ExpectBody::Any, ExpectBody::Exactly),
                };
                let request = server.request().clone();
                let load = Load { expect, ..Load::closed(request, Duration::from_secs(1)) };
                // Opened when a request needs one, as clients do, and not primed: a silent connection takes a worker of some
                // servers for as long as it is silent.
                let crew = Crew { pool: Pool::OnDemand, ..crew };
                let met = Acquaintance::make(server.addresses()[0], &load);
                let opened = met.and_then(|met| {
                    Ok((met, Client::connect(load.request.url(), &crew, None, setting.interrupt)?))
                });
                let (met, client) = opened.map_err(|error| server.explain(error))?;
                let meter = server.supervisor().map(QueueMeter::of);
                Ok(Running { client, load, meter, met, keeper: Keeper::Foreign(Box::new(server)) })
            }
            Source::Own { launch, call } => {
                let tail = Tail::default();
                let contender = Contender::start(launch, &tail).map_err(|error| tail.explain(error))?;
                verify(contender.address(), std::slice::from_ref(call))?;
                let draws = drawn::draws(&contender, call, WAIT_SPREAD, setting.seed)?;
                let load = Load { draws, ..target::load(&contender, call, b"")? };
                let met = Acquaintance::make(contender.address(), &load)?;
                let client = target::connect(&contender, &crew, setting.interrupt)?;
                let meter = Some(QueueMeter::of(contender.supervisor()));
                Ok(Running { client, load, meter, met, keeper: Keeper::Own(Box::new(contender), tail) })
            }
        }
    }

    /// Its name and origin in one short line.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.source {
            Source::Foreign(foreign) => format!("{} ({})", self.name, foreign.origin.title()),
            Source::Own { .. } => self.name.clone(),
        }
    }

    /// Whether it is started anew for every block.
    #[must_use]
    pub fn is_started(&self) -> bool {
        !matches!(&self.source, Source::Foreign(foreign) if matches!(foreign.origin, Origin::Running(_)))
    }
}

impl Running {
    /// Asks it anew, as before its connections were opened.
    ///
    /// # Errors
    /// When one is not answered as it should be.
    pub(super) fn meet_again(&self) -> anyhow::Result<Acquaintance> {
        Acquaintance::make(self.client.addresses()[0], &self.load)
    }

    /// The wait around which those of its requests are drawn; zero where none are drawn.
    pub(super) fn mean_wait(&self) -> Duration {
        self.load.draws.as_ref().map_or(Duration::ZERO, loadgen::Draws::mean_wait)
    }

    /// Process id of its supervisor; `None` for one that ran already.
    pub(super) fn supervisor(&self) -> Option<u32> {
        match &self.keeper {
            Keeper::Foreign(server) => server.supervisor(),
            Keeper::Own(contender, _) => Some(contender.supervisor()),
        }
    }

    /// Makes sure that it still runs; one that `failed` may be about to end.
    ///
    /// # Errors
    /// When it has ended.
    pub(super) fn ensure_alive(&mut self, failed: bool) -> anyhow::Result<()> {
        match &mut self.keeper {
            Keeper::Foreign(server) if failed => server.ensure_stays(),
            Keeper::Foreign(server) => server.ensure_alive(),
            Keeper::Own(..) => Ok(()),
        }
    }

    /// Closes its connections and ends what was started. Gives what was odd about its end.
    ///
    /// # Errors
    /// When it had ended before, or one of this project's own does not end as it should.
    pub(super) fn stop(self) -> anyhow::Result<Option<String>> {
        // Closed before it is asked to end: an idle connection is not what a drain should wait for.
        drop(self.client);
        match self.keeper {
            Keeper::Foreign(server) => server.stop(),
            Keeper::Own(contender, tail) => {
                contender.stop().map_err(|error| tail.explain(error))?;
                Ok(None)
            }
        }
    }
}

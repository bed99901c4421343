//! Where clients are compared: their programs, one server, and a CPU for either side.

use std::path::PathBuf;

use anyhow::Context as _;
use benches::bench::place::Place;
use benches::contender::Contender;
use benches::process::{Launch, Tail};
use benches::{artifacts, root};
use loadgen::Url;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use reports_terminal::talk;
use servers_conformance::contenders::Contenders;

use crate::peer::Peer;

/// The server: what a user would pick off the shelf, faster than any client here.
const SERVER: &str = "actix-web";

/// A client that is there.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    pub(crate) peer: Peer,
    pub(crate) program: PathBuf,
}

/// The comparison's surroundings. Dropped, the server ends.
pub(crate) struct Field {
    pub(crate) place: Place,
    pub(crate) clients: Vec<Installed>,
    server: Contender,
}

impl Field {
    /// Builds and starts the server, finds the clients, and says which are missing.
    ///
    /// # Errors
    /// When there is no server to compare them against.
    pub(crate) fn prepare() -> anyhow::Result<Self> {
        let place = Place::find("peers")?;
        let root = root::find()?;
        let contenders = Contenders::load(&root.join(root::CONTENDERS))?;
        let entry = contenders.get(SERVER).with_context(|| format!("no contender {SERVER}"))?;
        let built = artifacts::build_alike(&root, &contenders)?;
        let mut clients = Vec::new();
        for peer in Peer::ALL {
            match peer.find(&root)? {
                Some(program) => clients.push(Installed { peer, program }),
                None => {
                    talk!("peers: {} is not installed (scripts/peers does that): left out", peer.name())
                }
            }
        }
        // Inherited by whoever is started here: most clients do not raise it themselves.
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the descriptor limit")?;
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).context("cannot raise the descriptor limit")?;
        let launch = Launch {
            cpus: place.split.contender.clone(),
            ..Launch::of(built.command(entry, root::ANY_PORT)?, root)
        };
        let tail = Tail::default();
        let server = Contender::start(&launch, &tail).map_err(|error| tail.explain(error))?;
        Ok(Self { place, clients, server })
    }

    /// Why the table compares nothing, where that is so.
    pub(crate) fn nothing_to_compare(&self) -> Option<&'static str> {
        nothing_to_compare(&self.clients.iter().map(|client| client.peer).collect::<Vec<_>>())
    }

    /// What clients ask for.
    ///
    /// # Errors
    /// Never, for an address makes a URL.
    pub(crate) fn url(&self) -> anyhow::Result<Url> {
        Ok(format!("http://{}/hello", self.server.address()).parse()?)
    }
}

/// Why a table of these clients compares nothing, where that is so: every ratio is to wrk.
pub(crate) fn nothing_to_compare(clients: &[Peer]) -> Option<&'static str> {
    if clients.iter().all(|peer| *peer == Peer::Loadgen) {
        return Some(
            "there was nothing to compare: loadgen alone is here; scripts/peers installs the others",
        );
    }
    (!clients.contains(&Peer::Wrk))
        .then_some("there are no ratios: each is to wrk, which is not here; scripts/peers installs it")
}

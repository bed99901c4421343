//! The field of a run: its contenders, built and found, and the CPUs they and the client get.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nix::sys::resource::{Resource, setrlimit};
use reports_record::{Cell, ContenderRecord, Definition, Environment};
use servers_conformance::contenders::{Contender as Entry, Contenders};
use servers_contract::{Health, Model};
use servers_upstream::Upstream;

use crate::contender::Contender;
use crate::cpus::Split;
use crate::host::Host;
use crate::places::Places;
use crate::process::{Identity, Launch, Tail};
use crate::program::Program;
use crate::remaining::contender_names;
use crate::{artifacts, cpus, machine, root};

/// Contenders ready to start, and what is known of the place.
#[derive(Debug)]
pub struct Field {
    root: PathBuf,
    host: Host,
    /// By the name in the definition; the duplicate has the entry of the contender it doubles.
    entries: BTreeMap<String, Entry>,
    /// By the name of the entry: its command as built, and its program as it was then.
    programs: BTreeMap<String, (Vec<String>, Program)>,
    places: Places,
    /// Every set of flags that a cell has.
    flags: BTreeSet<Vec<String>>,
    /// The server that contenders ask and wait for on a socket; `None` unless a cell asks for that.
    upstream: Option<Upstream>,
}

impl Field {
    /// Builds every contender of `definition`, then binds this process to the client's CPUs.
    ///
    /// # Errors
    /// When a contender is not known, has the wrong model for its side, or cannot be built; when CPUs or
    /// descriptors do not suffice.
    pub fn build(root: &Path, definition: &Definition) -> anyhow::Result<Self> {
        let contenders = Contenders::load(&root.join(root::CONTENDERS))?;
        let entries = choose(&contenders, definition)?;
        let host = Host::of(definition)?;
        let flags = definition
            .cells
            .iter()
            .map(|cell| cell.flags.clone())
            .filter(|flags| !flags.is_empty())
            .collect();
        raise_descriptor_limit(host.descriptor_limit)?;
        // Built on all CPUs; bound afterwards.
        let distinct: BTreeMap<_, _> = entries.values().map(|entry| (&entry.name, entry)).collect();
        let built = artifacts::build(root, &contenders, distinct.values().copied())?;
        let hold = |(name, entry): (&String, &Entry)| {
            let command = built.command(entry, root::ANY_PORT)?;
            let program = Program::hold(&command, root).with_context(|| format!("contender {name}"))?;
            Ok((name.clone(), (command, program)))
        };
        let programs = distinct.into_iter().map(hold).collect::<anyhow::Result<_>>()?;
        cpus::bind(&host.split.client)?;
        // On the client's CPUs, by what was just done.
        let upstream = asks_upstream(definition).then(Upstream::start).transpose()?;
        let places = Places::of(root);
        Ok(Self { root: root.to_owned(), host, entries, programs, places, flags, upstream })
    }

    /// How the contender of this name is started, with these flags besides its own; to be asked anew before every start.
    ///
    /// # Errors
    /// When the definition does not name it, or its program is no longer the one that was built.
    pub fn launch(&self, name: &str, flags: &[String]) -> anyhow::Result<Launch> {
        let entry = self.entries.get(name).with_context(|| format!("no contender {name:?} in this run"))?;
        let (command, program) = self.program(entry)?;
        program.verify().with_context(|| format!("contender {name}"))?;
        Ok(Launch {
            command: [command, flags, &self.upstream_flags()].concat(),
            cpus: self.host.split.contender.clone(),
            folder: self.root.clone(),
            executable: Some(program.executable()),
            identity: Some(Identity { name: entry.name.clone(), model: entry.model }),
        })
    }

    /// Names the upstream to a contender.
    fn upstream_flags(&self) -> Vec<String> {
        let flags = |upstream: &Upstream| vec!["--upstream".to_owned(), upstream.address().to_string()];
        self.upstream.as_ref().map(flags).unwrap_or_default()
    }

    fn program(&self, entry: &Entry) -> anyhow::Result<(&[String], &Program)> {
        let found = self.programs.get(&entry.name).with_context(|| format!("{:?} was not built", entry.name));
        found.map(|(command, program)| (command.as_slice(), program))
    }

    /// Text that is to be recorded, without this machine's folders.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        self.places.hide(text)
    }

    /// The CPUs of the client and of contenders.
    #[must_use]
    pub fn cpus(&self) -> Vec<u32> {
        [self.host.split.client.as_slice(), &self.host.split.contender].concat()
    }

    /// Who gets which CPUs.
    #[must_use]
    pub fn split(&self) -> &Split {
        &self.host.split
    }

    /// The contender's CPUs.
    #[must_use]
    pub fn contender_cpus(&self) -> &[u32] {
        &self.host.split.contender
    }

    /// The client's CPUs.
    #[must_use]
    pub fn client_cpus(&self) -> &[u32] {
        &self.host.split.client
    }

    /// Every contender as built: starts each once to read its settings, and once more with the flags of every cell that
    /// has any, so that a flag which a contender does not know ends a run before it begins.
    ///
    /// # Errors
    /// When one cannot be started or its program cannot be read.
    pub fn records(&self) -> anyhow::Result<Vec<ContenderRecord>> {
        let record = |(name, entry): (&String, &Entry)| {
            self.record(name, entry).with_context(|| format!("contender {name}"))
        };
        self.entries.iter().map(record).collect()
    }

    fn record(&self, name: &str, entry: &Entry) -> anyhow::Result<ContenderRecord> {
        let launch = self.launch(name, &[])?;
        let plain = health(&launch)?;
        let settings =
            |health: Health| serde_json::to_value(health.settings).context("settings are plain numbers");
        let with = |flags: &Vec<String>| {
            let told = flags.join(" ");
            let told_with = health(&self.launch(name, flags)?).with_context(|| format!("with {told}"))?;
            Ok((told, settings(told_with)?))
        };
        Ok(ContenderRecord {
            name: name.to_owned(),
            model: model(entry.model).to_owned(),
            version: plain.version.clone(),
            command: entry.run.iter().map(|part| self.hide(part)).collect(),
            sha256: self.program(entry)?.1.sha256().to_owned(),
            settings: settings(plain)?,
            settings_with: self.flags.iter().map(with).collect::<anyhow::Result<_>>()?,
        })
    }

    /// The machine and the build.
    #[must_use]
    pub fn environment(&self) -> Environment {
        machine::environment(&self.root, &self.host.split, self.host.descriptor_limit)
    }
}

/// Whether a cell has contenders wait on a socket.
fn asks_upstream(definition: &Definition) -> bool {
    definition.cells.iter().any(Cell::waits_on_a_socket)
}

/// What a contender, started so, says of itself.
fn health(launch: &Launch) -> anyhow::Result<Health> {
    let tail = Tail::default();
    let contender = Contender::start(launch, &tail).map_err(|error| tail.explain(error))?;
    let health = contender.health()?;
    contender.stop()?;
    Ok(health)
}

fn model(model: Model) -> &'static str {
    match model {
        Model::Sync => "sync",
        Model::Async => "async",
    }
}

/// The entry of every contender that `definition` names; each on the side its model belongs to.
fn choose(contenders: &Contenders, definition: &Definition) -> anyhow::Result<BTreeMap<String, Entry>> {
    let find = |name: &str| {
        contenders.get(name).with_context(|| format!("{} has no contender {name:?}", root::CONTENDERS))
    };
    for pair in &definition.pairs {
        for (name, side) in [(&pair.sync, Model::Sync), (&pair.awaiting, Model::Async)] {
            if find(name)?.model != side {
                bail!("{} pair: {name} stands on the {} side, but is none", pair.role.name(), model(side));
            }
        }
    }
    let duplicate = &definition.duplicate;
    let entry = |name: String| {
        let of = if name == duplicate.name { &duplicate.of } else { &name };
        Ok((name.clone(), find(of)?.clone()))
    };
    contender_names(definition).into_iter().map(entry).collect()
}

/// Raises the soft limit to the hard one, which contenders inherit.
pub(crate) fn raise_descriptor_limit(hard: u64) -> anyhow::Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).context("cannot raise the descriptor limit")
}

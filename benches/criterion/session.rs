//! The part that this process, or one of its threads, has in an invocation of `cargo bench`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use benches::artifacts::{self, Built};
use benches::{machine, root};
use nix::sys::resource::{Resource, getrlimit};
use reports_record::{BenchRound, Environment};

use crate::bound;
use crate::passes::Place;

/// The use that is made of the benches that the groups describe.
#[derive(Debug)]
pub(crate) enum Session {
    /// Their names are noted.
    Names(RefCell<Vec<String>>),
    /// Criterion measures one of them, by processes of its own.
    Driver(Driver),
    /// This is such a process, of the bench of this name.
    Process(String),
}

/// One bench on its way through the passes.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Its name, `GROUP/sync`.
    pub(crate) bench: String,
    /// Its place among the others.
    pub(crate) place: Place,
    /// The state that all benches share.
    pub(crate) invocation: Arc<Invocation>,
}

/// State that all benches of an invocation share.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Where criterion keeps results and `report criterion` looks for them.
    pub(crate) results: PathBuf,
    /// Seconds since 1970.
    pub(crate) began_unix_s: u64,
    /// The machine and the checkout.
    pub(crate) environment: Environment,
    /// Passes that the rounds of each bench are spread over.
    pub(crate) passes: usize,
    /// The contenders, once one of its processes has built them.
    pub(crate) built: OnceLock<Built>,
    /// Rounds that were measured so far, by group.
    rounds: Mutex<BTreeMap<&'static str, Vec<BenchRound>>>,
    /// Whether criterion asked for any bench.
    ran: AtomicBool,
}

impl Invocation {
    /// Begins now, with this number of passes.
    ///
    /// # Errors
    /// When the project or cargo's target folder is not found.
    pub(crate) fn begin(passes: usize) -> anyhow::Result<Self> {
        let root = root::find()?;
        let results = artifacts::target_folder(&root)?.join("criterion");
        let descriptors = getrlimit(Resource::RLIMIT_NOFILE)?.0;
        Ok(Self {
            results,
            began_unix_s: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            environment: machine::environment(&root, &bound::split().parts, descriptors),
            passes,
            built: OnceLock::new(),
            rounds: Mutex::default(),
            ran: AtomicBool::new(false),
        })
    }

    /// The folder of a group's results: criterion names folders so.
    pub(crate) fn folder(&self, group: &str) -> PathBuf {
        self.results.join(group.replace('/', "_"))
    }

    /// Adds rounds of a group; gives all that there are now, by process.
    pub(crate) fn add_rounds(&self, group: &'static str, more: Vec<BenchRound>) -> Vec<BenchRound> {
        let mut all = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        let of_group = all.entry(group).or_default();
        of_group.extend(more);
        of_group.sort_by_key(|round| round.process);
        of_group.clone()
    }

    /// Notes that criterion asked for a bench.
    pub(crate) fn ran(&self) {
        self.ran.store(true, Ordering::Relaxed);
    }

    /// Whether criterion asked for none: the filter matches no name.
    pub(crate) fn is_idle(&self) -> bool {
        !self.ran.load(Ordering::Relaxed)
    }
}

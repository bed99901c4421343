//! One invocation: where its results go, and under which conditions they were measured.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use benches::{machine, root};
use nix::sys::resource::{Resource, getrlimit};
use reports_record::Environment;

use crate::bound;

/// State that all groups of an invocation share.
#[derive(Debug)]
pub(crate) struct Session {
    /// Where criterion keeps results and `report criterion` looks for them.
    pub(crate) results: PathBuf,
    /// Seconds since 1970.
    pub(crate) began_unix_s: u64,
    /// The machine and the checkout.
    pub(crate) environment: Environment,
    /// Benches that criterion asked for.
    ran: Cell<usize>,
}

impl Session {
    /// Begins now.
    ///
    /// # Errors
    /// When the project or cargo's target folder is not found.
    pub(crate) fn begin() -> anyhow::Result<Self> {
        let root = root::find()?;
        let results = benches::artifacts::target_folder(&root)?.join("criterion");
        let descriptors = getrlimit(Resource::RLIMIT_NOFILE)?.0;
        Ok(Self {
            results,
            began_unix_s: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            environment: machine::environment(&root, &bound::split().parts, descriptors),
            ran: Cell::new(0),
        })
    }

    /// Counts a bench that criterion asked for.
    pub(crate) fn ran(&self) {
        self.ran.set(self.ran.get() + 1);
    }

    /// Whether criterion asked for none: the filter matches no name.
    pub(crate) fn is_idle(&self) -> bool {
        self.ran.get() == 0
    }
}

//! The connections that are open now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many are open, over all workers; clones share the count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<AtomicU64>);

/// One open connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Open(Connections);

impl Connections {
    /// Counts one more.
    pub(crate) fn open(&self) -> Open {
        self.0.fetch_add(1, Relaxed);
        Open(self.clone())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

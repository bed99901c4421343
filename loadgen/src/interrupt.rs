//! Asking a measurement to end early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A handle that ends measurements early; clones ask for the same.
///
/// Raised once, it stays raised: a measurement under way returns within 2 s what it has, marked incomplete, and a later
/// one is incomplete from its start.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks every measurement that holds this handle to end. Safe to call from any thread, any number of times.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

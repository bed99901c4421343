//! The CPUs that a bench's threads may use.

use std::sync::OnceLock;

use benches::cpus::{self, Split};

/// Where the threads of a group run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cpus {
    /// All threads of both sides share one, as a contender's threads do in the map.
    One,
    /// They may use two.
    Two,
    /// The serving threads share one; a client has another.
    OneAndClient,
}

impl Cpus {
    /// How many the serving threads have.
    pub(crate) fn serving(self) -> u32 {
        if self == Self::Two { self.used().len() as u32 } else { 1 }
    }

    /// The CPUs whose stolen time disturbs a round.
    pub(crate) fn used(self) -> Vec<u32> {
        match self {
            Self::One => vec![server()],
            Self::Two | Self::OneAndClient => {
                let mut both = vec![client(), server()];
                both.dedup();
                both
            }
        }
    }

    /// Runs `work` with this thread, and every thread it starts, bound as said; the binding ends with it.
    pub(crate) fn bind_during<T>(self, work: impl FnOnce() -> T) -> T {
        bind(&self.used());
        let done = work();
        bind(&split().all);
        done
    }
}

/// The client's CPU; with a single CPU also the serving threads'.
pub(crate) fn client() -> u32 {
    split().parts.client[0]
}

/// The serving threads' CPU.
pub(crate) fn server() -> u32 {
    split().parts.contender[0]
}

/// Binds the calling thread and the threads it will start.
pub(crate) fn bind(to: &[u32]) {
    cpus::bind(to).expect("a thread may be bound to CPUs of its process");
}

/// The CPUs of this process before anything was bound.
#[derive(Debug)]
pub(crate) struct Parts {
    /// All of them.
    pub(crate) all: Vec<u32>,
    /// One for a client and one for the serving threads, as a run splits them.
    pub(crate) parts: Split,
}

/// The split of this process's CPUs, made when it is first asked for.
///
/// # Panics
/// When the kernel does not tell the CPUs.
pub(crate) fn split() -> &'static Parts {
    static SPLIT: OnceLock<Parts> = OnceLock::new();
    SPLIT.get_or_init(|| Parts {
        all: cpus::allowed().expect("the kernel says which CPUs this process may use"),
        parts: Split::here(1, 1)
            .expect("one CPU for each of two is the least that there is, and they may share it"),
    })
}

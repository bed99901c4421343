//! Where a bench measures: a CPU for the client, another for the server, and the wish to end early.

use loadgen::Interrupt;
use reports_terminal::talk;

use crate::cpus::{self, Split};
use crate::signals::Signals;

/// A bench's CPUs, split, with Ctrl-C caught.
#[derive(Debug)]
pub struct Place {
    /// Whose CPUs are whose.
    pub split: Split,
    signals: Signals,
}

impl Place {
    /// Catches Ctrl-C and splits the CPUs; says so on stderr, as the bench `name`, when there is but one.
    ///
    /// # Errors
    /// When the kernel does not tell which CPUs there are.
    pub fn find(name: &str) -> anyhow::Result<Self> {
        let signals = Signals::install()?;
        let split = Split::here(1, 1)?;
        if split.is_shared() {
            talk!("{name}: only one CPU: client and server take turns, and every figure includes that");
        }
        Ok(Self { split, signals })
    }

    /// Binds the calling thread, and those it starts, to the client's CPUs.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn bind_client(&self) -> anyhow::Result<()> {
        cpus::bind(&self.split.client)
    }

    /// The client's CPUs as a [`loadgen::Crew`] takes them.
    #[must_use]
    pub fn pins(&self) -> Vec<usize> {
        self.split.client.iter().map(|&cpu| cpu as usize).collect()
    }

    /// Raised by the first Ctrl-C.
    #[must_use]
    pub fn interrupt(&self) -> &Interrupt {
        self.signals.interrupt()
    }

    /// What to end with: 0, or 128 + the signal after one.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        if self.interrupt().is_raised() { self.signals.exit_code() } else { 0 }
    }
}

//! Ctrl-C, SIGTERM and SIGHUP: the first ends the run in order, the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use anyhow::Context as _;
use loadgen::{Interrupt, ending_signals};
use reports_terminal::talk;
use signal_hook::iterator::Signals as Iterator;

/// The signals that end a run, caught.
#[derive(Debug, Clone)]
pub struct Signals {
    interrupt: Interrupt,
    first: Arc<AtomicI32>,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn install() -> anyhow::Result<Self> {
        let signals = Self { interrupt: Interrupt::default(), first: Arc::new(AtomicI32::new(0)) };
        let second = Arc::new(AtomicBool::new(false));
        for signal in ending_signals() {
            // In this order: the first signal arms what the second one then triggers, without waiting for a thread.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&second))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&second)))
                .context("cannot catch Ctrl-C")?;
        }
        let mut caught = Iterator::new(ending_signals()).context("cannot catch Ctrl-C")?;
        let (interrupt, first) = (signals.interrupt.clone(), Arc::clone(&signals.first));
        thread::spawn(move || {
            if let Some(signal) = caught.forever().next() {
                first.store(signal, Ordering::Relaxed);
                interrupt.raise();
            }
        });
        Ok(signals)
    }

    /// Raised by the first signal; what is being measured ends within two seconds.
    #[must_use]
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// 128 + the signal, as shells have it.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        128 + self.first.load(Ordering::Relaxed)
    }

    /// The exit code of a command with this outcome: the signal's once there was one, which may well be why it failed.
    ///
    /// # Errors
    /// The outcome's, without a signal.
    pub fn conclude(&self, outcome: anyhow::Result<i32>) -> anyhow::Result<i32> {
        if !self.interrupt.is_raised() {
            return outcome;
        }
        if let Err(error) = outcome {
            talk!("crossover: {error:#}");
        }
        Ok(self.exit_code())
    }
}

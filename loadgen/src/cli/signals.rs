//! Ctrl-C, SIGTERM and SIGHUP: the first ends the measurement and keeps what it has, the second ends the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use loadgen::{Interrupt, ending_signals};
use signal_hook::iterator::Signals as Incoming;

/// Which signal came first.
#[derive(Debug, Clone)]
pub(crate) struct Signals(Arc<AtomicI32>);

impl Signals {
    /// Raises `interrupt` at the first signal, exits at the second.
    pub(crate) fn watch(interrupt: &Interrupt) -> io::Result<Self> {
        let first = Self(Arc::new(AtomicI32::new(0)));
        let mut incoming = Incoming::new(ending_signals())?;
        let (seen, interrupt) = (first.clone(), interrupt.clone());
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in incoming.forever() {
                if seen.0.swap(signal, Ordering::Relaxed) != 0 {
                    std::process::exit(128 + signal);
                }
                interrupt.raise();
            }
        })?;
        Ok(first)
    }

    /// 128 and the signal: 129 after SIGHUP, 130 after SIGINT, 143 after SIGTERM; `None` without any.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => u8::try_from(128 + signal).ok(),
        }
    }
}

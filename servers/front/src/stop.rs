//! When to stop: a signal, or a failure that the front cannot survive.

use std::{
    io,
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use anyhow::anyhow;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
    low_level,
};

/// Waits for the first SIGTERM or SIGINT, or for a failure; from then on a second signal ends the process at once.
#[derive(Debug)]
pub struct Stop {
    causes: Receiver<anyhow::Result<()>>,
    sender: Sender<anyhow::Result<()>>,
}

/// Tells [`Stop`] from any thread that serving cannot go on.
#[derive(Clone, Debug)]
pub struct Failure {
    sender: Sender<anyhow::Result<()>>,
}

impl Stop {
    /// Takes over both signals from here on.
    ///
    /// # Errors
    /// The handlers or their thread could not be set up.
    pub(crate) fn on_signals() -> io::Result<Stop> {
        let (sender, causes) = mpsc::channel();
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let on_signal = sender.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut signals = signals.forever();
            if signals.next().is_some() {
                // Fails only if nobody waits any more, and then the process is ending.
                let _ = on_signal.send(Ok(()));
            }
            if let Some(second) = signals.next() {
                low_level::exit(128 + second);
            }
        })?;
        Ok(Stop { causes, sender })
    }

    /// A handle for the threads that serve.
    pub fn failure(&self) -> Failure {
        Failure { sender: self.sender.clone() }
    }

    /// Blocks until there is a reason to stop: `Ok` after a signal.
    ///
    /// # Errors
    /// The first failure that was reported.
    pub fn wait(&self) -> anyhow::Result<()> {
        self.causes.recv().unwrap_or_else(|_| Err(anyhow!("the thread that waits for signals has ended")))
    }
}

impl Failure {
    /// Ends the process with this error, after the front's clean-up.
    pub fn report(&self, error: anyhow::Error) {
        // Fails only if nobody waits any more, and then the process is ending.
        let _ = self.sender.send(Err(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test for both: a signal reaches every `Stop` of the process.
    #[test]
    fn a_failure_ends_the_wait_with_its_error_and_a_signal_without() {
        let stop = Stop::on_signals().unwrap();
        let failure = stop.failure();
        thread::spawn(move || failure.report(anyhow!("accept loop ended"))).join().unwrap();
        assert_eq!(stop.wait().unwrap_err().to_string(), "accept loop ended");
        low_level::raise(SIGTERM).unwrap();
        assert!(stop.wait().is_ok());
    }
}

//! Waiting for others, such as the other end of a pipe, for as long as the user likes.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use loadgen::Interrupt;

/// How often the interrupt is looked at.
const TICK: Duration = Duration::from_millis(20);

/// The result of `work`, which may wait without end: for a named pipe's other end, for stdin. `None` once `interrupt`
/// is raised; the thread that waits is then left behind.
pub(crate) fn unless_interrupted<T: Send + 'static>(
    interrupt: &Interrupt,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        // The other side may have stopped waiting.
        let _ = sender.send(work());
    });
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(done) => return Some(done),
            Err(RecvTimeoutError::Timeout) if interrupt.is_raised() => return None,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => return None,
            },
        }
    }
}

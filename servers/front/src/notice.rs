//! Lines on stderr that neither panic nor flood.

use std::{
    fmt,
    io::{self, Write},
    sync::Mutex,
    time::{Duration, Instant},
};

/// Writes one line to stderr. A closed stderr is no reason to stop serving (`eprintln!` would panic).
pub fn notice(line: fmt::Arguments<'_>) {
    // One write, so that lines of several threads do not mix.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// A kind of line that may come often: at most one a second is written, with the number of those held back.
#[derive(Debug, Default)]
pub struct Notice {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    written: Option<Instant>,
    held_back: u64,
}

const INTERVAL: Duration = Duration::from_secs(1);

impl Notice {
    /// Writes the line, or counts it if the last one was written less than a second ago.
    pub fn write(&self, line: fmt::Arguments<'_>) {
        match self.due(Instant::now()) {
            Some(0) => notice(line),
            Some(held_back) => notice(format_args!("{line} ({held_back} more since the last such line)")),
            None => {}
        }
    }

    /// How many lines were held back, if one is due now.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if state.written.is_some_and(|written| now.duration_since(written) < INTERVAL) {
            state.held_back += 1;
            return None;
        }
        state.written = Some(now);
        Some(std::mem::take(&mut state.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_tells_how_many_were_held_back() {
        let notice = Notice::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(notice.due(at(0)), Some(0));
        assert_eq!(notice.due(at(1)), None);
        assert_eq!(notice.due(at(999)), None);
        assert_eq!(notice.due(at(1000)), Some(2));
        assert_eq!(notice.due(at(2000)), Some(0));
    }
}

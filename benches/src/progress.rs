//! What a long job says while it runs: one line that is rewritten on a terminal, one line a block elsewhere.

use std::time::{Duration, Instant};

use reports_record::shown;
use reports_terminal::{LiveLine, talk};

/// Longest detail and message that are shown in full, characters: both repeat what files and contenders say.
const DETAIL: usize = 200;
const MESSAGE: usize = 2_000;

/// Progress of a known number of steps, on stderr.
#[derive(Debug)]
pub struct Progress {
    total: usize,
    expected: Duration,
    done: usize,
    /// Steps among those done that an earlier session did.
    found: usize,
    began: Instant,
    line: LiveLine,
    last_heading: String,
}

impl Progress {
    /// Progress of `total` steps that begin now and are expected to take this long together.
    #[must_use]
    pub fn of(total: usize, expected: Duration) -> Self {
        Self {
            total,
            expected,
            done: 0,
            found: 0,
            began: Instant::now(),
            line: LiveLine::on_stderr(),
            last_heading: String::new(),
        }
    }

    /// Says what is being done: `heading` changes rarely (a block), `detail` with every step.
    pub fn show(&mut self, heading: &str, detail: &str) {
        let left = minutes(left(self.expected, self.began.elapsed(), self.done, self.found, self.total));
        let count = format!("{}/{}", self.done, self.total);
        let detail = shown(detail, DETAIL);
        if self.line.is_live() {
            // Most important first: a narrow terminal shows the beginning.
            self.line.show(&format!("{count} · {left} left · {heading} · {detail}"));
        } else if heading != self.last_heading {
            talk!("{heading} · {count} · {left} left");
            heading.clone_into(&mut self.last_heading);
        }
    }

    /// One step more is done.
    pub fn step(&mut self) {
        self.done += 1;
    }

    /// One step more is found to be done already: it took no time now.
    pub fn skip(&mut self) {
        self.found += 1;
        self.step();
    }

    /// Says something that stays on the screen, e.g. a failure.
    pub fn say(&mut self, message: &str) {
        self.line.clear();
        talk!("{}", shown(message, MESSAGE));
    }

    /// Takes the rewritten line away.
    pub fn clear(&mut self) {
        self.line.clear();
    }
}

/// Time left: as expected at the start, and once a tenth of what was not found done is made as those steps went.
fn left(expected: Duration, elapsed: Duration, done: usize, found: usize, total: usize) -> Duration {
    let to_do = total.saturating_sub(done) as f64;
    let made = done.saturating_sub(found);
    if made * 10 < total.saturating_sub(found) {
        expected.mul_f64(to_do / total as f64)
    } else {
        elapsed.mul_f64(to_do / made.max(1) as f64)
    }
}

/// A duration as people say it: `42s`, `6m 05s`.
#[must_use]
pub fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m {:02}s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_what_was_expected_and_later_what_the_steps_say() {
        let left = |done| left(Duration::from_secs(100), Duration::from_secs(40), done, 0, 20).as_secs();
        assert_eq!([left(0), left(1), left(10), left(20)], [100, 95, 40, 0]);
        assert_eq!(super::left(Duration::ZERO, Duration::ZERO, 0, 0, 0), Duration::ZERO);
    }

    #[test]
    fn steps_that_an_earlier_session_did_say_nothing_of_the_pace() {
        let left = |done, elapsed_ms| {
            left(Duration::from_secs(100), Duration::from_millis(elapsed_ms), done, 10, 20).as_secs()
        };
        // Just resumed; then two of the ten that were left, in 12 s.
        assert_eq!([left(10, 1), left(12, 12_000), left(20, 50_000)], [50, 48, 0]);
    }

    #[test]
    fn durations_read_naturally() {
        assert_eq!(minutes(Duration::from_secs(42)), "42s");
        assert_eq!(minutes(Duration::from_secs(365)), "6m 05s");
    }
}

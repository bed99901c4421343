//! The line that moves while a measurement is under way.

use std::time::{Duration, Instant};

use loadgen::{Load, Progress, Stop, show_span};
use reports_terminal::LiveLine;

use super::figures::count;

/// Often enough to be alive, seldom enough to be read.
const EVERY: Duration = Duration::from_millis(200);

/// How far a measurement has come, in a line on a terminal.
pub(crate) struct LiveProgress {
    line: LiveLine,
    /// How long the whole takes; `None` when a number of requests ends it.
    planned: Option<Duration>,
    /// Connections whose first reply the warm-up waits for.
    settles: Option<u64>,
    shown: Option<(Instant, Progress)>,
}

impl LiveProgress {
    pub(crate) fn new(load: &Load, connections: u32) -> Self {
        let planned = match load.stop {
            Stop::After(window) => Some(load.warm_up + window),
            Stop::Requests(_) => None,
        };
        let settles = load.settle.map(|_| connections.into());
        Self { line: LiveLine::on_stderr(), planned, settles, shown: None }
    }

    /// Shows `progress`, unless something was shown just now.
    pub(crate) fn show(&mut self, progress: &Progress) {
        let is_due = self.shown.is_none_or(|(at, _)| at.elapsed() >= EVERY);
        if !self.line.is_live() || !is_due {
            return;
        }
        let since = self.shown.map(|(_, before)| before);
        self.line.show(&text(progress, since, self.planned, self.settles));
        self.shown = Some((Instant::now(), *progress));
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        self.line.clear();
    }
}

fn text(
    progress: &Progress,
    since: Option<Progress>,
    planned: Option<Duration>,
    settles: Option<u64>,
) -> String {
    if let Some(connections) = settles.filter(|_| !progress.measuring) {
        return format!(
            "opening connections {:.1}s  {} of {} have had a reply, {} in flight, {} failed",
            progress.elapsed.as_secs_f64(),
            count(connections.saturating_sub(progress.waiting)),
            count(connections),
            count(progress.in_flight),
            count(progress.failed)
        );
    }
    let stage = if progress.measuring { "measuring" } else { "warming up" };
    let elapsed = format!("{:.1}s", progress.elapsed.as_secs_f64());
    let of = planned.map_or_else(String::new, |planned| format!(" of {}", show_span(planned)));
    let (replies, time) = match since {
        Some(before) => (progress.replies - before.replies, progress.elapsed.saturating_sub(before.elapsed)),
        None => (progress.replies, progress.elapsed),
    };
    let rate = if time.is_zero() { 0.0 } else { replies as f64 / time.as_secs_f64() };
    format!(
        "{stage} {elapsed}{of}  {} replies, {}/s now, {} in flight, {} failed",
        count(progress.replies),
        count(rate.round() as u64),
        count(progress.in_flight),
        count(progress.failed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_time_since_the_last_line() {
        let progress = |ms, replies| Progress {
            elapsed: Duration::from_millis(ms),
            measuring: ms > 1000,
            replies,
            failed: 0,
            in_flight: 64,
            waiting: 3,
        };
        let line =
            text(&progress(2500, 31_000), Some(progress(2000, 30_000)), Some(Duration::from_secs(11)), None);
        assert_eq!(line, "measuring 2.5s of 11s  31,000 replies, 2,000/s now, 64 in flight, 0 failed");
        assert!(
            text(&progress(500, 10), None, None, None).starts_with("warming up 0.5s  10 replies, 20/s now")
        );
        let opening = text(&progress(500, 10), None, None, Some(64));
        assert_eq!(opening, "opening connections 0.5s  61 of 64 have had a reply, 64 in flight, 0 failed");
    }
}

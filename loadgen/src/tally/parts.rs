//! The window cut into equal parts, to see whether it stayed the same throughout.

use std::time::Duration;

use hdrhistogram::Histogram;
use reports_record::{SubWindow, TOP};

use crate::clock::Moment;
use crate::window::Window;

/// Parts of a window: the fewest from which a design effect is estimated.
pub(crate) const PARTS: usize = 20;

/// Fewest correct replies in a part for its median to be given.
const ENOUGH: u64 = 20;

/// Counts and median service time of each part.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    start: Moment,
    width: Duration,
    parts: Vec<Part>,
    /// The part of the latest moment asked for; moments mostly come in order.
    latest: usize,
}

#[derive(Debug, Clone)]
struct Part {
    replies: u64,
    due: u64,
    /// Microseconds at two digits: a few dozen KiB a part, precise enough for a drift of 5 %.
    service_time: Histogram<u64>,
    longest_response: Option<Duration>,
}

impl Parts {
    pub(crate) fn of(window: &Window) -> Self {
        let top = u64::try_from(TOP.as_micros()).unwrap_or(u64::MAX);
        let empty =
            Histogram::new_with_bounds(1, top, 2).expect("the bounds are constants within what HDR accepts");
        let part = Part { replies: 0, due: 0, service_time: empty, longest_response: None };
        let width = window.length() / PARTS as u32;
        Self { start: window.start, width, parts: vec![part; PARTS], latest: 0 }
    }

    /// A request was due (closed loop: started); outside the window nothing happens, here and below.
    pub(crate) fn due(&mut self, at: Moment) {
        if let Some(part) = self.at(at) {
            part.due += 1;
        }
    }

    /// A reply ended, right or wrong.
    pub(crate) fn replied(&mut self, at: Moment) {
        if let Some(part) = self.at(at) {
            part.replies += 1;
        }
    }

    /// A correct reply ended, so long after its request was sent and so long after it was due.
    pub(crate) fn served(&mut self, at: Moment, service_time: Duration, response_time: Duration) {
        if let Some(part) = self.at(at) {
            part.service_time.saturating_record(u64::try_from(service_time.as_micros()).unwrap_or(u64::MAX));
            part.longest_response = part.longest_response.max(Some(response_time));
        }
    }

    fn at(&mut self, at: Moment) -> Option<&mut Part> {
        let begin = self.width * self.latest as u32;
        let offset = at.since(self.start);
        if at < self.start {
            return None;
        }
        if offset < begin || offset - begin >= self.width {
            self.latest = (offset.as_nanos() / self.width.as_nanos().max(1)).min(PARTS as u128) as usize;
        }
        self.parts.get_mut(self.latest)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (part, other) in self.parts.iter_mut().zip(&other.parts) {
            part.replies += other.replies;
            part.due += other.due;
            part.longest_response = part.longest_response.max(other.longest_response);
            part.service_time.add(&other.service_time).expect("all parts share one range and precision");
        }
    }

    /// The parts that ended by `end`: all of them, unless the measurement was interrupted.
    pub(crate) fn ended_by(&self, end: Moment) -> Vec<SubWindow> {
        let ended =
            (0..PARTS as u32).take_while(|index| self.start.after(self.width * (index + 1)) <= end).count();
        self.parts.iter().take(ended).map(Part::summary).collect()
    }
}

impl Part {
    fn summary(&self) -> SubWindow {
        let median = || self.service_time.value_at_quantile(0.5) as f64;
        SubWindow {
            replies: self.replies,
            due: self.due,
            service_time_us_p50: (self.service_time.len() >= ENOUGH).then(median),
            response_time_us_max: self.longest_response.map(|longest| longest.as_nanos() as f64 / 1e3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS_5: Duration = Duration::from_millis(5);

    fn at_ms(ms: u64) -> Moment {
        Moment::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn each_event_counts_in_its_part_and_in_no_other() {
        let window = Window { start: at_ms(1000), end: at_ms(3000) };
        let mut parts = Parts::of(&window);
        for ms in [0, 999, 1000, 1099, 1100, 2999, 3000, 1050] {
            parts.due(at_ms(ms));
        }
        let due: Vec<u64> = parts.ended_by(window.end).iter().map(|part| part.due).collect();
        let mut expected = vec![0; PARTS];
        (expected[0], expected[1], expected[19]) = (3, 1, 1);
        assert_eq!(due, expected);
    }

    #[test]
    fn a_part_that_did_not_end_is_left_out() {
        let window = Window { start: at_ms(0), end: at_ms(2000) };
        assert_eq!(Parts::of(&window).ended_by(at_ms(250)).len(), 2);
    }

    #[test]
    fn a_median_needs_twenty_replies() {
        let window = Window { start: at_ms(0), end: at_ms(2000) };
        let mut parts = Parts::of(&window);
        (0..19).for_each(|_| parts.served(at_ms(10), MS_5, MS_5));
        assert_eq!(parts.ended_by(window.end)[0].service_time_us_p50, None);
        parts.served(at_ms(10), MS_5, MS_5);
        let median = parts.ended_by(window.end)[0].service_time_us_p50.unwrap();
        assert!((median / 5000.0 - 1.0).abs() < 0.02, "{median}");
    }

    #[test]
    fn the_longest_response_is_that_of_its_part_and_of_any_thread() {
        let window = Window { start: at_ms(0), end: at_ms(2000) };
        let (mut parts, mut others) = (Parts::of(&window), Parts::of(&window));
        parts.served(at_ms(10), MS_5, 2 * MS_5);
        parts.served(at_ms(20), MS_5, MS_5);
        others.served(at_ms(99), MS_5, 3 * MS_5);
        others.served(at_ms(150), MS_5, 9 * MS_5);
        parts.merge(&others);
        let longest: Vec<_> =
            parts.ended_by(window.end).iter().map(|part| part.response_time_us_max).take(3).collect();
        assert_eq!(longest, [Some(15_000.0), Some(45_000.0), None]);
    }
}

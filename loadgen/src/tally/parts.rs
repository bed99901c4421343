//! The window cut into equal parts, to see whether it stayed the same throughout.

use std::time::Duration;

use reports_record::SubWindow;

use super::timing::Timing;
use crate::clock::Moment;
use crate::window::Window;

/// Parts of a window: the fewest from which a design effect is estimated.
pub(crate) const PARTS: usize = 20;

/// Fewest correct replies in a part for its median to be given.
const ENOUGH: u64 = 20;

/// Counts of each part.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    start: Moment,
    width: Duration,
    parts: Vec<Part>,
    /// The part of the latest moment asked for, and where it begins and ends; moments mostly come in order.
    latest: (usize, Moment, Moment),
}

#[derive(Debug, Clone)]
struct Part {
    replies: u64,
    due: u64,
    longest_response: Option<Duration>,
}

impl Parts {
    pub(crate) fn of(window: &Window) -> Self {
        let part = Part { replies: 0, due: 0, longest_response: None };
        let width = window.length() / PARTS as u32;
        Self { start: window.start, width, parts: vec![part; PARTS], latest: (0, window.start, window.start) }
    }

    /// So many requests were due (closed loop: started); outside the window nothing happens, here and below.
    pub(crate) fn due(&mut self, at: Moment, requests: u64) {
        if let Some(part) = self.at(at) {
            part.due += requests;
        }
    }

    /// A reply ended, right or wrong.
    pub(crate) fn replied(&mut self, at: Moment) {
        if let Some(part) = self.at(at) {
            part.replies += 1;
        }
    }

    /// A request due at this moment had a correct reply, this long after it was due.
    pub(crate) fn served(&mut self, at: Moment, response_time: Duration) {
        if let Some(part) = self.at(at) {
            part.longest_response = part.longest_response.max(Some(response_time));
        }
    }

    fn at(&mut self, at: Moment) -> Option<&mut Part> {
        let index = self.index(at)?;
        self.parts.get_mut(index)
    }

    /// Which part a moment lies in; `None` outside the window.
    #[inline]
    pub(crate) fn index(&mut self, at: Moment) -> Option<usize> {
        let (latest, from, to) = self.latest;
        // Nearly always, and several times a request: without a division.
        if from <= at && at < to { Some(latest) } else { self.find(at) }
    }

    fn find(&mut self, at: Moment) -> Option<usize> {
        if at < self.start {
            return None;
        }
        let index = at.since(self.start).as_nanos() / self.width.as_nanos().max(1);
        let index = usize::try_from(index).ok().filter(|index| *index < PARTS)?;
        let from = self.start.after(self.width * index as u32);
        self.latest = (index, from, from.after(self.width));
        Some(index)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (part, other) in self.parts.iter_mut().zip(&other.parts) {
            part.replies += other.replies;
            part.due += other.due;
            part.longest_response = part.longest_response.max(other.longest_response);
        }
    }

    /// How many parts ended by `end`: all of them, unless the measurement was interrupted.
    pub(crate) fn ended_by(&self, end: Moment) -> usize {
        (0..PARTS as u32).take_while(|index| self.start.after(self.width * (index + 1)) <= end).count()
    }

    /// The first `ended` parts, with the medians of `service` times and the quantiles of `response` times in them.
    pub(crate) fn summaries(&self, ended: usize, service: &Timing, response: &Timing) -> Vec<SubWindow> {
        let summary = |(part, index): (&Part, usize)| {
            let of_response = |q| response.quantile_of_part(index, q).map(micros);
            SubWindow {
                response_time_us_p50: of_response(0.5),
                response_time_us_p90: of_response(0.9),
                response_time_us_p99: of_response(0.99),
                ..part.summary(service.of_part(index))
            }
        };
        self.parts.iter().take(ended).zip(0..).map(summary).collect()
    }
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

impl Part {
    fn summary(&self, (served, median): (u64, Duration)) -> SubWindow {
        SubWindow {
            replies: self.replies,
            due: self.due,
            service_time_us_p50: (served >= ENOUGH).then_some(micros(median)),
            response_time_us_max: self.longest_response.map(micros),
            response_time_us_p50: None,
            response_time_us_p90: None,
            response_time_us_p99: None,
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

    fn summaries(parts: &Parts, end: Moment) -> Vec<SubWindow> {
        parts.summaries(parts.ended_by(end), &Timing::default(), &Timing::default())
    }

    #[test]
    fn each_event_counts_in_its_part_and_in_no_other() {
        let window = Window { start: at_ms(1000), end: at_ms(3000) };
        let mut parts = Parts::of(&window);
        for ms in [0, 999, 1000, 1099, 1100, 2999, 3000, 1050] {
            parts.due(at_ms(ms), 1);
        }
        let due: Vec<u64> = summaries(&parts, window.end).iter().map(|part| part.due).collect();
        let mut expected = vec![0; PARTS];
        (expected[0], expected[1], expected[19]) = (3, 1, 1);
        assert_eq!(due, expected);
    }

    #[test]
    fn a_part_that_did_not_end_is_left_out() {
        let window = Window { start: at_ms(0), end: at_ms(2000) };
        assert_eq!(Parts::of(&window).ended_by(at_ms(250)), 2);
    }

    #[test]
    fn a_median_needs_twenty_replies() {
        let parts = Parts::of(&Window { start: at_ms(0), end: at_ms(2000) });
        let mut service = Timing::of(PARTS);
        let median =
            |service: &Timing| parts.summaries(1, service, &Timing::default())[0].service_time_us_p50;
        (0..19).for_each(|_| service.record(MS_5, Some(0)));
        assert_eq!(median(&service), None);
        service.record(MS_5, Some(0));
        assert!((median(&service).unwrap() / 5000.0 - 1.0).abs() < 0.02, "{:?}", median(&service));
    }

    /// 1,000 times from 1 to 1,000 ms, and the same with the longest ten known only by a lower bound.
    #[test]
    fn a_part_has_the_quantiles_that_ten_times_lie_beyond() {
        let parts = Parts::of(&Window { start: at_ms(0), end: at_ms(2000) });
        let quantiles = |response: &Timing| {
            let part = parts.summaries(1, &Timing::default(), response)[0];
            [part.response_time_us_p50, part.response_time_us_p90, part.response_time_us_p99]
        };
        let mut response = Timing::of(PARTS);
        assert_eq!(quantiles(&response), [None; 3]);
        let record = |response: &mut Timing, times: std::ops::RangeInclusive<u64>| {
            times.for_each(|ms| response.record(Duration::from_millis(ms), Some(0)));
        };
        record(&mut response, 1..=90);
        assert!(matches!(quantiles(&response), [Some(_), None, None]));
        record(&mut response, 91..=990);
        let mut cut_off = response.clone();
        cut_off.censor(Duration::from_millis(50), 20, Some(0));
        record(&mut response, 991..=1000);
        for (found, expected) in quantiles(&response).into_iter().zip([500e3, 900e3, 990e3]) {
            assert!((found.unwrap() / expected - 1.0).abs() < 0.02, "{found:?}, expected {expected}");
        }
        let [median, p90, p99] = quantiles(&cut_off);
        assert!(median.is_some() && p90.is_some() && p99.is_none(), "{median:?} {p90:?} {p99:?}");
    }

    #[test]
    fn the_longest_response_is_that_of_its_part_and_of_any_thread() {
        let window = Window { start: at_ms(0), end: at_ms(2000) };
        let (mut parts, mut others) = (Parts::of(&window), Parts::of(&window));
        parts.served(at_ms(10), 2 * MS_5);
        parts.served(at_ms(20), MS_5);
        others.served(at_ms(99), 3 * MS_5);
        others.served(at_ms(150), 9 * MS_5);
        parts.merge(&others);
        let longest: Vec<_> =
            summaries(&parts, window.end).iter().map(|part| part.response_time_us_max).take(3).collect();
        assert_eq!(longest, [Some(15_000.0), Some(45_000.0), None]);
    }

    #[test]
    fn replies_and_dues_of_threads_add_up() {
        let window = Window { start: at_ms(0), end: at_ms(2000) };
        let (mut parts, mut others) = (Parts::of(&window), Parts::of(&window));
        [10, 20].map(at_ms).into_iter().for_each(|at| parts.replied(at));
        [30, 150, 2000].map(at_ms).into_iter().for_each(|at| others.replied(at));
        parts.due(at_ms(10), 4);
        others.due(at_ms(20), 3);
        parts.merge(&others);
        let found: Vec<_> =
            summaries(&parts, window.end).iter().map(|part| (part.replies, part.due)).take(3).collect();
        assert_eq!(found, [(3, 7), (1, 0), (0, 0)]);
    }
}

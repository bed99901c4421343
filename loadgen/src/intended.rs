//! The intended starts of one measurement, on its clock.

use std::time::Duration;

use crate::clock::Moment;
use crate::window::Window;
use crate::{Course, Load, Pace, Schedule, Stop};

/// Every intended start of an open loop, in order: the warm-up's, and then the window's.
#[derive(Debug, Clone)]
pub(crate) struct Intended {
    schedule: Schedule,
    begin: Moment,
    window: Window,
    /// Starts of the window that are still to come; no limit where time ends the window.
    left: u64,
}

impl Intended {
    /// Of `load` in a schedule that begins at `begin`; `None` in a closed loop.
    pub(crate) fn of(load: &Load, begin: Moment) -> Option<Self> {
        let Pace::Open { course, arrivals, seed } = &load.pace else { return None };
        let schedule = Schedule::new(course, load.warm_up, *arrivals, *seed);
        let start = begin.after(load.warm_up);
        let (end, left) = match load.stop {
            Stop::After(length) => (start.after(length), u64::MAX),
            Stop::Requests(requests) => {
                let end = end_of(requests, schedule.clone(), course, load.warm_up);
                (begin.after(end), requests)
            }
        };
        Some(Self { schedule, begin, window: Window { start, end }, left })
    }

    /// The window, whose end the schedule alone decides.
    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// The same, all of it later by `delay`.
    pub(crate) fn delayed(self, delay: Duration) -> Self {
        let Window { start, end } = self.window;
        let window = Window { start: start.after(delay), end: end.after(delay) };
        Self { begin: self.begin.after(delay), window, ..self }
    }
}

impl Iterator for Intended {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        let start = self.begin.after(self.schedule.next()?);
        if start < self.window.start {
            return Some(start);
        }
        self.left = self.left.checked_sub(1)?;
        (start < self.window.end).then_some(start)
    }
}

/// Where a window of `requests` starts ends, since the schedule's beginning: at the first start later than its last one, so
/// that each start has its share of time and a rate is not overstated by a gap.
///
/// Of Poisson arrivals n starts in the time to the next one make n ÷ time an unbiased estimate of the rate. Where the course
/// is over before, its end is the window's.
fn end_of(requests: u64, mut schedule: Schedule, course: &Course, warm_up: Duration) -> Duration {
    let mut after_last = || {
        let first = schedule.find(|start| *start >= warm_up)?;
        let last = match usize::try_from(requests).ok()?.checked_sub(2) {
            Some(between) => schedule.nth(between)?,
            None => first,
        };
        schedule.find(|start| *start > last)
    };
    after_last().or_else(|| course.end(warm_up)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use reports_record::Arrivals;

    use super::*;
    use crate::{Rate, Replay, Request};

    fn load(course: Course, arrivals: Arrivals, requests: u64) -> Load {
        let request = Request::get(&"http://localhost/".parse().unwrap());
        Load {
            stop: Stop::Requests(requests),
            pace: Pace::Open { course, arrivals, seed: 3 },
            warm_up: Duration::from_millis(100),
            ..Load::closed(request, Duration::MAX)
        }
    }

    fn ends_after(course: &str, requests: u64) -> (usize, Duration) {
        let course = match course.split_once(' ') {
            Some(("bursts", text)) => Course::Bursts(text.parse().unwrap()),
            Some(("replay", text)) => {
                Course::Replay(Replay::read(text.replace(' ', "\n").as_bytes()).unwrap())
            }
            Some(("stages", text)) => Course::Stages(text.parse().unwrap()),
            _ => Course::Steady(course.parse().unwrap()),
        };
        let intended = Intended::of(&load(course, Arrivals::Constant, requests), Moment::default()).unwrap();
        let window = intended.window();
        (intended.filter(|start| window.contains(*start)).count(), window.length())
    }

    #[test]
    fn a_number_of_starts_takes_the_time_that_the_schedule_gives_them() {
        let ms = Duration::from_millis;
        assert_eq!(ends_after("200/s", 400), (400, ms(2000)));
        assert_eq!(ends_after("10/s", 1), (1, ms(100)));
        let milliard = load(Course::Steady("1000k/s".parse().unwrap()), Arrivals::Constant, 1_000_000_000);
        let window = Intended::of(&milliard, Moment::default()).unwrap().window();
        assert_eq!(window.length(), ms(1_000_000), "without counting that far");
        // Bursts at 0, 200 and 400 ms: 10 starts from the second one on take three halves of two bursts.
        assert_eq!(ends_after("bursts 6/200ms", 10), (10, ms(500)));
        assert_eq!(ends_after("replay 0 0.2 0.2 0.5 0.9", 2), (2, ms(400)));
        assert_eq!(ends_after("replay 0 0.2 0.2 0.5 0.9", 4), (4, ms(800) + Duration::from_nanos(1)));
        assert_eq!(ends_after("stages 100/s:1s, 0/s:1s, 100/s:1s", 100), (100, ms(2000)));
    }

    #[test]
    fn the_offered_rate_of_a_number_of_poisson_starts_is_unbiased() {
        let rate = |seed| {
            let pace = Pace::open(Rate::per_second(50.0).unwrap(), Arrivals::Poisson, seed);
            let load = Load { pace, ..load(Course::Steady("1/s".parse().unwrap()), Arrivals::Poisson, 5) };
            5.0 / Intended::of(&load, Moment::default()).unwrap().window().length().as_secs_f64()
        };
        let mean = (0..4000).map(rate).sum::<f64>() / 4000.0;
        // n ÷ T has a standard deviation of rate ÷ √(n − 1) = 25; of the mean of 4,000, 0.4.
        assert!((mean - 50.0).abs() < 2.0, "{mean}");
    }
}

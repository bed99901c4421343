//! One measurement as all client threads share it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use reports_record::Arrivals;

use crate::clock::{Clock, Moment};
use crate::expect::Judge;
use crate::intervals::{Due, Slice};
use crate::progress::{Gauges, Progress};
use crate::window::Window;
use crate::{Course, Load, Pace, Request, Schedule, Stop};

/// From the order to the schedule's beginning: time for every thread to take it in.
const LEAD: Duration = Duration::from_millis(5);

/// What every client thread needs to know of a measurement, and the few things they tell.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) load: Load,
    /// The request as a connection sends it last, where connections are to end.
    pub(crate) closing: Option<Request>,
    pub(crate) judge: Judge,
    pub(crate) clock: Clock,
    /// When the schedule begins.
    pub(crate) begin: Moment,
    /// As planned; see [`Order::stop_at`].
    pub(crate) window: Window,
    /// One for each thread.
    pub(crate) gauges: Vec<Gauges>,
    /// Where to hand over each second's times; `None` when nobody wants them.
    pub(crate) slices: Option<Sender<Slice>>,
    /// Nanoseconds of the moment at which the measurement is to end early.
    stop_at: AtomicU64,
}

impl Order {
    pub(crate) fn new(load: &Load, threads: usize, slices: Option<Sender<Slice>>) -> Self {
        let clock = Clock::start();
        let begin = clock.now().after(LEAD);
        let start = begin.after(load.warm_up);
        let end = match load.stop {
            Stop::After(length) => start.after(length),
            Stop::Requests(_) => Moment::NEVER,
        };
        Self {
            judge: Judge::new(&load.expect),
            closing: load.churn.map(|_| load.request.closing()),
            load: load.clone(),
            clock,
            begin,
            window: Window { start, end },
            slices,
            gauges: (0..threads).map(|_| Gauges::default()).collect(),
            stop_at: AtomicU64::new(Moment::NEVER.as_nanos()),
        }
    }

    /// Every intended start of an open loop, warm-up included.
    pub(crate) fn intended(
        &self,
        course: &Course,
        arrivals: Arrivals,
        seed: u64,
    ) -> impl Iterator<Item = Moment> + use<> {
        let begin = self.begin;
        let schedule = Schedule::new(course, self.load.warm_up, arrivals, seed);
        limited(schedule.map(move |offset| begin.after(offset)), self.window.start, self.load.stop)
    }

    /// Counts what is due; `None` in a closed loop, where nothing is before it starts.
    pub(crate) fn due(&self) -> Option<Due> {
        match &self.load.pace {
            Pace::Closed { .. } => None,
            Pace::Open { course, arrivals, seed } => {
                let intended = self.intended(course, *arrivals, *seed);
                Some(Due::new(Box::new(intended), self.window.start))
            }
        }
    }

    /// When the window is to end, as far as is known by now.
    pub(crate) fn ends_at(&self) -> Moment {
        self.window.cut(self.stops_at()).end
    }

    /// Ends the measurement early, at `at`. To be a little in the future, so that all threads end at the same moment.
    pub(crate) fn stop_at(&self, at: Moment) {
        self.stop_at.store(at.as_nanos(), Ordering::Relaxed);
    }

    /// When the measurement is to end early; [`Moment::NEVER`] unless it is.
    pub(crate) fn stops_at(&self) -> Moment {
        Moment::from_nanos(self.stop_at.load(Ordering::Relaxed))
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> Progress {
        let now = self.clock.now();
        Progress::sum(now.since(self.begin), now >= self.window.start, self.gauges.iter())
    }
}

/// `starts` up to what ends the measurement.
fn limited(
    starts: impl Iterator<Item = Moment>,
    window_start: Moment,
    stop: Stop,
) -> impl Iterator<Item = Moment> {
    let (end, mut left) = match stop {
        Stop::After(length) => (window_start.after(length), u64::MAX),
        Stop::Requests(all) => (window_start.after(Duration::MAX), all),
    };
    starts.take_while(move |start| {
        if *start < window_start {
            return true;
        }
        let within = left > 0 && *start < end;
        left = left.saturating_sub(1);
        within
    })
}

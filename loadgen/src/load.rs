//! What to measure: a request, who decides when it starts, and what ends the measurement.

use std::ops::RangeInclusive;
use std::time::Duration;

use reports_record::{Arrivals, Mode};

use crate::span::show_span;
use crate::{Condition, Course, Draws, Expect, Rate, Request};

/// One measurement over connections that stand. The parts combine freely; [`Load::validate`] holds each to its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// What is sent, again and again.
    pub request: Request,
    /// Variants of it that are sent in its place, each with a correct reply of its own; `None` sends it as it is.
    pub draws: Option<Draws>,
    /// What a correct reply is.
    pub expect: Expect,
    /// Who decides when a request starts.
    pub pace: Pace,
    /// Requests that each connection carries before it gives way to a fresh one; `None`: as many as the server lets it.
    ///
    /// The last one says `connection: close`. The fresh one is opened when the next request is due or, in a closed loop,
    /// may start, and what opening it took is a part of that request's response time.
    pub churn: Option<u32>,
    /// Left out at the start: requests that start (open loop: are due) in it are sent but not measured.
    pub warm_up: Duration,
    /// In a closed loop over a time: the warm-up goes on until every connection has had its first reply, or failed, at most
    /// this much longer. So connections that are still being opened, and work that has not begun, are no part of the window.
    /// `None`: it ends as planned.
    pub settle: Option<Duration>,
    /// What ends the measurement.
    pub stop: Stop,
    /// Deadline of one request, from the moment its first byte is handed to the kernel to the reply's last.
    pub timeout: Duration,
    /// How long after the window requests in flight may go on, and requests that were due in it and found no free
    /// connection are still sent; what is unfinished then is censored.
    pub grace: Duration,
    /// In a closed loop: the grace ends earlier, after four times the mean of the replies so far, and after this at the least. So a
    /// few requests that the server holds for long do not hold up the end. `None`, and without any reply: it lasts as planned.
    pub grace_at_least: Option<Duration>,
    /// Whether it is measured by itself, so that the checks *cpu_wait* and *gap* hold the client's delays against the replies: they only warn
    /// where those are next to nothing of a median, and fail where a closed loop lacks many replies for them. Not where the checks decide
    /// which measurements are made again: a server would then choose which of its own count.
    pub stands_alone: bool,
    /// Whether connections are listened to for some milliseconds after the last reply, for replies that nobody asked for. Where not,
    /// the next measurement over the same connections finds and counts them.
    pub lingers: bool,
    /// How closely the open loop's starts are waited for.
    pub pacing: Pacing,
    /// What the measurement must not be like. A figure that a check of the certificate judges as well is held to this bound in the
    /// place of the check's own, and the check leaves it to the condition to find it too large.
    pub fail_if: Vec<Condition>,
}

/// How a client thread waits for the next intended start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pacing {
    /// It sleeps until a timer wakes it: late by what waking takes, tens of microseconds, and free.
    #[default]
    Timer,
    /// It stops sleeping a little before, by at most 0.5 ms and as much as its wake-ups show to be needed, and looks at
    /// the clock and its sockets in turn: late by a few microseconds, for CPU time that the measurement tells apart.
    Spin,
}

/// Who decides when a request starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Pace {
    /// The reply before it: every connection sends its next request when its last one ended.
    Closed {
        /// … and so long a pause after it is over. First requests are spread over one such pause.
        think: Duration,
    },
    /// The schedule, whatever the server does.
    Open {
        /// How many start when.
        course: Course,
        /// How intended starts are spaced, where the course leaves that open.
        arrivals: Arrivals,
        /// The same seed gives the same starts.
        seed: u64,
    },
}

impl Pace {
    /// A closed loop without pauses.
    pub const CLOSED: Self = Self::Closed { think: Duration::ZERO };

    /// An open loop at one rate.
    #[must_use]
    pub fn open(rate: Rate, arrivals: Arrivals, seed: u64) -> Self {
        Self::Open { course: rate.into(), arrivals, seed }
    }

    /// When the schedule is over, `warm_up` included; `None` where it has no end of its own.
    #[must_use]
    pub fn end(&self, warm_up: Duration) -> Option<Duration> {
        match self {
            Self::Closed { .. } => None,
            Self::Open { course, .. } => course.end(warm_up),
        }
    }

    /// Whether the load is the same at any time.
    pub(crate) fn is_steady(&self) -> bool {
        match self {
            Self::Closed { .. } => true,
            Self::Open { course, .. } => course.is_steady(),
        }
    }

    /// Whether replies decide when requests start.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// The pause between a reply and the next request of its connection; none in an open loop.
    pub(crate) fn think(&self) -> Duration {
        match self {
            Self::Closed { think } => *think,
            Self::Open { .. } => Duration::ZERO,
        }
    }
}

/// What ends a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The window is so long, warm-up not included.
    After(Duration),
    /// So many requests were started after the warm-up, and each ended. In an open loop the schedule alone decides the
    /// window: it ends where the next start after theirs is due, or with the schedule.
    Requests(u64),
}

/// A [`Load`] with a value outside its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: found {found}, expected {expected}")]
pub struct LoadError {
    part: &'static str,
    found: String,
    expected: String,
}

impl Load {
    /// A grace by replies lasts this many times their mean: of times that are alike the last one has ended by then, and of exponential
    /// ones 98 %.
    pub const GRACE_IN_REPLIES: u32 = 4;
    /// The shortest window of a slice, whose figures count together with those of others ([`merge_slices`](crate::merge_slices)): a
    /// wake-up that comes late takes half a hundredth of it.
    pub const SLICE: Duration = Duration::from_millis(20);
    /// Allowed windows of a measurement that stands alone: 20 sub-windows of 5 ms at least, a day at most.
    pub const WINDOW: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(86_400);
    /// Allowed deadlines: what the time-out sweep can tell apart, to the histograms' top.
    pub const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=reports_record::TOP;
    /// Allowed warm-ups and graces.
    pub const MARGIN: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3_600);
    /// Allowed numbers of requests.
    pub const REQUESTS: RangeInclusive<u64> = 1..=1_000_000_000_000;

    /// A closed loop of `request` over a window, with the deadlines that the command line has too.
    #[must_use]
    pub fn closed(request: Request, window: Duration) -> Self {
        Self {
            request,
            draws: None,
            expect: Expect::default(),
            pace: Pace::CLOSED,
            churn: None,
            warm_up: Duration::ZERO,
            settle: None,
            stop: Stop::After(window),
            timeout: Duration::from_secs(10),
            grace: Duration::from_secs(2),
            grace_at_least: None,
            stands_alone: false,
            lingers: true,
            pacing: Pacing::default(),
            fail_if: Vec::new(),
        }
    }

    /// Allowed numbers of Poisson arrivals, each of which is drawn before the first one starts: two seconds for all.
    pub const POISSON_REQUESTS: RangeInclusive<u64> = 1..=100_000_000;
    /// The bound up to which (from which, where more is better) the user tolerates the figure of this name; of several the strictest.
    pub(crate) fn tolerance(&self, figure: &str) -> Option<f64> {
        let stated = self.fail_if.iter().filter(|condition| condition.figure() == figure);
        let bounds =
            stated.filter_map(|condition| Some((condition.is_upper_bound(), condition.tolerated()?)));
        // A condition on what must not be too little is an upper bound: the highest of them is the strictest.
        bounds.reduce(|a, b| if (a.1 < b.1) == a.0 { b } else { a }).map(|(_, bound)| bound)
    }

    /// Holds every part to its range.
    ///
    /// # Errors
    /// The first part outside it.
    pub fn validate(&self) -> Result<(), LoadError> {
        span("warm-up", self.warm_up, Self::MARGIN)?;
        span("settling", self.settle.unwrap_or_default(), Self::MARGIN)?;
        span("time-out", self.timeout, Self::TIMEOUT)?;
        span("grace", self.grace, Self::MARGIN)?;
        span("think time", self.pace.think(), Self::MARGIN)?;
        if self.churn == Some(0) {
            return Err(LoadError { part: "churn", found: "0".into(), expected: "1 or more".into() });
        }
        match self.stop {
            Stop::After(window) => span("duration", window, Self::SLICE..=*Self::WINDOW.end()),
            Stop::Requests(requests) => {
                let (allowed, of) = match &self.pace {
                    Pace::Open { course, arrivals: Arrivals::Poisson, .. } if course.leaves_spacing() => {
                        (Self::POISSON_REQUESTS, " Poisson arrivals; for more state a duration")
                    }
                    _ => (Self::REQUESTS, ""),
                };
                if allowed.contains(&requests) {
                    return Ok(());
                }
                let expected = format!("{} to {}{of}", allowed.start(), allowed.end());
                Err(LoadError { part: "requests", found: requests.to_string(), expected })
            }
        }
    }

    /// The request that a connection sends whose walk is at `variant`.
    pub(crate) fn request_at(&self, variant: u32) -> &Request {
        match &self.draws {
            None => &self.request,
            Some(draws) => &draws.variants()[variant as usize].request,
        }
    }

    /// What a correct reply to it is.
    pub(crate) fn expect_at(&self, variant: u32) -> &Expect {
        match &self.draws {
            None => &self.expect,
            Some(draws) => &draws.variants()[variant as usize].expect,
        }
    }

    /// How many requests there are to be sent.
    pub(crate) fn variants(&self) -> u32 {
        self.draws.as_ref().map_or(1, |draws| draws.variants().len() as u32)
    }

    /// How long requests in flight may go on after the window, where replies took `mean` so far.
    pub(crate) fn grace_after(&self, mean: Option<Duration>) -> Duration {
        let shorter = self.grace_at_least.filter(|_| self.pace.is_closed()).zip(mean);
        let by_replies = shorter.map(|(least, mean)| mean.saturating_mul(Self::GRACE_IN_REPLIES).max(least));
        by_replies.map_or(self.grace, |grace| grace.min(self.grace))
    }

    /// Over how long the first requests of a closed loop are spread: connections that begin together stay together.
    pub(crate) fn first_over(&self) -> Duration {
        self.pace.think().max(self.mean_wait())
    }

    /// The mean of the waits that requests ask for; none where they are not known.
    pub(crate) fn mean_wait(&self) -> Duration {
        self.draws.as_ref().map_or(Duration::ZERO, Draws::mean_wait)
    }

    /// Whether each response time is also recorded less the wait of its own request.
    pub(crate) fn times_beyond_wait(&self) -> bool {
        self.draws.is_some() && !self.pace.is_closed()
    }

    /// How much longer than planned the warm-up may go on; `None` where its end is fixed.
    pub(crate) fn settles(&self) -> Option<Duration> {
        let may_settle = self.pace.is_closed() && matches!(self.stop, Stop::After(_));
        self.settle.filter(|_| may_settle)
    }

    /// As the record names it.
    pub(crate) fn mode(&self) -> Mode {
        match self.pace {
            Pace::Closed { .. } => Mode::Closed,
            Pace::Open { arrivals, .. } => Mode::Open { arrivals },
        }
    }
}

fn span(part: &'static str, found: Duration, allowed: RangeInclusive<Duration>) -> Result<(), LoadError> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let expected = format!("{} to {}", show_span(*allowed.start()), show_span(*allowed.end()));
    Err(LoadError { part, found: show_span(found), expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExpectBody, Variant};

    fn load() -> Load {
        Load::closed(Request::get(&"http://localhost/".parse().unwrap()), Duration::from_secs(1))
    }

    #[test]
    fn the_strictest_condition_on_a_figure_is_what_is_tolerated() {
        let conditions = [
            "error_rate > 5%",
            "error_rate > 2%",
            "achieved_of_offered < 90%",
            "achieved_of_offered < 95%",
            "p99 > 1s",
        ];
        let load = Load { fail_if: conditions.map(|text| text.parse().unwrap()).to_vec(), ..load() };
        assert_eq!(
            (load.tolerance("error_rate"), load.tolerance("achieved_of_offered")),
            (Some(0.02), Some(0.95))
        );
        assert_eq!((load.tolerance("lateness_p99"), load.tolerance("response_time_p99")), (None, Some(1e6)));
    }

    #[test]
    fn each_part_is_held_to_its_range() {
        assert_eq!(load().validate(), Ok(()));
        let wrong = [
            Load { warm_up: Duration::from_secs(3601), ..load() },
            Load { timeout: Duration::ZERO, ..load() },
            Load { grace: Duration::MAX, ..load() },
            Load { stop: Stop::After(Duration::from_millis(19)), ..load() },
            Load { stop: Stop::Requests(0), ..load() },
            Load {
                stop: Stop::Requests(100_000_001),
                pace: Pace::open(Rate::per_second(1.0).unwrap(), Arrivals::Poisson, 0),
                ..load()
            },
            Load { churn: Some(0), ..load() },
            Load { pace: Pace::Closed { think: Duration::MAX }, ..load() },
        ];
        for load in wrong {
            assert!(load.validate().is_err(), "{load:?}");
        }
    }

    #[test]
    fn each_variant_has_its_own_request_and_reply_and_first_requests_are_spread_over_the_mean_wait() {
        let variant = |number: u8| Variant {
            request: Request::get(&format!("http://localhost/{number}").parse().unwrap()),
            expect: Expect { body: ExpectBody::Exactly(vec![number]), ..Expect::default() },
            wait: Duration::from_secs(number.into()),
        };
        let mean = Duration::from_millis(2_500);
        let draws = Draws::new([1, 2, 3, 4].map(variant).to_vec(), 7).unwrap();
        let drawn = Load { draws: Some(draws.clone()), ..load() };
        assert_eq!((load().variants(), load().first_over()), (1, Duration::ZERO));
        assert_eq!((drawn.variants(), drawn.first_over(), draws.seed()), (4, mean, 7));
        for (variant, at) in draws.variants().iter().zip(0..) {
            assert_eq!((drawn.request_at(at), drawn.expect_at(at)), (&variant.request, &variant.expect));
        }
        assert_eq!((load().request_at(0), load().expect_at(0)), (&load().request, &load().expect));
    }

    #[test]
    fn replies_decide_when_a_closed_loop_starts_and_the_schedule_when_an_open_one_does() {
        let open = Pace::open(Rate::per_second(1.0).unwrap(), Arrivals::Poisson, 0);
        assert!(Pace::CLOSED.is_closed() && !open.is_closed());
        assert_eq!(
            (load().mode(), Load { pace: open, ..load() }.mode()),
            (Mode::Closed, Mode::Open { arrivals: Arrivals::Poisson },)
        );
        let settles = |load: Load| Load { settle: Some(Duration::from_secs(1)), ..load }.settles();
        assert_eq!(settles(load()), Some(Duration::from_secs(1)));
        assert_eq!(settles(Load { stop: Stop::Requests(1), ..load() }), None);
    }

    #[test]
    fn a_grace_by_replies_holds_equal_ones_and_lasts_as_planned_without_any() {
        let second = Duration::from_secs(1);
        let load = Load { grace: 10 * second, grace_at_least: Some(2 * second), ..load() };
        let after = |mean_ms| load.grace_after(Some(Duration::from_millis(mean_ms)));
        assert_eq!([after(1), after(500), after(1_000)], [2 * second, 2 * second, 4 * second]);
        assert_eq!([after(60_000), load.grace_after(None)], [10 * second; 2]);
        let open = Pace::open(Rate::per_second(1.0).unwrap(), Arrivals::Poisson, 0);
        assert_eq!(Load { pace: open, ..load.clone() }.grace_after(Some(second)), 10 * second);
        assert_eq!(Load { grace_at_least: None, ..load }.grace_after(Some(second)), 10 * second);
    }
}

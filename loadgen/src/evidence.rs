//! What all threads brought home, added up: the measurement, and what its certificate is drawn from.

use std::net::SocketAddr;
use std::time::Duration;

use reports_record::{ClientCost, Histograms, Measurement, SCHEMA, Times};

use crate::bystanders::Attendance;
use crate::certificate;
use crate::clock::Moment;
use crate::crew::Crew;
use crate::decimal::quotient;
use crate::engine::ThreadReport;
use crate::order::Order;
use crate::tally::Tally;
use crate::usage::{MachineReading, ThreadCost};
use crate::{Draws, Load, Pace, Pacing, Pool, Replay, Stop};

/// One measurement's figures, before anything is judged.
pub(crate) struct Evidence<'a> {
    pub(crate) load: &'a Load,
    pub(crate) crew: &'a Crew,
    /// All threads' counts and times; its window is the one that was really measured.
    pub(crate) tally: Tally,
    pub(crate) cost: ClientCost,
    /// Each client thread.
    pub(crate) occupied: Vec<Occupied>,
    /// Time the machine slept meanwhile.
    pub(crate) suspended: Duration,
    /// The longest stretch in which a client thread did not run although it had something to do.
    pub(crate) longest_gap: Duration,
    /// All such stretches of the window together, of the thread that had most of them.
    pub(crate) standstill: Duration,
    /// Connections that ended unplanned at least once.
    pub(crate) replaced: u32,
    /// Connections that stood at the end, or ended without a sign that the next one could not be opened.
    pub(crate) standing: u32,
    /// Connections that were open at least once.
    pub(crate) used: u32,
    /// The most requests a connection that the server announced (`keep-alive: max=`).
    pub(crate) announced_requests: Option<u32>,
    /// How long the warm-up took, where its end was not fixed.
    pub(crate) settled_after: Option<Duration>,
    /// What became of idle and slow connections.
    pub(crate) attendance: Attendance,
    /// Where connections went, in turn.
    pub(crate) addresses: &'a [SocketAddr],
    pub(crate) interrupted: bool,
    pub(crate) service: Times,
    /// `None` in a closed loop, here and below.
    pub(crate) response: Option<Times>,
    /// `None` as well where requests do not know their own wait.
    pub(crate) beyond_wait: Option<Times>,
    pub(crate) lateness: Option<Times>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn of(
        order: &'a Order,
        crew: &'a Crew,
        mut reports: Vec<ThreadReport>,
        (machine_before, machine_after): (MachineReading, MachineReading),
        interrupted: bool,
    ) -> Self {
        let open_loop = matches!(order.load.pace, Pace::Open { .. });
        // The first thread's own, and not a copy: histograms are most of what this program needs memory for.
        let mut tallies = reports.iter_mut().map(|report| std::mem::take(&mut report.tally));
        let mut tally = tallies.next().unwrap_or_default();
        tallies.for_each(|other| tally.merge(&other));
        if tally.window.end == Moment::NEVER {
            // A number of requests ended it: with the last of them.
            tally.window.end = tally.last_ended;
        }
        debug_assert!(tally.account().closes(), "{:?}", tally.account());
        let whole = tally.is_whole();
        let mut cost = client_cost(&reports, tally.replies as f64 + tally.edges.all);
        cost.steal = machine_after.steal_since(&machine_before);
        Self {
            load: &order.load,
            crew,
            cost,
            occupied: reports.iter().map(|report| Occupied::of(&report.watch.cost)).collect(),
            suspended: machine_after.suspended_since(&machine_before),
            longest_gap: reports.iter().map(|report| report.watch.longest_gap).max().unwrap_or_default(),
            standstill: reports.iter().map(|report| report.watch.standstill).max().unwrap_or_default(),
            replaced: reports.iter().map(|report| report.replaced).sum(),
            standing: reports.iter().map(|report| report.standing).sum(),
            used: reports.iter().map(|report| report.used).sum(),
            announced_requests: reports.iter().filter_map(|report| report.announced_requests).max(),
            settled_after: order.settled_after(),
            attendance: Attendance::default(),
            addresses: &[],
            interrupted,
            service: tally.timings.service.times(whole),
            response: open_loop.then(|| tally.timings.response.times(whole)),
            beyond_wait: order.load.times_beyond_wait().then(|| tally.timings.beyond_wait.times(whole)),
            lateness: open_loop.then(|| tally.timings.lateness.times(whole)),
            tally,
        }
    }

    /// Requests of a planned number that were not begun, because no connection could be opened any more.
    pub(crate) fn given_up(&self) -> u64 {
        match self.load.stop {
            Stop::Requests(planned) if !self.interrupted => planned.saturating_sub(self.tally.account().due),
            _ => 0,
        }
    }

    /// How the client comes by a CPU of its own.
    pub(crate) fn own_cpu(&self) -> String {
        match &self.crew.pins[..] {
            [] => "give the client a CPU of its own (--pin)".into(),
            pins => {
                let pins: Vec<String> = pins.iter().map(ToString::to_string).collect();
                format!("keep other programs off CPU {}, which the client is pinned to", pins.join(" and "))
            }
        }
    }

    /// The time of the shortest correct reply, where all requests asked for their mean wait; `None` without any.
    pub(crate) fn shortest_service(&self) -> Option<Duration> {
        self.tally.shortest_service.map(|beyond| beyond + self.load.mean_wait())
    }

    /// Per second of the window, rounded once, so that a rate that is a bound compares as equal; 0 over no time.
    pub(crate) fn per_second(&self, count: u64) -> f64 {
        match self.tally.window.length().as_nanos() {
            0 => 0.0,
            nanos => quotient(u128::from(count) * 1_000_000_000, nanos),
        }
    }

    /// Replies per second of the window, `edges` being what its edges add to those that ended in it; 0 over no time.
    fn rate_of(&self, replies: u64, edges: f64) -> f64 {
        let length = self.tally.window.length();
        if edges == 0.0 || length.is_zero() {
            return self.per_second(replies);
        }
        ((replies as f64 + edges) / length.as_secs_f64()).max(0.0)
    }

    /// The whole, with its certificate.
    pub(crate) fn into_measurement(self) -> Measurement {
        let certificate = certificate::draw(&self);
        let (tally, open_loop) = (&self.tally, self.response.is_some());
        let account = tally.account();
        let (timings, whole) = (&tally.timings, tally.is_whole());
        Measurement {
            schema: SCHEMA,
            plan: self.plan(),
            offered_rate_per_s: open_loop.then(|| self.per_second(account.due)),
            achieved_rate_per_s: self.rate_of(tally.replies, tally.edges.all),
            goodput_per_s: self.rate_of(tally.good_replies, tally.edges.good),
            window_s: tally.window.length().as_secs_f64(),
            warmed_up_s: self.settled_after.map(|time| time.as_secs_f64()),
            connections_opened: Some(self.used.into()),
            account,
            outcomes: tally.outcomes.clone(),
            statuses: tally.statuses(),
            wrong_replies: tally.wrong_replies.iter().cloned().collect(),
            censored: account.censored,
            connection_wait_us: open_loop.then(|| timings.connection_wait.times(whole)),
            connect_us: self.opens_for_requests().then(|| timings.connect.times(whole)),
            first_byte_us: timings.first_byte.times(whole),
            wrong_reply_service_time_us: timings.wrong_reply_service.times(whole),
            in_flight_mean: tally.in_flight_mean(),
            received_bytes: tally.received_bytes,
            sent_in_all: tally.sent_in_all,
            answered_in_all: tally.answered_in_all,
            reopened: tally.reopened,
            stale_reuse: tally.stale_reuse,
            stale_resets: tally.stale_resets,
            unasked_replies: tally.unasked_replies,
            given_up: self.given_up(),
            addresses: self.addresses.iter().map(SocketAddr::to_string).collect(),
            slow_replies: self.attendance.slow_replies,
            client: self.cost,
            sub_windows: tally.sub_windows(),
            certificate,
            complete: !self.interrupted && self.given_up() == 0,
            histograms: Histograms::encode(
                timings.service.all(),
                open_loop.then_some(timings.response.all()),
            )
            .with_beyond_wait(self.beyond_wait.as_ref().map(|_| timings.beyond_wait.all())),
            service_time_us: self.service,
            response_time_us: self.response,
            beyond_wait_us: self.beyond_wait,
            lateness_us: self.lateness,
            merged_from: Vec::new(),
        }
    }

    /// Whether connections are opened for requests: as planned, or because others ended.
    fn opens_for_requests(&self) -> bool {
        self.load.churn.is_some()
            || self.load.request.is_closing()
            || self.tally.timings.connect.all().count() > 0
    }

    fn plan(&self) -> reports_record::Plan {
        let Load {
            request,
            draws,
            expect,
            pace,
            churn,
            warm_up,
            stop,
            timeout,
            grace,
            grace_at_least,
            pacing,
            ..
        } = self.load;
        reports_record::Plan {
            url: request.url().to_string(),
            method: request.method().to_owned(),
            mode: self.load.mode(),
            connections: self.crew.connections,
            idle: self.crew.idle,
            slow: self.crew.slow,
            threads: self.crew.threads,
            warm_up_s: warm_up.as_secs_f64(),
            duration_s: match stop {
                Stop::After(length) => Some(length.as_secs_f64()),
                Stop::Requests(_) => None,
            },
            requests: match stop {
                Stop::After(_) => None,
                Stop::Requests(requests) => Some(*requests),
            },
            timeout_s: timeout.as_secs_f64(),
            grace_s: grace.as_secs_f64(),
            grace_at_least_s: grace_at_least.filter(|_| pace.is_closed()).map(|least| least.as_secs_f64()),
            variants: draws.as_ref().map(|draws| draws.variants().len() as u32),
            seed: match pace {
                Pace::Closed { .. } => draws.as_ref().map_or(0, Draws::seed),
                Pace::Open { seed, .. } => *seed,
            },
            schedule: match pace {
                Pace::Closed { .. } => None,
                Pace::Open { course, .. } => Some(course.to_string()),
            },
            replay_crc32: match pace {
                Pace::Closed { .. } => None,
                Pace::Open { course, .. } => course.replay().map(Replay::crc32),
            },
            request_crc32: draws.is_none().then(|| crc32fast::hash(request.bytes())),
            expect: draws.is_none().then(|| expect.to_string()),
            think_s: pace.think().as_secs_f64(),
            churn: *churn,
            spins: *pacing == Pacing::Spin,
            opens_on_demand: self.crew.pool == Pool::OnDemand,
        }
    }
}

/// The reasons for which a client thread did not sleep: shares of the window, 0–1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Occupied {
    /// It ran, but for spinning.
    pub(crate) ran: f64,
    /// It was ready and had no CPU, as far as the kernel says.
    pub(crate) waited: f64,
}

impl Occupied {
    fn of(cost: &ThreadCost) -> Self {
        Self { ran: cost.share(), waited: cost.wait_share().unwrap_or_default() }
    }

    /// Of both together: of one thread, for one thread's running and another's waiting occupy neither.
    pub(crate) fn share(self) -> f64 {
        (self.ran + self.waited).min(1.0)
    }
}

/// What all threads used, for this many `replies`: in a closed loop those across the window's edges count in part, as they do in its rates.
fn client_cost(reports: &[ThreadReport], replies: f64) -> ClientCost {
    let costs = || reports.iter().map(|report| report.watch.cost);
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let (user, system) =
        (costs().map(|cost| micros(cost.user)).sum(), costs().map(|cost| micros(cost.system)).sum());
    let work: u64 = costs().map(|cost| micros(cost.work())).sum();
    ClientCost {
        cpu_user_us: user,
        cpu_system_us: system,
        cpu_spin_us: costs().map(|cost| micros(cost.spin.time)).sum(),
        cpu_per_request_us: (replies > 0.0).then(|| work as f64 / replies),
        busiest_thread: costs().map(|cost| cost.share()).fold(0.0, f64::max),
        involuntary_switches: costs().map(|cost| cost.involuntary_switches).sum(),
        interruptions: costs().map(|cost| cost.spin.interruptions).sum(),
        interrupted_us: costs().map(|cost| micros(cost.spin.interrupted)).sum(),
        spin_given_up: costs().any(|cost| cost.spin.is_given_up),
        cpu_wait: costs().filter_map(|cost| cost.wait_share()).reduce(f64::max),
        occupied: costs()
            .filter(|cost| cost.wait_share().is_some())
            .map(|cost| Occupied::of(&cost).share())
            .reduce(f64::max),
        steal: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Standstills;
    use crate::tally::Tally;
    use crate::usage::Spin;
    use crate::window::Window;

    fn report(cost: ThreadCost) -> ThreadReport {
        let mut report = ThreadReport {
            tally: Tally::default(),
            watch: Default::default(),
            standstills: Standstills::new(
                Window { start: Moment::default(), end: Moment::NEVER },
                Moment::default(),
                1,
            ),
            replaced: 0,
            standing: 0,
            used: 0,
            announced_requests: None,
        };
        report.watch.cost = cost;
        report
    }

    /// By hand: 30 + 10 ms of work, of which 20 ms were spun, and 60 + 20 ms: 100 ms for 50 replies, 2 ms each; the second
    /// thread was busy 80 ms of its two seconds, and waited 5 of them.
    #[test]
    fn costs_are_those_of_all_threads_without_what_was_spun() {
        let ms = Duration::from_millis;
        let one = ThreadCost {
            wall: ms(2000),
            user: ms(30),
            system: ms(10),
            involuntary_switches: 3,
            waited_for_cpu: Some(ms(2)),
            spin: Spin { time: ms(20), interruptions: 7, interrupted: ms(4), is_given_up: true },
        };
        let other = ThreadCost {
            user: ms(60),
            system: ms(20),
            waited_for_cpu: Some(ms(5)),
            spin: Spin::default(),
            ..one
        };
        let found = client_cost(&[report(one), report(other)], 50.0);
        let expected = ClientCost {
            cpu_user_us: 90_000,
            cpu_system_us: 30_000,
            cpu_spin_us: 20_000,
            cpu_per_request_us: Some(2000.0),
            busiest_thread: 0.04,
            involuntary_switches: 6,
            interruptions: 7,
            interrupted_us: 4000,
            spin_given_up: true,
            cpu_wait: Some(0.0025),
            occupied: Some(0.0425),
            steal: None,
        };
        assert_eq!(found, expected);
        assert_eq!(client_cost(&[report(one)], 0.0).cpu_per_request_us, None);
        // Not the one's running with the other's waiting.
        let [busy, waiting] = [(ms(1600), ms(0)), (ms(400), ms(1000))].map(|(user, waited)| ThreadCost {
            user,
            system: ms(0),
            waited_for_cpu: Some(waited),
            spin: Spin::default(),
            ..one
        });
        let occupied = client_cost(&[report(busy), report(waiting)], 1.0).occupied.unwrap();
        assert!((occupied - 0.8).abs() < 1e-9, "{occupied}");
    }
}

//! Each check passes what is sound and finds what is not.

use std::time::Duration;

use reports_record::{Arrivals, Certificate, Check, CheckStatus, ClientCost, OutcomeKind};

use super::{draw, grade};
use crate::bystanders::Attendance;
use crate::clock::Moment;
use crate::crew::Crew;
use crate::evidence::{Evidence, Occupied};
use crate::tally::{Flight, Tally, Unsent};
use crate::window::Window;
use crate::{Course, Draws, Expect, ExpectBody, Load, Pace, Rate, Request, Stages, Variant};

const START_MS: u64 = 1000;

fn at(micros: u64) -> Moment {
    Moment::from_nanos(micros * 1000)
}

/// A window of one second in which each of 2,000 requests was due every 500 us, and `fate` says what came of it.
struct Scene {
    load: Load,
    crew: Crew,
    cost: ClientCost,
    suspended: Duration,
    standstill: Duration,
    standing: u32,
    attendance: Attendance,
    fate: fn(u64, Moment) -> Fate,
}

struct Fate {
    late_us: u64,
    waited_us: u64,
    service_us: u64,
    /// Of the service time, as it was asked for.
    wait_us: u64,
    kind: OutcomeKind,
}

const SOUND: Fate = Fate { late_us: 50, waited_us: 0, service_us: 400, wait_us: 0, kind: OutcomeKind::Ok };

fn scene() -> Scene {
    let request = Request::get(&"http://localhost/".parse().unwrap());
    let pace = Pace::open(Rate::per_second(2000.0).unwrap(), Arrivals::Poisson, 1);
    Scene {
        load: Load { pace, ..Load::closed(request, Duration::from_secs(1)) },
        crew: Crew::default(),
        cost: ClientCost {
            busiest_thread: 0.3,
            cpu_wait: Some(0.01),
            steal: Some(0.0),
            ..ClientCost::default()
        },
        suspended: Duration::ZERO,
        standstill: Duration::ZERO,
        standing: 1,
        attendance: Attendance::default(),
        fate: |_, _| SOUND,
    }
}

/// A request that is due and sent at once.
fn flight_of(due: Moment) -> Flight {
    Flight {
        intended: due,
        free_since: due,
        connect: Duration::ZERO,
        started: due,
        first_byte: due,
        measured: true,
        resent: false,
        wait: Duration::ZERO,
        stalled_before: Duration::ZERO,
        stalled_after: Duration::ZERO,
    }
}

impl Scene {
    fn tally(&self) -> Tally {
        let window = Window { start: at(START_MS * 1000), end: at(START_MS * 1000 + 1_000_000) };
        let mut tally = Tally::new(window, matches!(self.load.pace, Pace::Open { .. }));
        if self.load.times_beyond_wait() {
            tally.time_beyond_wait();
        }
        for index in 0..2000 {
            let intended = at(START_MS * 1000 + index * 500);
            let fate = (self.fate)(index, intended);
            let free_since = intended.after(Duration::from_micros(fate.waited_us));
            let started = free_since.after(Duration::from_micros(fate.late_us));
            let end = started.after(Duration::from_micros(fate.service_us));
            let flight = Flight {
                intended,
                free_since,
                connect: Duration::ZERO,
                started,
                first_byte: end,
                measured: true,
                resent: false,
                wait: Duration::from_micros(fate.wait_us),
                stalled_before: Duration::ZERO,
                stalled_after: Duration::ZERO,
            };
            tally.sent(&flight);
            if fate.kind.is_reply() {
                tally.answered(5, end);
            }
            tally.ended(&flight, fate.kind, end);
        }
        tally
    }

    fn check(&self, name: &str) -> Check {
        self.check_of(self.tally(), name)
    }

    fn check_of(&self, tally: Tally, name: &str) -> Check {
        self.checks_of(tally).into_iter().find(|check| check.name == name).unwrap()
    }

    fn checks_of(&self, tally: Tally) -> Vec<Check> {
        self.certificate_of(tally).checks
    }

    fn certificate_of(&self, tally: Tally) -> Certificate {
        draw(&self.evidence_of(tally))
    }

    fn evidence_of(&self, tally: Tally) -> Evidence<'_> {
        let is_open = matches!(self.load.pace, Pace::Open { .. });
        Evidence {
            addresses: &[],
            load: &self.load,
            crew: &self.crew,
            cost: self.cost,
            occupied: self
                .cost
                .cpu_wait
                .iter()
                .map(|&waited| Occupied { ran: self.cost.busiest_thread, waited })
                .collect(),
            suspended: self.suspended,
            longest_gap: Duration::from_millis(5),
            standstill: self.standstill,
            replaced: 0,
            standing: self.standing,
            used: self.standing,
            announced_requests: None,
            settled_after: None,
            attendance: self.attendance,
            interrupted: false,
            service: tally.timings.service.times(true),
            response: is_open.then(|| tally.timings.response.times(true)),
            beyond_wait: self.load.times_beyond_wait().then(|| tally.timings.beyond_wait.times(true)),
            lateness: is_open.then(|| tally.timings.lateness.times(true)),
            tally,
        }
    }

    fn status(&self, name: &str) -> CheckStatus {
        self.check(name).status
    }
}

#[test]
fn a_sound_measurement_passes_every_check() {
    let sound = Scene {
        crew: Crew { idle: 3, ..Crew::default() },
        attendance: Attendance { standing: 3, ..Attendance::default() },
        ..scene()
    };
    let tally = sound.tally();
    for check in sound.checks_of(tally).into_iter().filter(|check| check.name != "window") {
        assert_eq!(
            (check.status, &check.remedy),
            (CheckStatus::Pass, &None),
            "{}: {}",
            check.name,
            check.finding
        );
    }
}

/// One request in fifty ends in this.
fn sometimes(index: u64, kind: OutcomeKind) -> OutcomeKind {
    if index.is_multiple_of(50) { kind } else { OutcomeKind::Ok }
}

/// A check, what it has to say to a scene, and what is spoilt afterwards in that scene's books.
type Wrong = (&'static str, CheckStatus, Scene, fn(&mut Tally));

/// For each check something that is wrong.
fn wrongs() -> Vec<Wrong> {
    let scene_of = |fate| Scene { fate, ..scene() };
    let cost_of = |change: fn(&mut ClientCost)| {
        let mut scene = scene();
        change(&mut scene.cost);
        scene
    };
    let nothing: fn(&mut Tally) = |_| {};
    let bystanders = Scene { crew: Crew { slow: 3, ..Crew::default() }, ..scene() };
    let closed = Scene { standing: 0, ..scene() };
    let slept = Scene { suspended: Duration::from_secs(30), ..scene() };
    use CheckStatus::{Fail, Warn};
    vec![
        ("pace", Fail, scene_of(|_, _| Fate { late_us: 3_000, ..SOUND }), nothing),
        (
            "plan",
            Warn,
            scene_of(|index, _| Fate { waited_us: index * 500, service_us: 990, ..SOUND }),
            nothing,
        ),
        ("achieved", Warn, scene_of(|index, _| Fate { waited_us: index * 500, ..SOUND }), nothing),
        ("arrivals", Fail, scene_of(|index, _| Fate { late_us: (2000 - index) * 500, ..SOUND }), nothing),
        ("headroom", Fail, cost_of(|cost| cost.busiest_thread = 0.99), nothing),
        ("cpu_wait", Fail, cost_of(|cost| cost.cpu_wait = Some(0.9)), nothing),
        ("steal", Fail, cost_of(|cost| cost.steal = Some(0.3)), nothing),
        ("gap", Fail, slept, nothing),
        (
            "replies",
            Fail,
            scene_of(|index, _| Fate { kind: sometimes(index, OutcomeKind::WrongBody), ..SOUND }),
            nothing,
        ),
        (
            "errors",
            Fail,
            scene_of(|index, _| Fate { kind: sometimes(index, OutcomeKind::Reset), ..SOUND }),
            nothing,
        ),
        ("pairing", Fail, scene(), |tally| tally.unasked_replies += 1),
        ("connections", Fail, closed, nothing),
        ("bystanders", Warn, bystanders, nothing),
        (
            "window",
            Warn,
            Scene {
                load: Load { pace: Pace::CLOSED, ..scene().load },
                crew: Crew { connections: 200, ..Crew::default() },
                ..scene()
            },
            nothing,
        ),
        (
            "stationarity",
            Fail,
            scene_of(|index, _| Fate { service_us: if index < 1000 { 300 } else { 600 }, ..SOUND }),
            nothing,
        ),
        ("little", Fail, scene(), |tally| tally.flown += tally.flown),
        ("parts", Fail, scene(), |tally| tally.sums.response += 1),
        ("account", Fail, scene(), |tally| tally.outcomes.values_mut().for_each(|count| *count -= 1)),
    ]
}

#[test]
fn every_check_finds_what_it_is_there_for() {
    let wrongs = wrongs();
    for (name, status, scene, spoil) in &wrongs {
        let mut tally = scene.tally();
        spoil(&mut tally);
        let check = scene.check_of(tally, name);
        assert_eq!(check.status, *status, "{name}: {}", check.finding);
        assert!(
            check.remedy.is_some() || check.explained_by.is_some(),
            "{name} says what to do, or which check does"
        );
    }
    let tested: Vec<&str> = wrongs.iter().map(|(name, ..)| *name).collect();
    let drawn: Vec<String> = scene().checks_of(scene().tally()).into_iter().map(|check| check.name).collect();
    assert_eq!(drawn, tested, "left: what a certificate has; right: what is seen to fail here");
}

#[test]
fn a_queue_that_no_window_sees_the_end_of_is_a_server_that_does_not_keep_up() {
    let queue = Scene { fate: |_, _| Fate { waited_us: 3_000_000, ..SOUND }, ..scene() };
    assert_eq!(queue.status("achieved"), CheckStatus::Warn);
    // With a connection for each request nothing waits: all that is known is that requests take longer than the window.
    let crew = Crew { connections: 2000, ..Crew::default() };
    let slow = Scene { crew, fate: |_, _| Fate { service_us: 3_000_000, ..SOUND }, ..scene() };
    assert_eq!(slow.status("achieved"), CheckStatus::NotApplicable);
}

/// Requests that ask for 1 and 9 ms in turn, 5 ms on average.
fn waiting(fate: fn(u64, Moment) -> Fate) -> Scene {
    asking([1, 9], fate)
}

/// Requests that ask for waits of so many milliseconds in turn.
fn asking(waits: [u64; 2], fate: fn(u64, Moment) -> Fate) -> Scene {
    let variant = |ms: u64| Variant {
        request: Request::get(&format!("http://localhost/{ms}").parse().unwrap()),
        expect: Expect { body: ExpectBody::Exactly(Vec::new()), ..Expect::default() },
        wait: Duration::from_millis(ms),
    };
    let draws = Some(Draws::new(waits.map(variant).to_vec(), 1).unwrap());
    Scene { load: Load { draws, ..scene().load }, fate, ..scene() }
}

fn waited(index: u64, beyond_us: u64) -> Fate {
    let wait_us = if index.is_multiple_of(2) { 1_000 } else { 9_000 };
    Fate { wait_us, service_us: wait_us + beyond_us, ..SOUND }
}

#[test]
fn replies_that_differ_by_what_their_requests_asked_for_do_not_wait_for_each_other() {
    // 2,000/s of 5.1 ms need eleven connections.
    let few = waiting(|index, _| waited(index, 100));
    let plan = few.check("plan");
    assert_eq!(plan.status, CheckStatus::Warn, "{}", plan.finding);
    assert!(plan.remedy.unwrap().contains("take 11 or more connections"));
    // Where replies take far longer than what was asked for and the shortest one took besides, the server holds them up.
    let queue = waiting(|index, _| waited(index, if index == 0 { 100 } else { 8_000 }));
    let plan = queue.check("plan");
    assert_eq!(plan.status, CheckStatus::Pass, "{}", plan.finding);
    assert!(plan.finding.contains("the shortest reply took 5.1 ms"), "{}", plan.finding);
}

#[test]
fn no_service_time_excuses_a_client_that_did_not_run() {
    let starved = Scene { fate: |_, _| Fate { late_us: 200_000, service_us: 3_000_000, ..SOUND }, ..scene() };
    assert_eq!(starved.status("pace"), CheckStatus::Fail);
}

#[test]
fn what_is_no_number_fails() {
    assert_eq!(grade(f64::NAN, 1.0, 2.0), CheckStatus::Fail);
}

#[test]
fn a_late_client_is_found_and_slow_responses_excuse_it() {
    let late = Scene { fate: |_, _| Fate { late_us: 3_000, ..SOUND }, ..scene() };
    assert_eq!(late.status("pace"), CheckStatus::Fail);
    let preempted = Scene {
        fate: |index, _| Fate { late_us: if index % 50 == 0 { 5_000 } else { 50 }, ..SOUND },
        ..scene()
    };
    assert_eq!(preempted.status("pace"), CheckStatus::Warn);
    let slow = Scene { fate: |_, _| Fate { late_us: 3_000, service_us: 100_000, ..SOUND }, ..scene() };
    assert_eq!(slow.status("pace"), CheckStatus::Pass);
}

#[test]
fn lateness_that_is_most_of_a_quantile_is_told_and_warned_of() {
    // A fiftieth is 900 us late: below the bound of 1 ms, and of 1,300 us the most, of 2,900 us not.
    fn late(index: u64, late_us: u64, service_us: u64) -> Fate {
        Fate { late_us: if index.is_multiple_of(50) { late_us } else { 10 }, service_us, ..SOUND }
    }
    let pace = |fate| Scene { fate, ..scene() }.check("pace");
    let told = "more than half of the response time's p99 is the client's own lateness (p99: 900 of ";
    let most = pace(|index, _| late(index, 900, 400));
    assert_eq!(most.status, CheckStatus::Warn, "{}", most.finding);
    assert!(most.finding.contains(told), "{}", most.finding);
    let less = pace(|index, _| late(index, 900, 2_000));
    assert_eq!(less.status, CheckStatus::Pass, "{}", less.finding);
    assert!(!less.finding.contains("more than half"), "{}", less.finding);
    // No client is earlier than its wake-up: told and not warned of.
    let waking = pace(|index, _| late(index, 80, 60));
    assert_eq!(waking.status, CheckStatus::Pass, "{}", waking.finding);
    assert!(waking.finding.contains("more than half of the response time's p99"), "{}", waking.finding);
    // A condition on the lateness is the judge.
    let fail_if = vec!["lateness_p99 > 2ms".parse().unwrap()];
    let load = Load { fail_if, ..scene().load };
    let allowed = Scene { load, fate: |index, _| late(index, 900, 400), ..scene() }.check("pace");
    assert_eq!(allowed.status, CheckStatus::Pass, "{}", allowed.finding);
}

#[test]
fn a_rate_not_reached_is_blamed_on_who_did_not_reach_it() {
    let drowned = |index: u64, _| Fate { waited_us: index * 500, ..SOUND };
    let server = Scene { fate: drowned, ..scene() }.check("achieved");
    assert_eq!(server.status, CheckStatus::Warn, "{}", server.finding);
    assert!(server.finding.contains("the server did not keep up"), "{}", server.finding);
    let cost = ClientCost { busiest_thread: 0.99, ..scene().cost };
    let client = Scene { fate: drowned, cost, ..scene() }.check("achieved");
    assert_eq!(client.status, CheckStatus::Fail, "{}", client.finding);
    assert!(client.finding.contains("the client could not"), "{}", client.finding);
}

#[test]
fn a_plan_that_the_connections_cannot_carry_is_told_by_arithmetic() {
    let with = |fate| {
        let scene = Scene { fate, ..scene() };
        (scene.check("plan"), scene.check("achieved"))
    };
    // One connection, 2 ms a reply, 2,000/s.
    let (plan, achieved) = with(|index, _| Fate { waited_us: index * 1_500, service_us: 2_000, ..SOUND });
    assert_eq!((plan.status, plan.figure.map(|ratio| ratio.round())), (CheckStatus::Warn, Some(4.0)));
    assert!(
        plan.finding.contains("at 2.0 ms a reply 1 connection can carry 500/s, and 2,000/s were offered"),
        "{plan:?}"
    );
    assert!(plan.remedy.unwrap().starts_with("take 4 or more connections (-c)"));
    assert_eq!((achieved.status, achieved.explained_by.as_deref()), (CheckStatus::Warn, Some("plan")));
    assert!(!achieved.finding.contains("the server did not keep up"), "{}", achieved.finding);
    // The first reply shows what the server can do with nothing else to do: the others wait in it.
    let (plan, achieved) = with(|index, _| Fate {
        waited_us: index * 1_500,
        service_us: if index == 0 { 500 } else { 2_000 },
        ..SOUND
    });
    assert_eq!(plan.status, CheckStatus::Pass, "{}", plan.finding);
    assert!(plan.finding.contains("replies wait in the server"), "{}", plan.finding);
    assert_eq!((achieved.status, achieved.explained_by), (CheckStatus::Warn, None));
    assert!(achieved.finding.contains("the server did not keep up"), "{}", achieved.finding);
}

#[test]
fn a_client_without_a_cpu_is_the_culprit_and_not_the_server() {
    let cost = ClientCost { cpu_wait: Some(0.51), ..scene().cost };
    let starved = Scene { cost, fate: |index, _| Fate { waited_us: index * 200, ..SOUND }, ..scene() };
    let certificate = starved.certificate_of(starved.tally());
    let achieved = starved.check("achieved");
    assert_eq!(achieved.explained_by.as_deref(), Some("cpu_wait"), "{}", achieved.finding);
    assert!(!achieved.finding.contains("the server did not keep up"), "{}", achieved.finding);
    assert_eq!(certificate.culprit().map(|check| check.name.as_str()), Some("cpu_wait"));
    assert!(certificate.is_believable());
}

#[test]
fn a_client_without_a_cpu_is_believed_where_replies_take_far_longer_than_what_it_may_have_hidden() {
    let status_with = |stands_alone, fate: fn(u64, Moment) -> Fate, name| {
        let cost = ClientCost { cpu_wait: Some(0.9), ..scene().cost };
        let load = Load { stands_alone, ..scene().load };
        Scene { load, cost, fate, standstill: Duration::from_millis(600), ..scene() }.status(name)
    };
    let status = |fate, name| status_with(true, fate, name);
    let slow: fn(u64, Moment) -> Fate = |_, _| Fate { service_us: 500_000, ..SOUND };
    let fast: fn(u64, Moment) -> Fate = |_, _| Fate { service_us: 50_000, ..SOUND };
    // The longest of the standstills took 5 ms, and up to 5 ms of any other one stay unseen: a hundredth of 500 ms, a tenth of 50 ms.
    for name in ["cpu_wait", "gap"] {
        assert_eq!(
            (status(slow, name), status(fast, name)),
            (CheckStatus::Warn, CheckStatus::Fail),
            "{name}"
        );
        assert_eq!(
            status_with(false, slow, name),
            CheckStatus::Fail,
            "a slow server chooses none of its trials"
        );
    }
}

#[test]
fn a_closed_loop_whose_client_never_slept_measured_the_client() {
    let headroom = |busiest_thread, cpu_wait, pace| {
        let cost = ClientCost { busiest_thread, cpu_wait: Some(cpu_wait), ..scene().cost };
        Scene { cost, load: Load { pace, ..scene().load }, ..scene() }.check("headroom")
    };
    let starved = headroom(0.49, 0.5, Pace::CLOSED);
    assert_eq!((starved.status, starved.explained_by.as_deref()), (CheckStatus::Fail, Some("cpu_wait")));
    assert!(starved.finding.contains("never slept: client-limited"), "{}", starved.finding);
    assert_eq!(headroom(0.6, 0.39, Pace::CLOSED).explained_by, None, "it ran for most of the time");
    assert_eq!(headroom(0.4, 0.5, Pace::CLOSED).status, CheckStatus::Pass, "it slept");
    assert_eq!(headroom(0.95, 0.04, Pace::CLOSED).status, CheckStatus::Warn, "it hardly waited");
    assert_eq!(headroom(0.49, 0.5, scene().load.pace).status, CheckStatus::Pass, "`achieved` judges that");
}

#[test]
fn a_closed_loop_whose_client_hardly_slept_says_that_the_server_is_faster() {
    let told = |busiest_thread, cpu_wait, pace| {
        let cost = ClientCost { busiest_thread, cpu_wait: Some(cpu_wait), ..scene().cost };
        let check = Scene { cost, load: Load { pace, ..scene().load }, ..scene() }.check("cpu_wait");
        check.finding.contains("the server's rate is higher than this one")
    };
    assert!(told(0.41, 0.4, Pace::CLOSED));
    assert!(!told(0.28, 0.28, Pace::CLOSED), "replies hardly waited");
    assert!(!told(0.9, 0.04, Pace::CLOSED), "it had a CPU");
    assert!(!told(0.41, 0.4, scene().load.pace), "the schedule decides");
}

#[test]
fn a_closed_loop_by_itself_lacks_the_replies_for_which_its_client_waited() {
    let wait = |busiest_thread, cpu_wait, fate: fn(u64, Moment) -> Fate, (stands_alone, pace)| {
        let cost = ClientCost { busiest_thread, cpu_wait: Some(cpu_wait), ..scene().cost };
        let load = Load { stands_alone, pace, ..scene().load };
        Scene { cost, load, fate, ..scene() }.check("cpu_wait")
    };
    let (quick, alone) = (scene().fate, (true, Pace::CLOSED));
    let neighbour = wait(0.41, 0.4, quick, alone.clone());
    assert_eq!(neighbour.status, CheckStatus::Fail);
    assert!(neighbour.finding.contains("up to 40.0 % of its replies are missing"), "{}", neighbour.finding);
    let status = |ran, waited, fate| wait(ran, waited, fate, alone.clone()).status;
    assert_eq!([0.11, 0.09].map(|waited| status(0.3, waited, quick)), [CheckStatus::Fail, CheckStatus::Warn]);
    // A nap's length is a tenth of 50 ms. A thread that hardly slept has a queue of replies, each of which waits for more than that.
    let slow: fn(u64, Moment) -> Fate = |_, _| Fate { service_us: 51_000, ..SOUND };
    assert_eq!([0.3, 0.6].map(|ran| status(ran, 0.2, slow)), [CheckStatus::Warn, CheckStatus::Fail]);
    for others in [(false, Pace::CLOSED), (true, scene().load.pace)] {
        assert_eq!(wait(0.41, 0.4, quick, others).status, CheckStatus::Warn);
    }
}

#[test]
fn a_closed_loop_by_itself_lacks_the_replies_for_which_its_client_stood_still() {
    let gap = |idled_ms, stands_alone, pace| {
        let load = Load { stands_alone, pace, ..scene().load };
        let scene = Scene { load, standstill: Duration::from_millis(200), ..scene() };
        let mut tally = scene.tally();
        tally.idled = Duration::from_millis(idled_ms);
        scene.check_of(tally, "gap")
    };
    let stopped = gap(150, true, Pace::CLOSED);
    assert_eq!(stopped.status, CheckStatus::Fail);
    assert!(stopped.finding.contains("up to 15.0 % of its replies are missing"), "{}", stopped.finding);
    let others =
        [gap(100, true, Pace::CLOSED), gap(150, false, Pace::CLOSED), gap(150, true, scene().load.pace)];
    assert_eq!(others.map(|check| check.status), [CheckStatus::Warn; 3]);
}

#[test]
fn requests_without_a_reply_are_told_where_they_were_in_flight_for_twice_the_longest_one() {
    let errors = |since_us, unopened| {
        let scene = scene();
        let mut tally = scene.tally();
        tally.unopened = unopened;
        let first = at(START_MS * 1000);
        tally.replied(&flight_of(first), 200, true, first.after(Duration::from_micros(400)));
        let flight = flight_of(at(START_MS * 1000 + since_us));
        tally.sent(&flight);
        tally.unfinished(&flight, at(START_MS * 1000 + 999_900));
        scene.check_of(tally, "errors")
    };
    let late = errors(999_000, 0);
    assert_eq!(late.status, CheckStatus::Warn);
    assert!(late.remedy.is_some());
    assert!(late.finding.contains("1 request had no reply when measuring stopped"), "{}", late.finding);
    assert_eq!(errors(999_200, 0).status, CheckStatus::Pass);
    // Connections that are not accepted tell why.
    assert_eq!(errors(999_000, 1).status, CheckStatus::Pass);
}

#[test]
fn replies_of_an_open_loop_that_its_window_had_no_time_for_are_told_with_the_warm_up_they_need() {
    let slow: fn(u64, Moment) -> Fate = |_, _| Fate { service_us: 100_000, ..SOUND };
    let with = |fate, warm_up_ms| {
        let load = Load { warm_up: Duration::from_millis(warm_up_ms), ..scene().load };
        Scene { load, fate, ..scene() }.check("window")
    };
    let found = with(slow, 0);
    // A tenth of a window of a second.
    assert_eq!((found.status, found.figure.map(f64::round)), (CheckStatus::Warn, Some(10.0)), "{found:?}");
    assert!(found.finding.contains("none came for 10.0 % of the window"), "{}", found.finding);
    assert!(found.remedy.unwrap().contains("--warm-up 2s"));
    assert_eq!(with(slow, 60).status, CheckStatus::Pass, "a twenty-fifth is left");
    assert_eq!(with(slow, 101).status, CheckStatus::NotApplicable);
    assert_eq!(with(|_, _| SOUND, 0).status, CheckStatus::Pass);
    // Where the server falls behind, its queue is what takes long.
    let behind = with(|index, _| Fate { service_us: 400 + index * 500, ..SOUND }, 0);
    assert_eq!(behind.explained_by.as_deref(), Some("achieved"), "{behind:?}");
}

#[test]
fn a_drift_is_told_as_warming_up_where_it_ends_and_as_growth_where_things_get_worse() {
    let stationarity = |fate, warm_up_s| {
        let load = Load { warm_up: Duration::from_secs(warm_up_s), ..scene().load };
        Scene { load, fate, ..scene() }.check("stationarity")
    };
    let found = stationarity(|index, _| Fate { service_us: if index < 1000 { 440 } else { 50 }, ..SOUND }, 1);
    assert!(found.finding.contains("it changed 0.5 s into the window"), "{}", found.finding);
    assert_eq!(found.remedy.as_deref(), Some("leave that out: --warm-up 2s"));
    let slower =
        stationarity(|index, _| Fate { service_us: if index < 1000 { 200 } else { 400 }, ..SOUND }, 1);
    assert!(!slower.finding.contains("it changed"), "{}", slower.finding);
    assert!(slower.remedy.unwrap().contains("what grows in the server"));
}

#[test]
fn a_full_queue_of_the_listener_is_the_advice_whatever_else_ends_connections() {
    let mut tally = scene().tally();
    (tally.unopened, tally.closes_announced, tally.reopened) = (25, 900, 900);
    let found = scene().check_of(tally, "connections");
    assert_eq!(found.status, CheckStatus::Warn);
    assert!(found.finding.contains("25 had been opening for that long at the end"), "{}", found.finding);
    let remedy = found.remedy.unwrap();
    assert!(remedy.starts_with("raise the server's backlog, have it keep connections"), "{remedy}");
}

/// Requests ask for 10 and 90 ms in turn, so that a hundredth of them and the median take 90 and 10 ms by themselves.
#[test]
fn where_waits_are_drawn_lateness_is_held_against_what_is_left_of_the_response_times() {
    fn late(index: u64, late_us: u64, beyond_us: u64) -> Fate {
        let wait_us = if index.is_multiple_of(2) { 10_000 } else { 90_000 };
        Fate { late_us, wait_us, service_us: wait_us + beyond_us, ..SOUND }
    }
    fn seldom(index: u64, late_us: u64, beyond_us: u64) -> Fate {
        late(index, if index % 50 == 1 { late_us } else { 10 }, beyond_us)
    }
    let pace = |fate| asking([10, 90], fate).check("pace");
    // A fiftieth is 900 us late, of 1,300 us beyond the wait.
    let most = pace(|index, _| seldom(index, 900, 400));
    assert_eq!(most.status, CheckStatus::Warn, "{}", most.finding);
    let told =
        "more than half of the p99 of the time beyond the wait is the client's own lateness (p99: 900 of ";
    assert!(most.finding.contains(told), "{}", most.finding);
    let less = pace(|index, _| seldom(index, 900, 2_000));
    assert_eq!((less.status, less.bound), (CheckStatus::Pass, 1_000.0), "{}", less.finding);
    // 9 ms would be a tenth of the service time, most of which was asked for; of what was not it is 0.4 ms.
    let tail = pace(|index, _| seldom(index, 2_000, 4_000));
    assert_eq!((tail.status, tail.bound), (CheckStatus::Warn, 1_000.0), "{}", tail.finding);
    // A server that takes 30 ms more than it was asked for excuses 3 ms.
    let slow = pace(|index, _| seldom(index, 2_000, 30_000));
    assert_eq!(slow.status, CheckStatus::Pass, "{}", slow.finding);
    assert!((slow.bound / 3_000.0 - 1.0).abs() < 0.01, "{}", slow.bound);
    // All are 4 ms late, of 4.4 ms: the schedule was not kept.
    let client = pace(|index, _| late(index, 4_000, 400));
    assert_eq!(client.status, CheckStatus::Fail, "{}", client.finding);
    // Of response times that the waits alone spread over 72 ms, 12 ms more or less lie within the interval.
    let hidden = pace(|index, _| {
        let wait_us = index % 37 * 2_000;
        let late_us = if index % 40 == 3 { 12_000 } else { 50 };
        Fate { late_us, wait_us, service_us: wait_us + 400, ..SOUND }
    });
    assert_eq!(hidden.status, CheckStatus::Fail, "{}", hidden.finding);
}

#[test]
fn a_lateness_within_the_interval_of_the_response_time_is_only_a_warning() {
    // Every fourth request of each part is 2 to 40 ms late by the client's doing, in stretches.
    let wide = |index: u64, _| Fate {
        late_us: if index % 40 == 3 { 12_000 } else { 50 },
        service_us: 400 + (index % 37) * 2_000,
        ..SOUND
    };
    let narrow = |index: u64, _| Fate { late_us: if index % 40 == 3 { 12_000 } else { 50 }, ..SOUND };
    let status = |fate| Scene { fate, ..scene() }.status("pace");
    assert_eq!((status(wide), status(narrow)), (CheckStatus::Warn, CheckStatus::Fail));
}

#[test]
fn nobody_who_pinned_is_told_to_pin() {
    let starved = |pins| {
        let cost = ClientCost { cpu_wait: Some(0.51), busiest_thread: 0.8, ..scene().cost };
        let fate = |_, _| Fate { late_us: 3_000, ..SOUND };
        let scene = Scene { cost, fate, crew: Crew { pins, ..Crew::default() }, ..scene() };
        scene.certificate_of(scene.tally())
    };
    let says = |pins: Vec<usize>, words: &str| {
        starved(pins)
            .checks
            .iter()
            .filter_map(|check| check.remedy.clone())
            .any(|remedy| remedy.contains(words))
    };
    assert!(says(vec![], "--pin"));
    assert!(!says(vec![1], "--pin"));
    assert!(says(vec![1], "keep other programs off CPU 1, which the client is pinned to"));
}

#[test]
fn starts_that_leave_the_schedule_are_found() {
    let bunched = Scene { fate: |index, _| Fate { late_us: (2000 - index) * 500, ..SOUND }, ..scene() };
    assert_eq!(bunched.status("arrivals"), CheckStatus::Fail);
    let by_server = Scene { fate: |index, _| Fate { waited_us: (2000 - index) * 500, ..SOUND }, ..scene() };
    assert_eq!(by_server.status("arrivals"), CheckStatus::Warn);
}

#[test]
fn starts_are_held_against_poisson_stages_too_and_not_where_the_spacing_is_fixed() {
    let with = |course: Course, arrivals| {
        let pace = Pace::Open { course, arrivals, seed: 1 };
        Scene { load: Load { pace, ..scene().load }, ..scene() }
    };
    let stages: Stages = "1000/s..3000/s:1s".parse().unwrap();
    let rate = Rate::per_second(2000.0).unwrap();
    let bunched = |index: u64, _| Fate { late_us: (2000 - index) * 500, ..SOUND };
    let poisson = with(Course::Stages(stages.clone()), Arrivals::Poisson);
    assert_eq!(poisson.status("arrivals"), CheckStatus::Pass);
    assert_eq!(Scene { fate: bunched, ..poisson }.status("arrivals"), CheckStatus::Fail);
    // There, a start that is not where it should be is late: `pace` sees it.
    for course in [Course::Stages(stages), rate.into()] {
        let bunched = Scene { fate: bunched, ..with(course, Arrivals::Constant) };
        assert_eq!(bunched.status("arrivals"), CheckStatus::NotApplicable);
        assert_eq!(bunched.status("pace"), CheckStatus::Fail);
    }
}

#[test]
fn a_request_lost_and_one_counted_twice_both_leave_the_account_open() {
    for spoil in [
        |tally: &mut Tally| *tally.outcomes.entry(OutcomeKind::Ok).or_default() -= 1,
        |tally: &mut Tally| *tally.outcomes.entry(OutcomeKind::Reset).or_default() += 1,
    ] {
        let mut tally = scene().tally();
        spoil(&mut tally);
        let account = scene().check_of(tally, "account");
        assert_eq!((account.status, account.figure), (CheckStatus::Fail, Some(1.0)), "{}", account.finding);
    }
}

#[test]
fn a_client_or_machine_without_room_is_found() {
    let with = |busiest_thread, steal| Scene {
        cost: ClientCost { busiest_thread, steal, ..scene().cost },
        ..scene()
    };
    assert_eq!(with(0.8, None).status("headroom"), CheckStatus::Warn);
    let saturated = with(0.99, None).check("headroom");
    assert_eq!(saturated.status, CheckStatus::Fail);
    assert!(saturated.finding.contains("client-limited"), "{}", saturated.finding);
    assert_eq!(with(0.1, None).status("steal"), CheckStatus::NotApplicable);
    assert_eq!(with(0.1, Some(0.03)).status("steal"), CheckStatus::Warn);
    assert_eq!(with(0.1, Some(0.3)).status("steal"), CheckStatus::Fail);
}

#[test]
fn a_machine_that_slept_invalidates() {
    let slept = Scene { suspended: Duration::from_secs(30), ..scene() };
    assert_eq!(slept.status("gap"), CheckStatus::Fail);
}

#[test]
fn wrong_replies_and_failures_are_counted_apart() {
    let sometimes = Scene {
        fate: |index, _| Fate {
            kind: if index == 7 { OutcomeKind::WrongBody } else { OutcomeKind::Ok },
            ..SOUND
        },
        ..scene()
    };
    assert_eq!(
        (sometimes.status("replies"), sometimes.status("errors")),
        (CheckStatus::Warn, CheckStatus::Pass)
    );
    let often = Scene {
        fate: |index, _| Fate {
            kind: if index % 50 == 0 { OutcomeKind::Reset } else { OutcomeKind::Ok },
            ..SOUND
        },
        ..scene()
    };
    assert_eq!((often.status("replies"), often.status("errors")), (CheckStatus::Pass, CheckStatus::Fail));
    let never = Scene { fate: |_, _| Fate { kind: OutcomeKind::Timeout, ..SOUND }, ..scene() };
    assert_eq!(never.status("replies"), CheckStatus::Fail);
}

#[test]
fn a_failure_of_the_clients_own_invalidates_however_rare() {
    let out_of_ports = Scene {
        fate: |index, _| Fate {
            kind: if index == 7 { OutcomeKind::LocalPort } else { OutcomeKind::Ok },
            ..SOUND
        },
        ..scene()
    };
    let check = out_of_ports.check("errors");
    assert_eq!(check.status, CheckStatus::Fail);
    assert!(check.finding.contains("1 local_port (client's fault)"), "{}", check.finding);
}

#[test]
fn connections_that_broke_are_told() {
    let mut tally = scene().tally();
    tally.reopened = 2;
    assert_eq!(scene().check_of(tally.clone(), "connections").status, CheckStatus::Pass, "1 in 1,000");
    tally.reopened = 3;
    assert_eq!(scene().check_of(tally, "connections").status, CheckStatus::Warn);
    let gone = Scene { standing: 0, ..scene() };
    assert_eq!(gone.status("connections"), CheckStatus::Fail);
}

#[test]
fn connections_that_ended_with_a_request_are_not_laid_to_an_idle_time_out() {
    let broken = |lost| {
        let mut tally = scene().tally();
        (tally.reopened, tally.lost_in_all) = (7, lost);
        scene().check_of(tally, "connections").remedy.unwrap()
    };
    assert!(broken(7).starts_with("7 requests failed"), "{}", broken(7));
    assert!(broken(6).contains("idle time-out"), "{}", broken(6));
}

#[test]
fn connections_that_the_client_ended_are_not_laid_to_an_idle_time_out() {
    let ended = |unasked| {
        let mut tally = scene().tally();
        (tally.reopened, tally.unasked_replies) = (7, unasked);
        scene().check_of(tally, "connections")
    };
    let crossed = ended(7);
    assert!(
        crossed.finding.contains("bytes that no request had asked for crossed them"),
        "{}",
        crossed.finding
    );
    assert!(crossed.remedy.as_ref().unwrap().starts_with("the client ended"), "{:?}", crossed.remedy);
    assert!(ended(6).remedy.unwrap().contains("idle time-out"));
    assert!(!ended(0).finding.contains("asked for"));
}

#[test]
fn a_window_that_changes_half_way_is_found() {
    let step = Scene {
        fate: |index, _| Fate { service_us: if index < 1000 { 300 } else { 600 }, ..SOUND },
        ..scene()
    };
    let check = step.check("stationarity");
    assert_eq!(check.status, CheckStatus::Fail, "{}", check.finding);
    assert!(check.finding.contains("median service time"), "{}", check.finding);
}

#[test]
fn a_server_that_gets_slower_throughout_drifts_however_much_its_parts_resemble_their_neighbours() {
    let stationarity = |stands_alone, fate| {
        let load = Load { stands_alone, ..scene().load };
        Scene { load, fate, ..scene() }.check("stationarity")
    };
    let slower = |index: u64, _| Fate { service_us: 200 + index / 4, ..SOUND };
    let found = stationarity(true, slower);
    assert_eq!((found.status, found.bound), (CheckStatus::Fail, 0.05), "{}", found.finding);
    assert!(found.finding.contains("it went on throughout"), "{}", found.finding);
    assert!(
        stationarity(false, slower).status <= CheckStatus::Pass,
        "a run's trials are judged as they were"
    );
}

#[test]
fn a_change_is_told_in_words_and_never_below_nothing() {
    let faster = Scene {
        fate: |index, _| Fate { service_us: if index < 1000 { 440 } else { 50 }, ..SOUND },
        ..scene()
    };
    let check = faster.check("stationarity");
    assert_eq!(check.status, CheckStatus::Fail, "{}", check.finding);
    assert!(check.finding.contains("8.8 times as long in the first half"), "{}", check.finding);
    let a_little = Scene {
        fate: |index, _| Fate { service_us: if index < 1000 { 400 } else { 440 }, ..SOUND },
        ..scene()
    };
    let check = a_little.check("stationarity");
    assert!(check.finding.contains("% more in the second half"), "{}", check.finding);
}

#[test]
fn what_a_condition_allows_is_not_failed_and_failures_of_the_client_are() {
    let with = |kind: OutcomeKind, condition: &str| {
        let fate: fn(u64, Moment) -> Fate = match kind {
            OutcomeKind::Reset => |index, _| Fate {
                kind: if index % 33 == 0 { OutcomeKind::Reset } else { OutcomeKind::Ok },
                ..SOUND
            },
            OutcomeKind::LocalPort => |index, _| Fate {
                kind: if index % 33 == 0 { OutcomeKind::LocalPort } else { OutcomeKind::Ok },
                ..SOUND
            },
            _ => unreachable!("no such case"),
        };
        Scene { load: Load { fail_if: vec![condition.parse().unwrap()], ..scene().load }, fate, ..scene() }
    };
    let allowed = with(OutcomeKind::Reset, "error_rate > 5%").check("errors");
    assert_eq!((allowed.status, allowed.bound), (CheckStatus::Pass, 0.05), "{}", allowed.finding);
    assert!(
        allowed.finding.contains("held to the 5 % of the condition on error_rate"),
        "{}",
        allowed.finding
    );
    assert_eq!(with(OutcomeKind::Reset, "error_rate > 2%").status("errors"), CheckStatus::Warn);
    assert_eq!(with(OutcomeKind::Reset, "error_rate < 5%").status("errors"), CheckStatus::Fail);
    assert_eq!(with(OutcomeKind::LocalPort, "error_rate > 5%").status("errors"), CheckStatus::Fail);
}

#[test]
fn lateness_that_a_condition_allows_is_not_failed() {
    let late: fn(u64, Moment) -> Fate = |_, _| Fate { late_us: 15_000, service_us: 400, ..SOUND };
    let with = |conditions: &[&str]| {
        let fail_if = conditions.iter().map(|condition| condition.parse().unwrap()).collect();
        Scene { load: Load { fail_if, ..scene().load }, fate: late, ..scene() }.check("pace")
    };
    assert_eq!(with(&[]).status, CheckStatus::Fail);
    let both = with(&["lateness_p99 > 20ms", "lateness_p50 > 20ms"]);
    assert_eq!((both.status, both.bound), (CheckStatus::Pass, 20_000.0), "{}", both.finding);
    assert_eq!(with(&["lateness_p99 > 10ms", "lateness_p50 > 10ms"]).status, CheckStatus::Warn);
}

#[test]
fn few_requests_fail_no_statistic() {
    for count in 0..=3 {
        let window = Window { start: at(START_MS * 1000), end: at(START_MS * 1000 + 1_000_000) };
        let mut tally = Tally::new(window, true);
        for index in 0..count {
            let intended = at(START_MS * 1000 + index * 10_000);
            let started = intended.after(Duration::from_micros(50));
            let end = started.after(Duration::from_micros(400));
            let connect = Duration::ZERO;
            let flight = Flight {
                free_since: intended,
                intended,
                connect,
                started,
                first_byte: end,
                measured: true,
                resent: false,
                wait: Duration::ZERO,
                stalled_before: Duration::ZERO,
                stalled_after: Duration::ZERO,
            };
            tally.sent(&flight);
            tally.answered(5, end);
            tally.ended(&flight, OutcomeKind::Ok, end);
        }
        for check in scene().checks_of(tally) {
            let expected =
                if count == 0 && check.name == "replies" { CheckStatus::Fail } else { CheckStatus::Pass };
            assert!(check.status <= expected, "{count}: {}: {}", check.name, check.finding);
        }
    }
}

#[test]
fn time_counted_twice_breaks_littles_law() {
    let mut tally = scene().tally();
    tally.flown += tally.flown / 20;
    assert_eq!(scene().check_of(tally, "little").status, CheckStatus::Warn);
    let mut tally = scene().tally();
    tally.flown += tally.flown;
    assert_eq!(scene().check_of(tally, "little").status, CheckStatus::Fail);
}

#[test]
fn a_bystander_that_the_server_closed_or_lost_is_told() {
    let with = |standing, closed| Scene {
        crew: Crew { idle: 8, slow: 2, ..Crew::default() },
        attendance: Attendance { standing, closed, slow_replies: 4 },
        ..scene()
    };
    assert_eq!(scene().status("bystanders"), CheckStatus::NotApplicable);
    assert_eq!(with(10, 0).status("bystanders"), CheckStatus::Pass);
    assert_eq!(with(10, 1).status("bystanders"), CheckStatus::Warn);
    assert_eq!(with(9, 0).status("bystanders"), CheckStatus::Warn);
}

#[test]
fn many_short_standstills_count_as_much_as_a_long_one() {
    let status = |ms| Scene { standstill: Duration::from_millis(ms), ..scene() }.status("gap");
    assert_eq!(
        [20, 21, 500, 501].map(status),
        [CheckStatus::Pass, CheckStatus::Warn, CheckStatus::Warn, CheckStatus::Fail]
    );
}

/// A scene, and what is changed in its books afterwards.
type Doing = (Scene, fn(&mut Tally));

/// Everything that a party can do to a measurement, as far as its books show it.
fn doings(party: &str) -> Vec<Doing> {
    let nothing: fn(&mut Tally) = |_| {};
    let fated = |fate| (Scene { fate, ..scene() }, nothing);
    let costed = |change: fn(&mut ClientCost)| {
        let mut scene = scene();
        change(&mut scene.cost);
        (scene, nothing)
    };
    let late = || fated(|_, _| Fate { late_us: 3_000, ..SOUND });
    let ever_later = || fated(|index, _| Fate { late_us: index * 500, ..SOUND });
    let queueing = || fated(|index, _| Fate { waited_us: index * 500, ..SOUND });
    let busy = || costed(|cost| cost.busiest_thread = 0.99);
    let starved = || costed(|cost| cost.cpu_wait = Some(0.9));
    let stood_still = || (Scene { standstill: Duration::from_millis(600), ..scene() }, nothing);
    let wrong = || fated(|index, _| Fate { kind: sometimes(index, OutcomeKind::WrongBody), ..SOUND });
    let timed_out = || fated(|index, _| Fate { kind: sometimes(index, OutcomeKind::Timeout), ..SOUND });
    match party {
        "client" => vec![
            late(),
            ever_later(),
            queueing(),
            busy(),
            starved(),
            stood_still(),
            fated(|index, _| Fate { kind: sometimes(index, OutcomeKind::LocalFd), ..SOUND }),
        ],
        "server" => vec![
            queueing(),
            wrong(),
            timed_out(),
            fated(|_, _| Fate { service_us: 40_000, ..SOUND }),
            fated(|index, _| Fate { service_us: if index < 1000 { 300 } else { 600 }, ..SOUND }),
            fated(|index, _| Fate { kind: sometimes(index, OutcomeKind::Reset), ..SOUND }),
            (Scene { standing: 0, ..scene() }, nothing),
            (scene(), |tally| tally.reopened += 1),
            (scene(), |tally| tally.unasked_replies += 1),
            (Scene { crew: Crew { slow: 3, ..Crew::default() }, ..scene() }, nothing),
        ],
        "machine" => vec![
            late(),
            ever_later(),
            busy(),
            starved(),
            stood_still(),
            costed(|cost| cost.steal = Some(0.3)),
            (Scene { suspended: Duration::from_secs(30), ..scene() }, nothing),
            fated(|index, _| Fate { kind: sometimes(index, OutcomeKind::Unreachable), ..SOUND }),
        ],
        _ => vec![
            late(),
            queueing(),
            busy(),
            wrong(),
            timed_out(),
            (Scene { crew: Crew { connections: 4, ..Crew::default() }, standing: 4, ..scene() }, nothing),
        ],
    }
}

#[test]
fn what_the_tables_say_can_move_a_check_does_and_nothing_else_does() {
    let text = include_str!("../../../docs/EVIDENCE.md");
    let table = text.split("<!-- checks -->").nth(1).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let sound = scene().checks_of(scene().tally());
    let mut tried = 0;
    for (column, party) in (1..).zip(["client", "server", "machine", "plan"]) {
        let found: Vec<Vec<Check>> = doings(party)
            .into_iter()
            .map(|(scene, change)| {
                let mut tally = scene.tally();
                change(&mut tally);
                scene.checks_of(tally)
            })
            .collect();
        for row in &rows {
            let name = row[0].trim_matches('`');
            let of = |checks: &[Check]| checks.iter().find(|check| check.name == name).cloned().unwrap();
            let before = of(&sound);
            let has_moved = |after: &Check| {
                let far = |a: f64, b: f64| (a - b).abs() > 1e-9 * a.abs().max(1.0);
                let figures = before.figure.zip(after.figure);
                after.status != before.status || figures.is_some_and(|(before, after)| far(before, after))
            };
            let moved = found.iter().any(|checks| has_moved(&of(checks)));
            match row[column].split([' ', ',']).next() {
                Some("yes") => assert!(moved, "{party} cannot move {name}"),
                Some("no") => assert!(!moved, "{party} moves {name}"),
                _ => continue,
            }
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried} cells were tried");
}

#[test]
fn a_time_slice_of_a_short_window_is_no_standstill_and_more_than_half_of_any_window_fails() {
    let status = |window_ms: u64, ms| {
        let scene = Scene { standstill: Duration::from_millis(ms), ..scene() };
        let mut tally = scene.tally();
        tally.window.end = tally.window.start.after(Duration::from_millis(window_ms));
        scene.check_of(tally, "gap").status
    };
    assert_eq!([status(10, 6), status(12, 10), status(25, 12)], [CheckStatus::Pass; 3]);
    assert_eq!([21, 29, 150].map(|ms| status(300, ms)), [CheckStatus::Warn; 3]);
    // The shortest windows of a run, of capacity and at a rate.
    assert_eq!([status(25, 13), status(50, 26), status(300, 151)], [CheckStatus::Fail; 3]);
}

#[test]
fn a_client_late_by_some_milliseconds_is_not_to_blame_for_a_queue_of_seconds() {
    // One of three requests is answered as fast as it comes; each left 3 ms late.
    let drowned = |index: u64, _| Fate { late_us: 3_000, service_us: 100_000 + index * 1_000, ..SOUND };
    let server = Scene { fate: drowned, ..scene() }.check("achieved");
    assert_eq!(server.status, CheckStatus::Warn, "{}", server.finding);
    assert!(server.finding.contains("the server did not keep up"), "{}", server.finding);
    let late = |index: u64, _| Fate { late_us: 120_000, service_us: 100_000 + index * 1_000, ..SOUND };
    let client = Scene { fate: late, ..scene() }.check("achieved");
    assert_eq!(client.status, CheckStatus::Fail, "{}", client.finding);
    assert!(client.finding.contains("the client could not keep the pace"), "{}", client.finding);
}

#[test]
fn wrong_statuses_are_listed_with_their_counts_and_right_ones_are_not() {
    let wrong = Scene {
        fate: |index, _| if index < 40 { Fate { kind: OutcomeKind::WrongStatus, ..SOUND } } else { SOUND },
        ..scene()
    };
    let mut tally = wrong.tally();
    let due = at(START_MS * 1000);
    let flight = flight_of(due);
    (0..40).for_each(|_| tally.replied(&flight, 503, true, due));
    tally.replied(&flight, 200, true, due);
    let replies = wrong.check_of(tally, "replies");
    assert!(replies.finding.contains(", found 503 40 times, 0 by body"), "{}", replies.finding);
}

#[test]
fn starts_that_a_tenth_of_requests_shaped_by_waiting_are_the_servers_doing() {
    let shaped = |share: fn(u64, Moment) -> Fate| Scene { fate: share, ..scene() }.check("arrivals");
    // Those of the first 300 ms start together at their end, having waited, or the client being late.
    let waited = shaped(|index, _| Fate { waited_us: 500 * 600_u64.saturating_sub(index), ..SOUND });
    assert_eq!(waited.status, CheckStatus::Warn, "{}", waited.finding);
    let late = shaped(|index, _| Fate { late_us: 500 * 600_u64.saturating_sub(index), ..SOUND });
    assert_eq!(late.status, CheckStatus::Fail, "{}", late.finding);
}

#[test]
fn connections_that_are_silent_at_any_time_are_told_where_they_are_four_times_as_many_as_needed() {
    let of = |connections| {
        let crew = Crew { connections, ..Crew::default() };
        // 2,000/s at the shortest reply's 400 us keep one connection busy.
        let fate = |index, _| Fate { service_us: if index == 0 { 400 } else { 100_000 }, ..SOUND };
        Scene { crew, standing: connections, fate, ..scene() }.check("connections").finding
    };
    assert!(!of(4).contains("would carry this rate"), "{}", of(4));
    assert!(of(5).contains("1 connections would carry this rate, and 5 stood open"), "{}", of(5));
}

/// By hand: 2000 replies over two seconds, and half a reply across the edges.
#[test]
fn a_rate_is_that_of_the_replies_and_of_the_parts_of_those_across_the_edges() {
    let rate = |edge: f64, length_ms: u64| {
        let scene = scene();
        let mut tally = scene.tally();
        tally.window.end = tally.window.start.after(Duration::from_millis(length_ms));
        (tally.replies, tally.edges.all) = (2000, edge);
        scene.evidence_of(tally).into_measurement().achieved_rate_per_s
    };
    assert_eq!((rate(0.5, 2000), rate(-3.0, 2000)), (1000.25, 998.5));
    assert_eq!((rate(-2001.0, 2000), rate(0.5, 0)), (0.0, 0.0));
}

#[test]
fn where_all_that_was_due_is_still_waited_for_the_advice_is_to_wait_longer() {
    let remedy = |fill: fn(&mut Tally)| {
        let window = Window { start: at(START_MS * 1000), end: at(START_MS * 1000 + 1_000_000) };
        let mut tally = Tally::new(window, true);
        fill(&mut tally);
        let check = scene().check_of(tally, "replies");
        assert_eq!(check.status, CheckStatus::Fail, "{}", check.finding);
        check.remedy.unwrap()
    };
    let waiting = remedy(|tally| {
        let unsent = Unsent::waiting(at(START_MS * 1000), 3);
        tally.never_sent(&unsent, at(START_MS * 1000 + 3_000_000));
    });
    assert!(waiting.contains("--grace"), "{waiting}");
    let nothing = remedy(|_| {});
    assert!(nothing.contains("--duration") && !nothing.contains("--grace"), "{nothing}");
}

//! Where a request's times go.

use super::*;

fn at(ms: u64) -> Moment {
    Moment::from_nanos(ms * 1_000_000)
}

fn window() -> Window {
    Window { start: at(1000), end: at(2000) }
}

fn flight(intended: u64, free_since: u64, started: u64) -> Flight {
    Flight {
        intended: at(intended),
        free_since: at(free_since),
        connect: Duration::ZERO,
        started: at(started),
        first_byte: Moment::NEVER,
        measured: window().contains(at(intended)),
        resent: false,
        stalled_before: Duration::ZERO,
        stalled_after: Duration::ZERO,
    }
}

fn tally_of(ends: &[(Flight, OutcomeKind, u64)]) -> Tally {
    let mut tally = Tally::new(window(), true);
    for (flight, kind, end) in ends {
        tally.sent(flight);
        tally.ended(flight, *kind, at(*end));
    }
    tally
}

fn longest(times: &Timing) -> Option<u64> {
    times.times(false).max.map(|micros| (micros / 1e3).round() as u64)
}

#[test]
fn the_parts_of_a_response_add_up() {
    // Due at 1000, its connection free at 1100, sent at 1105, answered at 1125.
    let tally = tally_of(&[(flight(1000, 1100, 1105), OutcomeKind::Ok, 1125)]);
    let Timings { lateness, connection_wait, service, response, .. } = &tally.timings;
    assert_eq!(longest(connection_wait), Some(100));
    assert_eq!(longest(lateness), Some(5));
    assert_eq!(longest(service), Some(20));
    assert_eq!(longest(response), Some(125));
}

#[test]
fn a_client_that_is_late_has_only_itself_to_blame() {
    let tally = tally_of(&[(flight(1100, 1000, 1130), OutcomeKind::Ok, 1140)]);
    assert_eq!(longest(&tally.timings.lateness), Some(30));
    assert_eq!(longest(&tally.timings.connection_wait), Some(0));
}

#[test]
fn warm_up_is_left_out_by_start_and_throughput_counts_by_end() {
    let tally = tally_of(&[
        (flight(900, 0, 900), OutcomeKind::Ok, 1500),
        (flight(1900, 1500, 1900), OutcomeKind::Ok, 2500),
        (flight(2000, 1900, 2000), OutcomeKind::Ok, 2600),
    ]);
    assert_eq!(tally.good_replies, 1);
    assert_eq!(tally.account(), Account { due: 1, finished: 1, failed: 0, censored: 0 });
    assert_eq!(longest(&tally.timings.service), Some(600));
}

#[test]
fn a_failure_makes_no_quantile_look_better() {
    let mut ends = vec![(flight(1000, 0, 1000), OutcomeKind::Ok, 1010); 90];
    ends.extend(vec![(flight(1000, 0, 1000), OutcomeKind::Timeout, 1500); 10]);
    let tally = tally_of(&ends);
    for times in [tally.timings.service.times(false), tally.timings.response.times(false)] {
        assert_eq!((times.count, times.censored), (100, 10));
        assert!(times.is_at_least("max") && times.is_at_least("mean") && !times.is_at_least("p50"));
    }
    assert_eq!(tally.account(), Account { due: 100, finished: 90, failed: 10, censored: 0 });
}

#[test]
fn a_wrong_reply_is_timed_apart() {
    let tally = tally_of(&[(flight(1000, 0, 1000), OutcomeKind::WrongStatus, 1001)]);
    assert_eq!(tally.timings.wrong_reply_service.all().count(), 1);
    assert_eq!(
        (tally.timings.service.all().count(), tally.timings.response.all().count(), tally.good_replies),
        (0, 0, 0)
    );
}

#[test]
fn what_did_not_end_and_what_was_never_sent_is_censored() {
    let mut tally = Tally::new(window(), true);
    tally.sent(&flight(1000, 0, 1000));
    tally.unfinished(&flight(1000, 0, 1000), at(4000));
    tally.never_sent(at(1500), 1, at(4000));
    tally.never_sent(at(999), 1, at(4000));
    assert_eq!(tally.account(), Account { due: 2, finished: 0, failed: 0, censored: 2 });
    assert_eq!((tally.timings.service.all().censored(), tally.timings.response.all().censored()), (1, 2));
    assert_eq!(tally.in_flight(), 0);
}

#[test]
fn a_closed_loop_has_no_response_times() {
    let mut tally = Tally::new(window(), false);
    tally.sent(&flight(1000, 900, 1000));
    tally.ended(&flight(1000, 900, 1000), OutcomeKind::Ok, at(1010));
    assert_eq!((tally.timings.response.all().count(), tally.timings.lateness.all().count()), (0, 0));
    assert_eq!(tally.timings.service.all().count(), 1);
}

#[test]
fn threads_add_up() {
    let one = [
        (flight(1000, 0, 1000), OutcomeKind::Ok, 1500),
        (flight(1600, 1500, 1600), OutcomeKind::Reset, 1700),
    ];
    let mut sum = tally_of(&one);
    sum.merge(&tally_of(&one[..1]));
    assert_eq!(sum.account(), Account { due: 3, finished: 2, failed: 1, censored: 0 });
    assert_eq!(sum.in_flight_mean(), 1.1);
    assert_eq!(sum.flown, Duration::from_millis(1100));
    assert_eq!(sum.sub_windows()[0].due, 2);
    assert_eq!(sum.starts_distance(), Some(0.0));
}

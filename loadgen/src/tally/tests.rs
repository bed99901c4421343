//! Where a request's times go.

use super::*;
use crate::RawRequest;

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
        wait: Duration::ZERO,
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

/// Sent 100 ms before the window and read 300 ms into it, 200 ms of which the client may have made: three quarters of that lie in it.
#[test]
fn a_connection_idles_by_the_share_of_its_time_in_the_window() {
    for (open_loop, idled) in [(false, 150), (true, 0)] {
        let mut tally = Tally::new(window(), open_loop);
        let late = Flight { stalled_after: Duration::from_millis(200), ..flight(900, 900, 900) };
        tally.replied(&late, 200, true, at(1300));
        tally.replied(&flight(1000, 1000, 1000), 200, true, at(1300));
        assert_eq!(tally.idled, Duration::from_millis(idled));
        let mut sum = tally.clone();
        sum.merge(&tally);
        assert_eq!(sum.idled, 2 * tally.idled);
    }
}

#[test]
fn requests_without_a_reply_are_overdue_after_so_many_times_the_longest_one() {
    let mut tally = tally_of(&[(flight(1000, 0, 1000), OutcomeKind::Ok, 1010)]);
    tally.replied(&flight(1000, 0, 1000), 200, true, at(1010));
    tally.answered(5, at(1010));
    for started in [1100, 1480, 1500] {
        tally.sent(&flight(started, 0, started));
        tally.unfinished(&flight(started, 0, started), at(1500));
    }
    assert_eq!(tally.overdue(2, 1), Some((1, Duration::from_millis(10))));
    assert_eq!((tally.overdue(40, 1), tally.overdue(2, 2)), (None, None));
    let mut sum = Tally::new(window(), true);
    sum.merge(&tally);
    sum.merge(&tally);
    assert_eq!(sum.overdue(2, 1), Some((2, Duration::from_millis(10))));
}

#[test]
fn a_failure_makes_no_quantile_look_better() {
    let mut ends = vec![(flight(1000, 0, 1000), OutcomeKind::Ok, 1010); 90];
    ends.extend(vec![(flight(1000, 0, 1000), OutcomeKind::Timeout, 1500); 10]);
    let tally = tally_of(&ends);
    let Timings { service, response, first_byte, .. } = &tally.timings;
    for times in [service.times(false), response.times(false), first_byte.times(false)] {
        assert_eq!((times.count, times.censored), (100, 10));
        assert!(times.is_at_least("max") && times.is_at_least("mean") && !times.is_at_least("p50"));
    }
    assert_eq!(tally.account(), Account { due: 100, finished: 90, failed: 10, censored: 0 });
}

#[test]
fn the_first_byte_of_a_reply_that_did_not_end_is_known() {
    let begun = Flight { first_byte: at(1020), ..flight(1000, 0, 1000) };
    let tally = tally_of(&[(begun, OutcomeKind::Truncated, 1500)]);
    let first_byte = tally.timings.first_byte.times(false);
    assert_eq!((first_byte.count, first_byte.censored), (1, 0));
    assert_eq!(longest(&tally.timings.first_byte), Some(20));
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
    tally.never_sent(&Unsent::waiting(at(1500), 1), at(4000));
    tally.never_sent(&Unsent::waiting(at(999), 1), at(4000));
    assert_eq!(tally.account(), Account { due: 2, finished: 0, failed: 0, censored: 2 });
    assert_eq!((tally.timings.service.all().censored(), tally.timings.response.all().censored()), (1, 2));
    assert_eq!(tally.in_flight(), 0);
}

/// Due at 1000, sent at 1105 with a wait of 500 ms, answered at 1625: 125 ms more than it asked for.
#[test]
fn what_a_request_asked_to_wait_is_taken_from_its_own_response_time() {
    let waiting =
        |intended, started| Flight { wait: Duration::from_millis(500), ..flight(intended, 900, started) };
    let mut tally = Tally::new(window(), true);
    tally.time_beyond_wait();
    let asked = waiting(1000, 1105);
    tally.sent(&asked);
    tally.ended(&asked, OutcomeKind::Ok, at(1625));
    assert_eq!(
        (longest(&tally.timings.response), longest(&tally.timings.beyond_wait)),
        (Some(625), Some(125))
    );
    assert_eq!(tally.shortest_service, Some(Duration::from_millis(20)));
    assert!(asked.is_early(at(1604)) && !asked.is_early(at(1605)));
    let mut plain = Tally::new(window(), true);
    plain.sent(&asked);
    plain.ended(&asked, OutcomeKind::Ok, at(1625));
    assert_eq!(plain.timings.beyond_wait.all().count(), 0, "where it is not asked for");
    tally.merge(&tally.clone());
    assert_eq!(tally.timings.beyond_wait.all().count(), 2);
}

/// Sent at 1000 with a wait of 500 ms, and read at 1520 by a client that had stood still for the 400 ms before: a right server has not sent
/// the reply before 1500.
#[test]
fn a_reply_lay_unread_for_no_longer_than_since_its_wait_was_over() {
    let asked = Flight { wait: Duration::from_millis(500), ..flight(1000, 900, 1000) };
    let times = |unread, now| {
        let mut tally = Tally::new(window(), true);
        tally.time_beyond_wait();
        tally.sent(&asked);
        tally.ended(&asked.read(Duration::from_millis(unread), at(now)), OutcomeKind::Ok, at(now));
        let Timings { service, lateness, beyond_wait, .. } = &tally.timings;
        [service, lateness, beyond_wait].map(|times| longest(times).unwrap())
    };
    assert_eq!(times(400, 1520), [500, 20, 20]);
    assert_eq!(times(5, 1520), [515, 5, 20]);
    // One that stood still for a second longer than the wait.
    assert_eq!(times(1400, 2520), [500, 1020, 1020]);
    let plain = flight(1000, 900, 1000).read(Duration::from_millis(400), at(1520));
    assert_eq!(plain.service(at(1520)), Duration::from_millis(120), "where the wait is not known");
}

/// Failed or unfinished 40 ms after it was due, and 30 ms after it was sent: at least 10 ms are none of its wait.
#[test]
fn what_has_not_ended_lasts_beyond_its_wait_at_least_as_long_as_it_took_to_leave() {
    let beyond = |begin: fn(&mut Tally, &Flight), end: fn(&mut Tally, &Flight)| {
        let mut tally = Tally::new(window(), true);
        tally.time_beyond_wait();
        let asked = Flight { wait: Duration::from_millis(500), ..flight(1000, 900, 1010) };
        begin(&mut tally, &asked);
        end(&mut tally, &asked);
        let beyond = tally.timings.beyond_wait.times(false);
        let response = tally.timings.response.times(false);
        assert_eq!((beyond.count, beyond.censored), (response.count, response.censored));
        (beyond.censored, longest(&tally.timings.beyond_wait).unwrap())
    };
    let sent = Tally::sent;
    assert_eq!(beyond(sent, |tally, flight| tally.ended(flight, OutcomeKind::Reset, at(1040))), (1, 10));
    assert_eq!(beyond(sent, |tally, flight| tally.unfinished(flight, at(1040))), (1, 10));
    assert_eq!(beyond(sent, |tally, flight| tally.unfinished(flight, at(1600))), (1, 100));
    // No server has begun to make these wait.
    let nothing = |_: &mut Tally, _: &Flight| ();
    let unsent = |tally: &mut Tally, _: &Flight| tally.never_sent(&Unsent::waiting(at(1000), 3), at(1040));
    assert_eq!(beyond(nothing, unsent), (3, 40));
    assert_eq!(
        beyond(nothing, |tally, flight| tally.not_connected(flight, OutcomeKind::Refused, at(1040))),
        (1, 40)
    );
    assert_eq!(beyond(nothing, |tally, flight| tally.unconnected(flight, at(1040))), (1, 40));
}

#[test]
fn a_request_of_a_closed_loop_that_outlasts_the_window_is_one_of_the_window() {
    let mut tally = Tally::new(window(), false);
    // Answered and lost behind the window, in flight and without a connection when measuring stops.
    let [answered, lost, unfinished, unconnected] = [900, 910, 920, 930].map(|from| flight(from, 0, from));
    [&answered, &lost, &unfinished].into_iter().for_each(|flight| tally.sent(flight));
    tally.replied(&answered, 200, true, at(2100));
    tally.ended(&answered, OutcomeKind::Ok, at(2100));
    tally.ended(&lost, OutcomeKind::Reset, at(2200));
    tally.unfinished(&unfinished, at(2300));
    tally.unconnected(&unconnected, at(2300));
    tally.not_connected(&flight(940, 0, 940), OutcomeKind::Refused, at(2300));
    assert_eq!(tally.account(), Account { due: 5, finished: 1, failed: 2, censored: 2 });
    assert_eq!((tally.outlasted, tally.statuses()), (5, [(Status(200), 1)].into()));
    let service = &tally.timings.service;
    assert_eq!((service.all().exact().len(), service.all().censored()), (1, 4));
    assert!(longest(service).is_some_and(|ms| (1380..1382).contains(&ms)), "in full: {:?}", longest(service));
    // What its interval is drawn from holds the same.
    assert_eq!((service.of_part(0).0, tally.sub_windows()[0].due), (1, 5));
    assert_eq!(tally.timings.connect.all().censored(), 2);
}

#[test]
fn a_request_that_ends_in_the_window_or_began_there_does_not_outlast_it() {
    let mut tally = Tally::new(window(), false);
    for (from, to) in [(900, 1999), (1000, 2500), (900, 950)] {
        tally.sent(&flight(from, 0, from));
        tally.ended(&flight(from, 0, from), OutcomeKind::Ok, at(to));
    }
    assert_eq!((tally.outlasted, tally.account().due), (0, 1));
    // In an open loop it is the warm-up's: what fell due in the window has its own connection, or waits for one.
    let mut open = Tally::new(window(), true);
    open.sent(&flight(900, 0, 900));
    open.ended(&flight(900, 0, 900), OutcomeKind::Ok, at(2500));
    assert_eq!((open.outlasted, open.account().due), (0, 0));
    // An interrupt before the window leaves none.
    let mut cut = Tally::new(Window { end: at(1000), ..window() }, false);
    cut.sent(&flight(900, 0, 900));
    cut.ended(&flight(900, 0, 900), OutcomeKind::Ok, at(1500));
    assert_eq!((cut.outlasted, cut.account().due), (0, 0));
}

#[test]
fn a_wait_for_a_connection_counts_be_the_request_sent_or_not() {
    let mut tally = Tally::new(window(), true);
    tally.sent(&flight(1000, 1100, 1100));
    tally.sent(&flight(1000, 900, 1000));
    // Nine find no connection; two find one after 50 ms that is not opened.
    tally.never_sent(&Unsent::waiting(at(1200), 9), at(2500));
    tally.unconnected(&flight(1300, 1350, 1350), at(2500));
    tally.not_connected(&flight(1300, 1350, 1350), OutcomeKind::Refused, at(1400));
    assert_eq!((tally.account().due, tally.waited), (13, 12));
    let wait = tally.timings.connection_wait.all();
    assert_eq!((wait.exact().len(), wait.censored()), (4, 9));
    // One second and up is known of what is not opened, 50 ms of what was refused.
    let connect = tally.timings.connect.all();
    assert_eq!((connect.exact().len(), connect.censored()), (0, 2));
    // Where the last two were due, nine had not started and never did.
    assert_eq!(tally.starts_distance(), Some(11.0 / 13.0));
}

#[test]
fn what_the_client_did_not_send_is_its_lateness_and_no_wait_for_a_connection() {
    let mut tally = Tally::new(window(), true);
    // Each was due 800 ms before the end. For two a connection was free, one of them after 100 ms; two more waited for the client for
    // 600 ms, and for a connection, or so it seems, for 200.
    let ms = Duration::from_millis;
    let unsent =
        |own, had_connection, requests| Unsent { intended: at(1700), requests, own: ms(own), had_connection };
    tally.never_sent(&unsent(800, true, 1), at(2500));
    tally.never_sent(&unsent(700, true, 1), at(2500));
    tally.never_sent(&unsent(600, false, 2), at(2500));
    assert_eq!(tally.account(), Account { due: 4, finished: 0, failed: 0, censored: 4 });
    assert_eq!(tally.waited, 3);
    let of = |timing: &Timing| {
        let times = timing.times(false);
        (times.count, times.censored, times.mean.map(|mean| (mean / 1e3).round()))
    };
    assert_eq!(of(&tally.timings.lateness), (4, 4, Some(675.0)));
    assert_eq!(of(&tally.timings.connection_wait), (4, 2, Some(125.0)));
    assert_eq!(of(&tally.timings.response), (4, 4, Some(800.0)));
}

#[test]
fn a_standstill_while_a_connection_was_opened_is_no_part_of_what_that_took() {
    let mut tally = Tally::new(window(), true);
    let stalled = Flight { stalled_after: Duration::from_millis(900), ..flight(1100, 0, 1100) };
    tally.unconnected(&stalled, at(2100));
    let [connect, lateness] =
        [&tally.timings.connect, &tally.timings.lateness].map(|timing| timing.times(false));
    assert_eq!((connect.mean, lateness.mean), (Some(100_000.0), Some(900_000.0)));
}

#[test]
fn the_mean_reply_is_that_of_all_replies_and_not_of_their_share_of_the_window() {
    let mut tally = Tally::new(window(), true);
    // Nine replies of 100 ms in the warm-up, and one of which half lies in the window.
    for from in [0, 100, 200, 300, 400, 500, 600, 700, 800, 950] {
        let (flight, end) = (flight(from, 0, from), at(from + 100));
        tally.sent(&flight);
        tally.replied(&flight, 200, true, end);
        tally.answered(2, end);
        tally.ended(&flight, OutcomeKind::Ok, end);
    }
    assert_eq!(tally.mean_reply(), Duration::from_millis(100));
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

#[test]
fn every_time_is_in_the_part_in_which_its_request_was_due() {
    // Due in the last part, sent in the drain by the client's doing, its connection lost then and opened anew.
    let mut tally = Tally::new(window(), true);
    let mut late = flight(1999, 0, 2100);
    tally.sent(&late);
    tally.resent(&mut late, at(2200));
    tally.ended(&late, OutcomeKind::Ok, at(2300));
    let Timings { lateness, connection_wait, connect, first_byte, service, response, .. } = &tally.timings;
    for times in [lateness, connection_wait, connect, first_byte, service, response] {
        assert_eq!((times.all().count(), times.of_part(19).0), (1, 1), "{times:?}");
    }
    assert_eq!(tally.sub_windows()[19].due, 1);
}

#[test]
fn a_request_that_goes_out_again_is_sent_twice_due_once_and_has_lost_the_time_by_connecting() {
    let mut tally = Tally::new(window(), true);
    let mut again = flight(1000, 0, 1010);
    tally.sent(&again);
    tally.resent(&mut again, at(1040));
    tally.ended(&again, OutcomeKind::Ok, at(1100));
    assert_eq!((tally.sent_in_all, tally.stale_reuse, tally.in_flight()), (2, 1, 0));
    assert_eq!(tally.account(), Account { due: 1, finished: 1, failed: 0, censored: 0 });
    assert_eq!(tally.flown, Duration::from_millis(90), "of both times, and of opening between them");
    assert_eq!((again.connect, again.started), (Duration::from_millis(30), at(1040)));
    assert_eq!((longest(&tally.timings.connect), longest(&tally.timings.service)), (Some(30), Some(60)));
    assert_eq!(tally.sums.gap(), 0);
}

#[test]
fn requests_are_kept_one_by_one_only_where_that_is_asked_for() {
    let ended = flight(1000, 1100, 1105);
    let mut tally = tally_of(&[(ended, OutcomeKind::Ok, 1125)]);
    assert!(tally.take_requests().is_empty());
    tally.keep_requests();
    tally.sent(&ended);
    tally.replied(&ended, 204, true, at(1125));
    tally.ended(&ended, OutcomeKind::Ok, at(1125));
    tally.not_connected(&flight(1200, 0, 1200), OutcomeKind::Refused, at(1230));
    tally.sent(&flight(1300, 0, 1300));
    tally.unfinished(&flight(1300, 0, 1300), at(2500));
    tally.never_sent(&Unsent::waiting(at(1400), 3), at(2500));
    // Of the warm-up: one that ends in it, one whose reply ends in the window, and one that fails in the window.
    for (kind, status, end) in [
        (OutcomeKind::Ok, Some(200), 990),
        (OutcomeKind::Ok, Some(200), 1001),
        (OutcomeKind::Reset, None, 1002),
    ] {
        tally.sent(&flight(900, 0, 900));
        status.into_iter().for_each(|status| tally.replied(&flight(900, 0, 900), status, true, at(end)));
        tally.ended(&flight(900, 0, 900), kind, at(end));
    }
    let kept = tally.take_requests();
    let ms = |ns: i64| ns / 1_000_000;
    let shapes: Vec<_> = kept
        .iter()
        .map(|kept| {
            (
                ms(kept.intended),
                kept.started.map(ms),
                ms(kept.ended),
                kept.status,
                kept.outcome,
                kept.requests,
            )
        })
        .collect();
    assert_eq!(
        shapes,
        [
            (0, Some(105), 125, Some(204), Some(OutcomeKind::Ok), 1),
            (200, None, 230, None, Some(OutcomeKind::Refused), 1),
            (300, Some(300), 1500, None, None, 1),
            (400, None, 1500, None, None, 3),
            (-100, Some(-100), 1, Some(200), Some(OutcomeKind::Ok), 1),
        ]
    );
    let times =
        [kept[0].lateness, kept[0].connection_wait, kept[0].connect, kept[0].service, kept[0].response];
    assert_eq!(times.map(|time| time.unwrap() / 1_000_000), [5, 100, 0, 20, 125]);
    assert_eq!(
        kept.iter().map(RawRequest::is_censored).collect::<Vec<_>>(),
        [false, true, true, true, false]
    );
    assert!(tally.take_requests().is_empty(), "each is taken once");
}

#[test]
fn statuses_are_those_of_whole_replies_in_the_window_and_in_time() {
    let mut tally = Tally::new(window(), true);
    let (measured, early) = (flight(1000, 0, 1000), flight(900, 0, 900));
    for (flight, status, in_time) in [
        (measured, 200, true),
        (measured, 503, true),
        (measured, 503, true),
        (measured, 404, false),
        (early, 404, true),
    ] {
        tally.replied(&flight, status, in_time, at(1010));
    }
    assert_eq!(tally.statuses(), [(Status(200), 1), (Status(503), 2)].into());
}

#[test]
fn a_reply_across_an_edge_of_a_closed_loop_counts_by_its_share() {
    let mut closed = Tally::new(window(), false);
    let mut open = Tally::new(window(), true);
    // Half of the first one's time and a quarter of the second one's lie in the window; the first one ended there.
    for (started, ended, share) in [(900, 1100, -0.5), (1900, 2300, -0.25)] {
        closed.replied(&flight(started, 0, started), 200, true, at(ended));
        open.replied(&flight(started, 0, started), 200, true, at(ended));
        assert_eq!((closed.edges.all, open.edges.all), (share, 0.0));
    }
}

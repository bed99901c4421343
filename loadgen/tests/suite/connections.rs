//! Connections that give way to fresh ones, and users who pause.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loadgen::{Client, Crew, Interrupt, Load, Pace, Rate, Stop};
use reports_record::{Arrivals, CheckStatus, OutcomeKind};

use super::server::{HELLO, Server};
use super::{check, load, measure};

/// The requests of each connection, in the order in which connections were accepted; true for one that says it is the last.
type Seen = Arc<Mutex<Vec<Vec<bool>>>>;

fn counting(delay: Duration) -> (Server, Seen) {
    let seen = Seen::default();
    let log = seen.clone();
    let server = Server::start(move |mut connection| {
        let mut requests = Vec::new();
        while let Some(head) = connection.request() {
            requests.push(head.contains("\r\nconnection: close\r\n"));
            std::thread::sleep(delay);
            connection.send(HELLO);
        }
        log.lock().unwrap().push(requests);
    });
    (server, seen)
}

fn open(rate: f64) -> Pace {
    Pace::open(Rate::per_second(rate).unwrap(), Arrivals::Constant, 1)
}

#[test]
fn every_connection_carries_as_many_requests_as_asked_and_announces_the_last() {
    for pace in [Pace::CLOSED, open(400.0)] {
        let (server, seen) = counting(Duration::ZERO);
        let stop = Stop::Requests(60);
        let load = Load { pace, churn: Some(3), stop, ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measure(&load, 2);
        assert_eq!(measurement.account.finished, 60, "{:?}", measurement.outcomes);
        // Twice, because connections opened beforehand and left at the end may have carried fewer.
        let whole = [false, false, true];
        while seen.lock().unwrap().len() < server.accepted() {
            std::thread::yield_now();
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen.iter().map(Vec::len).sum::<usize>(), 60);
        assert!(seen.iter().filter(|requests| **requests == whole).count() >= 18, "{seen:?}");
        assert!(seen.iter().all(|requests| whole.starts_with(requests)), "{seen:?}");
        // Two connections stood before; all others were opened for a request.
        let connect = measurement.connect_us.as_ref().unwrap();
        assert_eq!(connect.count as usize, seen.len() - 2);
        assert_eq!(check(&measurement, "connections").status, CheckStatus::Pass);
    }
}

#[test]
fn opening_a_connection_is_a_part_of_the_response_time_and_of_nothing_else() {
    let (server, _) = counting(Duration::ZERO);
    let load =
        Load { pace: open(300.0), churn: Some(1), ..load(&server.url("/"), Duration::from_millis(500)) };
    let measurement = measure(&load, 8);
    assert_eq!(measurement.account.finished, 150, "{:?}", measurement.outcomes);
    let mean = |times: &reports_record::Times| times.mean.unwrap() * times.count as f64 / 150.0;
    let connect = measurement.connect_us.as_ref().unwrap();
    assert!((140..=150).contains(&connect.count), "{connect:?}");
    let parts = mean(measurement.lateness_us.as_ref().unwrap())
        + mean(measurement.connection_wait_us.as_ref().unwrap())
        + mean(connect)
        + mean(&measurement.service_time_us);
    let response = mean(measurement.response_time_us.as_ref().unwrap());
    // Histograms round each time to 0.1 %.
    assert!((response / parts - 1.0).abs() < 0.005, "{response} against {parts}");
}

#[test]
fn a_fresh_connection_that_is_refused_is_a_failed_request_and_not_silence() {
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            // Off before the reply, or the client is back before it is.
            connection.power.kill();
            connection.stream.write_all(HELLO).unwrap();
        }
    });
    let load = Load { churn: Some(1), ..load(&server.url("/"), Duration::from_millis(800)) };
    let measurement = measure(&load, 1);
    assert_eq!(measurement.account.finished, 1, "{:?}", measurement.outcomes);
    assert!(measurement.outcomes[&OutcomeKind::Refused] >= 3, "{:?}", measurement.outcomes);
    assert!(measurement.account.closes(), "{:?}", measurement.account);
}

#[test]
fn two_measurements_with_churn_over_the_same_client_both_work() {
    let (server, _) = counting(Duration::ZERO);
    let crew = Crew { connections: 3, ..Crew::default() };
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&server.url("/"), &crew, None, &interrupt).unwrap();
    let churning =
        Load { churn: Some(2), stop: Stop::Requests(31), ..load(&server.url("/"), Duration::from_secs(1)) };
    for load in [churning.clone(), Load { churn: None, ..churning.clone() }, churning] {
        let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
        assert_eq!(measurement.account.finished, 31, "{:?}", measurement.outcomes);
    }
}

#[test]
fn users_who_think_send_one_request_per_think_time_and_service_time() {
    let (server, _) = counting(Duration::from_millis(20));
    let think = Duration::from_millis(180);
    let load = Load { pace: Pace::Closed { think }, ..load(&server.url("/"), Duration::from_secs(2)) };
    let begun = Instant::now();
    let measurement = measure(&load, 10);
    assert!(begun.elapsed() >= Duration::from_secs(2));
    // Ten users, one request in 200 ms each at the most: 100 in two seconds; a busy machine makes it fewer.
    let due = measurement.account.due;
    assert!((60..=110).contains(&due), "{due}");
    // Spread over the first think time, not all at once: no two ticks of 100 ms differ by all ten.
    let dues: Vec<u64> = measurement.sub_windows.iter().map(|part| part.due).collect();
    assert!(dues.iter().all(|due| *due < 10), "{dues:?}");
    assert!(measurement.in_flight_mean < 3.0, "{}", measurement.in_flight_mean);
}

#[test]
fn bystanders_stand_beside_the_measured_connections_and_are_not_measured() {
    let (server, _) = counting(Duration::from_millis(2));
    let crew = Crew { connections: 2, idle: 30, slow: 3, ..Crew::default() };
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&server.url("/"), &crew, None, &interrupt).unwrap();
    while server.accepted() < 35 {
        std::thread::yield_now();
    }
    let load = Load { stop: Stop::Requests(40), ..load(&server.url("/"), Duration::from_secs(1)) };
    let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
    assert_eq!((measurement.account.due, measurement.account.finished), (40, 40));
    assert_eq!((measurement.plan.idle, measurement.plan.slow), (30, 3));
    let stood = check(&measurement, "bystanders");
    assert_eq!(stood.status, CheckStatus::Pass, "{}", stood.finding);
    assert!(stood.finding.starts_with("33 of 33"), "{}", stood.finding);
    drop(client);
    assert_eq!(server.accepted(), 35, "none was opened twice");
}

#[test]
fn slow_requests_arrive_a_byte_at_a_time_and_are_answered() {
    let gaps = Arc::new(Mutex::new(Vec::new()));
    let log = gaps.clone();
    let server = Server::start(move |mut connection| {
        let begun = Instant::now();
        while connection.request().is_some() {
            log.lock().unwrap().push(begun.elapsed());
            connection.send(HELLO);
        }
    });
    let crew = Crew { slow: 1, ..Crew::default() };
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&server.url("/"), &crew, None, &interrupt).unwrap();
    // Its head has some forty bytes: longer than four seconds, and no upper bound on a busy machine.
    let load = Load { pace: open(4.0), ..load(&server.url("/"), Duration::from_secs(7)) };
    let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
    assert!(measurement.slow_replies >= 1, "{}", measurement.slow_replies);
    assert!(gaps.lock().unwrap().iter().any(|gap| *gap > Duration::from_secs(3)), "{gaps:?}");
    assert_eq!(measurement.account.finished, 28);
}

#[test]
fn bystanders_that_the_server_closes_come_back_and_are_told_of() {
    let server = Server::start(|mut connection| {
        // Who says nothing for a while is shown out, as servers do.
        connection.stream.set_read_timeout(Some(Duration::from_millis(150))).unwrap();
        while connection.request().is_some() {
            connection.send(HELLO);
        }
    });
    let crew = Crew { idle: 2, ..Crew::default() };
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&server.url("/"), &crew, None, &interrupt).unwrap();
    let measurement =
        client.measure(&load(&server.url("/"), Duration::from_secs(1)), &interrupt, &mut |_| {}).unwrap();
    let stood = check(&measurement, "bystanders");
    assert_eq!(stood.status, CheckStatus::Warn, "{}", stood.finding);
    assert!(server.accepted() > 3, "{}", server.accepted());
}

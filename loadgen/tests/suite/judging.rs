//! What a measurement is judged to be: by servers whose fault, or whose health, is known.

use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use loadgen::{Load, Pace, Rate, Replay, Request};
use reports_record::{Arrivals, CapacityReport, CheckStatus, Measurement};

use super::server::{HELLO, Server};
use super::{check, load, measure};

fn open(rate: f64) -> Pace {
    Pace::open(Rate::per_second(rate).unwrap(), Arrivals::Constant, 7)
}

/// One worker: answers one request after another, each `work` after the one before.
///
/// By the clock and not by sleeps, so that a machine under load is no slower a server.
fn one_worker(work: Duration) -> Server {
    let free = Mutex::new(Instant::now());
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            let end = {
                let mut free = free.lock().unwrap();
                *free = (*free).max(Instant::now()) + work;
                *free
            };
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
            connection.send(HELLO);
        }
    })
}

#[test]
fn a_queue_that_the_warm_up_filled_and_that_grows_does_not_pass() {
    // 100/s of 200/s: the growth is a half.
    let (warm_up, window) = (Duration::from_millis(1000), Duration::from_millis(2000));
    for warm_up in [Duration::ZERO, warm_up] {
        let server = one_worker(Duration::from_millis(10));
        let load = Load { pace: open(200.0), warm_up, ..load(&server.url("/"), window) };
        let measurement = measure(&load, 600);
        let found = check(&measurement, "achieved");
        assert!(found.status >= CheckStatus::Warn, "{}", found.finding);
        let share = found.figure.unwrap();
        assert!((0.35..0.65).contains(&share), "{}", found.finding);
    }
}

#[test]
fn replies_that_all_take_half_the_window_keep_up_and_do_not_drift() {
    let server = Server::answering(HELLO, Duration::from_millis(1000));
    let load = Load {
        pace: open(20.0),
        grace: Duration::from_secs(3),
        ..load(&server.url("/"), Duration::from_millis(2500))
    };
    let measurement = measure(&load, 60);
    for name in ["achieved", "stationarity"] {
        let found = check(&measurement, name);
        assert!(found.status <= CheckStatus::Pass, "{name}: {}", found.finding);
        assert!(!found.finding.contains('-'), "{}", found.finding);
    }
    assert_eq!(check(&measurement, "achieved").status, CheckStatus::Pass);
}

/// Answers at once until `hangs` after its first request, and then not at all.
fn hanging(hangs: Duration) -> Server {
    let first = Mutex::new(None);
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            let begin = *first.lock().unwrap().get_or_insert_with(Instant::now);
            if begin.elapsed() < hangs {
                connection.send(HELLO);
            }
        }
    })
}

#[test]
fn a_server_that_hangs_near_the_window_s_end_did_not_keep_up() {
    // The last fifth of 300 requests is never answered.
    let server = hanging(Duration::from_millis(2400));
    let load = Load { pace: open(100.0), ..load(&server.url("/"), Duration::from_secs(3)) };
    let measurement = measure(&load, 200);
    assert!(measurement.censored >= 50, "{:?}", measurement.account);
    let achieved = check(&measurement, "achieved");
    assert!(achieved.status >= CheckStatus::Warn, "{}", achieved.finding);
    assert!(achieved.finding.contains(" s after its end"), "{}", achieved.finding);
    let is_clients = achieved.status == CheckStatus::Fail || achieved.explained_by.is_some();
    assert!(is_clients || achieved.finding.contains("the server did not keep up"), "{}", achieved.finding);
}

#[test]
fn requests_in_flight_for_far_longer_than_any_reply_took_are_told() {
    let server = hanging(Duration::from_millis(400));
    let load = Load { grace: Duration::from_secs(3), ..load(&server.url("/"), Duration::from_millis(500)) };
    let errors = check(&measure(&load, 4), "errors").clone();
    assert_eq!(errors.status, CheckStatus::Warn, "{}", errors.finding);
    assert!(errors.finding.contains("4 requests had no reply when measuring stopped"), "{}", errors.finding);
}

#[test]
fn starts_that_wait_for_connections_of_a_server_that_stalls_left_the_schedule_by_its_doing() {
    // A third of 200 starts falls due while both connections are busy.
    let first = Mutex::new(None);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let begin = *first.lock().unwrap().get_or_insert_with(Instant::now);
            let [from, to] = [500, 1200].map(|ms| begin + Duration::from_millis(ms));
            if Instant::now() >= from {
                std::thread::sleep(to.saturating_duration_since(Instant::now()));
            }
            connection.send(HELLO);
        }
    });
    let pace = Pace::open(Rate::per_second(100.0).unwrap(), Arrivals::Poisson, 7);
    let measurement = measure(&Load { pace, ..load(&server.url("/"), Duration::from_secs(2)) }, 2);
    let arrivals = check(&measurement, "arrivals");
    assert!(arrivals.status >= CheckStatus::Warn && arrivals.figure > Some(0.1), "{}", arrivals.finding);
    assert!(arrivals.finding.contains("the server shaped its own load"), "{}", arrivals.finding);
}

#[test]
fn a_server_that_gets_slower_and_slower_drifts() {
    // From 10 ms to 190 ms within three seconds.
    let first = Mutex::new(None);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let begin = *first.lock().unwrap().get_or_insert_with(Instant::now);
            std::thread::sleep(Duration::from_millis(10) + begin.elapsed().mul_f64(0.06));
            connection.send(HELLO);
        }
    });
    let url = server.url("/").to_string();
    let (_, measurement, said) = run(&[&url, "-r", "300/s", "-c", "200", "-d", "3s"]);
    let stationarity = check(&measurement, "stationarity");
    assert!(stationarity.status >= CheckStatus::Warn, "{}: {said}", stationarity.finding);
}

#[test]
fn a_schedule_that_begins_with_a_pause_is_judged_by_what_follows() {
    // 100/s of 200/s, behind a pause of two thirds of the window.
    let server = one_worker(Duration::from_millis(10));
    let course = loadgen::Course::Stages("0/s:2s, 200/s:1s".parse().unwrap());
    let pace = Pace::Open { course, arrivals: Arrivals::Constant, seed: 0 };
    let measurement = measure(&Load { pace, ..load(&server.url("/"), Duration::from_secs(3)) }, 300);
    let achieved = check(&measurement, "achieved");
    assert!(achieved.status >= CheckStatus::Warn, "{}", achieved.finding);
    let share = achieved.figure.unwrap();
    assert!((0.3..0.7).contains(&share), "{}", achieved.finding);
}

#[test]
fn copying_large_requests_to_the_kernel_is_no_standstill() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let request = Request::new(&server.url("/"), "POST", &[], Some(&vec![b'a'; 8_000_000])).unwrap();
    let measurement = measure(&Load { request, ..load(&server.url("/"), Duration::from_secs(1)) }, 1);
    let gap = check(&measurement, "gap");
    // Of a loop that copies nearly all the time; a machine that has no CPU for it stops it.
    let has_cpu = measurement.client.cpu_wait.is_none_or(|waited| waited < 0.3);
    assert!(gap.status < CheckStatus::Fail || !has_cpu, "{}", gap.finding);
}

#[test]
fn a_short_recording_keeps_up() {
    let server = Server::answering(HELLO, Duration::from_millis(50));
    let offsets: String = (0..30).map(|index| format!("{:.2}\n", f64::from(index) * 0.05)).collect();
    let replay = Replay::read(offsets.as_bytes()).unwrap();
    let window = replay.length();
    let pace = Pace::Open { course: loadgen::Course::Replay(replay), arrivals: Arrivals::Constant, seed: 0 };
    let measurement = measure(&Load { pace, ..load(&server.url("/"), window) }, 8);
    let found = check(&measurement, "achieved");
    assert_eq!(found.status, CheckStatus::Pass, "{}", found.finding);
}

#[test]
fn connections_that_are_all_busy_are_named_as_the_plans_limit() {
    let server = Server::answering(HELLO, Duration::from_millis(20));
    let measurement =
        measure(&Load { pace: open(300.0), ..load(&server.url("/"), Duration::from_secs(2)) }, 2);
    let found = check(&measurement, "achieved");
    assert!(found.status >= CheckStatus::Warn, "{}", found.finding);
    if found.status == CheckStatus::Warn && found.explained_by.as_deref() != Some("cpu_wait") {
        let plan = check(&measurement, "plan");
        assert_eq!(found.explained_by.as_deref(), Some("plan"), "{}; {}", found.finding, plan.finding);
        assert!(plan.finding.contains("a reply 2 connections can carry"), "{}", plan.finding);
        assert!(plan.remedy.as_ref().unwrap().contains("or more connections (-c)"), "{:?}", plan.remedy);
    }
}

#[test]
fn one_due_request_fails_no_check() {
    let server = Server::answering(HELLO, Duration::from_millis(5));
    for count in 1..=3 {
        let pace = open(f64::from(count));
        let measurement = measure(&Load { pace, ..load(&server.url("/"), Duration::from_secs(1)) }, 2);
        for name in ["achieved", "stationarity", "arrivals", "pace", "replies", "errors", "little", "parts"] {
            let found = check(&measurement, name);
            assert!(found.status <= CheckStatus::Pass, "{count} due, {name}: {}", found.finding);
        }
        assert!(measurement.service_time_us.intervals.is_empty(), "{:?}", measurement.service_time_us);
    }
}

#[test]
fn an_interval_holds_its_figure_where_a_standstill_ends_in_the_drain() {
    // Still from a while before the window's end until just after it, as seen from the first request.
    let first = Mutex::new(None);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let begin = *first.lock().unwrap().get_or_insert_with(Instant::now);
            let (still, end) = (begin + Duration::from_millis(2400), begin + Duration::from_millis(3300));
            if Instant::now() >= still {
                std::thread::sleep(end.saturating_duration_since(Instant::now()));
            }
            connection.send(HELLO);
        }
    });
    let load = Load {
        pace: open(100.0),
        grace: Duration::from_secs(2),
        ..load(&server.url("/"), Duration::from_secs(3))
    };
    let response = measure(&load, 200).response_time_us.unwrap();
    let mean = response.mean.unwrap();
    // A fifth of the requests wait for 600 ms on average.
    assert!(mean > 60_000.0, "{response:?}");
    for (name, margin) in &response.intervals {
        let figure = if name == "mean" {
            response.mean
        } else {
            response.quantiles().iter().find(|one| one.0 == name).unwrap().2
        };
        let figure = figure.unwrap();
        assert!(
            margin.low <= figure && margin.high.is_none_or(|high| figure <= high),
            "{name}: {figure}, {margin:?}"
        );
    }
}

fn run(arguments: &[&str]) -> (Option<i32>, Measurement, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).args(["--json", "-"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let measurement =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (output.status.code(), measurement, said)
}

/// Answers each connection's requests, and closes it in the place of every `n`th answer.
fn closing(n: u32) -> Server {
    let count = std::sync::atomic::AtomicU32::new(0);
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            if count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % n == n - 1 {
                let _ = connection.stream.shutdown(std::net::Shutdown::Both);
                return;
            }
            connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
        }
    })
}

/// Answers every `n`th request with 503.
fn unavailable(n: u32) -> Server {
    let count = std::sync::atomic::AtomicU32::new(0);
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            let is_wrong = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % n == n - 1;
            connection.send(if is_wrong {
                b"HTTP/1.1 503 No\r\ncontent-length: 5\r\n\r\nhello"
            } else {
                HELLO
            });
        }
    })
}

#[test]
fn an_error_rate_that_a_condition_allows_is_not_failed_by_the_certificate() {
    let server = unavailable(33);
    let url = server.url("/").to_string();
    let status = |measurement: &Measurement| check(measurement, "replies").status;
    let (_, measurement, _) = run(&[&url, "-n", "660"]);
    assert_eq!(status(&measurement), CheckStatus::Fail, "3 % are beyond the check's own bound");
    let (code, measurement, said) = run(&[&url, "-n", "660", "--fail-if", "error_rate > 5%"]);
    let found = check(&measurement, "replies");
    assert_eq!((found.status, found.bound), (CheckStatus::Pass, 0.05), "{}", found.finding);
    assert!(found.finding.contains("held to the 5 % of the condition on error_rate"), "{}", found.finding);
    let believable = measurement.certificate.is_believable();
    assert_eq!(code, Some(if believable { 0 } else { 3 }), "{said}");
    let (code, measurement, said) = run(&[&url, "-n", "660", "--fail-if", "error_rate > 2%"]);
    assert_eq!(status(&measurement), CheckStatus::Warn, "the condition is the judge");
    let believable = measurement.certificate.is_believable();
    assert_eq!(code, Some(if believable { 1 } else { 3 }), "{said}");
}

#[test]
fn a_few_failures_leave_the_quantiles_known_that_they_do_not_reach() {
    let server = closing(500);
    let url = server.url("/").to_string();
    let (_, measurement, said) = run(&[&url, "-n", "2000", "-c", "4", "--fail-if", "service_time_p99 > 5s"]);
    let times = &measurement.service_time_us;
    assert!(times.p99.is_some() && !times.is_at_least("p99"), "{times:?}");
    assert!(!said.contains("cannot be told"), "{said}");
}

#[test]
fn a_capacity_is_not_at_least_a_rate_at_which_the_queue_grows() {
    let server = one_worker(Duration::from_millis(10));
    let url = server.url("/").to_string();
    let plan = [
        "-o",
        "p50 < 8s",
        "--warm-up",
        "1s",
        "--trial",
        "2s",
        "-c",
        "1000",
        "--trials",
        "1",
        "--settle",
        "50ms",
    ];
    // At 113/s 26 of 226 are left over after 2 s; of Poisson arrivals chance may leave 27.
    for from in ["200/s", "113/s"] {
        let range =
            ["--from", from, "--to", "220/s", "--arrivals", "constant", "--pacing", "timer", "--json", "-"];
        let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .arg("capacity")
            .arg(&url)
            .args(plan)
            .args(range)
            .output()
            .unwrap();
        let report: CapacityReport = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report.passed_per_s, None, "{}", report.answer);
    }
}

//! How connections come about: opened as requests need them, or all beforehand, and what servers with few places make of either.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use loadgen::{Client, Crew, Interrupt, Load, Pace, Pool, Rate};
use nix::sys::socket::{Backlog, listen};
use reports_record::{Arrivals, CheckStatus, Measurement};

use super::server::{self, HELLO, Server};
use super::{check, load};

fn open(rate: f64) -> Pace {
    Pace::open(Rate::per_second(rate).unwrap(), Arrivals::Constant, 1)
}

fn measured(load: &Load, crew: &Crew) -> Measurement {
    let interrupt = Interrupt::default();
    let mut client = Client::connect(load.request.url(), crew, None, &interrupt).unwrap();
    client.measure(load, &interrupt, &mut |_| {}).unwrap()
}

/// Serves as many connections at once as it has slots. A connection holds its slot from when it is accepted to its end: while it is
/// silent, too, up to a second.
fn with_slots(slots: usize) -> Server {
    let free = Arc::new((Mutex::new(slots), Condvar::new()));
    Server::start(move |mut connection| {
        let (left, changed) = &*free;
        *changed.wait_while(left.lock().unwrap(), |left| *left == 0).unwrap() -= 1;
        connection.stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        while connection.request().is_some() {
            connection.send(HELLO);
        }
        *left.lock().unwrap() += 1;
        changed.notify_one();
    })
}

#[test]
fn a_server_with_few_slots_is_not_blocked_by_silent_connections() {
    let p90 = |pool| {
        let server = with_slots(16);
        let load = Load { pace: open(100.0), ..load(&server.url("/"), Duration::from_secs(2)) };
        let measurement = measured(&load, &Crew { connections: 128, pool, ..Crew::default() });
        (measurement.response_time_us.as_ref().unwrap().p90.unwrap() / 1e6, measurement)
    };
    let (on_demand, measurement) = p90(Pool::OnDemand);
    assert!(on_demand < 0.2, "{on_demand} s");
    assert_eq!(measurement.account.finished, 200, "{:?}", measurement.outcomes);
    let opened = measurement.connections_opened.unwrap();
    assert!((1..=16).contains(&opened), "{opened}");
    let connections = check(&measurement, "connections");
    assert!(
        connections.finding.contains("of at most 128 connections were needed"),
        "{}",
        connections.finding
    );
    let (all, measurement) = p90(Pool::All);
    let connections = check(&measurement, "connections");
    assert!(connections.finding.contains("full of silent ones"), "{}", connections.finding);
    assert!(connections.remedy.as_ref().unwrap().contains("--pool all"), "{connections:?}");
    assert!(all > 0.5, "{all} s: 112 connections stand in line behind 16 silent ones");
}

#[test]
fn the_most_recently_used_connection_is_next_and_no_more_are_opened_than_are_needed() {
    for (pool, expected) in [(Pool::OnDemand, 1..=8), (Pool::All, 20..=20)] {
        let server = Server::answering(HELLO, Duration::from_millis(1));
        let load = Load { pace: open(50.0), ..load(&server.url("/"), Duration::from_secs(1)) };
        let measurement = measured(&load, &Crew { connections: 20, pool, ..Crew::default() });
        assert_eq!(measurement.account.finished, 50, "{:?}", measurement.outcomes);
        assert!(expected.contains(&server.accepted()), "{pool:?}: {} were opened", server.accepted());
        assert_eq!(measurement.plan.opens_on_demand, pool == Pool::OnDemand);
    }
}

#[test]
fn opening_on_demand_is_a_part_of_the_response_time_and_shown_apart() {
    let server = Server::answering(HELLO, Duration::from_millis(50));
    // Ten at once, every 200 ms: nine are opened by the first burst, beside the one that stood.
    let pace = Pace::Open {
        course: loadgen::Course::Bursts("10/200ms".parse().unwrap()),
        arrivals: Arrivals::Constant,
        seed: 1,
    };
    let load = Load { pace, ..load(&server.url("/"), Duration::from_millis(1000)) };
    let measurement = measured(&load, &Crew { connections: 40, pool: Pool::OnDemand, ..Crew::default() });
    assert_eq!(measurement.account.finished, 50, "{:?}", measurement.outcomes);
    let connect = measurement.connect_us.as_ref().unwrap();
    assert!((9..40).contains(&connect.count), "{connect:?}");
    assert_eq!(check(&measurement, "parts").status, CheckStatus::Pass);
}

/// Serves one connection after another, each until its end, and has five more wait: as `wsgiref` does.
fn one_at_a_time() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listen(&listener, Backlog::new(5).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut connection = server::connection(stream.unwrap());
            if connection.request().is_some() {
                connection.send(b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello");
            }
        }
    });
    format!("http://{address}/")
}

fn loadgen(arguments: &[&str]) -> (Option<i32>, serde_json::Value, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).args(["--json", "-"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), said)
}

#[test]
fn a_server_that_serves_one_connection_at_a_time_is_measured_and_not_called_absent() {
    let url = one_at_a_time();
    let begun = std::time::Instant::now();
    let (code, json, said) = loadgen(&[&url, "-c", "8", "-d", "1s"]);
    assert!(matches!(code, Some(0 | 3)) && !said.contains("listening"), "{code:?} {said}");
    assert!(json["achieved_rate_per_s"].as_f64() > Some(50.0), "{json}");
    // Five seconds until all had a reply, and what is in flight when the second is over.
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

#[test]
fn connections_that_the_listener_s_queue_has_no_room_for_are_told_as_that() {
    let (code, json, said) = loadgen(&[&one_at_a_time(), "-c", "32", "-d", "2s"]);
    assert!(matches!(code, Some(0 | 3)), "{code:?} {said}");
    let connections = json["certificate"]["checks"].as_array().unwrap();
    let finding =
        connections.iter().find(|check| check["name"] == "connections").unwrap()["finding"].as_str();
    assert!(finding.unwrap().contains("connections that wait to be accepted was full"), "{finding:?}");
}

/// Serves two connections, lets five wait to be accepted (one more than its backlog, as Linux has it), and accepts none of them.
fn deaf_to_all_but_two() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listen(&listener, Backlog::new(4).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut connection = server::connection(stream.unwrap());
            std::thread::spawn(move || {
                while connection.request().is_some() {
                    connection.send(HELLO);
                }
            });
        }
        // The listener stays open.
        loop {
            std::thread::park();
        }
    });
    format!("http://{address}/")
}

#[test]
fn a_measurement_ends_when_it_said_although_most_connections_are_never_accepted() {
    let begun = std::time::Instant::now();
    let patient = ["--timeout", "60s", "--connect-timeout", "60s"];
    let url = deaf_to_all_but_two();
    let (code, json, said) =
        loadgen(&[&[url.as_str(), "-c", "32", "-d", "1s", "--warm-up", "200ms"][..], &patient].concat());
    assert!(said.contains("at most 3.2s in all"), "{said}");
    // The time-out would be a minute.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(matches!(code, Some(0 | 3)), "{code:?} {said}");
    assert!(json["achieved_rate_per_s"].as_f64() > Some(50.0), "{json}");
    assert_eq!((&json["plan"]["grace_s"], &json["plan"]["grace_at_least_s"]), (&60.0.into(), &2.0.into()));
    let checks = json["certificate"]["checks"].as_array().unwrap();
    let connections = checks.iter().find(|check| check["name"] == "connections").unwrap();
    // The kernel drops the others at first, or takes them and lets their requests lie.
    let finding = connections["finding"].as_str().unwrap();
    assert!(finding.contains("connections that wait to be accepted was full"), "{finding}");
    assert!(
        connections["remedy"].as_str().unwrap().starts_with("raise the server's backlog"),
        "{connections}"
    );
}

#[test]
fn a_closed_loop_says_connections_over_reply_time_in_any_window() {
    let server = Server::answering(HELLO, Duration::from_millis(250));
    let url = server.url("/").to_string();
    // 0.4, 1, 2.2, 4 and 8 reply times.
    for window in ["100ms", "250ms", "550ms", "1s", "2s"] {
        let (code, json, said) = loadgen(&[&url, "-c", "8", "-d", window]);
        assert!(code.is_some(), "{said}");
        // 8 ÷ 0.25 s = 32/s, less what threads on a busy machine wake up late.
        let (rate, goodput) =
            (json["achieved_rate_per_s"].as_f64().unwrap(), json["goodput_per_s"].as_f64().unwrap());
        assert!((24.0..=32.1).contains(&rate), "{window}: {rate}");
        assert_eq!(rate, goodput);
        assert!(json["warmed_up_s"].as_f64() >= Some(0.25), "{}", json["warmed_up_s"]);
        assert_eq!(json["censored"], 0);
        let checks = json["certificate"]["checks"].as_array().unwrap();
        assert_eq!(
            checks.iter().find(|check| check["name"] == "window").unwrap()["status"],
            "warn",
            "fewer than 20"
        );
    }
}

#[test]
fn a_few_connections_opened_anew_are_no_warning_and_the_advice_names_what_was_announced() {
    let ending = |after: usize, last: &'static [u8]| {
        let served = AtomicUsize::new(0);
        Server::start(move |mut connection| {
            while connection.request().is_some() {
                if served.fetch_add(1, Ordering::SeqCst) % after == after - 1 {
                    return connection.send(last);
                }
                connection.send(HELLO);
            }
        })
    };
    let closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    let announcing =
        b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=100\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    let run = |server: &Server| {
        let stop = loadgen::Stop::Requests(3000);
        measured(&Load { stop, ..load(&server.url("/"), Duration::from_secs(1)) }, &Crew::default())
    };
    let seldom = run(&ending(1000, closing));
    assert!(seldom.reopened >= 2, "{}", seldom.reopened);
    assert_eq!(check(&seldom, "connections").status, CheckStatus::Pass, "{seldom:?}");
    let remedies: BTreeMap<&str, &[u8]> =
        [("connection: close", &closing[..]), ("keep-alive: max=100", &announcing[..])].into();
    for (announced, last) in remedies {
        let often = run(&ending(100, if last.len() == closing.len() { closing } else { announcing }));
        let connections = check(&often, "connections");
        assert_eq!(connections.status, CheckStatus::Warn);
        assert!(connections.remedy.as_ref().unwrap().contains(announced), "{connections:?}");
    }
}

#[test]
fn a_pool_that_a_closed_loop_has_no_use_for_is_refused() {
    for (arguments, said) in [
        (&["-c", "2", "--pool", "all"][..], "--pool"),
        (&["-r", "5/s", "--pool", "on-demand", "--prime", "/"], "--prime"),
    ] {
        let (code, _, told) = loadgen(&[&["http://127.0.0.1:9/"][..], arguments].concat());
        assert!(code == Some(2) && told.contains(said), "{told}");
    }
}

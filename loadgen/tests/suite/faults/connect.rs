//! Connections that do not come about.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use loadgen::{Client, Crew, Interrupt, Load, StartError, Stop};
use nix::mount::{MsFlags, mount};
use nix::sys::socket::{Backlog, listen};
use reports_record::OutcomeKind;

use crate::namespace::{DeadEnd, apart, take_route_away};
use crate::server::{self, HELLO};
use crate::{check, load, measure};

/// Connects until the queue of connections that nobody accepts is full: from there on the kernel drops what comes.
fn fill(listener: &TcpListener) -> Vec<TcpStream> {
    listen(listener, Backlog::new(0).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let queued: Vec<_> = std::iter::from_fn(|| connect().ok()).take(100).collect();
    assert!(queued.len() < 100, "the queue has no end");
    queued
}

fn crew(connections: u32) -> Crew {
    Crew { connections, connect_timeout: Duration::from_millis(150), ..Crew::default() }
}

/// Serves two connections and accepts no more; the second ends when the hole is dug. Returns the address and the
/// replies given since.
fn black_hole() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let replies_since = Arc::new(AtomicU64::new(0));
    let since = replies_since.clone();
    std::thread::spawn(move || {
        let mut steady = server::connection(listener.accept().unwrap().0);
        let ending = listener.accept().unwrap().0;
        let (dug, is_dug) = mpsc::channel();
        std::thread::spawn(move || {
            let _queued = fill(&listener);
            drop(ending);
            dug.send(()).unwrap();
            // Held, and with it the hole, until the test is over.
            std::thread::park();
        });
        let mut hole = false;
        while steady.request().is_some() {
            std::thread::sleep(Duration::from_millis(2));
            hole |= is_dug.try_recv().is_ok();
            since.fetch_add(u64::from(hole), Ordering::SeqCst);
            steady.send(HELLO);
        }
    });
    (address, replies_since)
}

#[test]
fn a_black_hole_is_a_connect_timeout_and_other_connections_go_on() {
    let (address, replies_since) = black_hole();
    let url = format!("http://{address}/").parse().unwrap();
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&url, &crew(2), None, &interrupt).unwrap();
    let load = load(&url, Duration::from_secs(3));
    let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
    assert!(measurement.outcomes[&OutcomeKind::ConnectTimeout] >= 1, "{:?}", measurement.outcomes);
    assert!(replies_since.load(Ordering::SeqCst) >= 20, "{replies_since:?}");
    assert!(measurement.account.closes() && measurement.complete, "{:?}", measurement.account);
}

#[test]
fn a_black_hole_at_the_start_is_named_within_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _queued = fill(&listener);
    let address = listener.local_addr().unwrap();
    let begun = Instant::now();
    let url = format!("http://{address}/").parse().unwrap();
    let refused = Client::connect(&url, &crew(1), None, &Interrupt::default()).unwrap_err();
    assert!(matches!(refused, StartError::Connect { .. }), "{refused}");
    assert!(refused.to_string().contains(&address.to_string()), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_host_without_a_route_is_told_as_that() {
    apart("faults::connect::a_host_without_a_route_is_told_as_that", || {
        let url = "http://192.0.2.1/".parse().unwrap();
        let refused = Client::connect(&url, &crew(1), None, &Interrupt::default()).unwrap_err().to_string();
        assert!(refused.contains("unreachable") && refused.contains("route"), "{refused}");
        assert!(!refused.contains("descriptor") && !refused.contains("listening"), "{refused}");
    });
}

#[test]
fn a_route_that_leads_nowhere_is_told_as_that_in_both_families_whatever_the_kernel_calls_it() {
    apart(
        "faults::connect::a_route_that_leads_nowhere_is_told_as_that_in_both_families_whatever_the_kernel_calls_it",
        || {
            let dead_ends = [DeadEnd::Blackhole, DeadEnd::Unreachable, DeadEnd::Prohibited];
            for (number, dead_end) in (1..).zip(dead_ends) {
                for host in [format!("192.0.2.{number}"), format!("2001:db8::{number}")] {
                    let address: IpAddr = host.parse().unwrap();
                    take_route_away(address, dead_end).unwrap();
                    let url = format!("http://{}/", SocketAddr::new(address, 80)).parse().unwrap();
                    let refused = Client::connect(&url, &crew(1), None, &Interrupt::default());
                    let told = refused.unwrap_err().to_string();
                    let remedy =
                        "check the address, the route to it (ip route get ADDRESS) and the firewalls between";
                    assert!(told.contains(remedy), "{dead_end:?}: {told}");
                }
            }
        },
    );
}

#[test]
fn a_connection_that_meets_itself_is_refused() {
    apart("faults::connect::a_connection_that_meets_itself_is_refused", || {
        // The only port that a client may be given is the one that it connects to.
        std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000").unwrap();
        for host in ["127.0.0.1", "[::1]"] {
            let url = format!("http://{host}:40000/").parse().unwrap();
            let refused = Client::connect(&url, &crew(1), None, &Interrupt::default()).unwrap_err();
            assert!(refused.to_string().contains("nothing listens there"), "{refused}");
        }
    });
}

#[test]
fn a_route_that_goes_away_is_the_networks_fault() {
    apart("faults::connect::a_route_that_goes_away_is_the_networks_fault", || {
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        std::thread::spawn(move || {
            // Each connection carries one request, so that the next one has to be opened.
            for (number, stream) in listener.incoming().enumerate() {
                let mut connection = server::connection(stream.unwrap());
                if number == 5 {
                    take_route_away([127, 0, 0, 2].into(), DeadEnd::Unreachable).unwrap();
                }
                if connection.request().is_some() {
                    connection.send(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
                }
            }
        });
        let timeout = Duration::from_millis(200);
        let measurement = measure(&Load { timeout, ..load(&url, Duration::from_secs(1)) }, 1);
        assert!(measurement.outcomes[&OutcomeKind::Unreachable] >= 1, "{:?}", measurement.outcomes);
        assert!(
            !measurement.outcomes.contains_key(&OutcomeKind::ConnectTimeout),
            "{:?}",
            measurement.outcomes
        );
        let errors = check(&measurement, "errors");
        assert!(errors.finding.contains("unreachable (network's fault)"), "{}", errors.finding);
        assert!(!errors.finding.contains("client"), "{}", errors.finding);
        assert!(errors.remedy.as_ref().unwrap().contains("route"), "{errors:?}");
    });
}

/// Answers on `address`; the connections that it accepted.
fn answering(address: SocketAddr) -> Arc<AtomicU64> {
    let listener = TcpListener::bind(address).unwrap();
    let accepted = Arc::new(AtomicU64::new(0));
    let count = accepted.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let mut connection = server::connection(stream.unwrap());
            std::thread::spawn(move || {
                while connection.request().is_some() {
                    connection.send(HELLO);
                }
            });
        }
    });
    accepted
}

#[test]
fn all_addresses_of_a_name_are_used_in_turn_but_for_those_that_refuse() {
    apart("faults::connect::all_addresses_of_a_name_are_used_in_turn_but_for_those_that_refuse", || {
        let folder = tempfile::tempdir().unwrap();
        let hosts = folder.path().join("hosts");
        let names =
            "127.0.0.1 several.test\n::1 several.test\n127.0.0.2 several.test\n127.0.0.3 several.test\n";
        std::fs::write(&hosts, names).unwrap();
        mount(Some(&hosts), "/etc/hosts", None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
        let port = 8123;
        let used = ["127.0.0.1", "127.0.0.2", "::1"]
            .map(|host| answering(SocketAddr::new(host.parse().unwrap(), port)));
        let url = format!("http://several.test:{port}/").parse().unwrap();
        let interrupt = Interrupt::default();
        let crew = Crew { connections: 12, threads: 2, ..Crew::default() };
        let mut client = Client::connect(&url, &crew, None, &interrupt).unwrap();
        let left_out: Vec<String> = client.left_out().iter().map(|left| left.address.to_string()).collect();
        assert_eq!(left_out, [format!("127.0.0.3:{port}")]);
        // One connection of each address was only to find out whether it works, but for the first.
        let sum = || used.iter().map(|accepted| accepted.load(Ordering::SeqCst)).sum::<u64>();
        while sum() < 12 + 2 {
            std::thread::yield_now();
        }
        let opened = used.each_ref().map(|accepted| accepted.swap(0, Ordering::SeqCst));
        assert!(opened.iter().all(|opened| (4..=5).contains(opened)), "{opened:?}");

        let load = Load { churn: Some(1), stop: Stop::Requests(60), ..load(&url, Duration::from_secs(1)) };
        let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
        assert_eq!(measurement.account.finished, 60, "{:?}", measurement.outcomes);
        let mut addresses = measurement.addresses.clone();
        addresses.sort_unstable();
        assert_eq!(
            addresses,
            [format!("127.0.0.1:{port}"), format!("127.0.0.2:{port}"), format!("[::1]:{port}")]
        );
        // In turn for each user: the next connection goes to the next address.
        let opened = used.each_ref().map(|accepted| accepted.load(Ordering::SeqCst));
        assert!(opened.iter().all(|opened| (10..=24).contains(opened)), "{opened:?}");
    });
}

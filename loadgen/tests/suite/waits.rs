//! Requests that ask for waits of their own: what is left of their response times, and which start asks for which.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loadgen::{
    Client, Crew, Draws, Expect, ExpectBody, Interrupt, Load, Pace, Rate, Request, Stop, Url, Variant,
};
use reports_record::{Arrivals, CheckStatus, Distribution, Measurement, OutcomeKind, Times};

use super::server::Server;
use super::{check, measure};

/// A reply whose body is the request's target.
fn reply(target: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{target}", target.len()).into_bytes()
}

/// The wait that a target of the form `/MILLISECONDS` or `/MILLISECONDS/ANYTHING` asks for.
fn wait(target: &str) -> Duration {
    let ms = target.split('/').nth(1).unwrap();
    Duration::from_millis(ms.parse().unwrap())
}

/// A server that has each request wait as long as `delay` says of its target.
fn server(delay: impl Fn(&str) -> Duration + Send + Sync + 'static) -> (Server, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = seen.clone();
    let server = Server::start(move |mut connection| {
        while let Some(head) = connection.request() {
            let target = head.split(' ').nth(1).unwrap().to_owned();
            heard.lock().unwrap().push(target.clone());
            std::thread::sleep(delay(&target));
            connection.send(&reply(&target));
        }
    });
    (server, seen)
}

fn draws(url: impl Fn(&str) -> Url, targets: impl Iterator<Item = String>) -> Draws {
    let variant = |target: String| Variant {
        request: Request::get(&url(&target)),
        expect: Expect { body: ExpectBody::Exactly(target.clone().into_bytes()), ..Expect::default() },
        wait: wait(&target),
    };
    Draws::new(targets.map(variant).collect(), 7).unwrap()
}

/// 200 Poisson arrivals a second, for a second.
fn arrivals(url: &Url, draws: Draws) -> Load {
    let pace = Pace::open(Rate::per_second(200.0).unwrap(), Arrivals::Poisson, 3);
    let grace = Duration::from_secs(10);
    Load { pace, draws: Some(draws), grace, ..Load::closed(Request::get(url), Duration::from_secs(1)) }
}

/// Nanoseconds of a millisecond, and what a bucket of the histogram may take off it.
const MS: u64 = 1_000_000;
const BUCKET: f64 = 0.999;

/// The response times spread over the waits, 40 ms apart; what is left of them lies together where the server put it.
#[test]
fn a_server_that_adds_3_ms_to_each_wait_shows_3_ms_beyond_it() {
    let (server, _) = server(|target| wait(target) + Duration::from_millis(3));
    let draws =
        draws(|target| server.url(target), ["/0", "/40", "/80", "/120"].map(String::from).into_iter());
    let measured = measure(&arrivals(&server.url("/0"), draws), 64);
    let beyond = measured.beyond_wait_times().unwrap().unwrap();
    let response = measured.response_times().unwrap().unwrap();
    assert_eq!((beyond.count(), beyond.censored()), (response.count(), 0));
    let at = |times: &Distribution, q| times.exact().value_at_quantile(q);
    let least = (3.0 * MS as f64 * BUCKET) as u64;
    assert!(beyond.exact().min() >= least, "{} ns", beyond.exact().min());
    // A thread that sleeps wakes late on a busy machine; by less than the waits differ.
    for q in [0.5, 0.99] {
        assert!(at(&beyond, q) < 33 * MS, "{q}: {} ns", at(&beyond, q));
    }
    assert!(at(&response, 0.99) >= 122 * MS, "{} ns", at(&response, 0.99));
    assert!(at(&response, 0.99) - at(&response, 0.1) >= 80 * MS, "{} ns", at(&response, 0.1));
    let mean = |times: &Option<Times>| times.as_ref().unwrap().mean.unwrap();
    let less = (mean(&measured.response_time_us) - mean(&measured.beyond_wait_us)) / 1e3;
    // Four waits with a mean of 60 ms, each asked for as often as the others but for the last round.
    assert!((less - 60.0).abs() < 2.0, "{less} ms");
    for name in ["parts", "account", "little"] {
        assert_eq!(check(&measured, name).status, CheckStatus::Pass, "{:?}", check(&measured, name));
    }
}

/// A closed loop draws as well, and has no response times to take a wait from; one wait for all is no draw.
#[test]
fn only_an_open_loop_that_draws_has_times_beyond_the_waits() {
    let (server, _) = server(wait);
    let url = server.url("/0");
    let of = |load: Load| measure(&Load { stop: Stop::Requests(8), ..load }, 2).beyond_wait_us;
    let drawn =
        || arrivals(&url, draws(|target| server.url(target), ["/0".to_owned(), "/1".to_owned()].into_iter()));
    assert!(of(drawn()).is_some());
    assert_eq!(of(Load { pace: Pace::CLOSED, ..drawn() }), None);
    assert_eq!(of(Load { draws: None, ..drawn() }), None);
}

/// A request that is never answered, and one that never meets a free connection.
#[test]
fn what_does_not_end_counts_beyond_the_waits_as_a_lower_bound() {
    let (server, _) = server(|_| Duration::from_secs(3600));
    let draws = draws(|target| server.url(target), ["/1000".to_owned()].into_iter());
    let load = Load { grace: Duration::from_millis(200), ..arrivals(&server.url("/1000"), draws) };
    let measured = measure(&Load { stop: Stop::After(Duration::from_millis(100)), ..load }, 1);
    let due = measured.account.due;
    assert!(due > 5, "{due}");
    let (beyond, response) =
        (measured.beyond_wait_times().unwrap().unwrap(), measured.response_times().unwrap().unwrap());
    assert_eq!((beyond.count(), beyond.censored()), (due, due));
    assert_eq!((response.count(), response.censored()), (due, due));
    // All were due 200 ms before the end or earlier. The one that was sent waits as asked; the server has not made the others wait.
    let of_the_client = |times: &Distribution| times.bounds().unwrap().count_between(199 * MS, u64::MAX);
    assert_eq!((of_the_client(&response), of_the_client(&beyond)), (due, due - 1));
}

/// Neither how long the server takes, nor the number of threads or connections, decides what the schedule asks for.
#[test]
fn an_open_loop_asks_for_the_same_waits_whichever_connections_are_free() {
    let asked = |slow: Duration, connections: u32, threads: u32| {
        let (server, seen) = server(move |target| wait(target) + slow);
        let targets = (0..64).map(|number| format!("/{}/{number}", number % 8));
        let url = server.url("/0");
        let load =
            Load { stop: Stop::Requests(40), ..arrivals(&url, draws(|target| server.url(target), targets)) };
        let interrupt = Interrupt::default();
        let crew = Crew { connections, threads, ..Crew::default() };
        let mut client = Client::connect(&url, &crew, None, &interrupt).unwrap();
        let measured = client.measure(&load, &interrupt, &mut |_| ()).unwrap();
        assert_eq!(measured.outcomes, [(OutcomeKind::Ok, 40)].into());
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 40);
        seen.into_iter().collect::<BTreeSet<_>>()
    };
    let quick = asked(Duration::ZERO, 40, 1);
    assert_eq!(quick.len(), 40, "each variant once in a round of 64");
    assert_eq!(asked(Duration::ZERO, 40, 2), quick);
    assert_eq!(asked(Duration::from_millis(20), 3, 1), quick);
}

/// A server that has nothing wait would look quick in one loop and able in the other.
#[test]
fn a_reply_that_comes_before_the_wait_is_over_is_wrong() {
    let wrong = |pace: Pace| -> Measurement {
        let (server, _) = server(|_| Duration::ZERO);
        let draws = draws(|target| server.url(target), ["/60000".to_owned()].into_iter());
        let load = arrivals(&server.url("/60000"), draws);
        measure(&Load { pace, stop: Stop::Requests(5), ..load }, 1)
    };
    let open = Pace::open(Rate::per_second(200.0).unwrap(), Arrivals::Poisson, 3);
    for measured in [wrong(open), wrong(Pace::CLOSED)] {
        assert_eq!(measured.outcomes, [(OutcomeKind::WrongBody, 5)].into());
        let finding = &measured.wrong_replies[0].finding;
        assert!(finding.starts_with("expected no reply within the 60s"), "{finding}");
        assert_eq!(check(&measured, "replies").status, CheckStatus::Fail);
    }
}

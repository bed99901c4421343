//! Known truths: servers whose ratio is planted.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use loadgen::{Crew, Rate, Request, Url};

use super::*;
use crate::meter::Cpu;

/// A server that waits before each reply, a thread per connection, and says that each reply costs so much CPU time.
struct Planted {
    address: SocketAddr,
    replies: Arc<AtomicU64>,
}

impl Planted {
    /// Serves until the test's process ends.
    fn start(delay: Duration) -> Self {
        Self::with(move |_| thread::sleep(delay))
    }

    /// Serves one request at a time.
    fn one_at_a_time(delay: Duration) -> Self {
        Self::with(move |worker| {
            let _free = worker.lock().unwrap();
            thread::sleep(delay);
        })
    }

    /// Does this `work` before each reply.
    fn with(work: impl Fn(&Mutex<()>) + Copy + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let replies = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&replies);
        let worker = Arc::new(Mutex::new(()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (counted, worker) = (Arc::clone(&counted), Arc::clone(&worker));
                thread::spawn(move || answer(stream.unwrap(), || work(&worker), &counted));
            }
        });
        Self { address, replies }
    }

    fn client(&self, connections: u32) -> (Client, Load) {
        let url: Url = format!("http://{}/", self.address).parse().unwrap();
        let crew = Crew { connections, ..Crew::default() };
        let client = Client::connect(&url, &crew, None, &Interrupt::default()).unwrap();
        (client, Load::closed(Request::get(&url), Duration::from_secs(1)))
    }
}

fn answer(mut stream: TcpStream, work: impl Fn(), counted: &AtomicU64) {
    stream.set_nodelay(true).unwrap();
    let mut bytes = [0; 4096];
    // Requests without a body come whole, one at a time.
    while stream.read(&mut bytes).is_ok_and(|length| length > 0) {
        work();
        counted.fetch_add(1, Ordering::Relaxed);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

/// Reads a cost that is arithmetic: so many microseconds a reply.
struct PlantedMeter<'a> {
    server: &'a Planted,
    cpu_us: u64,
    before: u64,
    last: u64,
}

impl Meter for PlantedMeter<'_> {
    fn begin(&mut self) -> anyhow::Result<()> {
        self.before = self.server.replies.load(Ordering::Relaxed);
        self.last = self.before;
        Ok(())
    }

    fn lap(&mut self) -> Option<Duration> {
        let now = self.server.replies.load(Ordering::Relaxed);
        Some(Duration::from_micros((now - std::mem::replace(&mut self.last, now)) * self.cpu_us))
    }

    fn end(&mut self) -> anyhow::Result<Spent> {
        let requests = self.server.replies.load(Ordering::Relaxed) - self.before;
        let kernel = Some(Cpu { user_us: requests * self.cpu_us, system_us: 0 });
        Ok(Spent { requests: Some(requests), kernel, ..Spent::default() })
    }
}

fn compare(plan: impl Fn(&Load) -> Plan, delays_ms: [u64; 2], costs_us: [u64; 2]) -> Vec<Sliced> {
    let servers = delays_ms.map(|delay| Planted::start(Duration::from_millis(delay)));
    let [(mut one, load), (mut other, other_load)] = [servers[0].client(4), servers[1].client(4)];
    let [mut meter, mut other_meter] = [0, 1].map(|side| PlantedMeter {
        server: &servers[side],
        cpu_us: costs_us[side],
        before: 0,
        last: 0,
    });
    let mut sides = [
        Side { name: "one", client: &mut one, load, meter: Some(&mut meter), cpus: 1 },
        Side { name: "other", client: &mut other, load: other_load, meter: Some(&mut other_meter), cpus: 1 },
    ];
    let plan = plan(&sides[0].load);
    let mut turns = Turns::from_seed(3);
    measure(&mut sides, &plan, &mut turns, &Interrupt::default())
        .map_err(|failure| failure.to_string())
        .unwrap()
}

#[test]
fn two_servers_whose_delays_and_costs_are_planted_show_their_ratios() {
    // Long enough that a loaded machine does not empty a slice.
    let length = Duration::from_millis(100);
    let plan = |load: &Load| Plan { rounds: 3, length, ..Plan::closed(load, Duration::from_millis(4)) };
    let sliced = compare(plan, [4, 12], [50, 20]);
    let ratio = |figure: fn(&Slice) -> Option<f64>| {
        log_ratio(&sliced[0].slices, &sliced[1].slices, figure).unwrap().exp()
    };
    // Four connections, 4 ms and 12 ms each, and what a loaded machine adds to either.
    let throughput = ratio(|slice| Some(slice.goodput_per_s));
    assert!((1.8..4.0).contains(&throughput), "{throughput}");
    // Of the sum: under load, the slower server's slices may have too few replies for a median each.
    let median = |sliced: &Sliced| sliced.measurement.service_time_us.p50.unwrap();
    let times = median(&sliced[0]) / median(&sliced[1]);
    assert!((0.25..0.6).contains(&times), "{times}");
    let cost = ratio(Slice::cpu_per_request_us);
    assert!((cost - 2.5).abs() < 1e-9, "{cost}");
}

/// A server of 100 requests a second: a window that began with the first requests would show more than twice as many.
#[test]
fn a_closed_slice_after_a_turn_shows_no_more_than_the_server_serves() {
    let (delay, connections) = (Duration::from_millis(10), 32);
    let server = Planted::one_at_a_time(delay);
    let (mut client, load) = server.client(connections);
    let length = Duration::from_millis(100);
    let plan = Plan { length, ..Plan::closed(&load, Duration::ZERO) }.after_a_turn(connections * delay);
    let mut sides = [Side { name: "server", client: &mut client, load, meter: None, cpus: 1 }];
    let mut turns = Turns::from_seed(3);
    let sliced = measure(&mut sides, &plan, &mut turns, &Interrupt::default());
    let goodput = sliced.map_err(|failure| failure.to_string()).unwrap()[0].measurement.goodput_per_s;
    // A loaded machine serves fewer.
    assert!((10.0..130.0).contains(&goodput), "{goodput}");
}

#[test]
fn the_whole_is_the_sum_of_the_slices_that_count() {
    let plan = |load: &Load| Plan { rounds: 2, ..Plan::closed(load, Duration::from_millis(2)) };
    for sliced in compare(plan, [2, 2], [10, 10]) {
        let slices = &sliced.slices;
        assert!((4..=6).contains(&slices.len()) && slices.len().is_multiple_of(2), "{slices:?}");
        let kept: Vec<&Slice> = slices.iter().filter(|slice| !slice.is_left_out).collect();
        assert_eq!(slices.len() - kept.len(), 2 * sliced.left_out());
        let answered: u64 = kept.iter().map(|slice| slice.answered).sum();
        let measurement = &sliced.measurement;
        assert_eq!(measurement.answered_in_all, answered);
        assert_eq!(sliced.cost.unwrap().cpu_user_us, 10 * answered);
        let goodput: f64 = kept.iter().map(|slice| slice.goodput_per_s).sum::<f64>() / kept.len() as f64;
        assert!((measurement.goodput_per_s / goodput - 1.0).abs() < 1e-9);
        assert!((measurement.window_s - 0.05 * kept.len() as f64).abs() < 1e-9);
        let count = measurement.certificate.checks.iter().find(|check| check.name == "server_count").unwrap();
        assert_eq!(count.status, reports_record::CheckStatus::Pass, "{count:?}");
        assert!(sliced.into_loop().is_some());
    }
}

#[test]
fn an_open_phase_offers_all_sides_the_same_schedules() {
    let rate = Rate::per_second(200.0).unwrap();
    let plan = |_: &Load| Plan { rounds: 3, ..Plan::open(rate, 5, Duration::from_millis(2)) };
    let sliced = compare(plan, [2, 2], [1, 1]);
    let [one, other] = &sliced[..] else { unreachable!() };
    // Each half round has one schedule, whichever server has its turn.
    assert_eq!(one.measurement.account.due, other.measurement.account.due);
    assert_eq!(one.measurement.plan.schedule.as_deref(), Some("200/s"));
    assert!(one.measurement.response_time_us.is_some());
}

#[test]
fn what_drifts_steadily_cancels_out_of_a_ratio() {
    let mut turns = Turns::from_seed(11);
    for _ in 0..20 {
        let order = turns.there_and_back(2);
        let slice = |(place, side): (usize, &usize)| {
            // The machine slows down by a tenth with every slice; the second server does 1.3 times as much as the first.
            let goodput_per_s = 1000.0 * 0.9_f64.powi(place as i32) * [1.0, 1.3][*side];
            let slice = Slice {
                round: 0,
                number: place as u32 + 1,
                goodput_per_s,
                answered: 1,
                cpu_us: None,
                time_us_p50: None,
                is_left_out: false,
            };
            (*side, slice)
        };
        let of = |side| {
            let all = order.iter().enumerate().map(slice);
            all.filter(|(of, _)| *of == side).map(|(_, slice)| slice).collect::<Vec<Slice>>()
        };
        let ratio = log_ratio(&of(1), &of(0), |slice| Some(slice.goodput_per_s)).unwrap();
        assert!((ratio - 1.3_f64.ln()).abs() < 1e-12, "{order:?}: {ratio}");
    }
}

#[test]
fn a_ratio_without_a_figure_is_none() {
    assert_eq!(log_ratio(&[], &[], |slice| Some(slice.goodput_per_s)), None);
}

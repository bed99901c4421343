//! The running contender: its counters, and what `/health` and `/stats` say.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    net::SocketAddr,
    process,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use servers_contract::{Endpoint, Health, Process, Ready, Settings, Stats, Upstream};

use crate::{Front, Notice, notice, usage::Usage};

/// Counters and settings of this process; one, shared by all its threads.
pub struct Contender {
    front: Front,
    name: String,
    address: SocketAddr,
    nonce: String,
    allow_blocking: bool,
    slow_poll: Duration,
    panic_on: Option<Endpoint>,
    upstream: Option<Upstream>,
    settings: Mutex<Settings>,
    counters: Counters,
    slow_poll_notice: Notice,
    tasks: Mutex<Vec<Gauge>>,
    loop_waits: Mutex<Vec<Gauge>>,
    connections_open: Mutex<Vec<Gauge>>,
    connections_by_loop: Mutex<Vec<Gauge>>,
    requests_by_loop: Mutex<Vec<Gauge>>,
}

/// Reads a current value when `/stats` asks.
type Gauge = Box<dyn Fn() -> u64 + Send>;

/// Relaxed everywhere: each counter stands alone, and nothing is inferred from the order between two of them.
#[derive(Default)]
struct Counters {
    requests: [AtomicU64; Endpoint::ALL.len()],
    refusals: AtomicU64,
    connections: AtomicU64,
    guardrail_trips: AtomicU64,
    slow_polls: AtomicU64,
}

/// What a [`Contender`] is made from.
pub(crate) struct Parts {
    pub(crate) front: Front,
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) allow_blocking: bool,
    pub(crate) slow_poll: Duration,
    pub(crate) panic_on: Option<Endpoint>,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) settings: Settings,
}

impl Contender {
    pub(crate) fn new(parts: Parts) -> Contender {
        Contender {
            front: parts.front,
            name: parts.name,
            address: parts.address,
            nonce: nonce(),
            allow_blocking: parts.allow_blocking,
            slow_poll: parts.slow_poll,
            panic_on: parts.panic_on,
            upstream: parts.upstream,
            settings: Mutex::new(parts.settings),
            counters: Counters::default(),
            slow_poll_notice: Notice::default(),
            tasks: Mutex::default(),
            loop_waits: Mutex::default(),
            connections_open: Mutex::default(),
            connections_by_loop: Mutex::default(),
            requests_by_loop: Mutex::default(),
        }
    }

    /// Says on stdout, in one line of JSON, that requests are answered now.
    ///
    /// A closed stdout is told on stderr and is otherwise no matter: whoever chose the port can still use it.
    pub fn ready(&self) {
        let ready = Ready {
            contender: self.name.clone(),
            address: self.address,
            nonce: self.nonce.clone(),
            pid: process::id(),
        };
        let mut out = io::stdout().lock();
        let written = serde_json::to_string(&ready)
            .map_err(io::Error::from)
            .and_then(|line| writeln!(out, "{line}"))
            .and_then(|()| out.flush());
        if let Err(error) = written {
            notice(format_args!("could not print the ready line: {error}; listening on {}", self.address));
        }
    }

    /// Corrects the settings that `/health` tells, where the front knows better than its flags.
    pub fn adjust_settings(&self, adjust: impl FnOnce(&mut Settings)) {
        adjust(&mut lock(&self.settings));
    }

    /// A connection was accepted. A front that cannot know leaves this uncalled, and `/stats` says `null`.
    pub fn count_connection(&self) {
        self.counters.connections.fetch_add(1, Relaxed);
    }

    /// Adds a reading of the connections open on one event loop; `/stats` tells them in the order of these calls.
    pub fn report_loop_connections(&self, open: impl Fn() -> u64 + Send + 'static) {
        lock(&self.connections_by_loop).push(Box::new(open));
    }

    /// Adds a reading of the requests that one event loop has taken; `/stats` tells them in the order of these calls.
    pub fn report_loop_requests(&self, requests: impl Fn() -> u64 + Send + 'static) {
        lock(&self.requests_by_loop).push(Box::new(requests));
    }

    /// Adds a reading of the tasks alive, one per event loop; `/stats` tells their sum, or `null` without any.
    pub fn report_tasks(&self, tasks: impl Fn() -> u64 + Send + 'static) {
        lock(&self.tasks).push(Box::new(tasks));
    }

    /// Adds a reading of how often one event loop has waited for events; `/stats` tells their sum, or `null` without any.
    pub fn report_loop_waits(&self, waits: impl Fn() -> u64 + Send + 'static) {
        lock(&self.loop_waits).push(Box::new(waits));
    }

    /// Adds a reading of the connections open now; `/stats` tells their sum, or `null` without any.
    pub fn report_open_connections(&self, open: impl Fn() -> u64 + Send + 'static) {
        lock(&self.connections_open).push(Box::new(open));
    }
}

impl Process for Contender {
    fn count_request(&self, endpoint: Endpoint) {
        self.counters.requests[endpoint.index()].fetch_add(1, Relaxed);
    }

    fn count_refusal(&self) {
        self.counters.refusals.fetch_add(1, Relaxed);
    }

    fn count_guardrail_trip(&self) {
        self.counters.guardrail_trips.fetch_add(1, Relaxed);
    }

    fn count_slow_poll(&self, endpoint: Endpoint, held: Duration) {
        self.counters.slow_polls.fetch_add(1, Relaxed);
        self.slow_poll_notice.write(format_args!(
            "slow poll: {} held its event loop for {} ms (limit {} ms)",
            endpoint.path(),
            held.as_millis(),
            self.slow_poll.as_millis(),
        ));
    }

    fn allow_blocking(&self) -> bool {
        self.allow_blocking
    }

    fn slow_poll(&self) -> Duration {
        self.slow_poll
    }

    fn panics_in(&self, endpoint: Endpoint) -> bool {
        self.panic_on == Some(endpoint)
    }

    fn upstream(&self) -> Option<Upstream> {
        self.upstream
    }

    fn health(&self) -> Health {
        Health {
            contender: self.name.clone(),
            version: self.front.version.to_owned(),
            model: self.front.model,
            nonce: self.nonce.clone(),
            settings: lock(&self.settings).clone(),
        }
    }

    fn stats(&self) -> Stats {
        let usage = Usage::now().ok();
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        Stats {
            requests: Endpoint::ALL
                .iter()
                .map(|endpoint| {
                    (endpoint.name().to_owned(), count(&self.counters.requests[endpoint.index()]))
                })
                .collect(),
            refusals: Some(count(&self.counters.refusals)),
            // Whoever asks came through a connection: none counted means that this front does not count.
            connections_accepted: Some(count(&self.counters.connections)).filter(|accepted| *accepted > 0),
            connections_open: sum(&self.connections_open),
            connections_by_loop: each(&self.connections_by_loop),
            requests_by_loop: each(&self.requests_by_loop),
            guardrail_trips: Some(count(&self.counters.guardrail_trips)),
            slow_polls: Some(count(&self.counters.slow_polls)),
            threads: usage.and_then(|usage| usage.threads),
            tasks: sum(&self.tasks),
            loop_waits: sum(&self.loop_waits),
            cpu_user_us: usage.map(|usage| micros(usage.cpu_user)),
            cpu_system_us: usage.map(|usage| micros(usage.cpu_system)),
            voluntary_switches: usage.map(|usage| usage.voluntary_switches),
            involuntary_switches: usage.map(|usage| usage.involuntary_switches),
            max_rss_bytes: usage.and_then(|usage| usage.max_rss_bytes),
        }
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Contender").field("front", &self.front).field("address", &self.address).finish()
    }
}

fn each(gauges: &Mutex<Vec<Gauge>>) -> Option<Vec<u64>> {
    let gauges = lock(gauges);
    (!gauges.is_empty()).then(|| gauges.iter().map(|gauge| gauge()).collect())
}

fn sum(gauges: &Mutex<Vec<Gauge>>) -> Option<u64> {
    let gauges = lock(gauges);
    (!gauges.is_empty()).then(|| gauges.iter().map(|gauge| gauge()).sum())
}

/// What is behind these locks is whole at every instant, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// 16 hexadecimal digits, different for each process: the standard library seeds its hash maps from the system.
fn nonce() -> String {
    format!("{:016x}", RandomState::new().hash_one(process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use servers_contract::Model;

    fn contender() -> Contender {
        Contender::new(Parts {
            front: Front { name: "test", version: "test 1", model: Model::Async, honours: &[] },
            name: "listed".to_owned(),
            address: "127.0.0.1:1".parse().unwrap(),
            allow_blocking: false,
            slow_poll: Duration::from_millis(100),
            panic_on: None,
            upstream: None,
            settings: Settings::default(),
        })
    }

    #[test]
    fn stats_tell_what_was_counted_and_null_for_what_nobody_counts() {
        let contender = contender();
        contender.count_request(Endpoint::Hello);
        contender.count_request(Endpoint::Hello);
        contender.count_slow_poll(Endpoint::Cpu, Duration::from_millis(120));
        let stats = contender.stats();
        assert_eq!((stats.requests["hello"], stats.requests["wait"]), (2, 0));
        assert_eq!((stats.slow_polls, stats.guardrail_trips), (Some(1), Some(0)));
        assert_eq!((stats.tasks, stats.connections_accepted), (None, None));
        assert!(stats.cpu_user_us.is_some() && stats.threads.is_some());
    }

    #[test]
    fn gauges_of_several_event_loops_add_up() {
        let contender = contender();
        contender.report_tasks(|| 3);
        contender.report_tasks(|| 4);
        contender.report_loop_waits(|| 8);
        contender.report_loop_waits(|| 1);
        assert_eq!(contender.stats().connections_by_loop, None);
        contender.report_loop_connections(|| 2);
        contender.report_loop_connections(|| 1);
        assert_eq!(contender.stats().requests_by_loop, None);
        contender.report_loop_requests(|| 5);
        contender.count_connection();
        assert_eq!((contender.stats().tasks, contender.stats().loop_waits), (Some(7), Some(9)));
        assert_eq!(contender.stats().connections_by_loop, Some(vec![2, 1]));
        assert_eq!(contender.stats().requests_by_loop, Some(vec![5]));
        assert_eq!(contender.stats().connections_accepted, Some(1));
    }

    #[test]
    fn health_tells_adjusted_settings_and_a_nonce_of_its_own() {
        let (one, other) = (contender(), contender());
        one.adjust_settings(|settings| settings.workers = Some(2));
        assert_eq!(one.health().settings.workers, Some(2));
        assert_ne!(one.health().nonce, other.health().nonce);
        assert_eq!(one.health().contender, "listed");
    }
}

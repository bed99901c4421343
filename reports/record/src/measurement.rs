//! What the load generator found: one plan carried out against one address.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Certificate, CertificateVerdict, Distribution, EncodedHistogram, HistogramError, OutcomeKind, Status,
    Times, WrongReply,
};

/// One measurement, as `loadgen --json` writes it and as a trial keeps it.
///
/// Throughput counts what ended inside the window; times belong to requests that started (open loop:
/// were due) inside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// [`SCHEMA`](crate::SCHEMA) at the time of writing.
    pub schema: u32,
    /// What was asked for.
    pub plan: Plan,
    /// What the schedule asked for, requests per second over the window; `None` in a closed loop.
    pub offered_rate_per_s: Option<f64>,
    /// Whole replies per second, right or wrong: in an open loop those that ended inside the window, in a closed loop each by the
    /// share of its time in flight that lies in it.
    pub achieved_rate_per_s: f64,
    /// Correct replies per second, each within its deadline, counted likewise.
    pub goodput_per_s: f64,
    /// Length of the window that was really measured, seconds; shorter than planned when interrupted.
    pub window_s: f64,
    /// How long the warm-up took where every connection's first reply was to end it, seconds; `None` where the plan fixed its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmed_up_s: Option<f64>,
    /// Connections, of the planned ones, that were open at least once; `None` in files from before it was kept, and in sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections_opened: Option<u64>,
    /// Where every due request went.
    pub account: Account,
    /// Requests of the window by how they ended; a kind that did not occur is absent.
    pub outcomes: BTreeMap<OutcomeKind, u64>,
    /// Requests of the window that a whole reply answered in time, by its status; empty in files from before it was kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<Status, u64>,
    /// The first wrong reply of each kind, in the order in which they came: at most eight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong_replies: Vec<WrongReply>,
    /// Requests due in the window but unfinished, or never sent, when measuring stopped.
    pub censored: u64,
    /// First byte handed to the kernel until the reply's last byte.
    pub service_time_us: Times,
    /// Intended start until the reply's last byte; `None` in a closed loop, which has none.
    pub response_time_us: Option<Times>,
    /// Response times, each less the time that its own request had asked the server to wait: the delay that a user sees beside it. Of the
    /// same requests as `response_time_us`; `None` in a closed loop, and where requests did not ask for waits of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond_wait_us: Option<Times>,
    /// By how much the client alone was late; `None` in a closed loop.
    pub lateness_us: Option<Times>,
    /// How long due requests waited for a free connection; `None` in a closed loop.
    pub connection_wait_us: Option<Times>,
    /// The time to open a connection, of requests that had one opened for them; `None` where every request met an
    /// open one.
    #[serde(default)]
    pub connect_us: Option<Times>,
    /// First byte handed to the kernel until the first byte of the reply.
    pub first_byte_us: Times,
    /// Service times of wrong replies, which the other times leave out.
    pub wrong_reply_service_time_us: Times,
    /// Requests in flight, mean over the window.
    pub in_flight_mean: f64,
    /// Bytes received in the window, heads included.
    pub received_bytes: u64,
    /// Requests handed to the kernel since the schedule began, warm-up and drain included: what the server's
    /// own count is held against.
    pub sent_in_all: u64,
    /// Whole replies to them, right or wrong, warm-up and drain included.
    pub answered_in_all: u64,
    /// Connections opened beyond the planned ones, because one broke or was closed.
    pub reopened: u64,
    /// Requests sent again on a fresh connection, because theirs ended before the server could have answered, or bytes behind the reply before
    /// crossed them.
    pub stale_reuse: u64,
    /// Those of them whose connection was reset, which a server that drops a request it has read may do as well.
    #[serde(default)]
    pub stale_resets: u64,
    /// Times that bytes came over a connection without a request: a reply nobody asked for. Each ends its connection.
    #[serde(default)]
    pub unasked_replies: u64,
    /// Requests of a planned number that were not begun, because no connection could be opened any more.
    #[serde(default)]
    pub given_up: u64,
    /// Addresses that the connections went to in turn, each with its port.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Replies to the slow connections, which are not measured.
    #[serde(default)]
    pub slow_replies: u64,
    /// What measuring cost the client.
    pub client: ClientCost,
    /// The window cut into equal parts, in order of time.
    pub sub_windows: Vec<SubWindow>,
    /// Whether this may be believed.
    pub certificate: Certificate,
    /// False when the measurement was interrupted or gave requests up: what is here was measured, but less than planned.
    pub complete: bool,
    /// The times above in full.
    pub histograms: Histograms,
    /// The measurements that this one is the sum of; none for one that was made in one piece.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<MergedPart>,
}

/// One of several measurements that were added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergedPart {
    /// The file that it was read from, as it was named.
    pub file: String,
    /// CRC-32 (IEEE) of what was read, by which the same measurement is known again.
    pub crc32: u32,
    /// Its seed.
    #[serde(with = "crate::seed")]
    pub seed: u64,
    /// Length of its window, seconds.
    pub window_s: f64,
    /// What its own certificate said.
    pub verdict: CertificateVerdict,
}

impl Measurement {
    /// Whether its checks let it feed figures: none failed, or in a closed loop *headroom* alone. Left out, the loops in which a server was
    /// at its fastest would not count.
    #[must_use]
    pub fn is_believable(&self) -> bool {
        self.certificate.is_believable() || self.is_closed() && self.certificate.is_bound_by_client()
    }

    /// Whether its throughput is a lower bound: it is a closed loop, and the client was the limit.
    #[must_use]
    pub fn is_throughput_at_least(&self) -> bool {
        let certificate = &self.certificate;
        self.is_closed() && (certificate.is_client_limited() || certificate.is_bound_by_client())
    }

    fn is_closed(&self) -> bool {
        self.plan.mode == Mode::Closed
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The URL without user info.
    pub url: String,
    /// The request's method.
    pub method: String,
    /// Closed or open, and the open loop's arrivals.
    pub mode: Mode,
    /// Connections held open.
    pub connections: u32,
    /// Idle connections held open beside them.
    #[serde(default)]
    pub idle: u32,
    /// Connections beside them whose requests came a byte every 100 ms.
    #[serde(default)]
    pub slow: u32,
    /// Variants of the request, of which each request sent was one; `None`: all were alike.
    #[serde(default)]
    pub variants: Option<u32>,
    /// Client threads; each has its own share of connections and of the schedule.
    pub threads: u32,
    /// Left out at the start, seconds.
    pub warm_up_s: f64,
    /// The window, seconds; `None` when a number of requests ends the measurement.
    pub duration_s: Option<f64>,
    /// The number of requests that ends the measurement; `None` when time does.
    pub requests: Option<u64>,
    /// Deadline of one request from its actual start, seconds.
    pub timeout_s: f64,
    /// How long requests in flight may go on after the window, seconds.
    pub grace_s: f64,
    /// How long at the least where the replies of a closed loop shorten that, seconds; `None` where they do not.
    #[serde(default)]
    pub grace_at_least_s: Option<f64>,
    /// Seed of the schedule; in a closed loop that of the variants drawn, 0 without any.
    #[serde(with = "crate::seed")]
    pub seed: u64,
    /// When requests were meant to start, in the words of the command line; `None` in a closed loop.
    #[serde(default)]
    pub schedule: Option<String>,
    /// CRC-32 (IEEE) of the offsets of a recording, each as its nanoseconds in eight bytes, the lowest first; `None` without one, and in
    /// files from before it was kept, as the next two.
    #[serde(default)]
    pub replay_crc32: Option<u32>,
    /// CRC-32 (IEEE) of the request as it is sent, whose headers may hold secrets; `None` where variants of it were drawn.
    #[serde(default)]
    pub request_crc32: Option<u32>,
    /// A correct reply, in words; `None` where variants were drawn.
    #[serde(default)]
    pub expect: Option<String>,
    /// Pause between a reply and the next request of its connection, seconds; closed loops only.
    #[serde(default)]
    pub think_s: f64,
    /// Requests that a connection carries before a fresh one takes its place; `None`: no such limit.
    #[serde(default)]
    pub churn: Option<u32>,
    /// Whether client threads spun before intended starts, or only slept.
    #[serde(default)]
    pub spins: bool,
    /// Whether connections were opened when a request found none free, and the most recently used was next; otherwise all were
    /// opened beforehand, and the one that had been free longest was next.
    #[serde(default)]
    pub opens_on_demand: bool,
}

/// Who decides when a request starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "loop")]
pub enum Mode {
    /// The reply before it.
    Closed,
    /// The schedule.
    Open {
        /// How the schedule spaces intended starts.
        arrivals: Arrivals,
    },
}

/// How a schedule spaces its intended starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Equal gaps.
    Constant,
    /// Independent exponential gaps.
    Poisson,
}

/// Where every request due in the window went: `due = finished + failed + censored`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Account {
    /// Requests due (closed loop: started) in the window.
    pub due: u64,
    /// Answered correctly.
    pub finished: u64,
    /// Ended in any other kind of outcome.
    pub failed: u64,
    /// Never seen to end, or never sent.
    pub censored: u64,
}

impl Account {
    /// Whether nothing was lost.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.due == self.finished + self.failed + self.censored
    }
}

/// What measuring cost the client over the window, all its threads together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ClientCost {
    /// CPU time in user mode, microseconds.
    pub cpu_user_us: u64,
    /// CPU time in the kernel, microseconds.
    pub cpu_system_us: u64,
    /// The part of both that went into waiting for intended starts without sleeping, microseconds.
    #[serde(default)]
    pub cpu_spin_us: u64,
    /// CPU time but for spinning, per reply, microseconds; `None` without replies.
    pub cpu_per_request_us: Option<f64>,
    /// The busiest thread's share of one CPU but for spinning, 0–1.
    pub busiest_thread: f64,
    /// Times the kernel took the CPU away from a client thread.
    pub involuntary_switches: u64,
    /// Times a spinning thread did not run for 50 microseconds or more, whoever took the CPU.
    #[serde(default)]
    pub interruptions: u64,
    /// For how long in all, microseconds.
    #[serde(default)]
    pub interrupted_us: u64,
    /// Whether a thread gave up spinning for the timer, because it shared its CPU.
    #[serde(default)]
    pub spin_given_up: bool,
    /// Largest share of the window in which a client thread was ready and had no CPU, 0–1; `None` where the kernel does
    /// not say.
    #[serde(default)]
    pub cpu_wait: Option<f64>,
    /// Largest share of the window in which one and the same client thread ran, but for spinning, or was ready and had no CPU, 0–1;
    /// `None` where the kernel does not say, and in files from before this figure.
    #[serde(default)]
    pub occupied: Option<f64>,
    /// Share of CPU time that the hypervisor gave to others, 0–1; `None` where the kernel does not say.
    pub steal: Option<f64>,
}

/// One of the equal parts of the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SubWindow {
    /// Replies that ended in it.
    pub replies: u64,
    /// Requests due (closed loop: started) in it.
    pub due: u64,
    /// Median service time of correct replies to requests due in it, microseconds; `None` with fewer than 20.
    pub service_time_us_p50: Option<f64>,
    /// Longest response time (closed loop: service time) of correct replies to requests due in it, microseconds; `None`
    /// without any.
    #[serde(default)]
    pub response_time_us_max: Option<f64>,
    /// Median response time of requests due in it, microseconds, to two digits; `None` in a closed loop, with fewer than ten beyond
    /// it, and where it is known only by a lower bound. The next two likewise.
    #[serde(default)]
    pub response_time_us_p50: Option<f64>,
    /// Their 90th percentile.
    #[serde(default)]
    pub response_time_us_p90: Option<f64>,
    /// Their 99th percentile.
    #[serde(default)]
    pub response_time_us_p99: Option<f64>,
}

/// The full histograms behind the times, nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histograms {
    /// Service times seen to their end.
    pub service_time: EncodedHistogram,
    /// Lower bounds of the censored ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time_censored: Option<EncodedHistogram>,
    /// Response times seen to their end; open loop only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time: Option<EncodedHistogram>,
    /// Lower bounds of the censored ones; open loop only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_censored: Option<EncodedHistogram>,
    /// Response times seen to their end, each less its request's own wait; open loops whose requests asked for such waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond_wait: Option<EncodedHistogram>,
    /// Lower bounds of the censored ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond_wait_censored: Option<EncodedHistogram>,
}

impl Histograms {
    /// Encodes service times, and an open loop's response times.
    #[must_use]
    pub fn encode(service_time: &Distribution, response_time: Option<&Distribution>) -> Self {
        Self {
            service_time: EncodedHistogram::encode(service_time.exact()),
            service_time_censored: censored(service_time),
            response_time: response_time.map(|times| EncodedHistogram::encode(times.exact())),
            response_time_censored: response_time.and_then(censored),
            beyond_wait: None,
            beyond_wait_censored: None,
        }
    }

    /// The same with response times less each request's own wait; without them where that is `None`.
    #[must_use]
    pub fn with_beyond_wait(self, beyond_wait: Option<&Distribution>) -> Self {
        Self {
            beyond_wait: beyond_wait.map(|times| EncodedHistogram::encode(times.exact())),
            beyond_wait_censored: beyond_wait.and_then(censored),
            ..self
        }
    }

    /// The response times again; `None` in a closed loop. What was clamped is not told apart any more.
    ///
    /// # Errors
    /// When a histogram was altered.
    pub fn response_time(&self) -> Result<Option<Distribution>, HistogramError> {
        let Some(exact) = &self.response_time else { return Ok(None) };
        distribution(exact, self.response_time_censored.as_ref()).map(Some)
    }

    /// The response times less each request's own wait again; `None` in a closed loop, and where requests did not ask for waits of
    /// their own. What was clamped is not told apart any more.
    ///
    /// # Errors
    /// When a histogram was altered.
    pub fn beyond_wait(&self) -> Result<Option<Distribution>, HistogramError> {
        let Some(exact) = &self.beyond_wait else { return Ok(None) };
        distribution(exact, self.beyond_wait_censored.as_ref()).map(Some)
    }

    /// The service times again. What was clamped is not told apart any more.
    ///
    /// # Errors
    /// When a histogram was altered.
    pub fn service_time(&self) -> Result<Distribution, HistogramError> {
        distribution(&self.service_time, self.service_time_censored.as_ref())
    }
}

fn censored(times: &Distribution) -> Option<EncodedHistogram> {
    times.bounds().map(EncodedHistogram::encode)
}

fn distribution(
    exact: &EncodedHistogram,
    bounds: Option<&EncodedHistogram>,
) -> Result<Distribution, HistogramError> {
    let exact = exact.decode_of_times()?;
    let bounds = bounds.map(EncodedHistogram::decode_of_times).transpose()?;
    Ok(Distribution::from_parts(exact, bounds, 0))
}

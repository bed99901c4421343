//! An oracle for the numbers: whole runs of every shape, whose figures are worked out again from the rows of `--raw` by plain means
//! (sorted vectors, sums, integer ranks) and held against every result file. None of the program's own arithmetic is used.

mod summary;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use super::server::{Connection, HELLO, Server};

/// Named quantiles, in ten-thousandths.
const QUANTILES: [(&str, u64); 6] =
    [("p50", 5000), ("p90", 9000), ("p95", 9500), ("p99", 9900), ("p99_9", 9990), ("p99_99", 9999)];
/// Three digits: by how much a histogram's value may lie above the time itself.
const DIGITS: f64 = 0.001;
/// A client thread tells of a second when it next looks, which a busy machine delays.
const LOOK_NS: i64 = 900_000_000;

/// A row of `--raw`.
#[derive(Debug, Clone)]
struct Row {
    intended: i64,
    started: Option<i64>,
    ended: i64,
    lateness: Option<u64>,
    connection_wait: Option<u64>,
    connect: Option<u64>,
    first_byte: Option<u64>,
    service: Option<u64>,
    response: Option<u64>,
    status: Option<String>,
    outcome: Option<String>,
    censored: bool,
    requests: u64,
}

impl Row {
    fn read(line: &str) -> Self {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), 13, "{line}");
        let time = |index: usize| (!cells[index].is_empty()).then(|| cells[index].parse().unwrap());
        let text = |index: usize| (!cells[index].is_empty()).then(|| cells[index].to_owned());
        Self {
            intended: cells[0].parse().unwrap(),
            started: text(1).map(|cell| cell.parse().unwrap()),
            ended: cells[2].parse().unwrap(),
            lateness: time(3),
            connection_wait: time(4),
            connect: time(5),
            first_byte: time(6),
            service: time(7),
            response: time(8),
            status: text(9),
            outcome: text(10),
            censored: cells[11].parse().unwrap(),
            requests: cells[12].parse().unwrap(),
        }
    }

    fn is(&self, outcome: &str) -> bool {
        self.outcome.as_deref() == Some(outcome)
    }

    fn is_wrong(&self) -> bool {
        self.is("wrong_status") || self.is("wrong_body")
    }
}

/// Times by hand: those seen to their end, and lower bounds.
#[derive(Debug, Default)]
struct Sample {
    exact: Vec<u64>,
    bounds: Vec<u64>,
}

impl Sample {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>, time: impl Fn(&Row) -> Option<(u64, bool)>) -> Self {
        let mut sample = Self::default();
        for row in rows {
            if let Some((time, is_bound)) = time(row) {
                let into = if is_bound { &mut sample.bounds } else { &mut sample.exact };
                into.extend((0..row.requests).map(|_| time));
            }
        }
        sample.exact.sort_unstable();
        sample.bounds.sort_unstable();
        sample
    }

    fn len(&self) -> u64 {
        (self.exact.len() + self.bounds.len()) as u64
    }

    fn all(&self) -> Vec<u64> {
        let mut all = [&self.exact[..], &self.bounds].concat();
        all.sort_unstable();
        all
    }

    fn max(&self) -> u64 {
        self.all().last().copied().unwrap_or(0)
    }

    fn mean(&self) -> f64 {
        self.all().iter().map(|&time| u128::from(time)).sum::<u128>() as f64 / self.len() as f64
    }

    /// The time of this rank, and whether it is a lower bound: bounds come behind every other time, and the best that is known of
    /// theirs is what the same rank has among all, and the longest that was seen to its end.
    fn at(&self, rank: u64) -> (u64, bool) {
        let index = rank as usize - 1;
        match self.exact.get(index) {
            Some(&time) => (time, false),
            None => (self.all()[index].max(self.exact.last().copied().unwrap_or(0)), true),
        }
    }

    /// How many lie at or below `value`, when it is that of `rank`.
    fn up_to(&self, value: u64, rank: u64) -> u64 {
        let count = |times: &[u64]| times.iter().filter(|&&time| time <= value).count() as u64;
        count(&self.exact) + if rank > self.exact.len() as u64 { count(&self.bounds) } else { 0 }
    }
}

/// Whether the histogram's `found` may stand for `time`.
fn is_told_as(found: f64, time: f64) -> bool {
    let low = time - 1.0;
    (low..=time * (1.0 + DIGITS) + 1.0).contains(&found)
}

/// Microseconds as a file has them, in nanoseconds: whole, as times are. The product alone may lie a rounding error beyond the
/// very time that it stands for.
fn whole_nanos(micros: f64) -> f64 {
    (micros * 1e3).round()
}

#[test]
fn a_time_in_microseconds_is_the_same_in_nanoseconds() {
    let products = (1..100_000u32).map(|nanos| (f64::from(nanos), f64::from(nanos) / 1e3));
    let beyond = products.clone().filter(|(nanos, micros)| micros * 1e3 > *nanos).count();
    assert!(beyond > 0, "no product needs rounding");
    assert!(products.into_iter().all(|(nanos, micros)| whole_nanos(micros) == nanos));
}

/// All that one run wrote.
struct Run {
    what: String,
    rows: Vec<Row>,
    json: Value,
    seconds: Vec<BTreeMap<String, String>>,
    hgrm: String,
    log: Vec<Histogram<u64>>,
    page: String,
    /// The text on stdout.
    summary: String,
    is_open: bool,
    has_warm_up: bool,
}

/// How a run ends.
enum Ending {
    /// By its plan, with a window of this many seconds, where the plan says how many.
    Planned(Option<f64>),
    /// By a signal, this long after it began.
    Interrupted(Duration),
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A run through the whole program, with every result.
fn run(server: &Server, arguments: &[&str], ending: &Ending) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let names = ["--raw", "--json", "--csv", "--hgrm", "--hdr-log", "--html"];
    let places: Vec<PathBuf> = names.iter().map(|flag| path(&flag[2..])).collect();
    let url = server.url("/").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.arg(&url).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (flag, place) in names.iter().zip(&places) {
        command.args([flag, text(place)]);
    }
    let child = command.spawn().unwrap();
    if let Ending::Interrupted(after) = ending {
        // Counted from the first connection, so that there is something to interrupt.
        let begun = Instant::now();
        while server.accepted() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing connected in a minute");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(*after);
        let pid = nix::unistd::Pid::from_raw(child.id() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let what = format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(matches!(output.status.code(), Some(0 | 3 | 130)), "{what}");
    let read = |name: &str| fs::read_to_string(path(name)).unwrap();
    let json: Value = serde_json::from_str(&read("json")).unwrap();
    Run {
        what,
        rows: read("raw").lines().skip(1).map(Row::read).collect(),
        is_open: json["plan"]["mode"]["loop"] == "open",
        has_warm_up: json["plan"]["warm_up_s"] != 0.0 || !json["warmed_up_s"].is_null(),
        json,
        seconds: seconds(&read("csv")),
        hgrm: read("hgrm"),
        log: histograms(&fs::read(path("hdr-log")).unwrap()),
        page: read("html"),
        summary: String::from_utf8(output.stdout).unwrap(),
    }
}

fn seconds(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = csv.lines().map(|line| line.split(',').map(String::from));
    let header: Vec<String> = lines.next().unwrap().collect();
    lines.map(|cells| header.iter().cloned().zip(cells).collect()).collect()
}

fn histograms(log: &[u8]) -> Vec<Histogram<u64>> {
    let entries = IntervalLogIterator::new(log).map(Result::unwrap);
    let entries = entries.filter_map(|entry| match entry {
        LogEntry::Interval(interval) => Some(interval),
        LogEntry::StartTime(_) | LogEntry::BaseTime(_) => None,
    });
    entries
        .map(|interval| {
            let bytes =
                base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap();
            Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap()
        })
        .collect()
}

impl Run {
    /// Requests of the window; in a closed loop also those under way from before it to its end.
    fn measured(&self) -> impl Iterator<Item = &Row> + Clone {
        let end = if self.is_open || self.ends_by_number() { i64::MAX } else { self.window_ns() };
        self.rows.iter().filter(move |row| row.intended >= 0 || row.ended >= end)
    }

    fn ends_by_number(&self) -> bool {
        !self.is_open && !self.json["plan"]["requests"].is_null()
    }

    fn number(&self, path: &str) -> f64 {
        self.json.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path}: {}", self.what))
    }

    /// The times that tables and logs are of.
    fn main(row: &Row, is_open: bool) -> Option<(u64, bool)> {
        let time = if is_open { row.response } else { row.service };
        time.filter(|_| row.is("ok") || row.censored).map(|time| (time, row.censored))
    }

    fn check(&self, ending: &Ending) {
        self.rows_agree_with_themselves();
        self.account();
        self.window_and_rates(ending);
        let samples = self.samples();
        for (name, sample) in &samples {
            self.times(name, &self.json[*name], sample);
        }
        self.parts();
        self.in_flight();
        let main = Sample::of(self.measured(), |row| Self::main(row, self.is_open));
        self.every_second();
        self.percentile_table(&main);
        self.interval_log(&main);
        self.page(&samples);
        summary::check(self, &samples);
    }

    fn rows_agree_with_themselves(&self) {
        for row in &self.rows {
            let what = &self.what;
            assert!(row.requests == 1 || row.started.is_none(), "{row:?} {what}");
            assert_eq!(row.response.is_some(), self.is_open, "{row:?} {what}");
            if let (Some(started), Some(service)) = (row.started, row.service) {
                assert!(started + service as i64 <= row.ended && started >= row.intended, "{row:?} {what}");
                assert!(
                    row.first_byte.is_none_or(|first| started + first as i64 <= row.ended),
                    "{row:?} {what}"
                );
            }
            if let Some(response) = row.response {
                assert_eq!(row.intended + response as i64, row.ended, "{row:?} {what}");
            }
            if self.is_open && row.is("ok") {
                let parts = [row.lateness, row.connection_wait, row.connect, row.service];
                let sum: u64 = parts.iter().map(|part| part.unwrap()).sum();
                assert_eq!(row.response, Some(sum), "{row:?} {what}");
            }
            let is_whole = row.is("ok") || row.is_wrong();
            assert_eq!(row.censored, !is_whole, "{row:?} {what}");
            assert!(row.status.is_some() || !is_whole, "{row:?} {what}");
        }
    }

    fn account(&self) {
        let count = |is: &dyn Fn(&Row) -> bool| {
            self.measured().filter(|row| is(row)).map(|row| row.requests).sum::<u64>()
        };
        let account = [
            ("due", count(&|_| true)),
            ("finished", count(&|row| row.is("ok"))),
            ("failed", count(&|row| row.outcome.is_some() && !row.is("ok"))),
            ("censored", count(&|row| row.outcome.is_none())),
        ];
        for (name, expected) in account {
            assert_eq!(self.json["account"][name], expected, "{name} {}", self.what);
        }
        assert_eq!(self.json["censored"], self.json["account"]["censored"]);
        let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
        let mut statuses: BTreeMap<&str, u64> = BTreeMap::new();
        for row in self.measured() {
            if let Some(outcome) = &row.outcome {
                *outcomes.entry(outcome).or_default() += 1;
            }
            if let (Some(status), false) = (&row.status, row.censored) {
                *statuses.entry(status).or_default() += 1;
            }
        }
        assert_eq!(self.json["outcomes"], serde_json::to_value(outcomes).unwrap(), "{}", self.what);
        let told = self.json.get("statuses").cloned().unwrap_or_else(|| Value::Object(Default::default()));
        assert_eq!(told, serde_json::to_value(statuses).unwrap(), "{}", self.what);
    }

    fn window_ns(&self) -> i64 {
        (self.number("/window_s") * 1e9).round() as i64
    }

    /// Rows of whole replies that ended in the window; a closed loop of a number of requests ends with the last of them.
    fn replies(&self) -> impl Iterator<Item = &Row> {
        let end = self.window_ns() + i64::from(self.ends_by_number());
        self.rows.iter().filter(move |row| row.status.is_some() && (0..end).contains(&row.ended))
    }

    /// Replies in the window: in an open loop by their end, in a closed loop each by the share of its time in flight that lies there.
    fn answered(&self, is: &dyn Fn(&Row) -> bool) -> f64 {
        if self.is_open {
            return self.replies().filter(|row| is(row)).count() as f64;
        }
        let replies = self.rows.iter().filter(|row| row.status.is_some() && is(row));
        let share = |row: &Row| {
            let started = row.started.unwrap();
            let inside = row.ended.min(self.window_ns()) - started.max(0);
            inside.max(0) as f64 / (row.ended - started) as f64
        };
        replies.map(share).sum()
    }

    fn window_and_rates(&self, ending: &Ending) {
        let window = self.number("/window_s");
        match ending {
            Ending::Planned(Some(planned)) => {
                assert!((window - planned).abs() < 1e-9, "{window} {}", self.what)
            }
            Ending::Planned(None) => {
                let last = self.rows.iter().map(|row| row.ended).max().unwrap();
                assert_eq!(self.window_ns(), last, "{}", self.what);
            }
            Ending::Interrupted(after) => {
                assert!(window > 0.0 && window < after.as_secs_f64() + 5.0, "{window} {}", self.what);
                assert_eq!(self.json["complete"], false);
            }
        }
        assert!(self.rows.iter().all(|row| row.intended <= self.window_ns()), "{}", self.what);
        let rate = |name: &str, count: f64| {
            let (found, expected) = (self.number(name), count / window);
            assert!(
                (found - expected).abs() <= 1e-9 * expected.max(1.0),
                "{name}: {found} {expected} {}",
                self.what
            );
        };
        rate("/achieved_rate_per_s", self.answered(&|row| row.status.is_some()));
        rate("/goodput_per_s", self.answered(&|row| row.is("ok")));
        match self.is_open {
            true => rate("/offered_rate_per_s", self.measured().map(|row| row.requests).sum::<u64>() as f64),
            false => assert!(self.json["offered_rate_per_s"].is_null()),
        }
    }

    fn samples(&self) -> BTreeMap<&'static str, Sample> {
        let sample =
            |time: &dyn Fn(&Row) -> Option<(u64, bool)>| Sample::of(self.measured(), |row| time(row));
        let mut samples: BTreeMap<&'static str, Sample> = [
            ("service_time_us", sample(&|row| Self::main(row, false))),
            (
                "first_byte_us",
                sample(&|row| {
                    let came = row.first_byte.map(|time| (time, false));
                    came.or(row.service.map(|time| (time, true))).filter(|_| row.is("ok") || row.censored)
                }),
            ),
            (
                "wrong_reply_service_time_us",
                sample(&|row| row.service.filter(|_| row.is_wrong()).map(|time| (time, false))),
            ),
            (
                "connect_us",
                sample(&|row| row.connect.filter(|&time| time > 0).map(|time| (time, row.started.is_none()))),
            ),
        ]
        .into();
        if self.is_open {
            samples.insert("response_time_us", sample(&|row| Self::main(row, true)));
            samples
                .insert("lateness_us", sample(&|row| row.lateness.map(|time| (time, row.started.is_none()))));
            let waited = |row: &Row| row.connection_wait.map(|time| (time, row.connect.is_none()));
            samples.insert("connection_wait_us", sample(&waited));
        }
        samples
    }

    /// One `times` object of the JSON, microseconds, against the sample.
    fn times(&self, name: &str, times: &Value, sample: &Sample) {
        let what = format!("{name} {times} {}", self.what);
        if times.is_null() {
            assert_eq!(sample.len(), 0, "{what}");
            return;
        }
        assert_eq!(times["count"], sample.len(), "{what}");
        assert_eq!(times["censored"], sample.bounds.len(), "{what}");
        assert_eq!(times["clamped"], 0, "{what}");
        let mut at_least = Vec::new();
        for (quantile, share) in QUANTILES {
            let expected = quantile_of(sample, share);
            assert_eq!(times[quantile].as_f64().is_some(), expected.is_some(), "{quantile} {what}");
            if let Some((time, is_bound)) = expected {
                let found = whole_nanos(times[quantile].as_f64().unwrap());
                assert!(is_told_as(found, time as f64), "{quantile}: {found} {time} {what}");
                at_least.extend(is_bound.then_some(quantile));
                if let Some(interval) = times["intervals"].get(quantile) {
                    self.interval(interval, found, sample);
                }
            }
        }
        if !sample.bounds.is_empty() {
            at_least.extend(["mean", "max"]);
        }
        let told = times.get("at_least").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
        assert_eq!(told, serde_json::to_value(at_least).unwrap(), "{what}");
        if sample.len() == 0 {
            assert!(times["mean"].is_null() && times["max"].is_null(), "{what}");
            return;
        }
        let (mean, max) = (times["mean"].as_f64().unwrap() * 1e3, times["max"].as_f64().unwrap() * 1e3);
        assert!((mean - sample.mean()).abs() <= 1e-9 * sample.mean(), "{mean} {} {what}", sample.mean());
        assert!(is_told_as(max, sample.max() as f64), "{max} {what}");
        if let Some(interval) = times["intervals"].get("mean") {
            let low = interval["low"].as_f64().unwrap() * 1e3;
            assert!(low <= mean && interval["high"].as_f64().is_none_or(|high| high * 1e3 >= mean), "{what}");
        }
    }

    /// An interval of a quantile encloses it, and its ends are times of the sample.
    fn interval(&self, interval: &Value, found: f64, sample: &Sample) {
        let what = format!("{interval} {found} {}", self.what);
        let (low, high) =
            (whole_nanos(interval["low"].as_f64().unwrap()), interval["high"].as_f64().map(whole_nanos));
        assert!(low <= found && high.is_none_or(|high| found <= high), "{what}");
        let all = sample.all();
        let is_there = |low: f64, high: f64| all.iter().any(|&time| (low..=high).contains(&(time as f64)));
        assert!(is_there(low, low * (1.0 + DIGITS) + 1.0), "{what}");
        assert!(high.is_none_or(|high| is_there(high * (1.0 - DIGITS) - 1.0, high)), "{what}");
    }

    /// The window's twenty parts.
    fn parts(&self) {
        let parts = self.json["sub_windows"].as_array().unwrap();
        let planned = self.json["plan"]["duration_s"].as_f64();
        let whole = planned.or(self.is_open.then(|| self.number("/window_s")));
        let (Some(whole), true) = (whole, self.json["complete"] == true) else { return };
        assert_eq!(parts.len(), 20, "{}", self.what);
        // In whole nanoseconds: what a division leaves over is in the last part's rest, and in none.
        let width = (whole * 1e9).round() as i64 / 20;
        for (part, index) in parts.iter().zip(0i64..) {
            let span = index * width..(index + 1) * width;
            let due: Vec<&Row> = self.measured().filter(|row| span.contains(&row.intended.max(0))).collect();
            if self.rows.iter().all(|row| row.requests == 1) {
                assert_eq!(part["due"], due.len(), "part {index} {}", self.what);
            }
            let replies = self.rows.iter().filter(|row| row.status.is_some() && span.contains(&row.ended));
            assert_eq!(part["replies"], replies.count(), "part {index} {}", self.what);
            let right =
                Sample::of(due.iter().copied().filter(|row| row.is("ok")), |row| Some((row.service?, false)));
            match part["service_time_us_p50"].as_f64() {
                None => assert!(right.len() < 20, "part {index} {}", self.what),
                Some(median) => {
                    let (time, found) = (right.at(right.len().div_ceil(2)).0 as f64, median * 1e3);
                    assert!(
                        (time..=time * 1.01 + 1.0).contains(&found),
                        "part {index}: {found} {time} {}",
                        self.what
                    );
                }
            }
            let response = Sample::of(due.iter().copied(), |row| Self::main(row, true));
            for (name, percent) in
                [("response_time_us_p50", 50), ("response_time_us_p90", 90), ("response_time_us_p99", 99)]
            {
                let rank = (response.len() * percent).div_ceil(100).max(1);
                let is_known = self.is_open && response.len() >= rank + 10 && !response.at(rank).1;
                assert_eq!(part[name].is_number(), is_known, "part {index}, {name} {}", self.what);
                if let Some(found) = part[name].as_f64() {
                    let (time, found) = (response.at(rank).0 as f64, found * 1e3);
                    let near = time..=time * 1.01 + 1.0;
                    assert!(near.contains(&found), "part {index}, {name}: {found} {time} {}", self.what);
                }
            }
            let longest =
                due.iter().filter(|row| row.is("ok")).map(|row| (row.ended - row.intended) as u64).max();
            let found = part["response_time_us_max"].as_f64().map(|max| (max * 1e3).round() as u64);
            assert_eq!(found, longest, "part {index} {}", self.what);
        }
    }

    /// Where every request of the run has its row: time in flight inside the window, over the window.
    fn in_flight(&self) {
        if self.has_warm_up || self.json["stale_reuse"] != 0 {
            return;
        }
        let flown =
            self.rows.iter().filter_map(|row| Some(row.ended.min(self.window_ns()) - row.started?.max(0)));
        let expected = flown.filter(|&flown| flown > 0).sum::<i64>() as f64 / self.window_ns() as f64;
        let found = self.number("/in_flight_mean");
        assert!((found - expected).abs() <= 1e-6 * expected.max(1.0), "{found} {expected} {}", self.what);
    }

    /// Each row of `--csv`: its requests are the next ones of `--raw`, and ended in its second.
    fn every_second(&self) {
        let mut rows = self.measured().peekable();
        let begin = self.json["warmed_up_s"].as_f64().unwrap_or_else(|| self.number("/plan/warm_up_s"));
        let (mut due, mut replies, last) = (0, 0, self.seconds.len() - 1);
        for (index, second) in self.seconds.iter().enumerate() {
            let what = format!("second {index}: {second:?} {}", self.what);
            let cell = |name: &str| second[name].parse::<f64>().unwrap_or_else(|_| panic!("{name} {what}"));
            let count = |name: &str| second[name].parse::<u64>().unwrap_or_else(|_| panic!("{name} {what}"));
            assert!((cell("start_s") - begin - index as f64).abs() < 1e-9, "{what}");
            let span = index as i64 * 1_000_000_000..(index as i64 + 1) * 1_000_000_000;
            let ended = count("outcome_ok") + count("failed");
            let here: Vec<&Row> = if index == last {
                rows.by_ref().collect()
            } else {
                rows.by_ref().take(ended as usize).collect()
            };
            for row in here.iter().filter(|_| index < last) {
                assert!(row.ended >= span.start && row.ended < span.end + LOOK_NS, "{row:?} {what}");
            }
            for (name, number) in
                second.iter().filter_map(|(name, cell)| Some((name.strip_prefix("outcome_")?, cell)))
            {
                assert_eq!(
                    *number,
                    here.iter().filter(|row| row.is(name)).count().to_string(),
                    "{name} {what}"
                );
            }
            let failed = here.iter().filter(|row| row.outcome.is_some() && !row.is("ok")).count() as u64;
            assert_eq!(count("failed"), failed, "{what}");
            let sample = Sample::of(here.iter().copied(), |row| Self::main(row, self.is_open));
            assert_eq!(count("time_us_count"), sample.len(), "{what}");
            let mut at_least = Vec::new();
            for (name, share) in QUANTILES {
                let (found, expected) =
                    (second[&format!("time_us_{name}")].parse::<f64>(), quantile_of(&sample, share));
                assert_eq!(found.is_ok(), expected.is_some(), "{name} {what}");
                if let (Ok(found), Some((time, is_bound))) = (found, expected) {
                    assert!(is_told_as(found * 1e3, time as f64), "{name}: {time} {what}");
                    at_least.extend(is_bound.then_some(name));
                }
            }
            if sample.len() > 0 {
                // Of a second only the histogram is kept, so that its mean has three digits as well.
                let mean = cell("time_us_mean") * 1e3;
                assert!((mean - sample.mean()).abs() <= DIGITS * sample.mean(), "{what}");
                assert!(is_told_as(cell("time_us_max") * 1e3, sample.max() as f64), "{what}");
            }
            if !sample.bounds.is_empty() {
                at_least.extend(["mean", "max"]);
            }
            assert_eq!(second["time_us_at_least"], at_least.join(" "), "{what}");
            let measured =
                (self.window_ns().min(if index == last { i64::MAX } else { span.end }) - span.start).max(0);
            assert!((cell("measured_s") - measured as f64 / 1e9).abs() < 1e-9, "{what}");
            if measured > 0 {
                let per_second = count("replies") as f64 / (measured as f64 / 1e9);
                assert!((cell("achieved_rate_per_s") - per_second).abs() < 0.001, "{what}");
            } else {
                assert!(second["achieved_rate_per_s"].is_empty() && count("replies") == 0, "{what}");
            }
            let is_single = self.rows.iter().all(|row| row.requests == 1);
            if self.is_open && is_single {
                let end = if index == last { i64::MAX } else { span.end };
                let expected =
                    self.measured().filter(|row| (span.start..end).contains(&row.intended)).count();
                assert_eq!(count("due"), expected as u64, "{what}");
            }
            due += count("due");
            replies += count("replies");
        }
        assert_eq!(due, self.measured().map(|row| row.requests).sum::<u64>(), "{}", self.what);
        assert_eq!(replies, self.replies().count() as u64, "{}", self.what);
    }

    fn percentile_table(&self, main: &Sample) {
        let lines = self.hgrm.lines().skip(2).filter(|line| !line.starts_with('#'));
        let (mut number, count) = (0, main.len());
        for line in lines {
            let what = format!("{line:?} {}", self.what);
            let cells: Vec<f64> = line.split_whitespace().map(|cell| cell.parse().unwrap()).collect();
            let (value, q) = ((cells[0] * 1e6).round() as u64, cells[1]);
            // A percentile has twelve digits.
            let rank = ((q * count as f64 - 1e-6).ceil() as u64).clamp(1, count);
            let (time, _) = main.at(rank);
            assert!(is_told_as(value as f64, time as f64), "{time} {what}");
            assert_eq!(cells[2] as u64, main.up_to(value, rank).max(rank), "{what}");
            assert!(q == 1.0 || (cells[3] * (1.0 - q) - 1.0).abs() < 0.01, "{what}");
            number += 1;
        }
        let said = |name: &str| {
            let (_, rest) =
                self.hgrm.split_once(&format!("{name} ")).unwrap_or_else(|| panic!("{name} {}", self.hgrm));
            let figure = rest.trim_start().trim_start_matches('=').trim_start();
            figure[..figure.find([',', ']', ' ', '\n']).unwrap()].parse::<f64>().ok()
        };
        assert_eq!(said("Total count"), Some(count as f64), "{}", self.hgrm);
        if count == 0 {
            assert_eq!(number, 0);
            return;
        }
        assert!(is_told_as(said("[Max").unwrap() * 1e6, main.max() as f64), "{} {}", main.max(), self.hgrm);
        assert!(
            (said("[Mean").unwrap() * 1e6 / main.mean() - 1.0).abs() < DIGITS,
            "{} {}",
            main.mean(),
            self.hgrm
        );
        let squares = main.all().iter().map(|&time| (time as f64 - main.mean()).powi(2)).sum::<f64>();
        let deviation = (squares / count as f64).sqrt();
        let told = said("StdDeviation").unwrap() * 1e6;
        assert!(
            (told - deviation).abs() <= DIGITS * (deviation + main.mean()),
            "{told} {deviation} {}",
            self.hgrm
        );
        let bounds = format!("{} of the times are lower bounds", main.bounds.len());
        assert!(self.hgrm.contains(&bounds), "{bounds}: {}", self.hgrm);
    }

    fn interval_log(&self, main: &Sample) {
        assert_eq!(self.log.len(), self.seconds.len(), "{}", self.what);
        let mut sum = Histogram::<u64>::new(3).unwrap();
        for (histogram, second) in self.log.iter().zip(&self.seconds) {
            assert_eq!(histogram.len().to_string(), second["time_us_count"], "{}", self.what);
            sum.add(histogram).unwrap();
        }
        assert_eq!(sum.len(), main.len(), "{}", self.what);
        let all = main.all();
        for (index, recorded) in sum
            .iter_recorded()
            .flat_map(|step| {
                std::iter::repeat_n(step.value_iterated_to(), step.count_since_last_iteration() as usize)
            })
            .enumerate()
        {
            assert!(
                is_told_as(recorded as f64, all[index] as f64),
                "{recorded} {} {}",
                all[index],
                self.what
            );
        }
    }

    /// The page's tables: every time with its three digits, and every count.
    fn page(&self, samples: &BTreeMap<&'static str, Sample>) {
        let rows = table(&self.page, "Times per request");
        for (title, name) in [
            ("response time", "response_time_us"),
            ("lateness of the client", "lateness_us"),
            ("connection wait", "connection_wait_us"),
            ("connect", "connect_us"),
            ("service time", "service_time_us"),
            ("first byte", "first_byte_us"),
            ("service time of wrong replies", "wrong_reply_service_time_us"),
        ] {
            let Some(cells) = rows.iter().find(|cells| cells[0] == title) else {
                assert_eq!(samples.get(name).map_or(0, Sample::len), 0, "{title} {}", self.what);
                continue;
            };
            let sample = &samples[name];
            let what = format!("{cells:?} {}", self.what);
            let figures = QUANTILES
                .map(|(_, share)| quantile_of(sample, share).map(|(time, bound)| (time as f64, bound)));
            let has_bounds = !sample.bounds.is_empty();
            let others = [sample.mean(), sample.max() as f64]
                .map(|time| (sample.len() > 0).then_some((time, has_bounds)));
            for (cell, figure) in cells[1..9].iter().zip(figures.into_iter().chain(others)) {
                match figure {
                    None => assert!(cell.starts_with('—'), "{cell} {what}"),
                    Some((time, is_bound)) => {
                        assert_eq!(cell.starts_with('≥'), is_bound, "{cell} {what}");
                        let shown = nanos(cell.trim_start_matches('≥'));
                        // Half a unit of the third digit, and the histogram's own.
                        let slack = time * (0.005 + DIGITS) + 5.0;
                        assert!((shown - time).abs() <= slack, "{cell} {time} {what}");
                    }
                }
            }
            assert_eq!(digits(&cells[9]), sample.len(), "{what}");
        }
        if self.json["account"]["due"] == 0 {
            return;
        }
        let mut shown: BTreeMap<String, u64> = BTreeMap::new();
        for cells in table(&self.page, "Requests due in the window, by how they ended") {
            shown.insert(cells[0].clone(), digits(&cells[2]));
        }
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for row in self.measured() {
            let name = match row.outcome.as_deref() {
                Some("ok") => "correct reply",
                Some(kind) => kind,
                None => "not seen to end (censored)",
            };
            *expected.entry(name.to_owned()).or_default() += row.requests;
        }
        assert_eq!(shown, expected, "{}", self.what);
    }
}

/// The time of rank ⌈q·n⌉, and whether it is a lower bound; `None` with fewer than ten beyond.
fn quantile_of(sample: &Sample, ten_thousandths: u64) -> Option<(u64, bool)> {
    let rank = (sample.len() * ten_thousandths).div_ceil(10_000);
    (sample.len() >= rank + 10).then(|| sample.at(rank))
}

/// The cells of the table with this caption, as text.
fn table(page: &str, caption: &str) -> Vec<Vec<String>> {
    let (_, rest) =
        page.split_once(&format!("<caption>{caption}</caption>")).unwrap_or_else(|| panic!("{caption}"));
    let (table, _) = rest.split_once("</table>").unwrap();
    let rows = table.split("<tr>").skip(2);
    rows.map(|row| row.split("<t").skip(1).map(cell_text).collect()).collect()
}

/// The text of a cell from behind its `<t`; the page isolates a text unless it is plain.
fn cell_text(piece: &str) -> String {
    let (_, rest) = piece.split_once('>').unwrap();
    let (text, _) = rest.split_once("</t").unwrap();
    text.replace("<bdi>", "").replace("</bdi>", "")
}

fn digits(cell: &str) -> u64 {
    cell.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// A time as the page shows it, in nanoseconds.
fn nanos(cell: &str) -> f64 {
    let (number, unit) = cell.trim().split_once('\u{a0}').unwrap_or_else(|| panic!("{cell:?}"));
    let unit = match unit {
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => panic!("{cell:?}"),
    };
    number.parse::<f64>().unwrap() * unit
}

fn holds(server: &Server, arguments: &[&str], ending: &Ending) -> Run {
    let run = run(server, arguments, ending);
    run.check(ending);
    run
}

fn quick() -> Server {
    Server::answering(HELLO, Duration::from_millis(2))
}

#[test]
fn a_closed_loop_on_two_threads() {
    let arguments = ["-c", "3", "-t", "2", "--warm-up", "200ms", "-d", "1500ms"];
    let run = holds(&quick(), &arguments, &Ending::Planned(Some(1.5)));
    assert!(run.rows.iter().any(|row| row.intended < 0), "the warm-up's last replies end in the window");
}

#[test]
fn a_constant_rate_on_three_threads() {
    let arguments = ["-r", "300/s", "-c", "8", "-t", "3", "--warm-up", "300ms", "-d", "2200ms"];
    holds(&quick(), &arguments, &Ending::Planned(Some(2.2)));
}

#[test]
fn poisson_arrivals_with_a_99th_percentile() {
    let arguments =
        ["-r", "500/s", "--arrivals", "poisson", "--seed", "7", "-c", "6", "-t", "2", "-d", "2500ms"];
    let run = holds(&quick(), &arguments, &Ending::Planned(Some(2.5)));
    assert!(run.json["response_time_us"]["p99"].is_number(), "{}", run.what);
}

/// Of each three connections one is answered after a second, one never, and one at once.
#[test]
fn requests_that_outlast_the_window_of_a_closed_loop() {
    let accepted = AtomicU64::new(0);
    let server = Server::start(move |mut connection| {
        let kind = accepted.fetch_add(1, Ordering::SeqCst) % 3;
        while connection.request().is_some() {
            match kind {
                0 => std::thread::sleep(Duration::from_secs(1)),
                1 => continue,
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
            connection.send(HELLO);
        }
    });
    let arguments = ["-c", "6", "-t", "2", "--warm-up", "100ms", "-d", "700ms", "--grace", "600ms"];
    let run = holds(&server, &arguments, &Ending::Planned(Some(0.7)));
    assert_eq!(run.json["account"]["censored"], 2, "{}", run.what);
    let longest = run.measured().filter(|row| row.is("ok")).filter_map(|row| row.service).max();
    // Less what the client stood still, on a busy machine.
    assert!(longest > Some(500_000_000), "{}", run.what);
}

#[test]
fn a_number_of_requests_in_both_loops() {
    let closed = holds(&quick(), &["-n", "400", "-c", "3", "-t", "2"], &Ending::Planned(None));
    assert_eq!(closed.json["account"]["due"], 400, "{}", closed.what);
    let open = holds(&quick(), &["-n", "400", "-r", "400/s", "-c", "3"], &Ending::Planned(Some(1.0)));
    assert_eq!(open.json["account"]["due"], 400, "{}", open.what);
}

#[test]
fn a_rate_in_stages() {
    let arguments = ["--stages", "100/s:500ms, 100/s..400/s:1s", "-c", "4", "-t", "2"];
    holds(&quick(), &arguments, &Ending::Planned(Some(1.5)));
}

#[test]
fn bursts_that_have_to_wait_for_connections() {
    let arguments = ["--bursts", "24/250ms", "-c", "4", "-t", "2", "-d", "1500ms"];
    let run = holds(&quick(), &arguments, &Ending::Planned(Some(1.5)));
    assert!(run.measured().any(|row| row.connection_wait > Some(1_000_000)), "{}", run.what);
}

#[test]
fn a_replay_and_users_who_think() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("starts");
    let mut starts: Vec<u32> = (0..150).map(|number| number * number % 1400).chain([1399]).collect();
    starts.sort_unstable();
    let starts: Vec<String> = starts.iter().map(|ms| format!("{ms}ms")).collect();
    fs::write(&recording, starts.join("\n")).unwrap();
    holds(&quick(), &["--replay", text(&recording), "-c", "3"], &Ending::Planned(Some(1.399_000_001)));
    holds(&quick(), &["--think", "15ms", "-c", "5", "-t", "2", "-d", "1200ms"], &Ending::Planned(Some(1.2)));
}

#[test]
fn connections_that_are_churned() {
    let run = holds(
        &quick(),
        &["--churn", "3", "-r", "200/s", "-c", "3", "-d", "1500ms"],
        &Ending::Planned(Some(1.5)),
    );
    assert!(run.json["connect_us"]["count"].as_u64() > Some(20), "{}", run.what);
    holds(&quick(), &["--churn", "2", "-c", "2", "-d", "700ms"], &Ending::Planned(Some(0.7)));
}

/// Of ten requests: a wrong status, a reply cut short, an end instead of one, one that comes too late, and right ones.
fn moody(mut connection: Connection, served: &AtomicU64) {
    while connection.request().is_some() {
        match served.fetch_add(1, Ordering::SeqCst) % 10 {
            2 => connection.send(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy"),
            4 => return connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\ncut"),
            6 => {
                std::thread::sleep(Duration::from_millis(20));
                return;
            }
            8 => {
                std::thread::sleep(Duration::from_millis(400));
                connection.send(HELLO);
            }
            _ => {
                std::thread::sleep(Duration::from_millis(3));
                connection.send(HELLO);
            }
        }
    }
}

#[test]
fn failures_of_every_kind_in_between() {
    for pace in [&["-r", "150/s"][..], &[]] {
        let served = AtomicU64::new(0);
        let server = Server::start(move |connection| moody(connection, &served));
        let arguments = [pace, &["-c", "20", "-t", "3", "--timeout", "150ms", "-d", "1800ms"]].concat();
        let run = holds(&server, &arguments, &Ending::Planned(Some(1.8)));
        for kind in ["ok", "wrong_status", "truncated", "closed", "timeout"] {
            assert!(run.json["outcomes"][kind].as_u64() > Some(0), "{kind} {}", run.what);
        }
    }
}

#[test]
fn a_server_that_goes_away() {
    let served = AtomicU64::new(0);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            if served.fetch_add(1, Ordering::SeqCst) == 150 {
                return connection.power.kill();
            }
            connection.send(HELLO);
        }
    });
    let arguments = ["-r", "200/s", "-c", "4", "-t", "2", "-d", "1500ms"];
    let run = holds(&server, &arguments, &Ending::Planned(Some(1.5)));
    assert!(run.json["outcomes"]["refused"].as_u64() > Some(0), "{}", run.what);
}

#[test]
fn a_stall_that_lasts_to_the_end() {
    for connections in ["2", "200"] {
        let begun = Instant::now();
        let server = Server::start(move |mut connection| {
            while connection.request().is_some() {
                let stalls = begun.elapsed() > Duration::from_secs(1);
                std::thread::sleep(if stalls { Duration::from_secs(3) } else { Duration::from_millis(2) });
                connection.send(HELLO);
            }
        });
        let arguments = ["-r", "100/s", "-c", connections, "-t", "2", "--grace", "300ms", "-d", "2s"];
        let run = holds(&server, &arguments, &Ending::Planned(Some(2.0)));
        assert!(run.json["censored"].as_u64() > Some(20), "{}", run.what);
    }
}

#[test]
fn an_interrupt_in_both_loops() {
    for pace in [&["-r", "300/s", "--arrivals", "poisson"][..], &[]] {
        let arguments = [pace, &["-c", "4", "-t", "2", "-d", "10m"]].concat();
        holds(&quick(), &arguments, &Ending::Interrupted(Duration::from_millis(1700)));
    }
}

#[test]
fn a_number_of_requests_behind_a_warm_up() {
    let arguments = ["-n", "300", "-c", "4", "-t", "2", "--warm-up", "150ms"];
    let run = holds(&quick(), &arguments, &Ending::Planned(None));
    assert!(run.rows.iter().any(|row| row.intended < 0), "{}", run.what);
}

/// The first request is never answered. It is of the warm-up, and none of the two hundred.
#[test]
fn a_warm_up_that_hangs_stretches_no_window_of_a_number_of_requests() {
    for pace in [&[][..], &["-r", "400/s"]] {
        let accepted = AtomicU64::new(0);
        let server = Server::start(move |mut connection| {
            let hangs = accepted.fetch_add(1, Ordering::SeqCst) == 0;
            while connection.request().is_some() {
                if hangs {
                    continue;
                }
                std::thread::sleep(Duration::from_millis(2));
                connection.send(HELLO);
            }
        });
        let number = ["-n", "200", "-c", "4", "-t", "2", "--warm-up", "150ms", "--timeout", "20s"];
        let arguments = [&number[..], pace].concat();
        let begun = Instant::now();
        let ending = Ending::Planned((!pace.is_empty()).then_some(0.5));
        let run = holds(&server, &arguments, &ending);
        assert!(begun.elapsed() < Duration::from_secs(15), "{}", run.what);
        assert_eq!(run.json["account"]["finished"], 200, "{}", run.what);
        assert!(run.number("/window_s") < 10.0, "{}", run.what);
    }
}

#[test]
fn poisson_stages_behind_a_warm_up_with_a_pause() {
    let stages = "300/s:400ms, 0/s:300ms, 50/s..600/s:800ms";
    let arguments = ["--stages", stages, "--arrivals", "poisson", "--seed", "3", "--warm-up", "250ms"];
    let arguments = [&arguments[..], &["-c", "6", "-t", "3", "--churn", "5"]].concat();
    holds(&quick(), &arguments, &Ending::Planned(Some(1.5)));
}

#[test]
fn bursts_of_which_each_request_fails_in_some_way() {
    for threads in ["1", "3"] {
        let served = AtomicU64::new(0);
        let server = Server::start(move |connection| moody(connection, &served));
        let arguments =
            ["--bursts", "16/200ms", "-c", "16", "-t", threads, "--timeout", "120ms", "-d", "1600ms"];
        let run = holds(&server, &arguments, &Ending::Planned(Some(1.6)));
        assert!(run.json["outcomes"]["timeout"].as_u64() > Some(0), "{}", run.what);
    }
}

#[test]
fn users_who_think_and_a_server_that_fails_now_and_then() {
    let served = AtomicU64::new(0);
    let server = Server::start(move |connection| moody(connection, &served));
    let arguments = ["--think", "20ms", "-c", "12", "-t", "3", "--timeout", "150ms", "-d", "1500ms"];
    let run = holds(&server, &arguments, &Ending::Planned(Some(1.5)));
    assert!(run.json["account"]["failed"].as_u64() > Some(10), "{}", run.what);
}

#[test]
fn a_number_of_requests_of_which_many_fail() {
    for pace in [&["-r", "400/s", "-n", "300"][..], &["-n", "300"]] {
        let served = AtomicU64::new(0);
        let server = Server::start(move |connection| moody(connection, &served));
        let ending = Ending::Planned((pace.len() > 2).then_some(0.75));
        let arguments = [pace, &["-c", "10", "-t", "2", "--timeout", "150ms"]].concat();
        let run = holds(&server, &arguments, &ending);
        assert_eq!(run.json["account"]["due"], 300, "{}", run.what);
        assert!(run.json["account"]["failed"].as_u64() > Some(20), "{}", run.what);
    }
}

#[test]
fn connections_that_end_with_each_reply_beside_idle_and_slow_ones() {
    let arguments = ["-H", "connection: close", "--idle", "3", "--slow", "2", "-c", "4", "-t", "2"];
    for pace in [&["-r", "150/s"][..], &[]] {
        let run =
            holds(&quick(), &[&arguments[..], pace, &["-d", "1200ms"]].concat(), &Ending::Planned(Some(1.2)));
        assert!(run.json["connect_us"]["count"].as_u64() > Some(50), "{}", run.what);
    }
}

#[test]
fn an_interrupt_of_stages_bursts_and_a_number_of_requests() {
    for load in [
        &["--stages", "200/s..400/s:10m"][..],
        &["--bursts", "20/100ms", "-d", "10m"],
        &["-r", "300/s", "-n", "100000"],
        &["-n", "1000000"],
        &["--think", "10ms", "-d", "10m", "--warm-up", "0s"],
    ] {
        let arguments = [load, &["-c", "5", "-t", "3"]].concat();
        holds(&quick(), &arguments, &Ending::Interrupted(Duration::from_millis(1300)));
    }
}

#[test]
fn an_interrupt_of_a_server_that_stands_still() {
    for pace in [&["-r", "100/s"][..], &[]] {
        let begun = Instant::now();
        let server = Server::start(move |mut connection| {
            while connection.request().is_some() {
                let stalls = begun.elapsed() > Duration::from_millis(700);
                std::thread::sleep(if stalls { Duration::from_secs(5) } else { Duration::from_millis(2) });
                connection.send(HELLO);
            }
        });
        let arguments = [pace, &["-c", "6", "-t", "2", "-d", "10m", "--warm-up", "100ms"]].concat();
        let run = holds(&server, &arguments, &Ending::Interrupted(Duration::from_millis(1500)));
        assert!(run.json["censored"].as_u64() > Some(2), "{}", run.what);
    }
}

#[test]
fn the_columns_are_what_the_documentation_says() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw.csv");
    let server = quick();
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&server.url("/").to_string(), "-n", "3", "--raw", text(&raw)])
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
    let formats = include_str!("../../../docs/FORMATS.md");
    let table = formats.split("<!-- raw-csv -->").nth(1).unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    let documented: Vec<&str> =
        first_cells.flat_map(|(names, _)| names.split([' ', '`']).filter(|name| !name.is_empty())).collect();
    let written = fs::read_to_string(&raw).unwrap();
    assert_eq!(written.lines().next().unwrap().split(',').collect::<Vec<_>>(), documented);
    assert_eq!(written.matches("\r\n").count(), 4);
}

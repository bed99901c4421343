//! How late one client was, what disturbed it, and what waiting cost.

use benches::bench::table::Table;

/// What the table's words mean.
pub(crate) const LEGEND: &str = "Lateness is actual start − intended start; oha does not tell its own, so its response times stand in, which include \
the server's answer.\n\
p50 ≤ 20 µs and p99 ≤ 100 µs are what spinning promises where the kernel lets it run: a bound that is not met is \
\"disturbed\" where at least as large a share of the window as lies beyond the quantile went to interruptions (50 µs or more \
without the CPU), else \"missed\". \"CPU\" is the client thread's share of one, \"of it spinning\" the part that waiting took.";

/// Microseconds: median, 99th percentile.
const BOUNDS: [f64; 2] = [20.0, 100.0];

/// What is known of one client at one rate; `None` is what it does not tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lateness {
    pub(crate) client: &'static str,
    pub(crate) p50_us: Option<f64>,
    pub(crate) p99_us: Option<f64>,
    /// Whether it is held to the bounds.
    pub(crate) promises: bool,
    /// Share of the window in which a spinning client did not run.
    pub(crate) disturbed: Option<f64>,
    pub(crate) involuntary_switches: Option<u64>,
    pub(crate) steal: Option<f64>,
    /// Share of one CPU.
    pub(crate) cpu: f64,
    pub(crate) spinning: Option<f64>,
}

/// The heading over them.
pub(crate) fn table() -> Table {
    Table::new([
        "requests/s",
        "client",
        "late p50, µs",
        "≤ 20",
        "late p99, µs",
        "≤ 100",
        "preempted",
        "disturbed",
        "steal",
        "CPU",
        "of it spinning",
    ])
}

impl Lateness {
    pub(crate) fn row(&self, rate: u32) -> Vec<String> {
        let micros = |time: Option<f64>| time.map_or_else(|| "–".to_owned(), |time| format!("{time:.1}"));
        let per_cent = |share: Option<f64>| {
            share.map_or_else(|| "–".to_owned(), |share| format!("{:.2} %", share * 100.0))
        };
        vec![
            rate.to_string(),
            self.client.to_owned(),
            micros(self.p50_us),
            self.verdict(self.p50_us, BOUNDS[0], 0.5).to_owned(),
            micros(self.p99_us),
            self.verdict(self.p99_us, BOUNDS[1], 0.01).to_owned(),
            self.involuntary_switches.map_or_else(|| "–".to_owned(), |switches| switches.to_string()),
            per_cent(self.disturbed),
            per_cent(self.steal),
            per_cent(Some(self.cpu)),
            per_cent(self.spinning),
        ]
    }

    /// `beyond` is the share of starts that lie beyond the quantile.
    fn verdict(&self, late_us: Option<f64>, bound_us: f64, beyond: f64) -> &'static str {
        match late_us {
            _ if !self.promises => "",
            None => "too few samples",
            Some(late) if late <= bound_us => "met",
            // Starts are spaced evenly, so that a share of the time is a share of the starts.
            Some(_) if self.disturbed.is_some_and(|share| share >= beyond) => "disturbed",
            Some(_) => "missed",
        }
    }
}

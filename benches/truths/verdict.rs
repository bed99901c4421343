//! One figure against its exact value.

use std::time::Duration;

use benches::bench::scripted::Punctuality;
use benches::bench::table::Table;

/// A figure of which the truth is known.
#[derive(Debug, Clone)]
pub(crate) struct Figure<'a> {
    pub(crate) server: &'a str,
    pub(crate) client: &'a str,
    pub(crate) figure: &'a str,
    pub(crate) exact: Duration,
    /// Microseconds; `None` when it could not be told.
    pub(crate) measured_us: Option<f64>,
    /// How far off it may be; `None` for what is shown for comparison.
    pub(crate) bound: Option<Duration>,
    /// Share of the window in which the kernel kept the client from running; `None` when it does not tell.
    pub(crate) client_away: Option<f64>,
    pub(crate) punctuality: Punctuality,
}

/// The heading over such figures.
pub(crate) fn table() -> Table {
    Table::new([
        "server",
        "client",
        "figure",
        "exact",
        "measured",
        "off by",
        "bound",
        "",
        "client away",
        "server away, late (most)",
    ])
}

impl Figure<'_> {
    /// Microseconds above the truth.
    fn off_us(&self) -> Option<f64> {
        self.measured_us.map(|measured| measured - micros(self.exact))
    }

    fn verdict(&self) -> &'static str {
        match (self.off_us(), self.bound) {
            (_, None) => "",
            (Some(off), Some(bound)) if off.abs() <= micros(bound) => "met",
            (Some(_), Some(_)) => "missed",
            (None, Some(_)) => "too few samples",
        }
    }

    pub(crate) fn row(&self) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        vec![
            self.server.to_owned(),
            self.client.to_owned(),
            self.figure.to_owned(),
            millis(micros(self.exact)),
            or_dash(self.measured_us.map(millis)),
            or_dash(self.off_us().map(|off| format!("{off:+.0} µs"))),
            or_dash(self.bound.map(|bound| format!("{:.0} µs", micros(bound)))),
            self.verdict().to_owned(),
            or_dash(self.client_away.map(|share| format!("{:.1} %", share * 100.0))),
            late(&self.punctuality),
        ]
    }
}

/// How long the server was kept from running, and by how much it missed its script.
pub(crate) fn late(punctuality: &Punctuality) -> String {
    let Punctuality { late_us_mean, late_us_max, away, .. } = punctuality;
    format!("{:.1} %, {late_us_mean:.0} µs ({late_us_max:.0})", away * 100.0)
}

/// To a microsecond.
pub(crate) fn millis(micros: f64) -> String {
    format!("{:.3} ms", micros / 1e3)
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

//! A measurement for people.

use std::fmt::{self, Display, Formatter};

use reports_record::{CheckStatus, Measurement, Mode, OutcomeKind, TOP, Times};

use super::figures::{around, count, rate, time};

/// Width of the first column, and of each quantile.
const NAME: usize = 16;
const CELL: usize = 11;

/// Shows a measurement: rates, times, outcomes, certificate.
pub(crate) struct Summary<'a>(pub(crate) &'a Measurement);

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.rates(f)?;
        self.times(f)?;
        self.outcomes(f)?;
        self.client(f)?;
        self.certificate(f)
    }
}

impl Summary<'_> {
    fn rates(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Measurement { plan, window_s, offered_rate_per_s, achieved_rate_per_s, goodput_per_s, .. } =
            self.0;
        let pace = match plan.mode {
            Mode::Closed => "closed loop",
            Mode::Open { .. } => "open loop",
        };
        let cut = if self.0.complete { "" } else { " (interrupted: incomplete)" };
        let connections = count(plan.connections.into());
        writeln!(f, "{:NAME$}{pace}, connections: {connections}, measured for {window_s:.2} s{cut}", "load")?;
        if !self.0.merged_from.is_empty() {
            writeln!(f, "{:NAME$}the sum of {} measurements", "", count(self.0.merged_from.len() as u64))?;
        }
        if let Some(offered) = offered_rate_per_s {
            writeln!(f, "{:NAME$}{}/s", "offered", rate(*offered))?;
        }
        writeln!(f, "{:NAME$}{}/s", "achieved", rate(*achieved_rate_per_s))?;
        writeln!(f, "{:NAME$}{}/s", "goodput", rate(*goodput_per_s))
    }

    fn times(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\n{:NAME$}", "")?;
        for title in ["p50", "p90", "p95", "p99", "p99.9", "p99.99", "mean", "max"] {
            write!(f, "{title:>CELL$}")?;
        }
        writeln!(f, "{:>CELL$}", "count")?;
        row(f, "response time", self.0.response_time_us.as_ref())?;
        row(f, "lateness", self.0.lateness_us.as_ref())?;
        row(f, "connection wait", self.0.connection_wait_us.as_ref())?;
        row(f, "connect", self.0.connect_us.as_ref())?;
        row(f, "service time", Some(&self.0.service_time_us))?;
        row(f, "first byte", Some(&self.0.first_byte_us))?;
        let wrong = &self.0.wrong_reply_service_time_us;
        row(f, "wrong replies", (wrong.count > 0).then_some(wrong))
    }

    fn outcomes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (kind, number) in &self.0.outcomes {
            let fault = kind.fault().map_or_else(String::new, |fault| format!("  ({fault}'s fault)"));
            let name = if *kind == OutcomeKind::Ok { "correct replies" } else { kind.name() };
            writeln!(f, "{name:NAME$}{}{fault}", count(*number))?;
        }
        if self.0.censored > 0 {
            writeln!(f, "{:NAME$}{}  (due, and not seen to end)", "censored", count(self.0.censored))?;
        }
        Ok(())
    }

    fn client(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let client = &self.0.client;
        let each = client.cpu_per_request_us.map_or_else(|| "—".into(), |micros| format!("{micros:.1} us"));
        let busiest = client.busiest_thread * 100.0;
        write!(f, "{:NAME$}{each} of CPU per reply, busiest thread {busiest:.0} %", "client")?;
        if client.cpu_spin_us > 0 {
            let spun = client.cpu_spin_us as f64 / 1e6 / self.0.window_s * 100.0;
            write!(f, "; spinning before starts took {spun:.0} % more")?;
        }
        writeln!(f)
    }

    fn certificate(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:NAME$}{}", "certificate", self.0.certificate.verdict)?;
        for check in &self.0.certificate.checks {
            let status = match check.status {
                CheckStatus::NotApplicable => continue,
                CheckStatus::Pass => "pass",
                CheckStatus::Warn => "warn",
                CheckStatus::Fail => "FAIL",
            };
            writeln!(f, "  {status}  {:NAME$}{}", check.name, check.finding)?;
            if let Some(remedy) = &check.remedy {
                writeln!(f, "        {:NAME$}-> {remedy}", "")?;
            }
        }
        Ok(())
    }
}

fn row(f: &mut Formatter<'_>, name: &str, times: Option<&Times>) -> fmt::Result {
    let Some(times) = times else { return Ok(()) };
    write!(f, "{name:NAME$}")?;
    let quantiles = times.quantiles().map(|(name, _, value)| (name, value));
    for (field, value) in quantiles.into_iter().chain([("mean", times.mean), ("max", times.max)]) {
        write!(f, "{:>CELL$}", cell(times, field, value))?;
    }
    writeln!(f, "{:>CELL$}", count(times.count))?;
    if times.intervals.is_empty() {
        return Ok(());
    }
    let quantiles = times.quantiles().map(|(name, _, value)| (name, value));
    write!(f, "{:NAME$}", "  95 % within")?;
    for (field, value) in quantiles.into_iter().chain([("mean", times.mean)]) {
        let interval = value.zip(times.intervals.get(field).copied());
        write!(
            f,
            "{:>CELL$}",
            interval.map_or_else(String::new, |(value, interval)| around(value, interval))
        )?;
    }
    writeln!(f)
}

/// One time: "—" with too few samples, "≥" for a lower bound, "> 1 h" beyond what is told apart.
pub(crate) fn cell(times: &Times, field: &str, value: Option<f64>) -> String {
    match value {
        None => "—".into(),
        // Histograms tell values apart to 0.1 %, so the top shows as slightly less or more.
        Some(micros) if times.clamped > 0 && micros >= TOP.as_micros() as f64 * 0.999 => "> 1 h".into(),
        Some(micros) if times.is_at_least(field) => format!("≥ {}", time(micros)),
        Some(micros) => time(micros),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reports_record::Distribution;

    use super::*;

    #[test]
    fn what_is_not_known_is_not_shown_as_a_figure() {
        let mut distribution = Distribution::new();
        (0..90).for_each(|_| distribution.record(Duration::from_millis(1)));
        (0..10).for_each(|_| distribution.censor(Duration::from_secs(2)));
        let times = distribution.times();
        assert_eq!(cell(&times, "p50", times.p50), "1.00 ms");
        assert_eq!(cell(&times, "p99", times.p99), "—");
        assert_eq!(cell(&times, "max", times.max), "≥ 2.00 s");
        distribution.record(Duration::from_secs(7200));
        let times = distribution.times();
        assert_eq!(cell(&times, "max", times.max), "> 1 h");
    }
}

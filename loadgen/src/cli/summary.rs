//! A measurement for people, on a page of 80 columns.

use std::fmt::{self, Display, Formatter};

use reports_record::{Check, CheckStatus, Measurement, Mode, OutcomeKind, WrongReply};
use reports_render::label::passage;
use reports_terminal::counted;

use super::figures::{count, rate, span};
use super::page::{NAME, entry};
use super::times_table::TimesTable;

/// Shows a measurement: rates, times, outcomes, certificate.
pub(crate) struct Summary<'a>(pub(crate) &'a Measurement);

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.rates(f)?;
        write!(f, "\n{}\n", TimesTable(self.0))?;
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
        let cut = match (self.0.complete, self.0.given_up) {
            (true, _) => String::new(),
            (false, 0) => " (interrupted: incomplete)".into(),
            (false, given_up) => format!(" (incomplete: {} given up)", counted(given_up, "request")),
        };
        let connections = count(plan.connections.into());
        named(
            f,
            "load",
            &format!("{pace}, connections: {connections}, measured for {}{cut}", span(*window_s)),
        )?;
        if !self.0.merged_from.is_empty() {
            let parts = count(self.0.merged_from.len() as u64);
            named(f, "", &format!("the sum of {parts} measurements"))?;
        }
        if let Some(offered) = offered_rate_per_s {
            named(f, "offered", &format!("{}/s", rate(*offered)))?;
        }
        named(f, "achieved", &format!("{}/s", rate(*achieved_rate_per_s)))?;
        named(f, "goodput", &format!("{}/s", rate(*goodput_per_s)))
    }

    fn outcomes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (kind, number) in &self.0.outcomes {
            let fault = kind.fault().map_or_else(String::new, |fault| format!("  ({fault}'s fault)"));
            let name = if *kind == OutcomeKind::Ok { "correct replies" } else { kind.name() };
            named(f, name, &format!("{}{fault}", count(*number)))?;
            for reply in self.0.wrong_replies.iter().filter(|reply| reply.kind == *kind) {
                wrong_reply(f, reply)?;
            }
        }
        if self.0.statuses.len() > 1 || self.0.outcomes.contains_key(&OutcomeKind::WrongStatus) {
            let counts =
                self.0.statuses.iter().map(|(status, number)| format!("{status}: {}", count(*number)));
            named(f, "by status", &counts.collect::<Vec<_>>().join(", "))?;
        }
        if self.0.censored > 0 {
            named(f, "censored", &format!("{}  (due, and not seen to end)", count(self.0.censored)))?;
        }
        Ok(())
    }

    fn client(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let client = &self.0.client;
        let each = client.cpu_per_request_us.map_or_else(|| "—".into(), |micros| format!("{micros:.1} µs"));
        let busiest = client.busiest_thread * 100.0;
        let spun = client.cpu_spin_us as f64 / 1e6 / self.0.window_s * 100.0;
        let spinning = match client.cpu_spin_us {
            0 => String::new(),
            _ => format!("; spinning before starts took {spun:.0} % more"),
        };
        named(f, "client", &format!("{each} of CPU per reply, busiest thread {busiest:.0} %{spinning}"))
    }

    fn certificate(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        let certificate = &self.0.certificate;
        let culprit = certificate.culprit();
        let above_all = culprit.map_or_else(String::new, |culprit| format!(": {}", passage(&culprit.name)));
        named(f, "certificate", &format!("{}{above_all}", certificate.verdict))?;
        let is_culprit = |check: &&Check| culprit.is_some_and(|culprit| culprit.name == check.name);
        let others = certificate.checks.iter().filter(|check| !is_culprit(check));
        culprit.into_iter().chain(others).try_for_each(|check| self.check(f, check))
    }

    /// A check; one that follows from another says only that, for the other one says the rest.
    fn check(&self, f: &mut Formatter<'_>, check: &Check) -> fmt::Result {
        let status = match check.status {
            CheckStatus::NotApplicable => return Ok(()),
            CheckStatus::Pass => "pass",
            CheckStatus::Warn => "warn",
            CheckStatus::Fail => "FAIL",
        };
        let name = format!("  {status}  {:NAME$}", check.name);
        if let Some(cause) = &check.explained_by {
            return entry(f, &name, &format!("follows from {}", passage(cause)));
        }
        entry(f, &name, &passage(&check.finding))?;
        match &check.remedy {
            Some(remedy) => entry(f, &format!("        {:NAME$}-> ", ""), &passage(remedy)),
            None => Ok(()),
        }
    }
}

/// The first reply of its kind: what was wrong with it, and how it began.
fn wrong_reply(f: &mut Formatter<'_>, reply: &WrongReply) -> fmt::Result {
    named(f, "", &format!("{}; the first one began:", passage(&reply.finding)))?;
    for line in reply.status_line.iter().chain(&reply.headers) {
        named(f, "", &format!("  {}", passage(line)))?;
    }
    if reply.body.is_empty() { Ok(()) } else { named(f, "", &format!("  {}", passage(&reply.body))) }
}

/// A line with its name, or without one under the last.
fn named(f: &mut Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    entry(f, &format!("{name:NAME$}"), text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use reports_record::{Distribution, Histograms, Margin, Times};
    use serde_json::json;

    use super::super::golden::assert_golden;
    use super::*;

    fn times(micros: [f64; 8], count: u64) -> Times {
        let [p50, p90, p95, p99, p99_9, p99_99, mean, max] = micros.map(Some);
        Times { p50, p90, p95, p99, p99_9, p99_99, mean, max, count, ..Times::default() }
    }

    /// Intervals of every quantile and the mean, each `share` to both sides.
    fn with_intervals(mut times: Times, share: f64) -> Times {
        let quantiles = times.quantiles().map(|(name, _, value)| (name, value));
        let known = quantiles.into_iter().chain([("mean", times.mean)]);
        let margin = |value: f64| Margin { low: value * (1.0 - share), high: Some(value * (1.0 + share)) };
        let intervals: BTreeMap<_, _> =
            known.filter_map(|(name, value)| Some((name.to_owned(), margin(value?)))).collect();
        times.intervals = intervals;
        times
    }

    fn check(name: &str, status: &str, finding: &str, remedy: Option<&str>) -> serde_json::Value {
        json!({ "name": name, "status": status, "figure": null, "bound": 0.0, "unit": "share",
                "finding": finding, "remedy": remedy })
    }

    fn measurement(closed: bool, service: &Times, checks: &[serde_json::Value]) -> Measurement {
        let mode = if closed {
            json!({ "loop": "closed" })
        } else {
            json!({ "loop": "open", "arrivals": "poisson" })
        };
        serde_json::from_value(json!({
            "schema": 2,
            "plan": {
                "url": "http://localhost/", "method": "GET", "mode": mode,
                "connections": 64, "threads": 1, "warm_up_s": 0.0, "duration_s": 10.0, "requests": null,
                "timeout_s": 10.0, "grace_s": 2.0, "seed": 1,
            },
            "offered_rate_per_s": null, "achieved_rate_per_s": 1999.6, "goodput_per_s": 1999.6, "window_s": 10.0,
            "account": { "due": 20_000, "finished": 20_000, "failed": 0, "censored": 0 },
            "outcomes": { "ok": 20_000 },
            "censored": 0,
            "service_time_us": service, "response_time_us": null, "lateness_us": null,
            "connection_wait_us": null, "first_byte_us": service,
            "wrong_reply_service_time_us": Times::default(),
            "in_flight_mean": 0.5, "received_bytes": 0, "sent_in_all": 20_000, "answered_in_all": 20_000,
            "reopened": 0, "stale_reuse": 0,
            "client": {
                "cpu_user_us": 0, "cpu_system_us": 0, "cpu_per_request_us": 7.31, "busiest_thread": 0.123,
                "involuntary_switches": 0, "steal": 0.0,
            },
            "sub_windows": [],
            "certificate": { "verdict": "valid", "checks": checks },
            "complete": true,
            "histograms": Histograms::encode(&Distribution::new(), None),
        }))
        .unwrap()
    }

    #[test]
    fn the_summary_of_a_closed_loop_equals_its_golden() {
        let service = times([967.0, 1120.0, 1250.0, 2100.0, 4300.0, 0.0, 1010.0, 9990.0], 20_000);
        let service = Times { p99_99: None, ..with_intervals(service, 0.02) };
        let checks = [check("errors", "pass", "all 20,000 replies were correct", None)];
        assert_golden("summary-closed.txt", &Summary(&measurement(true, &service, &checks)).to_string());
    }

    #[test]
    fn the_widest_summary_equals_its_golden_and_no_columns_collide() {
        let hours = [999.4, 99_940.0, 999_400.0, 59.9e6, 599e6, 3.59e9, 1.23e6, 3.6e9];
        let wide = |count| with_intervals(times(hours, count), 0.9);
        let mut response = wide(9_999_999_999);
        response.clamped = 1;
        response.at_least = ["p99", "p99_9", "p99_99", "mean"].map(String::from).to_vec();
        let finding = "over the second half of the window the median was 12.3 % higher than over the first \
                       (standard error 0.4 %), more than the 5 % that this check allows";
        let checks = [
            check(
                "pace",
                "pass",
                "requests left 0.31 µs late at the median, 11 µs at the 99th percentile",
                None,
            ),
            check(
                "stationarity",
                "fail",
                finding,
                Some(
                    "measure for longer, leave out more at the start with \
                  --warm-up, and stop what else runs on this machine",
                ),
            ),
            check("replies", "warn", "the server said \u{1b}[2J", None),
            json!({ "name": "arrivals", "status": "warn", "figure": null, "bound": 0.0, "unit": "share",
                    "finding": "many; this follows from stationarity", "explained_by": "stationarity" }),
        ];
        let mut wide_one = measurement(false, &wide(86_400_000_000), &checks);
        wide_one.offered_rate_per_s = Some(1_000_000.0);
        wide_one.window_s = 86_400.0;
        wide_one.complete = false;
        wide_one.plan.connections = 100_000;
        wide_one.response_time_us = Some(response.clone());
        for (kind, number) in [(OutcomeKind::HeadTooLarge, 1_000_000_000), (OutcomeKind::ConnectTimeout, 3)] {
            wide_one.outcomes.insert(kind, number);
        }
        wide_one.censored = 12_345_678;
        [&mut wide_one.lateness_us, &mut wide_one.connection_wait_us, &mut wide_one.connect_us]
            .into_iter()
            .for_each(|times| *times = Some(response.clone()));
        wide_one.first_byte_us = response.clone();
        wide_one.wrong_reply_service_time_us = response;
        wide_one.client.cpu_spin_us = 86_399_000_000;
        assert_golden("summary-wide.txt", &Summary(&wide_one).to_string());
    }
}

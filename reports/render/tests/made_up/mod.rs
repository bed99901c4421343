//! Measurements that were never made.

use std::time::Duration;

use reports_record::{Certificate, Check, CheckStatus, Distribution, Histograms, Measurement, Times};
use serde_json::json;

/// 2,000 requests at 200/s over 10 s, each part of the window alike: service times from 1 to 3 ms, response times half
/// a millisecond longer.
pub(crate) fn open() -> Measurement {
    let service = spread(2_000, 1_000);
    let response = spread(2_000, 1_500);
    let mut measurement = bare(json!({ "loop": "open", "arrivals": "poisson" }));
    measurement.plan.schedule = Some("200/s".into());
    measurement.plan.spins = true;
    measurement.offered_rate_per_s = Some(200.0);
    measurement.lateness_us = Some(spread(2_000, 5).times());
    measurement.connection_wait_us = Some(spread(2_000, 1).times());
    fill(&mut measurement, &service, Some(&response));
    measurement
}

/// As [`open`], without a schedule.
pub(crate) fn closed() -> Measurement {
    let mut measurement = bare(json!({ "loop": "closed" }));
    fill(&mut measurement, &spread(2_000, 1_000), None);
    measurement
}

/// A measurement in which nothing was due.
pub(crate) fn empty() -> Measurement {
    let mut measurement = bare(json!({ "loop": "closed" }));
    measurement.certificate = certificate(CheckStatus::Fail);
    measurement
}

/// One correct reply and no more.
pub(crate) fn one() -> Measurement {
    let mut measurement = bare(json!({ "loop": "closed" }));
    fill(&mut measurement, &spread(1, 1_000), None);
    measurement.sub_windows = Vec::new();
    measurement
}

/// An open loop in which every request timed out after 2 s.
pub(crate) fn all_errors() -> Measurement {
    let mut bounds = Distribution::new();
    (0..2_000).for_each(|_| bounds.censor(Duration::from_secs(2)));
    let mut measurement = open();
    fill(&mut measurement, &bounds, Some(&bounds));
    measurement.first_byte_us = Times::default();
    measurement.account = from(json!({ "due": 2000, "finished": 0, "failed": 1990, "censored": 10 }));
    measurement.outcomes = from(json!({ "timeout": 1990 }));
    measurement.censored = 10;
    (measurement.achieved_rate_per_s, measurement.goodput_per_s) = (0.0, 0.0);
    measurement.client.cpu_per_request_us = None;
    measurement.sub_windows =
        from(json!(vec![json!({ "replies": 0, "due": 100, "service_time_us_p50": null }); 20]));
    measurement.certificate = certificate(CheckStatus::Fail);
    measurement
}

/// A certificate of two checks, the second with this status.
pub(crate) fn certificate(status: CheckStatus) -> Certificate {
    let check = |name: &str, status, figure, bound, unit: &str, finding: &str| Check {
        name: name.into(),
        status,
        figure: Some(figure),
        bound,
        unit: unit.into(),
        finding: finding.into(),
        remedy: (status >= CheckStatus::Warn).then(|| "mend the server".into()),
        explained_by: None,
    };
    let (failed, finding) = match status {
        CheckStatus::Pass => (0.0, "every request was answered correctly"),
        _ => (0.02, "2.0 % of requests failed"),
    };
    Certificate::from_checks(vec![
        check("pace", CheckStatus::Pass, 12.0, 1000.0, "us", "requests left 5 us (p50) and 12 us (p99) late"),
        check("errors", status, failed, 0.0, "share", finding),
    ])
}

fn fill(measurement: &mut Measurement, service: &Distribution, response: Option<&Distribution>) {
    measurement.service_time_us = service.times();
    measurement.first_byte_us = service.times();
    measurement.response_time_us = response.map(Distribution::times);
    measurement.histograms = Histograms::encode(service, response);
    let due = service.count();
    measurement.account = from(json!({ "due": due, "finished": due, "failed": 0, "censored": 0 }));
    measurement.outcomes = from(json!({ "ok": due }));
    (measurement.achieved_rate_per_s, measurement.goodput_per_s) = (due as f64 / 10.0, due as f64 / 10.0);
    let part = |index: u32| {
        let longest = 3_000.0 + f64::from(index % 5) * 100.0;
        let mut part = json!({ "replies": 98 + index % 5, "due": 100, "service_time_us_p50": 2_000.0, "response_time_us_max": longest });
        if response.is_some() {
            part["response_time_us_p50"] = json!(2_050.0 + f64::from(index % 3) * 20.0);
            part["response_time_us_p90"] = json!(2_600.0 + f64::from(index % 4) * 50.0);
        }
        part
    };
    measurement.sub_windows = from(json!((0..20).map(part).collect::<Vec<_>>()));
    measurement.certificate = certificate(CheckStatus::Pass);
}

/// `number` times, evenly from `least` to three times as many microseconds.
fn spread(number: u64, least: u64) -> Distribution {
    let mut all = Distribution::new();
    (0..number).for_each(|index| all.record(Duration::from_micros(least + 2 * least * index / number)));
    all
}

fn bare(mode: serde_json::Value) -> Measurement {
    from(json!({
        "schema": reports_record::SCHEMA,
        "plan": {
            "url": "http://localhost:8080/wait?ms=1&x=2", "method": "GET", "mode": mode, "connections": 16, "threads": 1,
            "warm_up_s": 1.0, "duration_s": 10.0, "requests": null, "timeout_s": 10.0, "grace_s": 2.0, "seed": 7,
        },
        "offered_rate_per_s": null, "achieved_rate_per_s": 0.0, "goodput_per_s": 0.0, "window_s": 10.0,
        "account": { "due": 0, "finished": 0, "failed": 0, "censored": 0 }, "outcomes": {}, "censored": 0,
        "service_time_us": Times::default(), "response_time_us": null, "lateness_us": null,
        "connection_wait_us": null, "first_byte_us": Times::default(),
        "wrong_reply_service_time_us": Times::default(),
        "in_flight_mean": 0.4, "received_bytes": 123_456, "sent_in_all": 2200, "answered_in_all": 2200,
        "reopened": 0, "stale_reuse": 0,
        "client": {
            "cpu_user_us": 12_000, "cpu_system_us": 34_000, "cpu_per_request_us": 23.0, "busiest_thread": 0.1,
            "involuntary_switches": 3, "cpu_wait": 0.002, "steal": 0.0,
        },
        "sub_windows": [],
        "certificate": certificate(CheckStatus::Pass),
        "complete": true,
        "histograms": Histograms::encode(&Distribution::new(), None),
    }))
}

fn from<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

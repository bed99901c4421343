//! A sound measurement, for tests of what is made of measurements.

use std::time::Duration;

use reports_record::{Certificate, Check, CheckStatus, Distribution, Histograms, Measurement, Times};
use serde_json::json;

/// 2,000 requests at 200/s over 16 connections, each on time and correct after `ms` milliseconds; every check passed.
pub(crate) fn measured(ms: u64) -> Measurement {
    let mut measured: Measurement = serde_json::from_value(json!({
        "schema": 2,
        "plan": {
            "url": "http://localhost/", "method": "GET", "mode": { "loop": "open", "arrivals": "poisson" },
            "connections": 16, "threads": 1, "warm_up_s": 0.0, "duration_s": 10.0, "requests": null,
            "timeout_s": 10.0, "grace_s": 2.0, "seed": 1,
        },
        "offered_rate_per_s": 200.0, "achieved_rate_per_s": 200.0, "goodput_per_s": 200.0, "window_s": 10.0,
        "account": { "due": 2000, "finished": 2000, "failed": 0, "censored": 0 },
        "outcomes": { "ok": 2000 },
        "censored": 0,
        "service_time_us": times([]), "response_time_us": null, "lateness_us": times([0; 2000]),
        "connection_wait_us": times([0; 2000]), "first_byte_us": times([]),
        "wrong_reply_service_time_us": times([]),
        "in_flight_mean": 0.5, "received_bytes": 0, "sent_in_all": 2000, "answered_in_all": 2000,
        "reopened": 0, "stale_reuse": 0,
        "client": {
            "cpu_user_us": 0, "cpu_system_us": 0, "cpu_per_request_us": null, "busiest_thread": 0.1,
            "involuntary_switches": 0, "steal": 0.0,
        },
        "sub_windows": [],
        "certificate": { "verdict": "valid", "checks": [] },
        "complete": true,
        "histograms": Histograms::encode(&Distribution::new(), None),
    }))
    .unwrap();
    measured.service_time_us = times([ms; 2000]);
    measured.response_time_us = Some(measured.service_time_us.clone());
    let checks =
        ["pace", "achieved", "arrivals", "headroom", "steal", "gap", "replies", "errors", "stationarity"];
    let passed = |name| check(name, CheckStatus::Pass);
    measured.certificate = Certificate::from_checks(checks.map(passed).to_vec());
    measured
}

/// `measured` with another status of one check; its finding is that check's name.
pub(crate) fn with(mut measured: Measurement, name: &str, status: CheckStatus) -> Measurement {
    measured.certificate.checks.retain(|check| check.name != name);
    measured.certificate = measured.certificate.with(check(name, status));
    measured
}

/// A summary of so many milliseconds each.
pub(crate) fn times<const N: usize>(millis: [u64; N]) -> Times {
    let mut distribution = Distribution::new();
    millis.into_iter().for_each(|ms| distribution.record(Duration::from_millis(ms)));
    distribution.times()
}

fn check(name: &str, status: CheckStatus) -> Check {
    let remedy = (status >= CheckStatus::Warn).then(|| "remedy".to_owned());
    Check {
        name: name.into(),
        status,
        figure: None,
        bound: 0.0,
        unit: "share".into(),
        finding: name.into(),
        remedy,
        explained_by: None,
    }
}

//! What a sum is, and what is not added up.

use std::time::Duration;

use proptest::prelude::*;
use reports_record::{
    Account, CertificateVerdict, CheckStatus, Distribution, EncodedHistogram, Histograms, OutcomeKind, Times,
};
use serde_json::json;

use super::*;
use crate::measured::{measured, with};

/// An open loop over ten seconds with these response times, in milliseconds, service times half as long.
fn part(name: &str, millis: &[u64]) -> Part {
    let mut measurement = measured(1);
    let (mut response, mut service) = (Distribution::new(), Distribution::new());
    for ms in millis {
        response.record(Duration::from_millis(*ms));
        service.record(Duration::from_micros(ms * 500));
    }
    let due = millis.len() as u64;
    measurement.account = Account { due, finished: due, failed: 0, censored: 0 };
    measurement.outcomes = [(OutcomeKind::Ok, due)].into();
    measurement.service_time_us = service.times();
    measurement.response_time_us = Some(response.times());
    measurement.lateness_us = Some(response.times());
    measurement.histograms = Histograms::encode(&service, Some(&response));
    let rate = due as f64 / measurement.window_s;
    (measurement.achieved_rate_per_s, measurement.goodput_per_s) = (rate, rate);
    measurement.offered_rate_per_s = Some(rate);
    Part { name: name.into(), measurement }
}

fn refusal(parts: &[Part]) -> String {
    merge(parts).unwrap_err().to_string()
}

type Alteration = fn(&mut Value);

/// `part`, with its JSON altered by `alter`.
fn altered(part: &Part, alter: impl FnOnce(&mut Value)) -> Part {
    let mut json = serde_json::to_value(&part.measurement).unwrap();
    alter(&mut json);
    Part { name: part.name.clone(), measurement: serde_json::from_value(json).unwrap() }
}

proptest! {
    // Each case builds and encodes ten histograms, which takes a debug build as long as hundreds of samples take.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_sum_is_the_distribution_of_all_samples(
        a in prop::collection::vec(0..5000_u64, 1..1000),
        b in prop::collection::vec(0..5000_u64, 1..1000),
    ) {
        // Whoever draws the same twice has the same measurement twice, which is refused.
        prop_assume!(a != b);
        let all = part("all", &[&a[..], &b[..]].concat());
        let sum = merge(&[part("a", &a), part("b", &b)]).unwrap();
        prop_assert_eq!(&sum.histograms, &all.measurement.histograms);
        prop_assert_eq!(&sum.response_time_us, &all.measurement.response_time_us);
        prop_assert_eq!(&sum.service_time_us, &all.measurement.service_time_us);
        prop_assert_eq!((sum.account, &sum.outcomes), (all.measurement.account, &all.measurement.outcomes));
        prop_assert!(sum.account.closes() && sum.window_s == 20.0);
        let per_second = (a.len() + b.len()) as f64 / 20.0;
        for rate in [sum.achieved_rate_per_s, sum.goodput_per_s, sum.offered_rate_per_s.unwrap()] {
            prop_assert!((rate - per_second).abs() < 1e-9, "{} of {}", rate, per_second);
        }
    }
}

#[test]
fn what_has_no_histogram_keeps_count_mean_and_maximum_and_no_quantile() {
    let sum = merge(&[part("a", &[10; 100]), part("b", &[40; 300])]).unwrap();
    let lateness = sum.lateness_us.unwrap();
    assert_eq!((lateness.count, lateness.p50, lateness.p99), (400, None, None));
    let [mean, max] = [lateness.mean, lateness.max].map(Option::unwrap);
    assert!((mean / 32_500.0 - 1.0).abs() < 0.002 && (max / 40_000.0 - 1.0).abs() < 0.002, "{mean} {max}");
    assert!(sum.sub_windows.is_empty());
    assert!(sum.response_time_us.unwrap().p50.is_some());
}

/// `part`, whose requests had asked for waits of their own: this many milliseconds each are left of their response times.
fn waiting(name: &str, millis: &[u64], left: &[u64]) -> Part {
    let mut part = part(name, millis);
    let mut beyond = Distribution::new();
    left.iter().for_each(|ms| beyond.record(Duration::from_millis(*ms)));
    let histograms = part.measurement.histograms.clone();
    part.measurement.beyond_wait_us = Some(beyond.times());
    part.measurement.histograms = histograms.with_beyond_wait(Some(&beyond));
    part
}

#[test]
fn times_beyond_the_waits_are_added_where_every_part_has_them() {
    let (a, b) = (waiting("a", &[10, 30], &[1, 2]), waiting("b", &[20, 20, 50], &[3, 4, 5]));
    let all = waiting("all", &[10, 30, 20, 20, 50], &[1, 2, 3, 4, 5]).measurement;
    let sum = merge(&[a.clone(), b.clone()]).unwrap();
    assert_eq!((&sum.beyond_wait_us, &sum.histograms), (&all.beyond_wait_us, &all.histograms));
    assert_eq!(merge_slices(&[a.clone(), b]).unwrap().beyond_wait_us, all.beyond_wait_us);
    let without = merge(&[a, part("old", &[20, 20])]).unwrap();
    assert_eq!((without.beyond_wait_us, without.histograms.beyond_wait), (None, None));
    let other = refusal(&[waiting("few", &[10, 30], &[1]), part("b", &[20])]);
    assert!(
        other.starts_with("few: it contradicts itself") && other.contains("beyond_wait_us has 1"),
        "{other}"
    );
}

#[test]
fn rates_are_those_that_users_type_where_replies_are_whole() {
    let part = |name, ms| {
        let mut part = part(name, &[ms; 21]);
        part.measurement.window_s = 0.7;
        (part.measurement.achieved_rate_per_s, part.measurement.goodput_per_s) = (30.0, 30.0);
        part.measurement.offered_rate_per_s = Some(30.0);
        part
    };
    let sum = merge(&[part("a", 10), part("b", 20), part("c", 30)]).unwrap();
    assert_eq!(
        (sum.achieved_rate_per_s, sum.goodput_per_s, sum.offered_rate_per_s),
        (30.0, 30.0, Some(30.0))
    );
}

#[test]
fn costs_are_added_and_shares_weighed_by_their_windows() {
    let [mut a, mut b] = [part("a", &[10; 100]), part("b", &[20; 300])];
    (a.measurement.client.cpu_user_us, b.measurement.client.cpu_system_us) = (1000, 3000);
    (a.measurement.client.busiest_thread, b.measurement.client.busiest_thread) = (0.5, 0.25);
    (a.measurement.client.steal, b.measurement.client.steal) = (Some(0.0), Some(0.1));
    (a.measurement.client.cpu_wait, b.measurement.client.cpu_wait) = (Some(0.02), Some(0.01));
    (a.measurement.client.occupied, b.measurement.client.occupied) = (Some(0.3), Some(0.5));
    (a.measurement.received_bytes, b.measurement.received_bytes) = (5, 7);
    let mut unknown = b.clone();
    unknown.measurement.client.cpu_wait = None;
    assert_eq!(merge(&[a.clone(), unknown]).unwrap().client.cpu_wait, None);
    let sum = merge(&[a, b]).unwrap();
    assert_eq!((sum.client.cpu_wait, sum.client.occupied), (Some(0.02), Some(0.5)));
    assert_eq!((sum.client.cpu_per_request_us, sum.client.busiest_thread), (Some(10.0), 0.5));
    assert_eq!((sum.client.steal, sum.received_bytes), (Some(0.05), 12));
}

#[test]
fn a_lower_bound_in_one_part_is_one_in_the_sum() {
    let a = part("a", &[10; 100]);
    let mut b = part("b", &[20; 100]);
    let mut times = b.measurement.histograms.response_time().unwrap().unwrap();
    times.censor(Duration::from_secs(5));
    b.measurement.response_time_us = Some(times.times());
    // As if seven times were beyond the range of a histogram, which does not count them.
    b.measurement.service_time_us = Times { clamped: 7, ..times.times() };
    b.measurement.histograms = Histograms::encode(&times, Some(&times));
    b.measurement.account = Account { due: 101, finished: 100, failed: 0, censored: 1 };
    b.measurement.censored = 1;
    let sum = merge(&[a, b]).unwrap();
    let response = sum.response_time_us.unwrap();
    assert_eq!((response.count, response.censored, sum.censored), (201, 1, 1));
    assert_eq!((sum.service_time_us.clamped, response.clamped), (7, 0));
    assert!(response.is_at_least("max") && !response.is_at_least("p50"), "{:?}", response.at_least);
}

#[test]
fn the_certificate_is_the_worst_of_all_and_names_where() {
    let good = part("good.json", &[10; 100]);
    let mut warned = part("warned.json", &[20; 100]);
    warned.measurement = with(warned.measurement, "steal", CheckStatus::Warn);
    let mut failed = part("failed.json", &[30; 100]);
    failed.measurement = with(failed.measurement, "gap", CheckStatus::Fail);
    let verdict = |parts: &[Part]| merge(parts).unwrap().certificate.verdict;
    assert_eq!(verdict(&[good.clone(), part("b", &[1])]), CertificateVerdict::Valid);
    assert_eq!(verdict(&[good.clone(), warned.clone()]), CertificateVerdict::ValidWithWarnings);
    let sum = merge(&[good.clone(), warned, failed]).unwrap();
    assert_eq!(sum.certificate.verdict, CertificateVerdict::Invalid);
    let finding = |name| &sum.certificate.checks.iter().find(|check| check.name == name).unwrap().finding;
    assert_eq!(finding("gap"), "worst of 3, failed.json: gap");
    assert_eq!(finding("steal"), "worst of 3, warned.json: steal");
    assert_eq!(finding("pace"), "worst of 3, good.json: pace");
    assert_eq!(sum.certificate.checks.len(), good.measurement.certificate.checks.len());
}

#[test]
fn any_field_of_the_plan_but_the_seed_has_to_agree() {
    // What an older file does not have is told apart where both have it.
    let later = |part: Part| {
        altered(&part, |json| {
            let plan = &mut json["plan"];
            (plan["replay_crc32"], plan["request_crc32"]) = (json!(1), json!(2));
            plan["expect"] = json!("status 200, any body");
        })
    };
    let a = later(part("a.json", &[10; 100]));
    let fields = serde_json::to_value(&a.measurement.plan).unwrap();
    let fields: Vec<String> = fields.as_object().unwrap().keys().cloned().collect();
    assert!(fields.len() >= 15, "{fields:?}");
    for field in fields {
        let b = altered(&later(part("b.json", &[20; 100])), |json| {
            let value = &mut json["plan"][&field];
            *value = match (field.as_str(), &*value) {
                ("mode", _) => json!({ "loop": "open", "arrivals": "constant" }),
                ("requests" | "churn", _) => json!(77),
                ("schedule", _) => json!("77/s"),
                (_, Value::String(_)) => json!("http://localhost/other"),
                (_, Value::Bool(spins)) => json!(!spins),
                _ => json!(77),
            };
        });
        if field == "seed" {
            let sum = merge(&[a.clone(), b]).unwrap();
            assert_eq!(sum.merged_from.iter().map(|part| part.seed).collect::<Vec<_>>(), [1, 77]);
            continue;
        }
        let said = refusal(&[a.clone(), b]);
        assert!(said.starts_with(&format!("plan.{field} is ")), "{said}");
        assert!(said.contains("in b.json, but ") && said.contains("in a.json;"), "{said}");
    }
}

#[test]
fn the_same_measurement_counts_once_be_it_within_a_sum() {
    let [a, b, c] = [part("a", &[10; 100]), part("b", &[20; 100]), part("c", &[30; 100])];
    let copy = Part { name: "copy of a".into(), ..a.clone() };
    let said = refusal(&[a.clone(), b.clone(), copy]);
    assert!(said.contains("copy of a: the same measurement as a"), "{said}");
    let sum = Part { name: "sum".into(), measurement: merge(&[a.clone(), b.clone()]).unwrap() };
    assert!(refusal(&[sum.clone(), b.clone()]).contains("the same measurement"));
    let all = merge(&[sum, c.clone()]).unwrap();
    assert_eq!(all.histograms, merge(&[a, b, c]).unwrap().histograms);
    assert_eq!(all.merged_from.iter().map(|part| part.file.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn one_is_no_sum_and_what_was_interrupted_is_no_part() {
    let a = part("a", &[10; 100]);
    assert!(matches!(merge(&[]), Err(MergeError::TooFew(0))));
    assert!(matches!(merge(std::slice::from_ref(&a)), Err(MergeError::TooFew(1))));
    let mut cut = part("cut.json", &[20; 100]);
    cut.measurement.complete = false;
    assert!(refusal(&[a, cut]).starts_with("cut.json: it was interrupted"));
}

#[test]
fn figures_that_contradict_each_other_are_refused_by_name() {
    let a = part("a", &[10; 100]);
    let whole = part("b.json", &[20; 100]);
    let alterations: [(&str, Alteration); 11] = [
        ("account.due", |json| json["account"]["due"] = json!(101)),
        ("outcomes have", |json| json["outcomes"]["ok"] = json!(99)),
        ("outcomes have", |json| json["outcomes"]["reset"] = json!(1)),
        ("censored is", |json| json["censored"] = json!(3)),
        ("window_s", |json| json["window_s"] = json!(0.0)),
        ("window_s", |json| json["window_s"] = json!(-10.0)),
        ("achieved_rate_per_s", |json| json["achieved_rate_per_s"] = json!(10.05)),
        ("goodput_per_s", |json| json["goodput_per_s"] = json!(-1.0)),
        ("response_time_us has", |json| json["response_time_us"]["count"] = json!(5)),
        ("service_time_us has", |json| json["service_time_us"]["censored"] = json!(5)),
        ("only with it", |json| json["offered_rate_per_s"] = Value::Null),
    ];
    for (part, alter) in alterations {
        let said = refusal(&[a.clone(), altered(&whole, alter)]);
        assert!(said.starts_with("b.json: it contradicts itself") && said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_histogram_that_was_altered_or_is_none_of_times_is_refused_by_name() {
    let a = part("a", &[10; 100]);
    let flipped = altered(&part("b.json", &[20; 100]), |json| {
        json["histograms"]["service_time"]["crc32"] = json!(7);
    });
    assert!(refusal(&[a.clone(), flipped]).starts_with("b.json: histogram was altered"));
    let mut foreign = part("b.json", &[20; 100]);
    let other = hdrhistogram::Histogram::new_with_bounds(1, 1 << 60, 2).unwrap();
    foreign.measurement.histograms.response_time = Some(EncodedHistogram::encode(&other));
    assert!(refusal(&[a, foreign]).contains("expected one of times"));
}

#[test]
fn counts_beyond_64_bits_are_an_error_and_not_a_small_sum() {
    let many = |name, ms| {
        let mut part = part(name, &[ms; 100]);
        part.measurement.received_bytes = u64::MAX;
        part
    };
    assert!(matches!(merge(&[many("a", 1), many("b", 2)]), Err(MergeError::TooMany("received_bytes"))));
}

#[test]
fn a_sum_names_each_address_once() {
    let at = |name, ms, addresses: &[&str]| {
        let mut part = part(name, &[ms; 100]);
        part.measurement.addresses = addresses.iter().map(ToString::to_string).collect();
        part
    };
    let sum = merge(&[at("a", 1, &["[::1]:80", "127.0.0.1:80"]), at("b", 2, &["127.0.0.1:80"])]).unwrap();
    assert_eq!(sum.addresses, ["127.0.0.1:80", "[::1]:80"]);
}

/// The URL is the same, and so are the numbers of starts and their end.
#[test]
fn other_headers_another_body_another_right_reply_and_another_recording_are_another_plan() {
    let [a, b] = [part("a", &[10; 100]), part("b", &[20; 100])];
    let with = |part: &Part, field: &str, value: Value| altered(part, |json| json["plan"][field] = value);
    for (field, one, other) in [
        ("request_crc32", json!(1), json!(2)),
        ("expect", json!("status 200, any body"), json!("status 200, the same body as the first")),
        ("replay_crc32", json!(3), json!(4)),
    ] {
        let same = [with(&a, field, one.clone()), with(&b, field, one.clone())];
        assert!(merge(&same).is_ok(), "{field}");
        let said = refusal(&[with(&a, field, one.clone()), with(&b, field, other.clone())]);
        assert!(said.contains(&format!("plan.{field} is {other} in b, but {one} in a")), "{said}");
        // An older file does not say.
        assert!(merge(&[with(&a, field, one), b.clone()]).is_ok(), "{field}");
    }
}

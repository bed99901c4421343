//! What is read, what is refused, and what measurements say of it.

use proptest::prelude::*;
use reports_record::{Account, Distribution, Histograms, Margin};

use super::*;
use crate::measured::measured;

fn read(text: &str) -> Result<Condition, ConditionError> {
    text.parse()
}

#[test]
fn a_condition_reads_back_as_it_is_shown() {
    for (text, shown) in [
        ("p99<50ms", "response_time_p99 < 50ms"),
        ("response_time_p99.9 >= 1.5s", "response_time_p99_9 >= 1.5s"),
        ("error_rate <= 0.1%", "error_rate <= 0.1%"),
        ("  goodput > 2k/s ", "goodput > 2000/s"),
        ("service_time_mean > 250us", "service_time_mean > 250us"),
        ("connection_wait_max < 1m", "connection_wait_max < 60s"),
        ("p97.5 < 50ms", "response_time_p97_5 < 50ms"),
        ("p50.0 < 50ms", "response_time_p50 < 50ms"),
        ("first_byte_p99 > 2ms", "first_byte_p99 > 2ms"),
        ("achieved_of_offered < 99%", "achieved_of_offered < 99%"),
        ("cpu_per_request > 20us", "cpu_per_request > 20us"),
    ] {
        let condition = read(text).unwrap();
        assert_eq!(condition.to_string(), shown);
        assert_eq!(read(shown), Ok(condition));
    }
}

#[test]
fn a_wrong_bound_is_told_the_bounds_of_its_unit() {
    for (text, expected) in [
        ("p99 < 50", "a time from 0s to 1h"),
        ("error_rate < 101%", "a share from 0% to 100%"),
        ("goodput > 5", "a rate from 0/s to 1000k/s"),
    ] {
        let refused = read(text).unwrap_err().to_string();
        assert!(refused.contains(expected), "{text}: {refused}");
    }
}

#[test]
fn what_is_no_condition_is_refused_with_what_is_expected() {
    for text in ["", "p99", "p99 50ms", "< 50ms", "p99 <", "p99 = 50ms"] {
        assert_eq!(read(text), Err(ConditionError::Shape), "{text:?}");
    }
    for text in [
        "p0 < 5ms",
        "p100 < 5ms",
        "p99.9999 < 5ms",
        "p9_9_9 < 5ms",
        "p < 5ms",
        "latency_p99 < 5ms",
        "response_time < 5ms",
        "P99 < 5ms",
    ] {
        assert_eq!(read(text), Err(ConditionError::Figure), "{text:?}");
    }
    assert_eq!(read("lateness_p5 < 1ms"), Err(ConditionError::Quantile));
    for text in [
        "p99 < 50",
        "p99 < -1ms",
        "p99 < 1e3ms",
        "p99 < 50%",
        "p99 < NaN",
        "error_rate < 1",
        "error_rate < 101%",
        "goodput > 5",
        "p99 < 5ms < 6ms",
    ] {
        assert!(matches!(read(text), Err(ConditionError::Bound(_))), "{text:?}");
    }
}

#[test]
fn a_figure_is_held_to_its_bound_and_the_distance_is_said() {
    let measurement = measured(61);
    let judge = |text: &str| read(text).unwrap().judge(&measurement);
    assert_eq!(judge("p99 < 50ms").holds(), Some(false));
    assert_eq!(judge("p99 < 80ms").holds(), Some(true));
    assert_eq!(judge("error_rate <= 0%").holds(), Some(true));
    assert_eq!(judge("goodput > 200/s").holds(), Some(false));
    assert_eq!(judge("goodput >= 200/s").holds(), Some(true));
    // To the histogram's three digits.
    let said = judge("p99 < 50ms").to_string();
    assert!(said.starts_with("response_time_p99 is 61."), "{said}");
    assert!(said.ends_with(" % above 50ms") && said.contains(", 22."), "{said}");
    let said = judge("p99 > 610ms").to_string();
    assert!(said.contains(", below 610ms, which is ") && said.ends_with(" times as much"), "{said}");
    let mut failed = measurement.clone();
    failed.account = Account { due: 2000, finished: 1990, failed: 4, censored: 6 };
    let said = read("error_rate < 0.1%").unwrap().judge(&failed);
    assert_eq!(
        (said.holds(), said.to_string().as_str()),
        (Some(false), "error_rate is 0.5%, 5.0 times 0.1%")
    );
}

/// "goodput is 100/s, 0.0 % below 100/s" would say that the condition does not hold, beside a verdict that it does.
#[test]
fn a_figure_next_to_its_bound_is_not_shown_as_that_bound() {
    let mut measurement = measured(61);
    let mut said = |goodput: f64, text: &str| {
        measurement.goodput_per_s = goodput;
        let judged = read(text).unwrap().judge(&measurement);
        (judged.holds(), judged.to_string())
    };
    let (holds, words) = said(99.9996, "goodput < 100/s");
    assert_eq!((holds, words.as_str()), (Some(true), "goodput is 99.9996/s, less than 0.1 % below 100/s"));
    let (holds, words) = said(100.0, "goodput < 100/s");
    assert_eq!((holds, words.as_str()), (Some(false), "goodput is 100/s, exactly 100/s"));
    assert_eq!(said(99.0, "goodput < 100/s").1, "goodput is 99/s, 1.0 % below 100/s");
    measurement.account = Account { due: 1_000_000, finished: 999_999, failed: 1, censored: 0 };
    let said = |text: &str| read(text).unwrap().judge(&measurement).to_string();
    assert_eq!(said("error_rate > 0%"), "error_rate is 0.0001%, above 0%");
    measurement.account = Account { due: 1_000_000, finished: 1, failed: 999_999, censored: 0 };
    let judged = read("error_rate < 100%").unwrap().judge(&measurement);
    assert_eq!(
        (judged.holds(), judged.to_string().as_str()),
        (Some(true), "error_rate is 99.9999%, less than 0.1 % below 100%")
    );
    if let Some(times) = &mut measurement.response_time_us {
        times.p99 = Some(50_001.2);
    }
    let judged = read("p99 > 50ms").unwrap().judge(&measurement);
    assert_eq!(
        (judged.holds(), judged.to_string().as_str()),
        (Some(true), "response_time_p99 is 50.001ms, less than 0.1 % above 50ms")
    );
}

#[test]
fn a_condition_that_nothing_meets_is_known_as_such() {
    for (text, expected) in [
        ("error_rate < 0%", true),
        ("p99 < 0s", true),
        ("goodput < 0/s", true),
        ("error_rate > 100%", true),
        ("error_rate <= 0%", false),
        ("error_rate >= 100%", false),
        ("p99 > 1h", false),
        ("achieved_of_offered > 100%", false),
        ("error_rate > 0%", false),
    ] {
        assert_eq!(read(text).unwrap().is_impossible(), expected, "{text}");
    }
}

#[test]
fn a_lower_bound_settles_only_what_larger_values_settle_alike() {
    let mut measurement = measured(61);
    if let Some(times) = &mut measurement.response_time_us {
        times.at_least = vec!["p99".into()];
    }
    let holds = |text: &str| read(text).unwrap().judge(&measurement).holds();
    assert_eq!((holds("p99 < 50ms"), holds("p99 > 50ms")), (Some(false), Some(true)));
    assert_eq!((holds("p99 < 80ms"), holds("p99 > 80ms")), (None, None));
    let said = read("p99 > 80ms").unwrap().judge(&measurement).to_string();
    assert!(
        said.ends_with(", and whether it is below 80ms is not known: requests failed or did not end"),
        "{said}"
    );
    assert!(!said.contains('%'), "{said}");
    assert_eq!(holds("p95 < 80ms"), Some(true));
}

#[test]
fn any_percentile_comes_from_the_histogram_as_far_as_samples_suffice() {
    let mut measurement = measured(61);
    let mut times = Distribution::new();
    (1..=2000).for_each(|tenths| times.record(Duration::from_micros(100 * tenths)));
    measurement.histograms = Histograms::encode(&times, Some(&times));
    (measurement.service_time_us, measurement.response_time_us) = (times.times(), Some(times.times()));
    let judge = |text: &str| read(text).unwrap().judge(&measurement);
    assert_eq!(judge("p75 > 140ms").holds(), Some(true));
    assert_eq!(judge("service_time_p75 > 160ms").holds(), Some(false));
    assert_eq!(judge("p99.5 > 198ms").holds(), Some(true));
    assert!(judge("p99.6 > 1ms").is_without_figure());
}

#[test]
fn shares_and_costs_are_held_to_their_bounds() {
    let mut measurement = measured(61);
    measurement.offered_rate_per_s = Some(400.0);
    measurement.client.cpu_per_request_us = Some(12.0);
    let judge = |text: &str| read(text).unwrap().judge(&measurement).holds();
    assert_eq!(
        (judge("achieved_of_offered < 99%"), judge("achieved_of_offered < 49%")),
        (Some(true), Some(false))
    );
    assert_eq!((judge("cpu_per_request > 10us"), judge("cpu_per_request > 13us")), (Some(true), Some(false)));
    assert_eq!(judge("connect_p50 > 0s"), None);
}

#[test]
fn what_a_load_will_not_have_is_told_before_it_is_measured() {
    let request = crate::Request::get(&"http://localhost/".parse().unwrap());
    let closed = Load::closed(request, Duration::from_secs(1));
    let refusal =
        |text: &str, load: &Load| read(text).unwrap().ensure_in(load).err().map(|error| error.to_string());
    let said = refusal("p99 > 20ms", &closed).unwrap();
    assert!(
        said.contains("closed loop has no response_time_p99") && said.contains("service_time_p99"),
        "{said}"
    );
    assert!(refusal("lateness_max > 1ms", &closed).is_some_and(|said| said.contains("--rate")));
    assert!(refusal("connect_max > 1ms", &closed).is_some_and(|said| said.contains("--churn")));
    assert_eq!(refusal("service_time_p99 > 20ms", &closed), None);
    let rate = crate::Rate::per_second(5.0).unwrap();
    let open =
        Load { pace: Pace::open(rate, reports_record::Arrivals::Constant, 1), churn: Some(3), ..closed };
    for text in ["p99 > 20ms", "achieved_of_offered < 99%", "connect_p50 > 1ms", "error_rate > 0%"] {
        assert_eq!(refusal(text, &open), None, "{text}");
    }
}

#[test]
fn the_interval_is_said_where_there_is_one() {
    let mut measurement = measured(61);
    let mut say = |high| {
        let times = measurement.response_time_us.as_mut().unwrap();
        times.intervals = [("p99".to_owned(), Margin { low: 58_000.0, high })].into();
        read("p99 < 50ms").unwrap().judge(&measurement).to_string()
    };
    let said = say(Some(64_500.0));
    assert!(said.contains(" (95 %: 58ms to 64.5ms), 22."), "{said}");
    assert!(say(None).contains(" (95 %: 58ms to an end that is not known), "));
}

#[test]
fn too_few_samples_settle_nothing() {
    let judged = read("p99_99 < 1h").unwrap().judge(&measured(61));
    assert_eq!((judged.holds(), judged.is_without_figure()), (None, true));
    let said = judged.to_string();
    assert!(said.contains("too few samples") && said.ends_with("needs 100000 requests)"), "{said}");
}

#[test]
fn a_share_is_held_to_every_bound_in_tenths_of_a_percent_exactly() {
    let mut measurement = measured(61);
    for tenths in 1..=999u64 {
        measurement.account = Account { due: 1000, finished: 1000 - tenths, failed: tenths, censored: 0 };
        measurement.achieved_rate_per_s = tenths as f64 / measurement.window_s;
        measurement.offered_rate_per_s = Some(1000.0 / measurement.window_s);
        let bound = format!("{}.{}%", tenths / 10, tenths % 10);
        for figure in ["error_rate", "achieved_of_offered"] {
            let holds = ["<", "<=", ">", ">="]
                .map(|sign| read(&format!("{figure} {sign} {bound}")).unwrap().judge(&measurement).holds());
            assert_eq!(holds, [false, true, false, true].map(Some), "{figure} {bound}");
        }
    }
}

#[test]
fn a_rate_per_minute_is_held_to_exactly() {
    let mut measurement = measured(61);
    measurement.window_s = 3.0;
    for replies in 1..=600u64 {
        measurement.goodput_per_s = replies as f64 / 3.0;
        let bound = format!("{}/m", replies * 20);
        let holds = ["<", ">="]
            .map(|sign| read(&format!("goodput {sign} {bound}")).unwrap().judge(&measurement).holds());
        assert_eq!(holds, [Some(false), Some(true)], "{bound}");
    }
}

#[test]
fn what_must_not_be_states_what_may_be() {
    let tolerated = |text: &str| read(text).unwrap().tolerated();
    assert_eq!((tolerated("error_rate > 5%"), tolerated("error_rate < 5%")), (Some(0.05), None));
    assert_eq!(
        (tolerated("achieved_of_offered < 90%"), tolerated("achieved_of_offered > 90%")),
        (Some(0.9), None)
    );
    assert_eq!(tolerated("lateness_p99 >= 50ms"), Some(50_000.0));
    for (objective, negated) in
        [("error_rate < 5%", "error_rate >= 5%"), ("error_rate <= 5%", "error_rate > 5%")]
    {
        assert_eq!(read(objective).unwrap().negated(), read(negated).unwrap());
        assert_eq!(read(negated).unwrap().negated(), read(objective).unwrap());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(p99|error_rate|goodput)? ?[<>=]{0,2} ?\\PC{0,10}") {
        if let Ok(condition) = read(&text) {
            prop_assert!(condition.bound.is_finite() && condition.bound >= 0.0);
        }
    }
}

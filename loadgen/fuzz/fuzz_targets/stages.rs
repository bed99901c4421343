//! What a command line says, as text: refused or understood, and what is understood is said so that it is again.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use loadgen::{
    BodySha256, Bursts, Condition, Course, Draws, Expect, ExpectBody, Rate, Replay, Request, Schedule,
    Stages, Statuses, Url, Variant, parse_span,
};
use reports_record::Arrivals;

/// Holds that `text`, if it is a `T`, is the same `T` once it was said.
fn is_said_again<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let understood: T = text.parse().ok()?;
    assert_eq!(understood.to_string().parse::<T>().expect("what is said is understood"), understood);
    Some(understood)
}

/// Holds that variants of a request with these lines as right replies are drawn from, none lost, or refused by their number.
fn drawn(url: &Url, data: &[u8]) {
    let variant = |body: &[u8]| Variant {
        request: Request::get(url),
        expect: Expect { body: ExpectBody::Exactly(body.to_vec()), ..Expect::default() },
        wait: Duration::from_micros(body.len() as u64),
    };
    let variants: Vec<Variant> = data.split(|byte| *byte == b'\n').map(variant).collect();
    let count = variants.len();
    let Ok(draws) = Draws::new(variants.clone(), count as u64) else {
        assert!(!count.is_power_of_two() || count > 1 << 16, "{count} variants are refused");
        return;
    };
    let sorted = |variants: &[Variant]| {
        let mut bodies: Vec<_> =
            variants.iter().map(|variant| format!("{:?}", variant.expect.body)).collect();
        bodies.sort_unstable();
        bodies
    };
    assert!(count.is_power_of_two());
    assert_eq!(sorted(draws.variants()), sorted(&variants));
    assert!(draws.mean_wait() <= draws.variants().iter().map(|variant| variant.wait).max().unwrap_or_default());
}

fuzz_target!(|data: &[u8]| {
    let _ = Replay::read(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = parse_span(text, &(Duration::ZERO..=Duration::from_secs(3600)));
    is_said_again::<Statuses>(text);
    is_said_again::<BodySha256>(text);
    is_said_again::<Condition>(text);
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(url) = is_said_again::<Url>(first) {
        drawn(&url, rest.as_bytes());
    }
    if let Ok(rate) = text.parse::<Rate>() {
        assert!(rate.to_string().parse::<Rate>().is_ok(), "{rate}");
    }
    if let Ok(bursts) = text.parse::<Bursts>() {
        assert!(bursts.to_string().parse::<Bursts>().is_ok(), "{bursts}");
    }
    if let Ok(stages) = text.parse::<Stages>() {
        assert!(stages.to_string().parse::<Stages>().is_ok(), "{stages}");
        let course = Course::Stages(stages);
        for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
            let starts: Vec<_> = Schedule::new(&course, Duration::ZERO, arrivals, 7).take(100).collect();
            assert!(starts.is_sorted(), "{starts:?}");
        }
    }
});

//! What shapes a schedule, as text: refused or understood, and what is understood is said so that it is again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::{Bursts, Course, Rate, Replay, Schedule, Stages, parse_span};
use reports_record::Arrivals;
use std::time::Duration;

fuzz_target!(|data: &[u8]| {
    let _ = Replay::read(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = parse_span(text, &(Duration::ZERO..=Duration::from_secs(3600)));
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

//! Result files: refused or read, and what is read can be written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reports_record::{Line, Measurement};

fuzz_target!(|data: &[u8]| {
    let _ = serde_json::from_slice::<Line>(data);
    let Ok(measurement) = serde_json::from_slice::<Measurement>(data) else { return };
    let _ = measurement.histograms.service_time();
    let _ = measurement.histograms.response_time();
    let written = serde_json::to_vec(&measurement).expect("what was read can be written");
    serde_json::from_slice::<Measurement>(&written).expect("what was written can be read");
});

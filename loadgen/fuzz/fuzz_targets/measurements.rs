//! The doors of `report FILE` and `loadgen merge`: a measurement's file is refused, or has a page and a sum.

#![no_main]

mod sealed;

use std::fs;

use libfuzzer_sys::fuzz_target;
use loadgen::Part;
use reports_record::read_measurement;

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("one.json");
    let text = sealed::sealed(data).map_or_else(|| data.to_vec(), String::into_bytes);
    fs::write(&file, text).expect("a file can be written");
    let page = reports_render::measurement::write(&file, None);
    let Ok(measurement) = read_measurement(&file) else {
        assert!(page.is_err(), "no measurement has a page");
        return;
    };
    assert!(page.is_ok(), "a measurement has a page: {page:?}");
    let mut other = measurement.clone();
    other.plan.seed = other.plan.seed.wrapping_add(1);
    let part = |name: &str, measurement| Part { name: name.to_owned(), measurement };
    if let Ok(sum) = loadgen::merge(&[part("one", measurement), part("other", other)]) {
        let written = serde_json::to_vec(&sum).expect("a sum can be written");
        serde_json::from_slice::<reports_record::Measurement>(&written).expect("and read");
        assert!(!reports_render::measurement::page(&sum).is_empty());
    }
});

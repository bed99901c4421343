//! What `cargo bench` leaves: a folder whose files say anything has a page, or is refused in words.

#![no_main]

mod sealed;

use std::fs;

use libfuzzer_sys::fuzz_target;

/// The files of a group and of one bench in it, in the order of the lines that are written to them.
const FILES: [&str; 6] = [
    "group/rounds.json",
    "group/sync/new/benchmark.json",
    "group/sync/new/estimates.json",
    "group/sync/new/sample.json",
    "group/sync/new/histogram.json",
    "model.json",
];

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let results = folder.path().join("criterion");
    fs::create_dir_all(results.join("group/sync/new")).expect("a folder can be made");
    for (file, line) in FILES.iter().zip(data.split(|byte| *byte == b'\n')) {
        let text = sealed::sealed(line).map_or_else(|| line.to_vec(), String::into_bytes);
        fs::write(results.join(file), text).expect("a file can be written");
    }
    let page = folder.path().join("page.html");
    match reports_render::criterion::write(&results, None, &page) {
        Ok(_) => {
            let html = fs::read_to_string(&page).expect("a page is text");
            assert!(html.ends_with("</html>\n") || html.ends_with("</html>"), "the page is whole");
            assert!(!html.contains("\"NaN") && !html.contains(" NaN"), "a figure that is none is drawn");
        }
        Err(error) => assert!(!page.exists() && !error.to_string().is_empty()),
    }
    if let Ok(agreement) = reports_render::criterion::compare(&results, &results) {
        let _ = agreement.to_string();
    }
});

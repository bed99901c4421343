//! The doors of `report DIR`: a run's folder is refused, or has a page and every export that its histograms allow.

#![no_main]

mod sealed;

use std::fs;

use libfuzzer_sys::fuzz_target;

/// A document with its checksum in front, as `environment.json` has it.
fn document(text: &str) -> Option<String> {
    let body = text.strip_prefix('{')?;
    let unsealed = format!("{{\n  \"crc32\": \"00000000\",{body}");
    let crc32 = format!("{:08x}", crc32fast::hash(unsealed.as_bytes()));
    Some(unsealed.replacen("00000000", &crc32, 1))
}

/// A line with its checksum, as `trials.jsonl` has it.
fn line(text: &str) -> String {
    format!("{{\"crc32\":\"{:08x}\",\"line\":{text}}}\n", crc32fast::hash(text.as_bytes()))
}

// The first line is what the run is, each other one what happened.
fuzz_target!(|data: &[u8]| {
    let mut texts = data.split(|byte| *byte == b'\n').map(sealed::sealed);
    let Some(run) = texts.next().flatten().as_deref().and_then(document) else { return };
    let lines: String = texts.flatten().map(|text| line(&text)).collect();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path();
    fs::write(path.join("environment.json"), run).expect("a file can be written");
    fs::write(path.join("trials.jsonl"), lines).expect("a file can be written");
    let page = reports_render::write(path);
    let csv = reports_render::write_csv(path, path.join("trials.csv"));
    assert_eq!(page.is_ok(), csv.is_ok(), "{page:?} {csv:?}");
    let _ = reports_render::write_map(path, path.join("map.svg"));
    let _ = reports_render::write_hdr_log(path, path.join("times.hlog"));
    let _ = reports_render::write_hgrm(path, path.join("tables"));
});

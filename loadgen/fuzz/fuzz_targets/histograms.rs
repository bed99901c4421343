//! Histograms, as a file holds them: refused, or read without an overflow and kept as they are.

#![no_main]

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use libfuzzer_sys::fuzz_target;
use reports_record::{Distribution, EncodedHistogram};

/// First bytes of a deflated histogram.
const DEFLATED: [u8; 4] = 0x1c84_9314_u32.to_be_bytes();

/// The bytes of a whole deflated histogram within a file, with the checksum that belongs to them.
fn encoded(bytes: &[u8]) -> EncodedHistogram {
    let hdr = BASE64.encode(bytes);
    let crc32 = crc32fast::hash(hdr.as_bytes());
    serde_json::from_value(serde_json::json!({ "hdr": hdr, "crc32": crc32 })).expect("these are its fields")
}

// The first byte decides whether the rest is what is deflated or what was.
fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let bytes = if first % 2 == 0 {
        rest.to_vec()
    } else {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(rest).expect("writing into memory cannot fail");
        let zlib = zlib.finish().expect("writing into memory cannot fail");
        let length = u32::try_from(zlib.len()).expect("an input is short");
        [&DEFLATED[..], &length.to_be_bytes(), &zlib].concat()
    };
    let Ok(histogram) = encoded(&bytes).decode() else { return };
    assert!(histogram.len() <= 1 << 40);
    assert_eq!(
        EncodedHistogram::encode(&histogram).decode().expect("what was read can be written"),
        histogram
    );
    let (low, high, digits) = (histogram.low(), histogram.high(), histogram.sigfig());
    if (low, high, digits) == (1, 3_600_000_000_000, 3) {
        let times = Distribution::from_parts(histogram.clone(), Some(histogram), 0);
        let mut both = times.clone();
        both.merge(&times);
        assert_eq!(both.count(), 2 * times.count());
        let _ = (both.times(), reports_record::percentile_table(&both, &["fuzzed"]));
    }
});

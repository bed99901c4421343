//! Requests, whole and in pieces, read by the decoder and by a second parser: the same requests, no panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

// The first byte is the length of a piece, the rest what a client sends.
fuzz_target!(|data: &[u8]| {
    if let Some((&piece, stream)) = data.split_first() {
        oracle::agree(stream, usize::from(piece).max(1));
    }
});

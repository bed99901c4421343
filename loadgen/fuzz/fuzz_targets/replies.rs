//! Replies, whole and in pieces: the same reply either way, no panic, never more than a head kept.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::hot_path::Parse;

/// The longest head that is read; one piece more may be held when it is found to be too long.
const HEAD_LIMIT: usize = 64 * 1024;

// The first byte is the length of a piece, the rest what a server sends.
fuzz_target!(|data: &[u8]| {
    let Some((&piece, reply)) = data.split_first() else { return };
    let piece = usize::from(piece).max(1);
    let whole = Parse::default().body_bytes(reply);
    let mut parse = Parse::default();
    let mut pieces = reply.chunks(piece);
    let found = loop {
        let Some(bytes) = pieces.next() else { break None };
        match parse.piece(bytes) {
            Ok(None) => assert!(parse.held() <= HEAD_LIMIT + piece, "{} bytes are held", parse.held()),
            // Bytes after its end would have made the whole an error.
            Ok(found) => break found.filter(|_| pieces.next().is_none()),
            Err(_) => break None,
        }
    };
    assert_eq!(whole, found);
});

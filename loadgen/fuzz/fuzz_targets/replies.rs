//! Replies, whole and in pieces: decided alike and at the same byte, as another parser reads them, without a panic, and never more
//! kept than a field and a beginning.

#![no_main]

#[path = "../../src/reply/second_opinion.rs"]
mod second_opinion;

use libfuzzer_sys::fuzz_target;
use loadgen::hot_path::{Parse, WholeReply};

/// The longest head, and with it the longest field, and the beginning that is kept to be shown.
const HELD: usize = 64 * 1024 + 2048;

/// What comes of `bytes` in pieces, and how many of them it took.
fn decided<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Result<Option<WholeReply>, ()>, usize) {
    let mut parse = Parse::default();
    let mut fed = 0;
    for piece in pieces {
        fed += piece.len();
        match parse.piece(piece) {
            Ok(None) => assert!(parse.held() <= HELD, "{} bytes are held", parse.held()),
            Ok(Some(reply)) => return (Ok(Some(WholeReply { surplus: 0, ..reply })), fed - reply.surplus),
            Err(_) => return (Err(()), 0),
        }
    }
    (Ok(None), fed)
}

// The first byte is the length of a piece, the rest what a server sends.
fuzz_target!(|data: &[u8]| {
    let Some((&piece, reply)) = data.split_first() else { return };
    let whole = decided(std::iter::once(reply));
    assert_eq!(whole, decided(reply.chunks(usize::from(piece).max(1))));
    if let (Ok(Some(found)), taken) = whole {
        let other = second_opinion::read(reply);
        assert_eq!(other, Some((found.status, found.body_bytes, reply.len() - taken)));
    }
});

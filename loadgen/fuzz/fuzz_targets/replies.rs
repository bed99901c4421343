//! Replies of one connection, one after another and in any pieces: decided alike and at the same byte, as fresh connections and another
//! parser read them, without a panic, and never more kept than a field and a beginning.

#![no_main]

#[path = "../../src/reply/second_opinion.rs"]
mod second_opinion;

use libfuzzer_sys::fuzz_target;
use loadgen::hot_path::{Parse, WholeReply};

/// The longest head, and with it the longest field, and the beginning that is kept to be shown.
const HELD: usize = 64 * 1024 + 2048;
/// Set where the replies are to HEAD.
const TO_HEAD: u8 = 0x80;

/// What comes of a connection: its whole replies, each with the place of its end, and what became of the rest.
#[derive(Debug, PartialEq)]
struct Read {
    replies: Vec<(WholeReply, usize)>,
    rest: Result<WholeReply, Option<String>>,
}

/// Reads `stream` in pieces of the lengths that `cut` gives.
fn read(mut parse: Parse, stream: &[u8], mut cut: impl FnMut() -> usize) -> Read {
    let (mut replies, mut at) = (Vec::new(), 0);
    while at < stream.len() {
        let end = (at + cut().max(1)).min(stream.len());
        match parse.piece(&stream[at..end]) {
            Ok(None) => {
                assert!(parse.held() <= HELD, "{} bytes are held", parse.held());
                at = end;
            }
            Ok(Some(reply)) => {
                // What is behind it is read as the reply to the next request.
                at = end - reply.surplus;
                replies.push((WholeReply { surplus: 0, ..reply }, at));
            }
            Err(_) => return Read { replies, rest: Err(Some("refused".into())) },
        }
    }
    Read { replies, rest: parse.end() }
}

/// Lengths from 1 to `most`, each of which follows from the one before.
fn lengths(most: usize) -> impl FnMut() -> usize {
    let mut state = most as u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (state >> 16) as usize % most
    }
}

// The first byte is the largest length of a piece and the method, the rest what a server sends.
fuzz_target!(|data: &[u8]| {
    let Some((&how, stream)) = data.split_first() else { return };
    let (to_head, most) = (how & TO_HEAD != 0, usize::from(how & !TO_HEAD).max(1));
    let whole = read(Parse::answering(to_head), stream, || stream.len());
    assert_eq!(whole, read(Parse::answering(to_head), stream, || most));
    assert_eq!(whole, read(Parse::answering(to_head), stream, lengths(most)));
    let mut begin = 0;
    for (reply, end) in &whole.replies {
        // What came before on the connection has no part in it.
        let alone = read(Parse::answering(to_head), &stream[begin..*end], lengths(most));
        assert_eq!(alone, Read { replies: vec![(*reply, end - begin)], rest: Err(None) });
        if !to_head {
            let other = second_opinion::read(&stream[begin..]);
            assert_eq!(other, Some((reply.status, reply.body_bytes, stream.len() - end)));
        }
        begin = *end;
    }
});

//! Any reply, however it is framed, split or spoilt.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// How a generated body ends.
#[derive(Debug, Clone)]
enum Framed {
    Length,
    /// In chunks: where to cut, an extension, trailers.
    Chunks(Vec<Index>, Option<String>, Vec<String>),
    UntilClose,
}

/// The bytes of a reply and what they mean.
#[derive(Debug, Clone)]
struct Sample {
    bytes: Vec<u8>,
    reply: Reply,
    until_close: bool,
}

fn sample(status: u16, interims: usize, fields: &[String], body: &[u8], framed: &Framed) -> Sample {
    let mut bytes = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(interims);
    bytes.extend_from_slice(format!("HTTP/1.1 {status} As asked\r\n").as_bytes());
    fields.iter().for_each(|field| bytes.extend_from_slice(format!("x-{field}: {field}\r\n").as_bytes()));
    match framed {
        Framed::Length => {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            bytes.extend_from_slice(body);
        }
        Framed::Chunks(cuts, extension, trailers) => {
            bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
            ends.push(body.len());
            ends.sort_unstable();
            let mut begin = 0;
            for end in ends.into_iter().filter(|end| *end > 0) {
                // A chunk of no bytes would be the last.
                if end > begin {
                    let extension = extension.as_ref().map_or(String::new(), |text| format!(";e=\"{text}\""));
                    bytes.extend_from_slice(format!("{:x}{extension}\r\n", end - begin).as_bytes());
                    bytes.extend_from_slice(&body[begin..end]);
                    bytes.extend_from_slice(b"\r\n");
                }
                begin = end;
            }
            bytes.extend_from_slice(b"0\r\n");
            trailers.iter().for_each(|name| bytes.extend_from_slice(format!("{name}: t\r\n").as_bytes()));
            bytes.extend_from_slice(b"\r\n");
        }
        Framed::UntilClose => {
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(body);
        }
    }
    let until_close = matches!(framed, Framed::UntilClose);
    let body = BodyDigest { bytes: body.len() as u64, crc32: crc32fast::hash(body) };
    Sample {
        bytes,
        reply: Reply { status, keep_alive: !until_close, body, proven: None, surplus: 0 },
        until_close,
    }
}

fn any_reply() -> impl Strategy<Value = Sample> {
    let word = "[a-z]{1,12}";
    let chunks = (vec(any::<Index>(), 0..6), proptest::option::of(word), vec(word, 0..4))
        .prop_map(|(cuts, extension, trailers)| Framed::Chunks(cuts, extension, trailers));
    let framed = prop_oneof![Just(Framed::Length), chunks, Just(Framed::UntilClose)];
    let status = (200u16..600).prop_filter("with a body", |status| ![204, 304].contains(status));
    (status, 0usize..3, vec(word, 0..20), vec(any::<u8>(), 0..400), framed).prop_map(
        |(status, interims, fields, body, framed)| sample(status, interims, &fields, &body, &framed),
    )
}

fn parser() -> ReplyParser {
    ReplyParser::new(false, Look::Digest, Rc::default())
}

/// `bytes` in pieces of the lengths in `cuts`, over and over.
fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut cuts = cuts.iter().cycle();
    let next = || {
        let (piece, after) = rest.split_at((*cuts.next()?).min(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    };
    std::iter::from_fn(next).collect()
}

proptest! {
    #[test]
    fn any_reply_means_the_same_however_it_is_split(sample in any_reply(), cuts in vec(1usize..90, 1..20)) {
        let mut parser = parser();
        // Twice over one connection: the second time its head is a known one.
        for _ in 0..2 {
            let pieces = pieces(&sample.bytes, &cuts);
            let last = pieces.len() - 1;
            for (number, piece) in pieces.into_iter().enumerate() {
                let whole = (number == last && !sample.until_close).then_some(sample.reply);
                prop_assert_eq!(parser.feed(piece), Ok(whole));
            }
            if sample.until_close {
                prop_assert_eq!(parser.end(), End::Reply(sample.reply));
            }
            prop_assert!(parser.held() <= BEGINNING);
        }
    }

    #[test]
    fn any_reply_cut_short_is_truncated_and_never_whole(sample in any_reply(), at in any::<Index>(), cuts in vec(1usize..90, 1..20)) {
        prop_assume!(!sample.until_close);
        let short = &sample.bytes[..at.index(sample.bytes.len())];
        let mut parser = parser();
        for piece in pieces(short, &cuts) {
            prop_assert_eq!(parser.feed(piece), Ok(None));
        }
        prop_assert_eq!(parser.end(), if short.is_empty() { End::Closed } else { End::Truncated });
    }

    #[test]
    fn any_spoilt_reply_is_survived_in_bounded_memory(
        sample in any_reply(),
        spoilt in vec((any::<Index>(), any::<u8>()), 1..6),
        doubled in 0usize..3,
        cuts in vec(1usize..90, 1..20),
    ) {
        let mut bytes = sample.bytes.repeat(doubled + 1);
        for (at, byte) in spoilt {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut parser = parser();
        let error = pieces(&bytes, &cuts).into_iter().find_map(|piece| {
            let fed = parser.feed(piece);
            assert!(parser.held() <= HEAD_LIMIT + BEGINNING, "{} bytes are held", parser.held());
            fed.err()
        });
        if error.is_none() {
            parser.end();
        }
    }

    #[test]
    fn a_head_without_end_is_never_held_beyond_the_limit(byte in b' '..=b'~', cut in 1usize..9000) {
        let mut bytes = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
        bytes.resize(3 * HEAD_LIMIT, byte);
        let mut parser = parser();
        let mut most = 0;
        let ended = bytes.chunks(cut).any(|piece| {
            let fed = parser.feed(piece);
            most = most.max(parser.held());
            fed.is_err()
        });
        prop_assert!(ended && most <= HEAD_LIMIT + BEGINNING, "{most}");
    }

    #[test]
    fn bytes_after_a_reply_are_its_surplus_however_they_come(sample in any_reply(), more in vec(any::<u8>(), 1..40), cuts in vec(1usize..90, 1..20)) {
        prop_assume!(!sample.until_close);
        let bytes = [&sample.bytes[..], &more].concat();
        let mut parser = parser();
        let mut fed = 0;
        for piece in pieces(&bytes, &cuts) {
            fed += piece.len();
            let Some(found) = parser.feed(piece).unwrap() else { continue };
            prop_assert_eq!(found, Reply { surplus: fed - sample.bytes.len(), ..sample.reply });
            return Ok(());
        }
        prop_assert!(false, "the reply did not end");
    }

    #[test]
    fn any_bytes_are_decided_at_the_same_byte_however_they_are_split(
        sample in any_reply(),
        spoilt in vec((any::<Index>(), "[ -~]|\\r|\\n|\\t|:|;|,|0|\u{0}"), 0..4),
        cuts in vec(1usize..90, 1..20),
    ) {
        let mut bytes = sample.bytes;
        for (at, text) in spoilt {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, text.bytes());
        }
        prop_assert_eq!(decided(&bytes, &[usize::MAX]), decided(&bytes, &cuts));
        prop_assert_eq!(decided(&bytes, &[usize::MAX]), decided(&bytes, &[1]));
    }

    #[test]
    fn what_is_read_is_what_another_parser_reads(
        sample in any_reply(),
        spoilt in vec((any::<Index>(), "[ -~]|\\r|\\n|\\t|:|;|,|0|\u{0}"), 0..4),
    ) {
        let mut bytes = sample.bytes;
        for (at, text) in spoilt {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, text.bytes());
        }
        if let Ok(Some(reply)) = parser().feed(&bytes) {
            let other = second_opinion::read(&bytes);
            prop_assert_eq!(other, Some((reply.status, reply.body.bytes, reply.surplus)), "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn zeros_before_a_chunk_size_mean_nothing_to_either_parser() {
    for zeros in [0, 1, 14, 15, 16, 40, 4000] {
        let size = |digit: char| format!("{}{digit}", "0".repeat(zeros));
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let bytes = format!("{head}{}\r\nok\r\n{}\r\n\r\n!", size('2'), size('0')).into_bytes();
        let reply = parser().feed(&bytes).unwrap().unwrap();
        assert_eq!((reply.status, reply.body.bytes, reply.surplus), (200, 2, 1), "{zeros}");
        assert_eq!(second_opinion::read(&bytes), Some((200, 2, 1)), "{zeros}");
    }
}

/// What comes of `bytes` in pieces: a whole reply and where it ends, a refusal, or what the connection's end means.
fn decided(bytes: &[u8], cuts: &[usize]) -> String {
    let mut parser = parser();
    let mut fed = 0;
    for piece in pieces(bytes, cuts) {
        fed += piece.len();
        match parser.feed(piece) {
            Ok(None) => {}
            Ok(Some(reply)) => {
                return format!("{:?} after {} bytes", Reply { surplus: 0, ..reply }, fed - reply.surplus);
            }
            // What another protocol is, is told by the bytes at hand.
            Err(Refusal::NotHttp | Refusal::Ssh | Refusal::Http2) => return "another protocol".into(),
            Err(refusal) => return refusal.to_string(),
        }
    }
    format!("{:?}", parser.end())
}

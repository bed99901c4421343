//! Replies whole, in pieces, and not replies at all.

use proptest::prelude::*;

use super::*;

fn parser() -> ReplyParser {
    ReplyParser::new(false, Look::Digest, Rc::default())
}

fn whole(bytes: &[u8]) -> Result<Option<Reply>, Refusal> {
    parser().feed(bytes)
}

fn reply(status: u16, keep_alive: bool, body: &[u8]) -> Reply {
    let body = BodyDigest { bytes: body.len() as u64, crc32: crc32fast::hash(body) };
    Reply { status, keep_alive, body, proven: None, surplus: 0 }
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
    5;name=\"a;b\"\r\nhello\r\n00a \r\n, chunked!\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n";

/// Legal replies and what they say.
fn legal() -> Vec<(&'static [u8], Reply)> {
    vec![
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", reply(200, true, b"hello")),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", reply(200, false, b"")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\ncontent-length: 2\r\n\r\nhi", reply(200, true, b"hi")),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", reply(200, false, b"hi")),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi", reply(200, true, b"hi")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            reply(204, true, b"")),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n", reply(304, true, b"")),
        (b"HTTP/1.1 503 Busy\ncontent-length: 1\n\n!", reply(503, true, b"!")),
        (CHUNKED, reply(200, true, b"hello, chunked!")),
    ]
}

#[test]
fn legal_replies_are_read_whole() {
    for (bytes, expected) in legal() {
        assert_eq!(whole(bytes), Ok(Some(expected)), "{}", bytes.escape_ascii());
    }
}

#[test]
fn legal_replies_are_read_byte_by_byte_and_one_after_another() {
    for (bytes, expected) in legal() {
        let mut parser = parser();
        for round in 0..2 {
            let (last, before) = bytes.split_last().unwrap();
            for byte in before {
                assert_eq!(parser.feed(&[*byte]), Ok(None), "round {round}: {}", bytes.escape_ascii());
            }
            assert_eq!(parser.feed(&[*last]), Ok(Some(expected)), "round {round}: {}", bytes.escape_ascii());
            assert!(!parser.has_begun());
        }
    }
}

#[test]
fn a_reply_to_head_has_no_body_whatever_it_announces() {
    let mut parser = ReplyParser::new(true, Look::Digest, Rc::default());
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    assert_eq!(parser.feed(head), Ok(Some(reply(200, true, b""))));
}

#[test]
fn without_framing_the_connections_end_is_the_replys() {
    let mut parser = parser();
    assert_eq!(parser.feed(b"HTTP/1.1 200 OK\r\n\r\nhel"), Ok(None));
    assert_eq!(parser.feed(b"lo"), Ok(None));
    assert_eq!(parser.end(), End::Reply(reply(200, false, b"hello")));
}

#[test]
fn what_begins_no_reply_is_of_another_protocol_first_and_nobodys_after_a_reply() {
    for bytes in [&b"\r\n"[..], b"\n", b"hello", b"HTTX", b"\x15\x03\x01", b"SSH-2.0", b"PRI * HTTP/2.0"] {
        assert_ne!(whole(bytes), Err(Refusal::Unasked), "{}", bytes.escape_ascii());
        for piece in [1, bytes.len()] {
            let mut parser = parser();
            parser.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
            let refusal = bytes.chunks(piece).find_map(|piece| parser.feed(piece).err());
            assert_eq!(refusal, Some(Refusal::Unasked), "{}", bytes.escape_ascii());
        }
    }
    let mut parser = parser();
    parser.feed(b"HTTP/1.1 204 X\r\n\r\n").unwrap();
    assert_eq!(parser.feed(b"HTTP/2 200\r\n\r\n"), Err(Refusal::OtherVersion));
}

#[test]
fn an_early_end_is_told_from_no_reply_at_all() {
    assert_eq!(parser().end(), End::Closed);
    for bytes in
        [&b"H"[..], b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell", &CHUNKED[..CHUNKED.len() - 1]]
    {
        let mut parser = parser();
        assert_eq!(parser.feed(bytes), Ok(None));
        assert_eq!(parser.end(), End::Truncated, "{}", bytes.escape_ascii());
    }
}

#[test]
fn heads_and_trailers_beyond_the_limits_are_refused_by_their_limit() {
    let long = [&b"HTTP/1.1 200 OK\r\nx: "[..], &vec![b'a'; HEAD_LIMIT]].concat();
    assert_eq!(whole(&long), Err(Refusal::HeadTooLarge));
    assert_eq!(whole(&[&long[..], b"\r\n\r\n"].concat()), Err(Refusal::HeadTooLarge));
    let mut parser = parser();
    let dripped = long.chunks(1000).find_map(|part| parser.feed(part).err());
    assert_eq!(dripped, Some(Refusal::HeadTooLarge));
    let many = |count| format!("HTTP/1.1 204 X\r\n{}\r\n", "x: y\r\n".repeat(count));
    assert!(whole(many(FIELD_LIMIT).as_bytes()).unwrap().is_some());
    assert_eq!(whole(many(FIELD_LIMIT + 1).as_bytes()), Err(Refusal::TooManyFields));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";
    assert_eq!(
        whole(format!("{chunked}{}", "x: y\r\n".repeat(130)).as_bytes()),
        Err(Refusal::TooManyTrailers)
    );
    assert_eq!(
        whole(format!("{chunked}x: {}", "y".repeat(HEAD_LIMIT)).as_bytes()),
        Err(Refusal::TrailersTooLarge)
    );
    for refusal in
        [Refusal::HeadTooLarge, Refusal::TooManyFields, Refusal::TrailersTooLarge, Refusal::TooManyTrailers]
    {
        assert_eq!(reports_record::OutcomeKind::from(refusal), reports_record::OutcomeKind::HeadTooLarge);
        assert!(
            refusal.to_string().contains("limit of 65536") || refusal.to_string().contains("limit of 128")
        );
    }
}

#[test]
fn an_endless_body_is_counted_and_not_kept() {
    let mut parser = ReplyParser::new(false, Look::Count, Rc::default());
    parser.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775808\r\n\r\n").unwrap();
    for _ in 0..1000 {
        assert_eq!(parser.feed(&[0; 65_536]), Ok(None));
    }
    assert_eq!(parser.body.bytes, 65_536_000);
    assert!(parser.held() <= BEGINNING);
}

proptest! {
    #[test]
    fn any_split_of_the_bytes_gives_the_same_reply(which in 0usize..9, cuts in proptest::collection::vec(1usize..40, 0..30)) {
        let (bytes, expected) = legal()[which];
        let mut parser = parser();
        let mut rest = bytes;
        let mut found = None;
        for cut in cuts.into_iter().chain([usize::MAX]) {
            if rest.is_empty() {
                break;
            }
            let (part, after) = rest.split_at(cut.min(rest.len()));
            rest = after;
            found = parser.feed(part).unwrap();
            prop_assert_eq!(found.is_some(), rest.is_empty());
        }
        prop_assert_eq!(found, Some(expected));
    }

    #[test]
    fn arbitrary_bytes_never_panic(start in 0usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 1usize..64) {
        let start: &[u8] = [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"][start];
        let mut parser = parser();
        for part in [start, &bytes].concat().chunks(cut) {
            if parser.feed(part).is_err() {
                break;
            }
        }
        let _ = parser.end();
    }
}

#[test]
fn the_beginning_that_is_kept_is_that_of_the_reply_under_way_in_however_many_pieces() {
    let mut parser = parser();
    assert_eq!(parser.feed(b"HTTP/1.1 200 OK\r\ncon"), Ok(None));
    assert_eq!(parser.feed(b"tent-length: 0\r\n"), Ok(None));
    assert_eq!(parser.beginning(), b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n");
    assert!(parser.feed(b"\r\n").unwrap().is_some());
    assert_eq!(parser.feed(b"HTTP/1.1 404"), Ok(None));
    assert_eq!(parser.beginning(), b"HTTP/1.1 404");
}

#[test]
fn the_most_requests_that_any_reply_announced_are_told() {
    let known = Rc::<KnownHead>::default();
    for (max, told) in [(99, 99), (100, 100), (98, 100)] {
        let reply =
            format!("HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max={max}\r\ncontent-length: 0\r\n\r\n");
        let mut parser = ReplyParser::new(false, Look::Digest, known.clone());
        assert!(parser.feed(reply.as_bytes()).unwrap().is_some());
        assert_eq!(known.announced_requests(), Some(told), "{max}");
    }
}

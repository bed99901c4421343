//! Requests do not depend on how their bytes were split.

#[path = "oracle/mod.rs"]
mod oracle;

use oracle::{Decoded, agree, decode};
use proptest::prelude::*;
use servers_contract::{Refusal, limits::HEAD_LIMIT};
use servers_wire::{Decoder, Progress};

/// Messages of every kind: whole, malformed, ambiguous, unfinished.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..300);
    let chunk = (prop::collection::vec(any::<u8>(), 1..40), "(;[a-z]{1,9})?");
    let plain = "/[a-z]{0,9}(\\?[a-z]=[0-9]{1,3})?";
    prop_oneof![
        4 => plain.prop_map(|target| format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes()),
        2 => body.prop_map(|body| {
            let head = format!("POST /echo HTTP/1.1\r\nhost: x\r\nContent-Length: {}\r\n\r\n", body.len());
            [head.into_bytes(), body].concat()
        }),
        2 => (prop::collection::vec(chunk, 0..5), "(x: [a-z]{0,9}\r\n){0,2}").prop_map(|(chunks, trailers)| {
            let mut bytes = b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for (data, extension) in chunks {
                bytes.extend(format!("{:x}{extension}\r\n", data.len()).into_bytes());
                bytes.extend(data);
                bytes.extend(b"\r\n");
            }
            bytes.extend(format!("0\r\n{trailers}\r\n").into_bytes());
            bytes
        }),
        1 => prop::sample::select(vec![
            b"\r\nGET / HTTP/1.0\r\n\r\n".to_vec(),
            b"\r\n\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            "\r\n\r\nGET /h\u{e4}llo HTTP/1.1\r\nhost: x\r\n\r\n".into(),
            b"GET / HTTP/1.1\r\nhost: x\r\nx: \xff\r\n\r\n".to_vec(),
        ]),
        1 => prop::sample::select(vec![
            b"GET / HTTP/1.1\n\n".to_vec(),
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nGET / HTTP/1.1\r\n\r\n".to_vec(),
            b"GET / HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n".to_vec(),
            b"GET / HTTP/1.1\r\nhost: x\r\nx : a\r\n\r\n".to_vec(),
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nab".to_vec(),
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\n\r\nab".to_vec(),
            b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n+2\r\nab\r\n".to_vec(),
            b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n".to_vec(),
            [b"GET /".to_vec(), vec![b'x'; 20_000]].concat(),
            [b"GET / HTTP/1.1\r\nhost: x\r\n".to_vec(), b"a: b\r\n".repeat(4000)].concat(),
        ]),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// A byte that means something to one parser or another, or any.
fn telling_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => prop::sample::select(b"\r\n\t \0:;=,\"\\#%/?*0a\x0b\x7f\x80\xc3\xa4\xff".to_vec()),
        1 => any::<u8>(),
    ]
}

/// What is done at a place of a stream: a byte is put in, replaced or taken out.
fn change() -> impl Strategy<Value = (u8, prop::sample::Index, u8)> {
    (0u8..3, any::<prop::sample::Index>(), telling_byte())
}

fn changed(mut stream: Vec<u8>, changes: &[(u8, prop::sample::Index, u8)]) -> Vec<u8> {
    for (what, place, byte) in changes {
        let place = place.index(stream.len() + 1);
        match what {
            0 => stream.insert(place, *byte),
            1 if place < stream.len() => stream[place] = *byte,
            2 if place < stream.len() => drop(stream.remove(place)),
            _ => {}
        }
    }
    stream
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// The second parser sees heads and bodies that were right before a few of their bytes changed.
    #[test]
    fn a_second_parser_reads_the_same_requests(
        messages in prop::collection::vec(message(), 1..4),
        changes in prop::collection::vec(change(), 0..4),
        piece in 1usize..50,
    ) {
        agree(&changed(messages.concat(), &changes), piece);
    }
}

proptest! {
    #[test]
    fn any_split_gives_the_same_requests_and_the_same_refusal(
        messages in prop::collection::vec(message(), 1..5),
        sizes in prop::collection::vec(1usize..60, 1..20),
    ) {
        let stream = messages.concat();
        let whole = decode([stream.as_slice()]);
        let mut rest = stream.as_slice();
        let parts = sizes.iter().cycle().map_while(|size| {
            let (part, after) = rest.split_at((*size).min(rest.len()));
            rest = after;
            (!part.is_empty()).then_some(part)
        });
        prop_assert_eq!(&decode(parts), &whole);
        prop_assert_eq!(decode(stream.chunks(1)), whole);
    }

    #[test]
    fn what_was_sent_is_what_is_decoded(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 1..5)) {
        let stream: Vec<u8> = bodies
            .iter()
            .flat_map(|body| {
                let head = format!("POST /echo?n={0} HTTP/1.1\r\nhost: x\r\ncontent-length: {0}\r\n\r\n", body.len());
                [head.into_bytes(), body.clone()].concat()
            })
            .collect();
        let decoded = decode([stream.as_slice()]);
        let expected: Vec<_> = bodies
            .into_iter()
            .map(|body| ("POST".to_owned(), format!("/echo?n={}", body.len()), body))
            .collect();
        prop_assert_eq!(decoded, Decoded { requests: expected, refusal: None, waits_for: Some(Progress::Idle) });
    }
}

/// Each between two good requests, whole and in single bytes: the request before it is answered in any case.
#[test]
fn empty_lines_neither_shift_a_request_nor_lose_the_one_before() {
    let hello = "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n";
    let umlaut = "GET /h\u{e4}llo HTTP/1.1\r\nhost: x\r\n\r\n";
    for empty in 0..4 {
        for (between, target) in [(hello, "/hello"), (umlaut, "/h\u{e4}llo")] {
            let stream = format!("{hello}{}{between}{hello}", "\r\n".repeat(empty));
            let whole = decode([stream.as_bytes()]);
            let targets: Vec<&str> = whole.requests.iter().map(|(_, target, _)| target.as_str()).collect();
            assert_eq!(targets, ["/hello", target, "/hello"], "{stream:?}");
            assert!(whole.requests.iter().all(|(method, ..)| method == "GET"), "{whole:?}");
            assert_eq!(decode(stream.as_bytes().chunks(1)), whole);
        }
    }
}

#[test]
fn empty_lines_have_a_limit_and_more_than_one_is_no_idleness() {
    assert_eq!(decode([b"\r\n".as_slice()]).waits_for, Some(Progress::Idle));
    assert_eq!(decode([b"\r\n\r\n".as_slice()]).waits_for, Some(Progress::Head));
    let endless = decode([b"\r\n".repeat(HEAD_LIMIT).as_slice()]);
    assert_eq!(endless.refusal, Some(Refusal::HeadTooLarge));
}

#[test]
fn progress_tells_which_time_out_applies() {
    let head = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n";
    assert_eq!(decode([]).waits_for, Some(Progress::Idle));
    assert_eq!(decode([&head[..1]]).waits_for, Some(Progress::Head));
    assert_eq!(decode([head.as_slice()]).waits_for, Some(Progress::Body));
    assert_eq!(decode([head.as_slice(), b"a"]).waits_for, Some(Progress::Body));
    assert_eq!(decode([head.as_slice(), b"ab"]).waits_for, Some(Progress::Idle));
    assert_eq!(decode([head.as_slice(), b"abG"]).waits_for, Some(Progress::Head));
}

#[test]
fn a_client_that_expects_to_be_told_to_go_on_is_told_once() {
    let mut decoder = Decoder::default();
    let head = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
    decoder.space()[..head.len()].copy_from_slice(head);
    decoder.filled(head.len());
    assert_eq!(decoder.next(), Ok(None));
    assert!(decoder.take_continue());
    assert!(!decoder.take_continue());
}

#[test]
fn memory_stays_near_what_has_arrived_and_is_given_back() {
    let mut decoder = Decoder::default();
    let mut feed = |bytes: &[u8]| {
        for part in bytes.chunks(1000) {
            decoder.space()[..part.len()].copy_from_slice(part);
            decoder.filled(part.len());
            assert!(decoder.next().is_ok());
        }
        decoder.space().len()
    };
    let announced = feed(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n");
    assert!(announced <= 2 * 4096, "an announced length alone took {announced} bytes");
    assert!(feed(&[b'x'; 999_999]) <= 3 << 20);
    assert!(feed(b"x") <= 64 * 1024, "the room of a large body was kept");
    // Ten bytes of framing for each of body: none of it is kept.
    feed(b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    let room = feed(&b"1;xxxx\r\na\r\n".repeat(20_000));
    assert!(room <= 4 * 20_000, "20,000 bytes in small chunks took more than {room} bytes");
}

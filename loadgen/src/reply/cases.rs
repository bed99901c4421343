//! Odd replies one by one: what is made of each, and why. `docs/REPLIES.md` is their table.

use std::fmt::Write as _;

use super::*;

/// Where the table stands.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/REPLIES.md");
const MARKS: (&str, &str) = ("<!-- replies -->\n", "<!-- /replies -->\n");

/// An odd reply.
struct Case {
    name: &'static str,
    /// Whether the request was a `HEAD`; a `GET` otherwise.
    to_head_request: bool,
    bytes: &'static [u8],
    /// Whether curl 7.88 takes it for a reply; `scripts/peer-suites` asks the installed one.
    curl: &'static str,
    why: &'static str,
}

const fn get(name: &'static str, bytes: &'static [u8], curl: &'static str, why: &'static str) -> Case {
    Case { name, to_head_request: false, bytes, curl, why }
}

const fn head(name: &'static str, bytes: &'static [u8], curl: &'static str, why: &'static str) -> Case {
    Case { name, to_head_request: true, bytes, curl, why }
}

/// The decisions. Foreign protocols first, then status lines, headers, framing, chunks, and what follows a reply.
const CASES: &[Case] = &[
    get("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46", "refuses (1)", "another protocol"),
    get("an SSH banner", b"SSH-2.0-OpenSSH_9.6\r\n", "refuses (1)", "another protocol"),
    get("HTTP/2 frames", b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", "refuses (1)", "another protocol"),
    get("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "refuses (1)", "another protocol"),
    get("an FTP or mail greeting", b"220 ready\r\n", "refuses (1)", "another protocol"),
    get("HTTP/0.9", b"<p>hello</p>\n", "refuses (1)", "no status: it cannot be told from any other bytes"),
    get("a version in lower case", b"http/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9112 §2.3: case-sensitive"),
    get("HTTP/2 in a status line", b"HTTP/2 200\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9110 §2.5: another major version"),
    get("HTTP/1.2", b"HTTP/1.2 200 OK\r\ncontent-length: 0\r\n\r\n", "refuses (1)", "never defined"),
    get("an empty line first", b"\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "refuses (1)", "9112 §2.2 allows it before requests only"),
    get("no reason", b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9112 §4: optional for readers"),
    get("two spaces before the status", b"HTTP/1.1  200 OK\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9112 §4: readers may split at blanks"),
    get("a status of two digits", b"HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n", "refuses (1)", "9112 §4"),
    get("a status of four digits", b"HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n", "refuses (1)", "9112 §4"),
    get("status 99", b"HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n", "refuses (1)", "9110 §15: not a status"),
    get("status 600", b"HTTP/1.1 600 X\r\ncontent-length: 0\r\n\r\n", "600, 0 bytes", "9110 §15: to be taken as a 5xx, so a wrong status"),
    get("status 101", b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", "refuses (52)", "9110 §15.2.2: no upgrade was asked for"),
    get("bare LF in the head", b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok", "200, 2 bytes", "9112 §2.2: readers may"),
    get("a bare CR in a header", b"HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9112 §2.2"),
    get("a NUL in a header", b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n", "refuses (8)", "9110 §5.5"),
    get("a folded header", b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9112 §5.2: user agents must"),
    get("a folded content-length", b"HTTP/1.1 200 OK\r\ncontent-length:\r\n 2\r\n\r\nok", "refuses (8)", "9112 §5.2: user agents must"),
    get("a fold that tears a length", b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n 2\r\n\r\nok", "200, 1 bytes", "9112 §5.2: it reads \"1 2\""),
    get("a fold before any header", b"HTTP/1.1 200 OK\r\n x: a\r\ncontent-length: 0\r\n\r\n", "refuses (43)", "9112 §2.2"),
    get("a header without a colon", b"HTTP/1.1 200 OK\r\nx\r\ncontent-length: 0\r\n\r\n", "refuses (8)", "9112 §5: may be a body, or a header of someone else"),
    get("a header without a name", b"HTTP/1.1 200 OK\r\n: a\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9112 §5"),
    get("a blank before the colon", b"HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nok", "200, 2 bytes", "9112 §5.1: readers differ on whether it is that header"),
    get("a blank in a name", b"HTTP/1.1 200 OK\r\nx y: a\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9112 §5.1"),
    get("UTF-8 in a header", b"HTTP/1.1 200 OK\r\nx: \xc3\xa4\r\ncontent-length: 0\r\n\r\n", "200, 0 bytes", "9110 §5.5: opaque data"),
    get("the same length twice", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2, 2\r\n\r\nok", "200, 2 bytes", "9112 §6.3: readers may"),
    get("two lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!", "200, 3 bytes", "9112 §6.3"),
    get("a length with a sign", b"HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok", "200, 2 bytes", "9110 §8.6: digits only"),
    get("a length below zero", b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok", "refuses (8)", "9110 §8.6: digits only"),
    get("an empty length", b"HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", "refuses (8)", "9110 §8.6: digits only"),
    get("a length with an empty element", b"HTTP/1.1 200 OK\r\ncontent-length: 2,\r\n\r\nok", "200, 2 bytes", "9110 §8.6: not a list"),
    get("a length past 64 bits", b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", "200, 0 bytes", "9110 §8.6: too large to be read"),
    get("a length beside chunks", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200, 2 bytes", "9112 §6.3: ought to be handled as an error"),
    get("a length beside identity", b"HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\ncontent-length: 2\r\n\r\nok", "200, 2 bytes", "9112 §6.3: identity is a coding no more"),
    get("chunks in HTTP/1.0", b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200, 2 bytes", "9112 §6.1: the framing is faulty"),
    get("chunked and an empty element", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked,\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200, 2 bytes", "9110 §5.6.1: readers must"),
    get("gzip, then chunked", b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "refuses (61)", "9112 §6.1; the body is counted as it comes"),
    get("chunked twice", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200, 2 bytes", "9112 §6.1"),
    get("chunked, then gzip", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n", "refuses (61)", "9112 §6.1: chunked comes last"),
    get("an unknown coding", b"HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "refuses (61)", "9112 §7: none was asked for; its end would be left to the time-out"),
    get("a coding with a parameter", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked;q=1\r\n\r\n2\r\nok\r\n0\r\n\r\n", "refuses (61)", "9112 §7.1: chunked has none"),
    get("no coding", b"HTTP/1.1 200 OK\r\ntransfer-encoding:\r\ncontent-length: 2\r\n\r\nok", "200, 2 bytes", "9112 §6.1"),
    get("a padded chunk size", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2  \r\nok\r\n0\r\n\r\n", "200, 2 bytes", "old servers pad; the size is clear"),
    get("chunk extensions", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=\"b;c\"\r\nok\r\n0;\r\n\r\n", "200, 2 bytes", "9112 §7.1.1: to be ignored"),
    get("text after a chunk size", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2 x\r\nok\r\n0\r\n\r\n", "200, 2 bytes", "9112 §7.1"),
    get("a chunk size with a prefix", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n", "refuses (43)", "9112 §7.1"),
    get("a chunk size with a sign", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+2\r\nok\r\n0\r\n\r\n", "refuses (56)", "9112 §7.1"),
    get("a chunk size after a blank", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n 2\r\nok\r\n0\r\n\r\n", "refuses (56)", "9112 §7.1"),
    get("no chunk size", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n", "refuses (56)", "9112 §7.1"),
    get("a chunk size past 64 bits", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10000000000000002\r\nok\r\n0\r\n\r\n", "refuses (56)", "9112 §7.1: too large to be read"),
    get("bare LF after a chunk size", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n", "200, 2 bytes", "9112 §2.2 allows it in heads only"),
    get("a bare CR in an extension", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a\rb\r\nok\r\n0\r\n\r\n", "200, 2 bytes", "9112 §7.1.1"),
    get("a chunk longer than its size", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n", "refuses (56)", "9112 §7.1"),
    get("bare LF after a chunk", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\n0\r\n\r\n", "200, 2 bytes", "9112 §7.1"),
    get("trailers", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: a\r\n\r\n", "200, 2 bytes", "9112 §7.1.2"),
    get("bare LF in trailers", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: a\n\n", "200, 2 bytes", "9112 §2.2: fields, as in a head"),
    get("a trailer without a colon", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nHTTP/1.1 200 OK\r\n\r\n", "refuses (43)", "9112 §7.1.2: may be another reply"),
    get("a NUL in a trailer", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: \0\r\n\r\n", "refuses (43)", "9110 §5.5"),
    get("1xx before the reply", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "200, 2 bytes", "9110 §15.2: to be read over"),
    get("204 with a length", b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n", "204, 0 bytes", "9112 §6.3: no body whatever it says"),
    get("304 with a length", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n", "304, 0 bytes", "9112 §6.3: no body whatever it says"),
    get("204 with a body", b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok", "204, 0 bytes", "9112 §6.3: no body whatever it says"),
    get("304 with a body and close", b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\nok", "304, 0 bytes", "9112 §6.3: no body whatever it says"),
    head("HEAD with a length", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "200, 0 bytes", "9112 §6.3: no body whatever it says"),
    head("HEAD with a body", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "200, 0 bytes", "9112 §6.3: no body whatever it says"),
    get("more than its length", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok\n", "200, 2 bytes", "9112 §6.3: what is more is not of the reply"),
    get("more than its length, and close", b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok\n", "200, 2 bytes", "9112 §6.3: what is more is not of the reply"),
    get("a second reply", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", "200, 2 bytes", "9112 §9.2: must not be taken for one to the next request"),
    get("a 1xx after the reply", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 100 Continue\r\n\r\n", "200, 2 bytes", "9112 §6.3: what is more is not of the reply"),
    get("close and keep-alive in HTTP/1.0", b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", "200, 2 bytes", "9112 §9.3: close wins"),
    get("keep-alive in HTTP/1.0", b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", "200, 2 bytes", "9112 §9.3"),
    get("neither length nor chunks", b"HTTP/1.1 200 OK\r\n\r\nok", "200, 2 bytes", "9112 §6.3: ends with the connection"),
    get("cut within its body", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", "refuses (18)", "9112 §8"),
    get("cut within its chunks", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "refuses (18)", "9112 §8"),
];

impl Case {
    /// What is made of it, its bytes fed in pieces of `cut` bytes and then the connection's end, after a good reply on the same
    /// connection if `is_second`.
    fn verdict(&self, cut: usize, is_second: bool) -> String {
        let mut parser = ReplyParser::new(self.to_head_request, Look::Digest, Rc::default());
        if is_second {
            let good = b"HTTP/1.1 204 No Content\r\n\r\n";
            assert!(parser.feed(good).unwrap().is_some());
        }
        let mut fed = 0;
        for piece in self.bytes.chunks(cut) {
            fed += piece.len();
            match parser.feed(piece) {
                Ok(None) => {}
                Ok(Some(reply)) => return self.accepted(&reply, self.bytes.len() - (fed - reply.surplus)),
                Err(refusal) => return format!("refused: {refusal}"),
            }
        }
        match parser.end() {
            End::Reply(reply) => self.accepted(&reply, 0),
            End::Truncated => "truncated".into(),
            End::Closed => "closed".into(),
        }
    }

    fn accepted(&self, reply: &Reply, surplus: usize) -> String {
        let mut verdict = format!("{}, {} bytes", reply.status, reply.body.bytes);
        if surplus > 0 {
            let _ = write!(verdict, "; {surplus} more dropped");
        }
        if !reply.keep_alive || surplus > 0 {
            verdict += "; the connection is closed";
        }
        verdict
    }
}

fn table() -> String {
    let mut table =
        String::from("| reply | sent | loadgen | curl | why |\n| --- | --- | --- | --- | --- |\n");
    for case in CASES {
        let request = if case.to_head_request { "to HEAD: " } else { "" };
        let verdict = case.verdict(usize::MAX, false);
        let bytes = case.bytes.escape_ascii();
        let Case { name, curl, why, .. } = case;
        let _ = writeln!(table, "| {name} | {request}`{bytes}` | {verdict} | {curl} | {why} |");
    }
    table
}

#[test]
fn each_odd_reply_has_one_verdict_however_it_is_split_and_wherever_it_stands() {
    for case in CASES {
        let whole = case.verdict(usize::MAX, false);
        // What another protocol is, is told by the bytes at hand: one byte of it is only known not to be HTTP.
        let is_other_protocol = case.why == "another protocol";
        let unasked = format!("refused: {}", Refusal::Unasked);
        for cut in 1..case.bytes.len() {
            for is_second in [false, true] {
                let split = case.verdict(cut, is_second);
                let is_refused = split.starts_with("refused") && whole.starts_with("refused");
                let is_same = split == whole
                    || is_refused && is_other_protocol
                    || is_refused && is_second && split == unasked && split == case.verdict(usize::MAX, true);
                assert!(is_same, "{} by {cut}: {split}, not {whole}", case.name);
            }
        }
    }
}

#[test]
fn no_odd_reply_but_a_cut_one_is_left_to_the_time_out() {
    for case in CASES.iter().filter(|case| !case.name.starts_with("cut") && !case.name.starts_with("neither"))
    {
        let mut parser = ReplyParser::new(case.to_head_request, Look::Digest, Rc::default());
        assert_ne!(parser.feed(case.bytes), Ok(None), "{}", case.name);
    }
}

#[test]
fn the_table_of_replies_is_what_is_made_of_them() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let begin = document.find(MARKS.0).unwrap() + MARKS.0.len();
    let end = document.find(MARKS.1).unwrap();
    if std::env::var_os("BLESS").is_some() {
        let blessed = [&document[..begin], &table(), &document[end..]].concat();
        return std::fs::write(DOCUMENT, blessed).unwrap();
    }
    assert_eq!(document[begin..end], table(), "BLESS=1 cargo test -p loadgen --lib reply::cases writes it");
}

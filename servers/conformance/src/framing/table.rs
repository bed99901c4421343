//! Requests that two readers could take for two different ones, and bytes that no head may hold.
//!
//! One table for the suite, for the document that shows each contender's answers, and for whoever adds a contender.

/// One request that must be refused, and why.
#[derive(Debug, Clone, Copy)]
pub struct Ambiguous {
    /// What is wrong with it; unique.
    pub what: &'static str,
    /// The request line with its line end; `host` follows.
    pub line: &'static str,
    /// Everything after `host`: fields, blank line, body.
    ///
    /// Where a lenient reader would take a length at all, the body holds as much: it then answers, wrongly, instead of
    /// waiting for more.
    pub rest: &'static str,
    /// What an answer other than a refusal could mean behind a proxy that reads it differently.
    pub danger: &'static str,
}

impl Ambiguous {
    /// The bytes of the request.
    pub fn bytes(&self) -> Vec<u8> {
        [self.line, "host: conformance\r\n", self.rest].concat().into_bytes()
    }
}

const LINE: &str = "POST /echo HTTP/1.1\r\n";

const LENGTHS_DIFFER: &str = "request smuggling: a proxy that takes the other length lets a part of the body pass as \
                              the next request";
const LENGTH_IGNORED: &str = "request smuggling: who reads no length where another reads one takes the body for the \
                              next request";
const CODING_DIFFERS: &str =
    "request smuggling: one reads chunks where the other reads a length (CL.TE or TE.CL)";
const FIELD_DIFFERS: &str = "request smuggling: one sees a framing field where the other sees none";
const LINE_DIFFERS: &str = "the two disagree on method, target or version: filters and caches are passed by";
const LINE_ENDS_DIFFER: &str =
    "header injection: one sees two lines, or the end of the head, where the other sees one";
const BYTES_PASS: &str =
    "header injection: a reader in another language may end the string, or the line, there";
const HOSTS_DIFFER: &str = "routing and caches are passed by: a proxy may choose by one host, the server answer for \
                            the other";
const TRAILERS_DIFFER: &str =
    "request smuggling: what one takes for trailers, the other takes for the next request";
const CHUNKS_DIFFER: &str = "request smuggling: the two disagree on where a chunk, and so the request, ends";

const fn row(what: &'static str, rest: &'static str, danger: &'static str) -> Ambiguous {
    Ambiguous { what, line: LINE, rest, danger }
}

const fn line(what: &'static str, line: &'static str) -> Ambiguous {
    Ambiguous { what, line, rest: "content-length: 5\r\n\r\nhello", danger: LINE_DIFFERS }
}

/// A request in chunks: a macro, since a function cannot join texts before the program runs.
macro_rules! chunk {
    ($what:literal, $chunks:literal) => {
        row($what, concat!("transfer-encoding: chunked\r\n\r\n", $chunks), CHUNKS_DIFFER)
    };
}

/// A request in chunks with these trailers.
macro_rules! trailer {
    ($what:literal, $trailers:literal) => {
        row(
            $what,
            concat!("transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", $trailers, "\r\n"),
            TRAILERS_DIFFER,
        )
    };
}

/// Every request of the table: lengths, codings, fields, request lines, chunks, trailers.
pub const AMBIGUOUS: [Ambiguous; 73] = [
    row("two lengths", "content-length: 4\r\ncontent-length: 5\r\n\r\nhello", LENGTHS_DIFFER),
    row("two equal lengths", "content-length: 5\r\ncontent-length: 5\r\n\r\nhello", LENGTHS_DIFFER),
    row("a list of lengths", "content-length: 5, 5\r\n\r\nhello", LENGTHS_DIFFER),
    row("a list of different lengths", "content-length: 4, 5\r\n\r\nhello", LENGTHS_DIFFER),
    row("a length with a sign", "content-length: +5\r\n\r\nhello", LENGTH_IGNORED),
    row("a length below zero", "content-length: -5\r\n\r\nhello", LENGTH_IGNORED),
    row("a length in hexadecimal", "content-length: 0x5\r\n\r\nhello", LENGTHS_DIFFER),
    row("a length of no digits", "content-length:\r\n\r\nhello", LENGTH_IGNORED),
    row("a length with a blank in it", "content-length: 5 5\r\n\r\nhello", LENGTHS_DIFFER),
    row("a length with a point", "content-length: 5.0\r\n\r\nhello", LENGTHS_DIFFER),
    row("a length past 64 bits", "content-length: 18446744073709551621\r\n\r\nhello", LENGTHS_DIFFER),
    row(
        "a length and a coding",
        "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        CODING_DIFFERS,
    ),
    row(
        "a coding and a length",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        CODING_DIFFERS,
    ),
    row("an unknown coding", "transfer-encoding: squeezed\r\n\r\n0\r\n\r\n", CODING_DIFFERS),
    row(
        "the coding identity",
        "transfer-encoding: identity\r\ncontent-length: 5\r\n\r\nhello",
        CODING_DIFFERS,
    ),
    row("a coding listed twice", "transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n", CODING_DIFFERS),
    row(
        "a coding in two fields",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        CODING_DIFFERS,
    ),
    row("chunks inside a coding", "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n", CODING_DIFFERS),
    row(
        "a vertical tab before the coding",
        "transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        CODING_DIFFERS,
    ),
    Ambiguous {
        what: "a coding in HTTP/1.0",
        line: "POST /echo HTTP/1.0\r\n",
        rest: "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        danger: CODING_DIFFERS,
    },
    row("a space before the colon", "content-length : 5\r\n\r\nhello", FIELD_DIFFERS),
    row(
        "a space before the colon of a coding",
        "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        FIELD_DIFFERS,
    ),
    row("a folded field", "transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n", FIELD_DIFFERS),
    row("a folded length", "foo: bar\r\n content-length: 5\r\n\r\nhello", FIELD_DIFFERS),
    row("a bare CR before a length", "\rcontent-length: 5\r\n\r\nhello", FIELD_DIFFERS),
    row("a bare CR before a coding", "x:\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n", FIELD_DIFFERS),
    row("a space in a name", "content length: 5\r\ncontent-length: 5\r\n\r\nhello", FIELD_DIFFERS),
    row("a field without a name", ": 5\r\ncontent-length: 5\r\n\r\nhello", FIELD_DIFFERS),
    row("a field without a colon", "x-header\r\ncontent-length: 5\r\n\r\nhello", FIELD_DIFFERS),
    row("a NUL in a name", "x-\0header: a\r\ncontent-length: 5\r\n\r\nhello", BYTES_PASS),
    row("a NUL in a header", "x-header: a\0b\r\ncontent-length: 5\r\n\r\nhello", BYTES_PASS),
    row("a control character in a header", "x-header: a\x01b\r\ncontent-length: 5\r\n\r\nhello", BYTES_PASS),
    row("a bare CR in a header", "x-header: a\rb\r\ncontent-length: 5\r\n\r\nhello", LINE_ENDS_DIFFER),
    row("a bare LF after a field", "x-header: a\ncontent-length: 5\r\n\r\nhello", LINE_ENDS_DIFFER),
    row("a bare LF after the head", "content-length: 5\r\n\nhello", LINE_ENDS_DIFFER),
    row("two hosts", "host: other\r\ncontent-length: 5\r\n\r\nhello", HOSTS_DIFFER),
    line("two spaces before the target", "POST  /echo HTTP/1.1\r\n"),
    line("a tab before the target", "POST\t/echo HTTP/1.1\r\n"),
    line("a space in the target", "POST /echo /hello HTTP/1.1\r\n"),
    line("a space before the method", " POST /echo HTTP/1.1\r\n"),
    line("a byte past ASCII in the target", "POST /ech\u{f6} HTTP/1.1\r\n"),
    line("a fragment in the target", "POST /echo#hello HTTP/1.1\r\n"),
    line("a target without a slash", "POST echo HTTP/1.1\r\n"),
    line("an asterisk for a target", "POST * HTTP/1.1\r\n"),
    line("half of an encoded byte in the target", "POST /echo%4 HTTP/1.1\r\n"),
    line("a target with a user", "POST http://user@conformance/echo HTTP/1.1\r\n"),
    line("a target without a host", "POST http:///echo HTTP/1.1\r\n"),
    line("no version", "POST /echo\r\n"),
    line("a version in lower case", "POST /echo http/1.1\r\n"),
    line("a version of another protocol", "POST /echo HTTP/2.0\r\n"),
    line("a bare CR in the request line", "POST /echo\rHTTP/1.1\r\n"),
    line("a bare LF after the request line", "POST /echo HTTP/1.1\n"),
    chunk!("a chunk size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk size below zero", "-5\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk size with a prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk size of no digits", "\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk size with other letters", "5g\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk size with a blank before it", " 5\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk size past 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
    chunk!("a bare LF after a chunk size", "5\nhello\r\n0\r\n\r\n"),
    chunk!("a bare CR in a chunk extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk extension without a name", "5;\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk extension of two words", "5;a b\r\nhello\r\n0\r\n\r\n"),
    chunk!("a chunk size with a blank after it", "5 \r\nhello\r\n0\r\n\r\n"),
    chunk!("a bare LF after a chunk", "5\r\nhello\n0\r\n\r\n"),
    chunk!("other bytes after a chunk", "5\r\nhelloXX0\r\n\r\n"),
    trailer!("a bare CR in a trailer", "x-trailer: a\rb\r\n"),
    trailer!("a bare LF after a trailer", "x-trailer: a\n"),
    trailer!("a NUL in a trailer", "x-trailer: a\0b\r\n"),
    trailer!("a trailer without a colon", "x-trailer\r\n"),
    trailer!("a folded trailer", "x-trailer: a\r\n b\r\n"),
    trailer!("a space before the colon of a trailer", "x-trailer : a\r\n"),
    trailer!("a request as a trailer", "GET /nowhere HTTP/1.1\r\nhost: conformance\r\n"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_row_has_a_name_of_its_own_and_fits_a_cell_of_a_table() {
        let names: BTreeSet<&str> = AMBIGUOUS.iter().map(|row| row.what).collect();
        assert_eq!(names.len(), AMBIGUOUS.len());
        for row in AMBIGUOUS {
            assert!(!row.bytes().contains(&b'|') && !row.bytes().contains(&b'`'), "{}", row.what);
        }
    }
}

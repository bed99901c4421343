//! Every endpoint with parameters at and around the edges where stacks change their behaviour.

use servers_contract::limits;

use crate::case::{Case, End, Expected, request};

/// Waits are short: their length is the runner's to measure, not this suite's.
const TARGETS: [&str; 22] = [
    "/hello",
    "/wait?ms=0",
    "/wait?ms=1",
    "/wait?ms=0.2",
    "/wait?ms=2.005",
    "/wait?ms=007.5",
    "/wait?ms=1&blocking=0",
    "/cpu?rounds=0",
    "/cpu?rounds=1",
    "/cpu?rounds=1000",
    "/cpu?rounds=10&run=inline",
    "/cpu?rounds=10&run=pool",
    "/cpu?rounds=10&run=single",
    "/cpu?run=pool&rounds=10",
    "/mixed?ms=1&rounds=10",
    "/mixed?rounds=10&ms=0.5&run=pool",
    "/payload?bytes=0",
    "/payload?bytes=1",
    // Past tiny_http's write buffer of 1,024 bytes.
    "/payload?bytes=1025",
    // From here on tiny_http prefers chunks.
    "/payload?bytes=32768",
    // Past actix-web's write buffer of 32 KiB.
    "/payload?bytes=65537",
    // The largest, past what a socket takes in one write.
    "/payload?bytes=1048576",
];

/// Sizes around tiny_http's eager buffer of 1,024 bytes and the usual 8 and 16 KiB read buffers.
const ECHOED: [usize; 6] = [0, 1, 1024, 1025, 20_000, limits::BODY_LIMIT];

pub(super) fn cases() -> Vec<Case> {
    let gets = TARGETS.iter().map(|target| ("GET", *target, Vec::new()));
    let posts = ECHOED.iter().map(|length| ("POST", "/echo", text(*length)));
    gets.chain(posts)
        .filter_map(|(method, target, body)| answered(method, target, &body))
        .chain(chunked())
        .collect()
}

fn answered(method: &str, target: &str, body: &[u8]) -> Option<Case> {
    let expected = Expected::of(method, target, body)?;
    let name = match method {
        "GET" => format!("endpoint: {target}"),
        _ => format!("endpoint: {target} of {} bytes", body.len()),
    };
    Some(Case::single(name, request(method, target, &[], body), expected, End::Open))
}

/// A request body without a stated length; trailers apart, since some stacks know none.
fn chunked() -> impl Iterator<Item = Case> {
    let cases = [
        ("endpoint: /echo in chunks", "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
        ("endpoint: /echo in chunks with a trailer", "b\r\nhello world\r\n0\r\nx-trailer: 1\r\n\r\n"),
    ];
    cases.into_iter().filter_map(|(name, chunks)| {
        let head = request("POST", "/echo", &[("transfer-encoding", "chunked")], b"");
        let expected = Expected::of("POST", "/echo", b"hello world")?;
        Some(Case::single(name.to_owned(), [&head[..], chunks.as_bytes()].concat(), expected, End::Open))
    })
}

fn text(length: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(length).collect()
}

#[cfg(test)]
mod tests {
    use servers_contract::Call;

    use super::*;

    #[test]
    fn every_target_is_one_the_contract_answers() {
        for target in TARGETS {
            assert!(Call::parse("GET", target).is_ok(), "{target}");
        }
        assert_eq!(cases().len(), TARGETS.len() + ECHOED.len() + chunked().count());
    }
}

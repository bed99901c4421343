//! A second opinion on requests: httpcodec, which shares no line with the parser that the decoder uses.
//!
//! Included by path from the differential test and from the fuzz target.

use bytecodec::{Decode, Eos, bytes::RemainingBytesDecoder};
use httpcodec::{BodyDecode, BodyDecoder, NoBodyDecoder, Request as Parsed, RequestDecoder};
use servers_contract::{Call, Framing, Refusal};
use servers_wire::{Decoder, Progress};

/// What a decoder made of one stream.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decoded {
    /// Method, target and body of each request.
    pub(crate) requests: Vec<(String, String, Vec<u8>)>,
    /// Why it went no further.
    pub(crate) refusal: Option<Refusal>,
    /// What it waits for at the end, unless it refused.
    pub(crate) waits_for: Option<Progress>,
}

/// Feeds the parts one after another, as reads would bring them.
pub(crate) fn decode<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = Decoder::default();
    let mut decoded = Decoded::default();
    for mut part in parts {
        while !part.is_empty() {
            let space = decoder.space();
            let read = part.len().min(space.len());
            space[..read].copy_from_slice(&part[..read]);
            decoder.filled(read);
            part = &part[read..];
            loop {
                match decoder.next() {
                    Ok(Some(request)) => decoded.requests.push((
                        request.method.to_owned(),
                        request.target.to_owned(),
                        request.body.to_vec(),
                    )),
                    Ok(None) => break,
                    Err(refusal) => {
                        decoded.refusal = Some(refusal);
                        return decoded;
                    }
                }
            }
        }
    }
    decoded.waits_for = Some(decoder.progress());
    decoded
}

/// Panics where the decoder and the second parser read a stream differently, and where its split matters.
///
/// Each request that the decoder hands out must be one to the other as well, with the same method, target and body, and
/// what the decoder calls a malformed head must be malformed to the other.
pub(crate) fn agree(stream: &[u8], piece: usize) {
    let decoded = decode([stream]);
    assert_eq!(decode(stream.chunks(piece)), decoded, "in pieces of {piece}");
    let mut rest = after_empty_lines(stream);
    for request in &decoded.requests {
        match matched(request, rest) {
            Some(length) => rest = after_empty_lines(&rest[length..]),
            None => return,
        }
    }
    if decoded.refusal == Some(Refusal::Framing(Framing::Head)) {
        let taken = parsed::<NoBodyDecoder>(rest).filter(|(head, length)| !is_lax(head, &rest[..*length]));
        assert!(taken.is_none(), "only the decoder refuses {}", shown(rest));
    }
}

/// The length of a request that both read alike; `None` where the other parser knows too little to go on.
fn matched((method, target, body): &(String, String, Vec<u8>), bytes: &[u8]) -> Option<usize> {
    let Some((head, length)) = parsed::<NoBodyDecoder>(bytes) else {
        // It knows no bytes past ASCII, which a field may hold and a target may not.
        let refused = Call::parse(method, target) == Err(Refusal::Framing(Framing::Target));
        assert!(
            !bytes.is_ascii() && (refused || target.is_ascii()),
            "only the decoder takes {}",
            shown(bytes)
        );
        return None;
    };
    assert_eq!(head.method().as_str(), method, "{}", shown(bytes));
    assert_eq!(head.request_target().as_str(), target, "{}", shown(bytes));
    let has = |name: &str| head.header().get_field(name).is_some();
    if !has("content-length") && !has("transfer-encoding") {
        assert!(body.is_empty(), "{}", shown(bytes));
        return Some(length);
    }
    // It knows no extensions of chunks, and takes the first two bytes of a trailer for the end of the line.
    let (whole, length) = parsed::<BodyDecoder<RemainingBytesDecoder>>(bytes)
        .filter(|(_, length)| !has("transfer-encoding") || bytes[..*length].ends_with(b"\r\n"))?;
    assert_eq!(whole.body(), body, "{}", shown(bytes));
    Some(length)
}

/// A request as the other parser reads it, and how many bytes it took.
fn parsed<D: BodyDecode + Default>(bytes: &[u8]) -> Option<(Parsed<D::Item>, usize)> {
    let mut decoder = RequestDecoder::<D>::default();
    let mut taken = 0;
    while !decoder.is_idle() {
        match decoder.decode(&bytes[taken..], Eos::new(false)).ok()? {
            0 => return None,
            more => taken += more,
        }
    }
    Some((decoder.finish_decoding().ok()?, taken))
}

/// Whether it took what is none for a method, a target, a name or the end of a line.
fn is_lax(head: &Parsed<()>, bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
        || head.method().as_str().is_empty()
        || head.request_target().as_str().is_empty()
        || head.header().fields().any(|field| field.name().is_empty())
}

/// It knows no empty lines before a request.
fn after_empty_lines(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes.strip_prefix(b"\r\n") {
        bytes = rest;
    }
    bytes
}

fn shown(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(400)].escape_ascii().to_string()
}

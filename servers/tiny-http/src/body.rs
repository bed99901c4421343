//! Reading a request's body within its limit, and leaving one that is beyond it.

use std::io::{self, Read};

use servers_contract::limits::BODY_LIMIT;
use servers_contract::{Framing, Refusal};
use tiny_http::Request;

use crate::framing::Announced;

/// Largest announced body that the library may be left to discard.
///
/// It does so when the request is dropped, with a buffer of the whole announced length at once. 64 MiB is a mapping
/// that no machine under test refuses, and stays untouched but for what really comes.
const DISCARDED: usize = 64 * 1024 * 1024;

/// Reads the whole body.
///
/// # Errors
/// The refusal for a body that is too large, ends early or is not made of chunks.
pub(crate) fn read(request: &mut Request, announced: Announced) -> Result<Vec<u8>, Refusal> {
    match announced {
        Announced::Length(0) => Ok(Vec::new()),
        Announced::Length(length) => exactly(request.as_reader(), length),
        Announced::Chunks => chunks(request.as_reader()),
    }
}

/// Whether the library can be left to discard what was not read of this body.
pub(crate) fn can_be_dropped(request: &Request) -> bool {
    request.body_length().is_none_or(|length| length <= DISCARDED)
}

fn exactly(reader: impl Read, length: usize) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::with_capacity(length);
    match reader.take(length as u64).read_to_end(&mut body) {
        Ok(read) if read == length => Ok(body),
        // The library takes the end of the connection for the end of the body; whoever sent half of one is gone.
        _ => Err(Refusal::Framing(Framing::Length)),
    }
}

fn chunks(mut reader: impl Read) -> Result<Vec<u8>, Refusal> {
    let malformed = |_| Refusal::Framing(Framing::Chunk);
    let mut body = Vec::new();
    reader.by_ref().take(BODY_LIMIT as u64 + 1).read_to_end(&mut body).map_err(malformed)?;
    if body.len() <= BODY_LIMIT {
        return Ok(body);
    }
    // The library does not discard the rest of chunks: unread, they would be parsed as the next request.
    io::copy(&mut reader.take(DISCARDED as u64), &mut io::sink()).map_err(malformed)?;
    Err(Refusal::BodyTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_shorter_than_announced_is_refused() {
        assert_eq!(exactly(&b"hello"[..], 5), Ok(b"hello".to_vec()));
        assert_eq!(exactly(&b"hell"[..], 5), Err(Refusal::Framing(Framing::Length)));
    }

    #[test]
    fn chunks_past_the_limit_are_read_off_and_refused() {
        assert_eq!(chunks(io::repeat(7).take(BODY_LIMIT as u64)).map(|body| body.len()), Ok(BODY_LIMIT));
        let mut more = io::repeat(7).take(BODY_LIMIT as u64 + 100);
        assert_eq!(chunks(&mut more), Err(Refusal::BodyTooLarge));
        assert_eq!(more.limit(), 0, "the rest was left unread");
    }
}

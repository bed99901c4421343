//! What goes back, and the bodies that handlers build it from.

use std::{borrow::Cow, time::Duration};

use crate::{Health, Stats, work::Digest};

/// Content type of everything that a person may read.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// Content type of `/payload` and `/echo`.
pub const BINARY: &str = "application/octet-stream";
/// Content type of `/health` and `/stats`.
pub const JSON: &str = "application/json";

/// A reply without its framing: the front adds the length and whatever else its stack adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// One of [`TEXT`], [`BINARY`], [`JSON`].
    pub content_type: &'static str,
    /// Value of the `allow` header: with status 405 only.
    pub allow: Option<&'static str>,
    /// The connection must close after this reply.
    pub close: bool,
    /// Sent as it is, uncompressed.
    pub body: Cow<'static, [u8]>,
}

impl Reply {
    /// A 200 with a text that is made for this request.
    pub fn text(body: String) -> Reply {
        Reply::ok(TEXT, Cow::Owned(body.into_bytes()))
    }

    /// `/hello`: fixed and borrowed, so that it costs nothing.
    pub fn hello() -> Reply {
        Reply::ok(TEXT, Cow::Borrowed(b"hello\n"))
    }

    /// `/wait` and `/upstream`: what was asked, not what the clock saw, so that the reply can be checked byte for byte.
    pub fn waited(wait: Duration) -> Reply {
        Reply::text(format!("waited {} us\n", wait.as_micros()))
    }

    /// `/cpu`: the digest in lower-case hexadecimal.
    pub fn computed(digest: &Digest) -> Reply {
        Reply::text(format!("{digest}\n"))
    }

    /// `/mixed`: the line of `/wait`, then the line of `/cpu`.
    pub fn waited_and_computed(wait: Duration, digest: &Digest) -> Reply {
        Reply::text(format!("waited {} us\n{digest}\n", wait.as_micros()))
    }

    /// `/payload`: the alphabet in lower case, repeated and cut to `bytes`.
    pub fn payload(bytes: usize) -> Reply {
        const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
        let mut body = Vec::with_capacity(bytes);
        body.extend_from_slice(&ALPHABET[..bytes.min(ALPHABET.len())]);
        // Doubling copies whole blocks; the copied length stays a multiple of the alphabet until the last step.
        while body.len() < bytes {
            body.extend_from_within(..body.len().min(bytes - body.len()));
        }
        Reply::ok(BINARY, Cow::Owned(body))
    }

    /// `/echo`: the request's body.
    pub fn echo(body: Vec<u8>) -> Reply {
        Reply::ok(BINARY, Cow::Owned(body))
    }

    /// `/health`: one line of JSON.
    pub fn health(health: &Health) -> Reply {
        Reply::json(serde_json::to_string(health))
    }

    /// `/stats`: one line of JSON.
    pub fn stats(stats: &Stats) -> Reply {
        Reply::json(serde_json::to_string(stats))
    }

    fn json(line: serde_json::Result<String>) -> Reply {
        // Only a map with keys that are no strings, or a failing Serialize, can end here: neither exists.
        let line = line.expect("health and stats serialise");
        Reply::ok(JSON, Cow::Owned(format!("{line}\n").into_bytes()))
    }

    fn ok(content_type: &'static str, body: Cow<'static, [u8]>) -> Reply {
        Reply { status: 200, content_type, allow: None, close: false, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn payload_repeats_the_alphabet_at_every_length(bytes in 0usize..5000) {
            let body = Reply::payload(bytes).body;
            prop_assert_eq!(body.len(), bytes);
            prop_assert!(body.iter().enumerate().all(|(at, byte)| *byte == b'a' + (at % 26) as u8));
        }
    }

    #[test]
    fn a_wait_is_reported_in_whole_microseconds() {
        assert_eq!(Reply::waited(Duration::from_micros(1500)).body.as_ref(), b"waited 1500 us\n");
    }
}

//! The header fields that frame the body or end the connection (RFC 9112, §6 and §9.3).

use super::Refusal;
use super::head::Framing;

/// Transfer codings other than chunked: those of the registry, which the connection's end frames unless chunked is the last,
/// and `identity`, which older servers send and which changes nothing.
const CODINGS: [&str; 6] = ["gzip", "x-gzip", "deflate", "compress", "x-compress", "identity"];

/// The header fields that decide where the body and the connection end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FramingFields {
    length: Option<u64>,
    coding: Coding,
    close: bool,
    keep_alive: bool,
    /// `keep-alive: max=`.
    max: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Coding {
    #[default]
    None,
    Chunked,
    Other,
}

impl FramingFields {
    /// Takes a field of an HTTP/1.`minor` reply.
    pub(super) fn add(&mut self, name: &[u8], value: &[u8], minor: u8) -> Result<(), Refusal> {
        if name.eq_ignore_ascii_case(b"content-length") {
            self.add_lengths(value)
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            // HTTP/1.0 has no transfer codings: a server that sends one there means something else by it (§6.1).
            if minor == 0 { Err(Refusal::CodingInHttp10) } else { self.add_codings(value) }
        } else {
            if name.eq_ignore_ascii_case(b"connection") {
                for option in elements(value) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            } else if name.eq_ignore_ascii_case(b"keep-alive") {
                self.max = elements(value).find_map(max_requests).or(self.max);
            }
            Ok(())
        }
    }

    /// The same length twice is one length; two lengths are none.
    fn add_lengths(&mut self, value: &[u8]) -> Result<(), Refusal> {
        for element in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if element.is_empty() || !element.iter().all(u8::is_ascii_digit) {
                return Err(Refusal::Length);
            }
            let length = std::str::from_utf8(element).ok().and_then(|digits| digits.parse().ok());
            let length = length.ok_or(Refusal::LengthTooLarge)?;
            if self.length.replace(length).is_some_and(|before| before != length) {
                return Err(Refusal::LengthsDiffer);
            }
        }
        Ok(())
    }

    /// Codings are in the order in which they were applied, through all fields.
    fn add_codings(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let before = self.coding;
        for coding in elements(value) {
            let is_chunked = coding.eq_ignore_ascii_case(b"chunked");
            let is_known = CODINGS.iter().any(|known| coding.eq_ignore_ascii_case(known.as_bytes()));
            self.coding = match (self.coding, is_chunked) {
                (Coding::Chunked, true) => return Err(Refusal::ChunkedTwice),
                (Coding::Chunked, false) => return Err(Refusal::ChunkedNotLast),
                (_, true) => Coding::Chunked,
                (_, false) if is_known => Coding::Other,
                (_, false) => return Err(Refusal::UnknownCoding),
            };
        }
        if self.coding == Coding::None && before == Coding::None { Err(Refusal::NoCoding) } else { Ok(()) }
    }

    /// The body framing that follows the head of a reply that may have a body.
    pub(super) fn framing(&self) -> Result<Framing, Refusal> {
        match (self.coding, self.length) {
            (Coding::None, None) | (Coding::Other, None) => Ok(Framing::UntilClose),
            (Coding::None, Some(length)) => Ok(Framing::Length(length)),
            (Coding::Chunked, None) => Ok(Framing::Chunked),
            (_, Some(_)) => Err(Refusal::LengthBesideCoding),
        }
    }

    /// How many more requests the connection is announced to carry.
    pub(super) fn announced_requests(&self) -> Option<u32> {
        self.max
    }

    /// Whether the connection may carry another request after an HTTP/1.`minor` reply: `close` wins over `keep-alive`,
    /// whichever comes first and in whichever field (§9.3).
    pub(super) fn keep_alive(&self, minor: u8) -> bool {
        !self.close && (minor > 0 || self.keep_alive)
    }
}

/// The number in `max=100` (RFC 2068, §19.7.1.1).
fn max_requests(parameter: &[u8]) -> Option<u32> {
    let (name, number) = parameter.split_at_checked(4)?;
    let number = std::str::from_utf8(number).ok()?;
    name.eq_ignore_ascii_case(b"max=").then(|| number.trim().parse().ok()).flatten()
}

/// The elements of a comma-separated value; empty ones are left out (RFC 9110, §5.6.1.2).
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_requests_is_that_of_max_alone() {
        for (parameter, expected) in [
            ("max=100", Some(100)),
            ("MAX= 0", Some(0)),
            ("max=", None),
            ("max", None),
            ("min=5", None),
            ("max=-1", None),
            ("max=x", None),
        ] {
            assert_eq!(max_requests(parameter.as_bytes()), expected, "{parameter}");
        }
    }
}

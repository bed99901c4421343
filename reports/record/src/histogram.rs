//! A histogram of nanoseconds as text, so that it fits one line of a result file.

use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

/// The longest time a histogram tells apart; longer ones are clamped here and counted.
///
/// One hour is beyond any deadline the load generator accepts, so a clamp means a fault, not a slow server.
pub const TOP: Duration = Duration::from_secs(3600);

/// Longest encoded histogram that is decoded: a full one at this precision stays well below 1 MiB.
const ENCODED_LIMIT: usize = 1 << 20;

/// Longest histogram that is inflated: its head, and nine bytes for each of the 55,296 counters that three digits need for
/// all of 64 bits.
const PLAIN_LIMIT: u64 = 1 << 19;

/// Most significant digits: with more, a file of a hundred bytes could ask for 50 MB of counters.
const DIGITS_LIMIT: u32 = 3;

/// Most observations: a million a second for twelve days. Sums over all lines of a file stay within 64 bits.
const COUNT_LIMIT: u64 = 1 << 40;

/// First bytes of a deflated V2 histogram and of a plain one, as the HdrHistogram project defines them.
const DEFLATED: u32 = 0x1c84_9314;
const PLAIN: u32 = 0x1c84_9313;

/// An empty histogram of nanoseconds: 1 ns to [`TOP`], 3 significant digits (0.1 % of the value).
pub(crate) fn empty() -> Histogram<u64> {
    let top = u64::try_from(TOP.as_nanos()).expect("an hour of nanoseconds fits 64 bits");
    Histogram::new_with_bounds(1, top, 3).expect("the bounds are constants within what HDR accepts")
}

/// A histogram in HdrHistogram's own V2 format, deflated, in base 64: what the ordinary HDR tools read.
///
/// The checksum is ours, since the format's own is not looked at: the decoder stops reading before
/// deflate's trailer, and accepts flipped bits silently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncodedHistogram {
    hdr: String,
    /// CRC-32 (IEEE) of the text in `hdr`.
    crc32: u32,
}

/// Why an [`EncodedHistogram`] could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// Longer than any histogram this project writes.
    #[error("histogram of {0} characters, expected at most {ENCODED_LIMIT}")]
    TooLong(usize),
    /// Not base 64.
    #[error("histogram is not base 64: {0}")]
    NotBase64(#[from] base64::DecodeError),
    /// The text is not the one that was written.
    #[error("histogram was altered: its checksum is {found:08x}, expected {expected:08x}")]
    Altered {
        /// Checksum of the text as it is.
        found: u32,
        /// Checksum that was written beside it.
        expected: u32,
    },
    /// Of another range or precision than times are kept in, so that it cannot be added to them.
    #[error(
        "histogram up to {high} with {digits} digits, expected one of times: up to an hour of nanoseconds, 3 digits"
    )]
    OtherRange {
        /// Its highest value.
        high: u64,
        /// Its significant digits.
        digits: u8,
    },
    /// Of other times than those that are summed up beside it.
    #[error("histogram of another measurement: {0}")]
    OtherTimes(String),
    /// Base 64, but what is inside is not a V2 deflated histogram.
    #[error("histogram is not a V2 deflated HDR histogram: {0}")]
    NotHistogram(String),
}

impl EncodedHistogram {
    /// Encodes `histogram`; counts and bounds are kept exactly.
    #[must_use]
    pub fn encode(histogram: &Histogram<u64>) -> Self {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(histogram, &mut bytes)
            .expect("writing a histogram into memory cannot fail");
        let hdr = BASE64.encode(bytes);
        Self { crc32: crc32fast::hash(hdr.as_bytes()), hdr }
    }

    /// The histogram that [`encode`](Self::encode) was given.
    ///
    /// # Errors
    /// When the text is not what `encode` wrote: too long, not base 64, altered, or no histogram of at most three digits.
    /// It takes at most 3 MB to find out, whatever the text announces.
    pub fn decode(&self) -> Result<Histogram<u64>, HistogramError> {
        if self.hdr.len() > ENCODED_LIMIT {
            return Err(HistogramError::TooLong(self.hdr.len()));
        }
        let found = crc32fast::hash(self.hdr.as_bytes());
        if found != self.crc32 {
            return Err(HistogramError::Altered { found, expected: self.crc32 });
        }
        let plain = inflate(&BASE64.decode(&self.hdr)?).map_err(HistogramError::NotHistogram)?;
        check(&plain).map_err(HistogramError::NotHistogram)?;
        let histogram: Histogram<u64> = Deserializer::new()
            .deserialize(&mut plain.as_slice())
            .map_err(|error| HistogramError::NotHistogram(error.to_string()))?;
        if histogram.len() > COUNT_LIMIT {
            let reason = format!("{} observations, expected at most {COUNT_LIMIT}", histogram.len());
            return Err(HistogramError::NotHistogram(reason));
        }
        Ok(histogram)
    }
}

/// The plain histogram within a deflated one.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (cookie, rest) = number(bytes)?;
    let (_, deflated) = number(rest)?;
    if cookie != DEFLATED {
        return Err(format!("it begins with {cookie:08x}, expected {DEFLATED:08x}"));
    }
    let mut plain = Vec::new();
    ZlibDecoder::new(deflated)
        .take(PLAIN_LIMIT + 1)
        .read_to_end(&mut plain)
        .map_err(|error| format!("it cannot be inflated: {error}"))?;
    if plain.len() as u64 > PLAIN_LIMIT {
        return Err(format!("it inflates to more than {PLAIN_LIMIT} bytes"));
    }
    Ok(plain)
}

/// Whether the decoder may read `plain`: it allocates by the head alone, and overflows at counts of nine bytes.
fn check(plain: &[u8]) -> Result<(), String> {
    let (cookie, rest) = number(plain)?;
    let (announced, rest) = number(rest)?;
    let (_offset, rest) = number(rest)?;
    let (digits, rest) = number(rest)?;
    // The lowest and the highest value and a ratio, eight bytes each, which the decoder checks itself.
    let counts = rest.get(24..).ok_or_else(cut_off)?;
    if cookie != PLAIN {
        return Err(format!("inside it begins with {cookie:08x}, expected {PLAIN:08x}"));
    }
    if announced as usize != counts.len() {
        return Err(format!("it announces {announced} bytes of counts and holds {}", counts.len()));
    }
    if digits > DIGITS_LIMIT {
        return Err(format!("it has {digits} digits, expected at most {DIGITS_LIMIT}"));
    }
    // Seven bits a byte, and the highest says whether more follow.
    if counts.split(|byte| *byte < 0x80).any(|more| more.len() >= 8) {
        return Err("it has a count beyond any measurement's".to_owned());
    }
    Ok(())
}

/// The number of 32 bits, the highest first, at the begin of `bytes`, and the rest.
fn number(bytes: &[u8]) -> Result<(u32, &[u8]), String> {
    let (number, rest) = bytes.split_first_chunk().ok_or_else(cut_off)?;
    Ok((u32::from_be_bytes(*number), rest))
}

fn cut_off() -> String {
    "it is cut off within its head".to_owned()
}

impl EncodedHistogram {
    /// The same, if it is one of times.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), and when it has another range or precision.
    pub(crate) fn decode_of_times(&self) -> Result<Histogram<u64>, HistogramError> {
        let (found, own) = (self.decode()?, empty());
        if (found.low(), found.high(), found.sigfig()) == (own.low(), own.high(), own.sigfig()) {
            Ok(found)
        } else {
            Err(HistogramError::OtherRange { high: found.high(), digits: found.sigfig() })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::ZlibEncoder;

    use super::*;

    #[test]
    fn encoding_keeps_every_count() {
        let mut histogram = empty();
        for value in [1, 1_000, 1_000_000, 3_599_000_000_000] {
            histogram.record_n(value, value % 7 + 1).unwrap();
        }
        assert_eq!(EncodedHistogram::encode(&histogram).decode().unwrap(), histogram);
    }

    #[test]
    fn a_histogram_of_another_range_is_no_histogram_of_times() {
        let other = EncodedHistogram::encode(&Histogram::new_with_bounds(1, u64::MAX / 2, 2).unwrap());
        assert!(other.decode().is_ok());
        assert!(matches!(other.decode_of_times(), Err(HistogramError::OtherRange { digits: 2, .. })));
        assert!(EncodedHistogram::encode(&empty()).decode_of_times().is_ok());
    }

    /// `plain` as a file would hold it, with the right checksum.
    fn deflated(plain: &[u8]) -> EncodedHistogram {
        let mut zlib = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(plain).unwrap();
        let zlib = zlib.finish().unwrap();
        let length = u32::try_from(zlib.len()).unwrap();
        let hdr = BASE64.encode([&DEFLATED.to_be_bytes()[..], &length.to_be_bytes(), &zlib].concat());
        EncodedHistogram { crc32: crc32fast::hash(hdr.as_bytes()), hdr }
    }

    /// The plain form of a histogram with `announced` bytes of counts in its head and `counts` behind it.
    fn plain(announced: u32, digits: u32, counts: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        [PLAIN, announced, 0, digits].iter().for_each(|part| bytes.extend(part.to_be_bytes()));
        [1_u64, 3_600_000_000_000, 1.0_f64.to_bits()]
            .iter()
            .for_each(|part| bytes.extend(part.to_be_bytes()));
        bytes.extend(counts);
        bytes
    }

    fn refusal(encoded: &EncodedHistogram) -> String {
        encoded.decode().unwrap_err().to_string()
    }

    #[test]
    fn what_a_head_announces_is_held_to_what_is_there_before_anything_is_allocated() {
        assert_eq!(deflated(&plain(1, 3, &[4])).decode().unwrap().len(), 2);
        let announced = refusal(&deflated(&plain(u32::MAX, 3, &[4])));
        assert!(announced.contains("announces 4294967295 bytes of counts and holds 1"), "{announced}");
        let digits = refusal(&deflated(&plain(1, 5, &[4])));
        assert!(digits.contains("has 5 digits"), "{digits}");
        let bomb = refusal(&deflated(&plain(1 << 22, 3, &vec![0; 1 << 22])));
        assert!(bomb.contains("inflates to more than"), "{bomb}");
        let cut = refusal(&deflated(&plain(0, 3, &[])[..39]));
        assert!(cut.contains("cut off"), "{cut}");
    }

    #[test]
    fn counts_that_would_overflow_a_sum_are_refused() {
        // -2^63, whose negation overflows.
        let lowest = refusal(&deflated(&plain(9, 3, &[0xff; 9])));
        assert!(lowest.contains("a count beyond"), "{lowest}");
        // 2^48.
        let many = refusal(&deflated(&plain(8, 3, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1])));
        assert!(many.contains("observations, expected at most"), "{many}");
    }

    #[test]
    fn any_flipped_character_is_refused() {
        let mut histogram = empty();
        (1..500).for_each(|i| histogram.record(i * 7_919).unwrap());
        let encoded = EncodedHistogram::encode(&histogram);
        for position in 0..encoded.hdr.len() {
            let mut bytes = encoded.hdr.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let flipped = EncodedHistogram { hdr: String::from_utf8(bytes).unwrap(), ..encoded };
            assert!(matches!(flipped.decode(), Err(HistogramError::Altered { .. })), "flip at {position}");
        }
    }
}

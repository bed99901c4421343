//! A histogram of nanoseconds as text, so that it fits one line of a result file.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

/// The longest time a histogram tells apart; longer ones are clamped here and counted.
///
/// One hour is beyond any deadline the load generator accepts, so a clamp means a fault, not a slow server.
pub const TOP: Duration = Duration::from_secs(3600);

/// Longest encoded histogram that is decoded: a full one at this precision stays well below 1 MiB.
const ENCODED_LIMIT: usize = 1 << 20;

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
    /// When the text is not what `encode` wrote: too long, not base 64, or altered.
    pub fn decode(&self) -> Result<Histogram<u64>, HistogramError> {
        if self.hdr.len() > ENCODED_LIMIT {
            return Err(HistogramError::TooLong(self.hdr.len()));
        }
        let found = crc32fast::hash(self.hdr.as_bytes());
        if found != self.crc32 {
            return Err(HistogramError::Altered { found, expected: self.crc32 });
        }
        let bytes = BASE64.decode(&self.hdr)?;
        Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| HistogramError::NotHistogram(format!("{error:?}")))
    }
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

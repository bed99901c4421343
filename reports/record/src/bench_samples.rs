//! What a bench measured one by one, kept beside criterion's own files.

use serde::{Deserialize, Serialize};

use crate::EncodedHistogram;

/// Name of the file in the folder of criterion's latest results for one bench.
pub const BENCH_SAMPLES: &str = "histogram.json";

/// Every sample of one bench, warm-up left out. criterion itself keeps only sums over many operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchSamples {
    /// Version of this format; a reader refuses a higher one.
    pub schema: u32,
    /// What one operation is, in words.
    pub operation: String,
    /// What one sample of the histogram is, in words, where that is not just one operation's time or size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The unit of criterion's figures and of the histogram's values.
    pub unit: BenchUnit,
    /// Operations that one value of the histogram is the sum of: more than 1 where reading the clock costs about as
    /// much as one operation.
    pub operations_per_sample: u32,
    /// criterion's iterations in which they were taken, as its own record adds up; `None` in older files, where an
    /// iteration is an operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    /// The samples.
    pub histogram: EncodedHistogram,
}

/// What a bench counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BenchUnit {
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_a_foreign_key_is_refused() {
        let mut histogram = crate::histogram::empty();
        histogram.record(1_500).unwrap();
        let samples = BenchSamples {
            schema: crate::SCHEMA,
            operation: "a message there and back".to_owned(),
            sample: None,
            unit: BenchUnit::Nanoseconds,
            operations_per_sample: 1,
            iterations: Some(7),
            histogram: EncodedHistogram::encode(&histogram),
        };
        let text = serde_json::to_string(&samples).unwrap();
        assert_eq!(serde_json::from_str::<BenchSamples>(&text).unwrap(), samples);
        let foreign = text.replacen('{', "{\"extra\":1,", 1);
        assert!(serde_json::from_str::<BenchSamples>(&foreign).is_err());
    }
}

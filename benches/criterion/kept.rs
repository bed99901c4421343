//! The files beside criterion's own: each bench's samples as an HDR histogram, and each group's rounds.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use reports_record::{
    BENCH_ROUNDS, BENCH_SAMPLES, BenchRounds, BenchSamples, BenchUnit, EncodedHistogram, SCHEMA, TOP,
};
use serde::Deserialize;

/// What one bench does, for the reader of its results.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    /// One operation in words.
    pub(crate) operation: &'static str,
    /// One sample of the histogram in words, where it is not just one operation.
    pub(crate) sample: Option<&'static str>,
    /// Operations a sample is the sum of.
    pub(crate) operations_per_sample: u32,
}

impl Side {
    /// A bench whose every operation is a sample.
    pub(crate) fn new(operation: &'static str) -> Self {
        Self { operation, sample: None, operations_per_sample: 1 }
    }

    /// A bench whose samples are batches of `size` operations.
    pub(crate) fn batched(operation: &'static str, size: u32) -> Self {
        Self { operation, sample: Some("the mean of a batch"), operations_per_sample: size }
    }

    /// The same with its samples described.
    pub(crate) fn sample(self, sample: &'static str) -> Self {
        Self { sample: Some(sample), ..self }
    }
}

/// The part of criterion's record of the calls that it measured.
#[derive(Debug, Deserialize)]
struct Measured {
    iters: Vec<f64>,
}

/// How many of `calls`, given by their iterations, criterion measured: the last ones, those before were its warm-up.
///
/// `None` when it measured none of them: in a test, or with this bench filtered out.
///
/// # Errors
/// When criterion's file cannot be read.
pub(crate) fn measured(folder: &Path, calls: &[u64]) -> anyhow::Result<Option<usize>> {
    let path = folder.join("sample.json");
    if calls.is_empty() || !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let measured: Measured =
        serde_json::from_str(&text).with_context(|| format!("{} is not criterion's", path.display()))?;
    let Some(first) = calls.len().checked_sub(measured.iters.len()) else { return Ok(None) };
    let same = calls[first..].iter().map(|iterations| *iterations as f64).eq(measured.iters.iter().copied());
    Ok(same.then_some(measured.iters.len()))
}

/// Writes the samples of one bench to `folder`, taken in this number of criterion's iterations.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_samples<'a>(
    folder: &Path,
    side: &Side,
    unit: BenchUnit,
    iterations: u64,
    samples: impl Iterator<Item = &'a u64>,
) -> anyhow::Result<()> {
    let top = u64::try_from(TOP.as_nanos()).unwrap_or(u64::MAX);
    let mut all: Histogram<u64> =
        Histogram::new_with_bounds(1, top, 3).expect("the bounds are constants within what HDR accepts");
    samples.for_each(|&value| all.saturating_record(value));
    write(
        &folder.join(BENCH_SAMPLES),
        &BenchSamples {
            schema: SCHEMA,
            operation: side.operation.to_owned(),
            sample: side.sample.map(str::to_owned),
            unit,
            operations_per_sample: side.operations_per_sample,
            iterations: Some(iterations),
            histogram: EncodedHistogram::encode(&all),
        },
    )
}

/// Writes the rounds of a group to its `folder`.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_rounds(folder: &Path, rounds: &BenchRounds) -> anyhow::Result<()> {
    write(&folder.join(BENCH_ROUNDS), rounds)
}

/// Writes `value` as JSON.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, value: &impl serde::Serialize) -> anyhow::Result<()> {
    fs::write(path, serde_json::to_vec(value)?).with_context(|| format!("cannot write {}", path.display()))
}

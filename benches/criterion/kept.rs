//! The samples of each bench, kept as an HDR histogram beside criterion's own files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use criterion::measurement::{Measurement, WallTime};
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use hdrhistogram::Histogram;
use reports_record::{BENCH_SAMPLES, BenchSamples, BenchUnit, EncodedHistogram, SCHEMA, TOP};
use reports_terminal::talk;
use serde::Deserialize;

/// What one bench does, for the reader of its results.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    /// `sync` or `async`; another name where there is no pair.
    pub(crate) name: &'static str,
    /// One operation in words.
    pub(crate) operation: &'static str,
    /// One sample of the histogram in words, where it is not just one operation.
    pub(crate) sample: Option<&'static str>,
    /// Operations a sample is the sum of.
    pub(crate) operations_per_sample: u32,
}

impl Side {
    /// A bench whose every operation is a sample.
    pub(crate) fn new(name: &'static str, operation: &'static str) -> Self {
        Self { name, operation, sample: None, operations_per_sample: 1 }
    }
}

/// What one call of a bench recorded.
#[derive(Debug)]
pub(crate) struct Samples(Histogram<u64>);

impl Samples {
    fn new() -> Self {
        let top = u64::try_from(TOP.as_nanos()).unwrap_or(u64::MAX);
        Self(Histogram::new_with_bounds(1, top, 3).expect("the bounds are constants within what HDR accepts"))
    }

    /// Keeps `time` and gives it back.
    pub(crate) fn time(&mut self, time: Duration) -> Duration {
        self.value(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        time
    }

    /// Keeps a value in the bench's own unit.
    pub(crate) fn value(&mut self, value: u64) {
        self.0.saturating_record(value);
    }

    /// Keeps every value of `other`.
    pub(crate) fn add(&mut self, other: &Histogram<u64>) {
        self.0.add(other).expect("both histograms tell the same range apart");
    }

    /// An empty one for a thread of its own, to be [merged](Self::merge) when that ends.
    pub(crate) fn fork() -> Self {
        Self::new()
    }

    /// Keeps every value of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.add(&other.0);
    }
}

/// A group of benches in time.
pub(crate) struct Group<'a, M: Measurement = WallTime> {
    group: BenchmarkGroup<'a, M>,
    folder: std::path::PathBuf,
    unit: BenchUnit,
}

/// The group `name`, letters, digits, `_` and `/`; its results go below `results`.
pub(crate) fn group<'a, M: Measurement>(
    criterion: &'a mut Criterion<M>,
    results: &Path,
    name: &str,
    unit: BenchUnit,
) -> Group<'a, M> {
    let mut group = criterion.benchmark_group(name);
    // Every sample of the same length: only then do samples weigh alike when two sides are compared.
    group.sampling_mode(SamplingMode::Flat);
    // criterion names folders so.
    Group { group, folder: results.join(name.replace('/', "_")), unit }
}

impl<M: Measurement> Group<'_, M> {
    /// Measures one side: `routine` does so many iterations, keeps their samples, and gives what they took together.
    pub(crate) fn side(&mut self, side: Side, mut routine: impl FnMut(u64, &mut Samples) -> M::Value) {
        self.prepared_side(side, || (), |(), iterations, samples| routine(iterations, samples));
    }

    /// As [`side`](Self::side), with something that is prepared once, unmeasured, and not at all if this bench was not
    /// asked for.
    pub(crate) fn prepared_side<T>(
        &mut self,
        side: Side,
        mut prepare: impl FnMut() -> T,
        mut routine: impl FnMut(&mut T, u64, &mut Samples) -> M::Value,
    ) {
        let mut calls: Vec<(u64, Samples)> = Vec::new();
        let mut prepared = None;
        self.group.bench_function(side.name, |bencher| {
            // Outside iter_custom: criterion takes all time spent in there for warm-up.
            let prepared = prepared.get_or_insert_with(&mut prepare);
            bencher.iter_custom(|iterations| {
                let mut samples = Samples::new();
                let value = routine(prepared, iterations, &mut samples);
                calls.push((iterations, samples));
                value
            });
        });
        let folder = self.folder.join(side.name).join("new");
        if let Err(error) = keep(&folder, &side, self.unit, &calls) {
            // criterion's own results stand; the page will say what is missing.
            talk!("costs: cannot keep the samples of {}: {error:#}", side.name);
        }
    }
}

/// criterion's record of the calls that it measured.
#[derive(Debug, Deserialize)]
struct Measured {
    iters: Vec<f64>,
}

/// Writes the samples of the calls that criterion measured: the last ones, those before were its warm-up.
///
/// Nothing is written when criterion measured none of them: in a test, or with this bench filtered out.
fn keep(folder: &Path, side: &Side, unit: BenchUnit, calls: &[(u64, Samples)]) -> anyhow::Result<()> {
    let path = folder.join("sample.json");
    if calls.is_empty() || !path.is_file() {
        return Ok(());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let measured: Measured =
        serde_json::from_str(&text).with_context(|| format!("{} is not criterion's", path.display()))?;
    let Some(first) = calls.len().checked_sub(measured.iters.len()) else { return Ok(()) };
    let last = &calls[first..];
    if !last.iter().map(|(iterations, _)| *iterations as f64).eq(measured.iters) {
        // Results of an earlier invocation: this one measured nothing.
        return Ok(());
    }
    let mut all = Samples::new();
    last.iter().for_each(|(_, samples)| all.merge(samples));
    let samples = BenchSamples {
        schema: SCHEMA,
        operation: side.operation.to_owned(),
        sample: side.sample.map(str::to_owned),
        unit,
        operations_per_sample: side.operations_per_sample,
        histogram: EncodedHistogram::encode(&all.0),
    };
    let path = folder.join(BENCH_SAMPLES);
    fs::write(&path, serde_json::to_vec(&samples)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

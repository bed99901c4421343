//! Reading what criterion and the benches wrote: a folder a bench, four files in it.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use reports_record::{
    BENCH_MODEL, BENCH_ROUNDS, BENCH_SAMPLES, BenchModel, BenchRounds, BenchSamples, BenchSlice, BenchUnit,
    ModelledRequest, SCHEMA, open_regular, rank,
};
use reports_stats::effect::Interval;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::label;

/// Everything in a folder of results.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// By group, and within it by name.
    pub(super) benches: Vec<Bench>,
    /// The rounds of each pair, by group.
    pub(super) groups: Vec<BenchRounds>,
    /// Requests that their parts are to explain.
    pub(super) requests: Vec<ModelledRequest>,
    /// What could not be read, and why.
    pub(super) skipped: Vec<Skipped>,
}

/// A bench that was left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    /// Its folder within the results.
    pub(super) name: String,
    /// Why.
    pub(super) reason: String,
}

/// One bench's latest results.
#[derive(Debug, Clone)]
pub(super) struct Bench {
    pub(super) group: String,
    /// `sync` or `async` in a pair.
    pub(super) name: String,
    /// What one operation is.
    pub(super) operation: String,
    /// What one sample of the histogram is, where it is not an operation.
    pub(super) sample: Option<String>,
    pub(super) unit: BenchUnit,
    /// criterion's estimate of one operation.
    pub(super) estimate: f64,
    /// Its bootstrap interval, at criterion's confidence.
    pub(super) interval: Interval,
    /// How many samples criterion's estimate rests on.
    pub(super) estimated_from: usize,
    pub(super) quantiles: Quantiles,
}

/// Quantiles of the histogram, for one operation; `None` with fewer than ten samples beyond.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantiles {
    /// Values in the histogram.
    pub(super) samples: u64,
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) p99_9: Option<f64>,
    pub(super) max: f64,
}

#[derive(Deserialize)]
struct Identity {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
    slope: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    confidence_interval: ConfidenceInterval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct ConfidenceInterval {
    lower_bound: f64,
    upper_bound: f64,
}

#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// The folder of a bench's latest results.
const LATEST: &str = "new";
/// How deep criterion nests: group, function, parameter, [`LATEST`].
const DEPTH: usize = 4;
/// Longest file that is read; those of a bench stay below 1 MB.
const FILE_LIMIT: u64 = 8 << 20;

impl Results {
    /// Everything below `folder`, in a stable order.
    ///
    /// # Errors
    /// When the folder itself cannot be listed.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let mut latest = Vec::new();
        fs::read_dir(folder)?;
        find(folder, DEPTH, &mut latest);
        let mut results = Self::default();
        results.read_rounds(folder);
        results.read_model(folder);
        for path in latest {
            match bench(&path) {
                Ok(bench) => results.benches.push(bench),
                Err(reason) => {
                    results.skip(folder, path.parent().unwrap_or(&path), reason);
                }
            }
        }
        // sync before async, as everywhere on the page.
        results
            .benches
            .sort_by_cached_key(|bench| (natural(&bench.group), bench.name != "sync", bench.name.clone()));
        results.groups.sort_by_cached_key(|group| natural(&group.group));
        results.skipped.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(results)
    }

    /// The rounds of every group; a folder without any is not a pair's.
    fn read_rounds(&mut self, folder: &Path) {
        for path in folders(folder).filter(|path| path.join(BENCH_ROUNDS).exists()) {
            match rounds(&path) {
                Ok(rounds) => self.groups.push(rounds),
                Err(reason) => self.skip(folder, &path, reason),
            }
        }
    }

    fn read_model(&mut self, folder: &Path) {
        if !folder.join(BENCH_MODEL).exists() {
            return;
        }
        match json::<BenchModel>(folder, BENCH_MODEL)
            .and_then(|model| readable(model.schema, BENCH_MODEL).map(|()| model))
        {
            Ok(model) => self.requests = model.requests,
            Err(reason) => self.skipped.push(Skipped { name: BENCH_MODEL.to_owned(), reason }),
        }
    }

    fn skip(&mut self, folder: &Path, path: &Path, reason: String) {
        let name = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        self.skipped.push(Skipped { name, reason });
    }
}

/// Folders of latest results below `folder`; what cannot be listed holds none.
fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for path in folders(folder) {
        if path.file_name().is_some_and(|name| name == LATEST) {
            found.push(path);
        } else if depth > 1 {
            find(&path, depth - 1, found);
        }
    }
}

/// The folders in `folder`. Links are not followed: they could lead in a circle.
fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    paths.filter(|path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()))
}

fn rounds(folder: &Path) -> Result<BenchRounds, String> {
    let rounds: BenchRounds = json(folder, BENCH_ROUNDS)?;
    readable(rounds.schema, BENCH_ROUNDS)?;
    let slices = rounds.rounds.iter().flat_map(|round| round.sync.iter().chain(&round.r#async));
    let usable = |slice: &BenchSlice| {
        slice.operations > 0 && slice.value >= 0.0 && slice.cpu_ns.is_none_or(|cpu| cpu >= 0.0)
    };
    if rounds.rounds.is_empty() || !slices.into_iter().all(usable) {
        return Err(format!("{BENCH_ROUNDS}: expected rounds of operations that cost something"));
    }
    Ok(rounds)
}

fn readable(schema: u32, name: &str) -> Result<(), String> {
    if schema > SCHEMA {
        return Err(format!("{name} has schema {schema}, this version reads up to {SCHEMA}"));
    }
    Ok(())
}

fn bench(folder: &Path) -> Result<Bench, String> {
    let identity: Identity = json(folder, "benchmark.json")?;
    let estimates: Estimates = json(folder, "estimates.json")?;
    let sample: Sample = json(folder, "sample.json")?;
    let kept: BenchSamples = json(folder, BENCH_SAMPLES)?;
    readable(kept.schema, BENCH_SAMPLES)?;
    let name = [identity.function_id, identity.value_str].into_iter().flatten().collect::<Vec<_>>().join("/");
    let typical = estimates.slope.unwrap_or(estimates.mean);
    let interval =
        Interval { lo: typical.confidence_interval.lower_bound, hi: typical.confidence_interval.upper_bound };
    let usable = |value: f64| value.is_finite() && value > 0.0;
    if !(usable(typical.point_estimate) && usable(interval.lo) && interval.lo <= interval.hi) {
        return Err("estimates.json: the estimate is not positive within its interval".to_owned());
    }
    let Sample { iters, times } = sample;
    if iters.len() != times.len()
        || iters.len() < 2
        || !iters.iter().chain(&times).all(|value| usable(*value))
    {
        return Err("sample.json: expected as many positive times as iterations, at least two".to_owned());
    }
    let quantiles = quantiles(&kept, iters.iter().sum())?;
    Ok(Bench {
        group: identity.group_id,
        name,
        operation: kept.operation,
        sample: kept.sample,
        unit: kept.unit,
        estimate: typical.point_estimate,
        interval,
        estimated_from: iters.len(),
        quantiles,
    })
}

fn quantiles(kept: &BenchSamples, iterations: f64) -> Result<Quantiles, String> {
    let histogram = kept.histogram.decode().map_err(|error| format!("{BENCH_SAMPLES}: {error}"))?;
    let (samples, each) = (histogram.len(), f64::from(kept.operations_per_sample.max(1)));
    let of_one_measurement = match kept.iterations {
        // An iteration may be many operations: a round of requests is one.
        Some(own) => own as f64 == iterations,
        None => samples as f64 * each <= iterations,
    };
    if !of_one_measurement {
        return Err(format!(
            "{BENCH_SAMPLES} holds {samples} samples of {} iterations and sample.json has {iterations}: they are not of \
             one measurement",
            kept.iterations
                .map_or_else(|| format!("at least {}", samples as f64 * each), |own| own.to_string()),
        ));
    }
    // In the middle between two ranks, so that rounding cannot reach the next.
    let at_rank = |rank: u64| histogram.value_at_quantile((rank as f64 - 0.5) / samples as f64) as f64 / each;
    let at = |q: f64| rank::is_enough(samples, q).then(|| at_rank(rank::rank(q, samples)));
    Ok(Quantiles {
        samples,
        p50: at(0.5),
        p99: at(0.99),
        p99_9: at(0.999),
        max: histogram.max() as f64 / each,
    })
}

fn json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, String> {
    let cannot = |error: io::Error| format!("cannot read {name}: {error}");
    let mut bytes = Vec::new();
    let file = open_regular(folder.join(name)).map_err(cannot)?;
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(format!("{name} is longer than {} MiB: not a bench's", FILE_LIMIT >> 20));
    }
    serde_json::from_slice(&bytes).map_err(|error| format!("{name}: {}", label::passage(&error.to_string())))
}

/// Orders names by their parts, numbers by value: 1, 16, 64 and not 1, 16, 2.
fn natural(name: &str) -> Vec<(Option<u64>, String)> {
    name.split('/').map(|part| (part.parse().ok(), part.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_ordered_by_value() {
        let mut names = ["request/stock/16", "request/stock/2", "lock/free", "request/stock/1"];
        names.sort_by_cached_key(|name| natural(name));
        assert_eq!(names, ["lock/free", "request/stock/1", "request/stock/2", "request/stock/16"]);
    }
}

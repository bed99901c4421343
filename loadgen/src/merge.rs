//! Several measurements of one plan as one.
//!
//! What can be added is added: histograms, counts, costs. What cannot is absent from the whole, not made up.

mod certificate;
mod sound;
mod sum;
#[cfg(test)]
mod tests;
mod times;

use reports_record::{HistogramError, Measurement, MergedPart};
use serde_json::Value;

use crate::certificate::slices::certify as slices_certificate;

/// A measurement and where it was read.
#[derive(Debug, Clone)]
pub struct Part {
    /// How it is called when something is wrong with it: its file.
    pub name: String,
    /// What was measured.
    pub measurement: Measurement,
}

/// Why measurements cannot be added up.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Nothing to add.
    #[error("expected two measurements or more, found {0}")]
    TooFew(usize),
    /// It says that it was cut short.
    #[error("{0}: it was interrupted (complete: false); only whole measurements are added up")]
    Incomplete(String),
    /// Its figures do not agree with each other.
    #[error("{name}: it contradicts itself, so that it was altered or is no measurement of loadgen: {what}")]
    Contradiction {
        /// Which part.
        name: String,
        /// Which figures, with both values.
        what: String,
    },
    /// A histogram of it cannot be read.
    #[error("{name}: {cause}")]
    Histogram {
        /// Which part.
        name: String,
        /// What is wrong with it; part of the message, and so not its source again.
        cause: HistogramError,
    },
    /// It was measured with another plan.
    #[error(
        "{field} is {found} in {name}, but {expected} in {first}; only measurements with the same plan are added up"
    )]
    OtherPlan {
        /// The first field that differs.
        field: String,
        /// The part that differs, and its value.
        name: String,
        /// Its value.
        found: String,
        /// The first part.
        first: String,
        /// Its value.
        expected: String,
    },
    /// The same measurement is there twice.
    #[error("{second}: the same measurement as {first}, whose requests would count twice")]
    Twice {
        /// One file.
        first: String,
        /// Another.
        second: String,
    },
    /// Counts that no measurement has.
    #[error("{0}: the sum is beyond 64 bits")]
    TooMany(&'static str),
}

/// All `parts` as one measurement: as if its window were theirs, one after another.
///
/// Rates are those over all windows together. Quantiles are those of the histograms added up. Times that are kept without
/// a histogram have no quantiles any more, only their count, mean and maximum. There are no sub-windows, for they lie in
/// different windows, and no intervals, which follow from such parts. The certificate has each check as it was at its worst. The plan is the parts' own, seed and duration
/// those of the first.
///
/// # Errors
/// When they do not belong together, are not whole, or contradict themselves.
pub fn merge(parts: &[Part]) -> Result<Measurement, MergeError> {
    let [first, others @ ..] = parts else { return Err(MergeError::TooFew(0)) };
    if others.is_empty() {
        return Err(MergeError::TooFew(1));
    }
    for part in parts {
        if !part.measurement.complete {
            return Err(MergeError::Incomplete(part.name.clone()));
        }
        sound::ensure(part)?;
    }
    others.iter().try_for_each(|other| ensure_same_plan(first, other))?;
    let merged_from = sources(parts)?;
    let sum = sum::of(parts)?;
    Ok(Measurement { merged_from, certificate: certificate::worst(parts), ..sum })
}

/// Slices of one server, measured in turn with those of others, as one measurement.
///
/// As [`merge`], but the certificate is that of all slices together, and so are the client's shares of time: slices are too short to
/// be judged one by one. The parts are not named in it.
///
/// # Errors
/// As [`merge`].
pub fn merge_slices(slices: &[Part]) -> Result<Measurement, MergeError> {
    let all: Vec<&Measurement> = slices.iter().map(|slice| &slice.measurement).collect();
    let mut whole = merge(slices)?;
    let over = |share: fn(&Measurement) -> Option<f64>| {
        let shares: Option<Vec<f64>> = all.iter().map(|slice| Some(share(slice)? * slice.window_s)).collect();
        shares.map(|shares| shares.iter().sum::<f64>() / whole.window_s)
    };
    let (busiest, waited) =
        (over(|slice| Some(slice.client.busiest_thread)), over(|slice| slice.client.cpu_wait));
    let occupied = over(|slice| slice.client.occupied);
    whole.client.busiest_thread = busiest.unwrap_or(whole.client.busiest_thread);
    whole.client.cpu_wait = waited;
    whole.client.occupied = occupied;
    whole.merged_from.clear();
    whole.certificate = slices_certificate(&all);
    Ok(whole)
}

/// Fields that older files do not have: of these nothing is known, and nothing is said.
const LATER: [&str; 3] = ["replay_crc32", "request_crc32", "expect"];

/// Seeds may differ: repeats have one of their own each.
fn ensure_same_plan(first: &Part, other: &Part) -> Result<(), MergeError> {
    let plan = |part: &Part| match serde_json::to_value(&part.measurement.plan) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("a plan is a struct of plain values"),
    };
    let (expected, found) = (plan(first), plan(other));
    let is_unknown = |field: &str| {
        let is_null = |plan: &serde_json::Map<String, Value>| plan.get(field).is_none_or(Value::is_null);
        LATER.contains(&field) && (is_null(&expected) || is_null(&found))
    };
    let differs = |field: &str, value: &Value| found.get(field) != Some(value) && !is_unknown(field);
    match expected.iter().find(|(field, value)| *field != "seed" && differs(field, value)) {
        None => Ok(()),
        Some((field, value)) => Err(MergeError::OtherPlan {
            field: format!("plan.{field}"),
            name: other.name.clone(),
            found: found.get(field).map(Value::to_string).unwrap_or_default(),
            first: first.name.clone(),
            expected: value.to_string(),
        }),
    }
}

/// What the whole is the sum of, no measurement twice, be it as a part of an earlier sum.
fn sources(parts: &[Part]) -> Result<Vec<MergedPart>, MergeError> {
    let mut sources: Vec<MergedPart> = Vec::new();
    for part in parts {
        let own = if part.measurement.merged_from.is_empty() {
            vec![source(part)]
        } else {
            part.measurement.merged_from.clone()
        };
        for source in own {
            if let Some(known) = sources.iter().find(|known| known.crc32 == source.crc32) {
                return Err(MergeError::Twice { first: known.file.clone(), second: source.file });
            }
            sources.push(source);
        }
    }
    Ok(sources)
}

fn source(part: &Part) -> MergedPart {
    let Measurement { plan, window_s, certificate, .. } = &part.measurement;
    // As it is written here, so that blanks and line ends of a file make no difference.
    let written = serde_json::to_vec(&part.measurement).unwrap_or_default();
    MergedPart {
        file: part.name.clone(),
        crc32: crc32fast::hash(&written),
        seed: plan.seed,
        window_s: *window_s,
        verdict: certificate.verdict,
    }
}

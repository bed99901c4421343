//! Adds measurements up.

use std::process::ExitCode;

use loadgen::Part;
use reports_record::{Measurement, read_measurement};

use super::measure::report;
use super::{INVALID, NOT_STARTED, UNWRITTEN, VALID, complain};
use crate::cli::flags::merge::MergeFlags;
use crate::cli::outputs::{Outputs, write_hgrm};

/// Adds up, writes the sum, and tells by its exit code whether it may be believed.
pub(crate) fn run(flags: &MergeFlags) -> ExitCode {
    let (sum, outputs) = match flags.outputs().and_then(|outputs| Ok((add(flags)?, outputs))) {
        Ok(added) => added,
        Err(error) => return complain(&error, NOT_STARTED),
    };
    let code = if sum.certificate.is_believable() { VALID } else { INVALID };
    let Outputs { json, hgrm, .. } = outputs;
    let written = [hgrm.map(|file| write_hgrm(&file, &sum)), Some(report(&sum, json.as_ref()))];
    let failed = written.into_iter().flatten().filter_map(Result::err);
    failed.map(|error| complain(&error, UNWRITTEN)).last().unwrap_or(ExitCode::from(code))
}

fn add(flags: &MergeFlags) -> anyhow::Result<Measurement> {
    let read = flags
        .files
        .iter()
        .map(|path| Ok(Part { name: path.display().to_string(), measurement: read_measurement(path)? }));
    Ok(loadgen::merge(&read.collect::<anyhow::Result<Vec<_>>>()?)?)
}

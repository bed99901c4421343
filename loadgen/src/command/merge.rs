//! Adds measurements up.

use std::process::ExitCode;

use loadgen::Part;
use reports_record::{Measurement, read_measurement};

use super::measure::summarise;
use super::{INVALID, NOT_STARTED, UNWRITTEN, VALID, complain};
use crate::cli::flags::merge::MergeFlags;
use crate::cli::outputs::write_hgrm;

/// Adds up, writes the sum, and tells by its exit code whether it may be believed.
pub(crate) fn run(flags: &MergeFlags) -> ExitCode {
    let (sum, outputs) = match add(flags).and_then(|sum| Ok((sum, flags.outputs()?))) {
        Ok(added) => added,
        Err(error) => return complain(&error, NOT_STARTED),
    };
    let code = if sum.certificate.is_believable() { VALID } else { INVALID };
    let written = [
        outputs.json.as_ref().map(|output| output.write_json(&sum)),
        outputs.hgrm.as_ref().map(|output| write_hgrm(output, &sum)),
        summarise(&sum, &outputs),
    ];
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

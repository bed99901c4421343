//! Whether a measurement's figures agree with each other.

use reports_record::HistogramError;

use super::{MergeError, Part};

/// Refuses what was altered in a way that leaves JSON which still reads, as far as that shows.
pub(super) fn ensure(part: &Part) -> Result<(), MergeError> {
    let Part { name, measurement } = part;
    measurement
        .contradiction()
        .map_or(Ok(()), |what| Err(MergeError::Contradiction { name: name.clone(), what }))?;
    let read = |cause: HistogramError| match cause {
        HistogramError::OtherTimes(what) => MergeError::Contradiction { name: name.clone(), what },
        cause => MergeError::Histogram { name: name.clone(), cause },
    };
    measurement.service_times().map_err(read)?;
    measurement.response_times().map_err(read)?;
    measurement.beyond_wait_times().map_err(read)?;
    Ok(())
}

//! A run for other tools: a table of its trials, and their histograms in HdrHistogram's own formats.
//!
//! Whatever is asked for is written whole or not at all; an earlier file of the name is replaced by then.

mod cell;
mod crossovers;
mod csv;
mod folder;
mod hdr_log;
mod hgrm;
mod row;
mod verdicts;

use std::path::PathBuf;

pub use self::csv::{columns, trials_csv};
pub use crossovers::crossovers_csv;
pub use folder::write_folder;
pub use hdr_log::hdr_log;
pub use hgrm::{Table, percentile_tables};
pub use verdicts::verdicts_csv;

/// Why something could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A histogram of the record is not the one that was written.
    #[error("cannot read a histogram of cell {cell}, {contender}, block {block}: {cause}")]
    Histogram {
        /// The trial's cell.
        cell: String,
        /// Its contender.
        contender: String,
        /// Its block.
        block: u32,
        /// What was wrong; part of the message, and so not its source again.
        cause: reports_record::HistogramError,
    },
    /// A time of the record is none.
    #[error("cannot read the time {text:?}: {cause}")]
    Time {
        /// What stands there.
        text: String,
        /// What was wrong; part of the message, and so not its source again.
        cause: humantime::TimestampError,
    },
    /// The text could not be put together: a bug, for it is made in memory.
    #[error("cannot put the export together: {0}")]
    Text(std::io::Error),
    /// There is something in the folder.
    #[error("cannot write to {0}: it exists and is not empty; name a new folder or empty this one")]
    NotEmpty(PathBuf),
    /// A file or folder could not be written.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why; likewise.
        cause: std::io::Error,
    },
}

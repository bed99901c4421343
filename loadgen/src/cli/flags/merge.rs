//! What can be asked of a merge.

use std::path::PathBuf;

use clap::Args;

use crate::cli::outputs::{Outputs, Places};

/// Which measurements, and where their sum goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct MergeFlags {
    /// Files of --json, two or more
    #[arg(value_name = "FILE", required = true, num_args = 2..)]
    pub(crate) files: Vec<PathBuf>,

    /// Write the sum to this new file as JSON; - for stdout, where then nothing else goes
    ///
    /// Written whole or not at all; a file that exists is refused.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Write the sum's percentiles to this new file, as HdrHistogram plotters read them, in milliseconds
    ///
    /// Response times, of closed loops service times. Written whole or not at all.
    #[arg(long, value_name = "PATH")]
    hgrm: Option<PathBuf>,
}

impl MergeFlags {
    /// Where the sum goes, checked.
    pub(crate) fn outputs(&self) -> anyhow::Result<Outputs> {
        let [json, hgrm] = [&self.json, &self.hgrm].map(Option::as_deref);
        Outputs::prepare(&Places { json, hgrm, ..Places::default() })
    }
}

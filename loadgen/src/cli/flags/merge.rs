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

    /// Write the sum to this file as JSON; - for stdout, where then nothing else goes
    ///
    /// A file that exists is replaced, whole or not at all, unless it is one of those that are added up.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Write the sum's percentiles to this file, in milliseconds, as HdrHistogram plotters read them
    ///
    /// Response times; of closed loops, service times. Written whole or not at all.
    #[arg(long, value_name = "PATH")]
    hgrm: Option<PathBuf>,
}

impl MergeFlags {
    /// Where the sum goes, checked.
    pub(crate) fn outputs(&self) -> anyhow::Result<Outputs> {
        let [json, hgrm] = [&self.json, &self.hgrm].map(Option::as_deref);
        let inputs = self.files.iter().map(|file| ("", file.as_path())).collect();
        Outputs::open(&Places { json, hgrm, inputs, ..Places::default() })
    }
}

//! Where results go besides stdout.

use std::path::PathBuf;

use clap::Args;

use crate::cli::outputs::{Outputs, Places};

/// Where results go besides stdout.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputFlags {
    /// Write the measurement to this new file as JSON; - for stdout, where then nothing else goes
    ///
    /// Written whole or not at all; a file that exists is refused before anything starts.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Write each second's times to this new file, as an HdrHistogram interval log
    ///
    /// Response times, in a closed loop service times. Written while measuring: what there is survives even SIGKILL. Costs
    /// each client thread a fresh histogram a second.
    #[arg(long, value_name = "PATH")]
    hdr_log: Option<PathBuf>,

    /// Write each second to this new file, as a row of a table (CSV): what was due, rates, outcomes, quantiles
    ///
    /// Times are response times, in a closed loop service times. Written while measuring, as --hdr-log, and at the same cost.
    #[arg(long, value_name = "PATH")]
    csv: Option<PathBuf>,

    /// Write the measurement's percentiles to this new file, as HdrHistogram plotters read them, in milliseconds
    ///
    /// Response times, in a closed loop service times. Written whole or not at all.
    #[arg(long, value_name = "PATH")]
    hgrm: Option<PathBuf>,

    /// Write the measurement's page to this new file: one self-contained HTML document
    ///
    /// Whether to believe it and why, times, the whole tail, the course, outcomes, and how to do it again. Makes no request when
    /// it is opened. Written whole or not at all; `report` renders the same page from what --json wrote.
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,
}

impl OutputFlags {
    /// Where results go, checked.
    pub(crate) fn outputs(&self) -> anyhow::Result<Outputs> {
        Outputs::prepare(&Places {
            json: self.json.as_deref(),
            html: self.html.as_deref(),
            hgrm: self.hgrm.as_deref(),
            hdr_log: self.hdr_log.as_deref(),
            csv: self.csv.as_deref(),
        })
    }
}

//! Where results go besides stdout.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::outputs::{Outputs, Places};

/// Where results go besides stdout.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputFlags {
    /// Write the measurement to this file as JSON; - for stdout, where then nothing else goes
    ///
    /// A file that exists is replaced, whole or not at all. As all results, it may also go to a pipe or a device, such as
    /// /dev/null or a shell's >(jq .goodput_per_s).
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Write each second's times to this file, as an HdrHistogram interval log
    ///
    /// Response times; in a closed loop, service times. Written while measuring, in place of an earlier file: the seconds
    /// so far survive even SIGKILL. Costs each client thread a fresh histogram every second.
    #[arg(long, value_name = "PATH")]
    hdr_log: Option<PathBuf>,

    /// Write each second to this file, as a row of a table (CSV): requests due, rates, outcomes, quantiles
    ///
    /// Times are response times; in a closed loop, service times. Written while measuring, like --hdr-log, at the same cost.
    #[arg(long, value_name = "PATH")]
    csv: Option<PathBuf>,

    /// Write each request to this file, as a row of a table (CSV): its start, its times and its outcome, in nanoseconds
    ///
    /// For checking the figures, and for analyses of your own: the times are exact, and relative to the window's start. Written
    /// while measuring, once a second. Costs about 100 bytes of disk a request, memory for the requests of a second (200 bytes
    /// each) and CPU time, so that it is not for the highest rates.
    #[arg(long, value_name = "PATH")]
    raw: Option<PathBuf>,

    /// Write the percentiles to this file, in milliseconds, as HdrHistogram plotters read them
    ///
    /// Response times; in a closed loop, service times. Written whole or not at all.
    #[arg(long, value_name = "PATH")]
    hgrm: Option<PathBuf>,

    /// Write a page about the measurement to this file: one self-contained HTML document
    ///
    /// It shows whether to believe the figures and why, the times with their whole tail, the course, the outcomes, and the
    /// command. It makes no request when opened. Written whole or not at all; `report` renders the same page from the file
    /// of --json.
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,
}

impl OutputFlags {
    /// Where results go, checked; none takes the place of one of `inputs`.
    pub(crate) fn outputs(&self, inputs: Vec<(&'static str, &Path)>) -> anyhow::Result<Outputs> {
        Outputs::open(&Places {
            json: self.json.as_deref(),
            html: self.html.as_deref(),
            hgrm: self.hgrm.as_deref(),
            hdr_log: self.hdr_log.as_deref(),
            csv: self.csv.as_deref(),
            raw: self.raw.as_deref(),
            inputs,
        })
    }
}

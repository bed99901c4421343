//! Everything that a measurement is written to besides stdout, checked before it starts.

use std::path::Path;

use anyhow::Context as _;
use reports_record::{Measurement, percentile_table};

use super::output::{Output, ensure_apart};

/// Where results go.
#[derive(Debug)]
pub(crate) struct Outputs {
    pub(crate) json: Option<Output>,
    pub(crate) html: Option<Output>,
    pub(crate) hgrm: Option<Output>,
    pub(crate) hdr_log: Option<Output>,
    pub(crate) csv: Option<Output>,
    pub(crate) raw: Option<Output>,
}

/// Where results are to go, as flags name it, and the files that are read (flag and path).
#[derive(Default)]
pub(crate) struct Places<'a> {
    pub(crate) json: Option<&'a Path>,
    pub(crate) html: Option<&'a Path>,
    pub(crate) hgrm: Option<&'a Path>,
    pub(crate) hdr_log: Option<&'a Path>,
    pub(crate) csv: Option<&'a Path>,
    pub(crate) raw: Option<&'a Path>,
    pub(crate) inputs: Vec<(&'static str, &'a Path)>,
}

impl Outputs {
    /// Checks that each can be written to, and is a file of its own.
    pub(crate) fn open(places: &Places<'_>) -> anyhow::Result<Self> {
        let open = |flag, path: Option<&Path>| path.map(|path| Output::open(flag, path)).transpose();
        let outputs = Self {
            json: open("--json", places.json)?,
            html: open("--html", places.html)?,
            hgrm: open("--hgrm", places.hgrm)?,
            hdr_log: open("--hdr-log", places.hdr_log)?,
            csv: open("--csv", places.csv)?,
            raw: open("--raw", places.raw)?,
        };
        ensure_apart(&outputs.all(), &places.inputs)?;
        Ok(outputs)
    }

    /// Whether one of them is stdout, where then no summary goes.
    pub(crate) fn take_stdout(&self) -> bool {
        self.all().into_iter().any(Output::is_stdout)
    }

    fn all(&self) -> Vec<&Output> {
        let Self { json, html, hgrm, hdr_log, csv, raw } = self;
        [raw, csv, hdr_log, json, html, hgrm].into_iter().flatten().collect()
    }
}

/// Writes the measurement's page to `file`.
pub(crate) fn write_html(file: &Output, measurement: &Measurement) -> anyhow::Result<()> {
    file.write(reports_render::measurement::page(measurement).as_bytes())
}

/// Writes the percentile table of the measurement's times to `file`: response times, in a closed loop service times.
pub(crate) fn write_hgrm(file: &Output, measurement: &Measurement) -> anyhow::Result<()> {
    let times = measurement.main_times().context("could not read back the measurement's own histogram")?;
    let plan = &measurement.plan;
    let what =
        format!("{} of {} {}", times_of(measurement.response_time_us.is_some()), plan.method, plan.url);
    file.write(percentile_table(&times, &[&what]).as_bytes())
}

/// What times are told of: said alike in every file.
pub(crate) fn times_of(is_open: bool) -> &'static str {
    if is_open {
        "response times, from the intended start, of correct replies and, at least so long, of what failed"
    } else {
        "service times of correct replies and, at least so long, of what failed"
    }
}

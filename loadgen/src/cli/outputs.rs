//! Everything that a measurement is written to besides stdout, checked before it starts.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use reports_record::{Measurement, percentile_table};

use super::json::JsonOutput;
use super::new_file::NewFile;

/// Where results go.
#[derive(Debug)]
pub(crate) struct Outputs {
    pub(crate) json: Option<JsonOutput>,
    pub(crate) html: Option<NewFile>,
    pub(crate) hgrm: Option<NewFile>,
    pub(crate) hdr_log: Option<NewFile>,
    pub(crate) csv: Option<NewFile>,
}

/// Where results are to go, as flags name it.
#[derive(Default)]
pub(crate) struct Places<'a> {
    pub(crate) json: Option<&'a Path>,
    pub(crate) html: Option<&'a Path>,
    pub(crate) hgrm: Option<&'a Path>,
    pub(crate) hdr_log: Option<&'a Path>,
    pub(crate) csv: Option<&'a Path>,
}

impl Outputs {
    /// Checks that each is a new file of its own.
    pub(crate) fn prepare(places: &Places<'_>) -> anyhow::Result<Self> {
        let Places { json, html, hgrm, hdr_log, csv } = *places;
        let prepare = |flag, path: Option<&Path>| path.map(|path| NewFile::prepare(flag, path)).transpose();
        let outputs = Self {
            json: json.map(JsonOutput::prepare).transpose()?,
            html: prepare("--html", html)?,
            hgrm: prepare("--hgrm", hgrm)?,
            hdr_log: prepare("--hdr-log", hdr_log)?,
            csv: prepare("--csv", csv)?,
        };
        let mut paths: Vec<PathBuf> = outputs.paths().map(Path::to_owned).collect();
        paths.sort();
        if let Some(twice) = paths.windows(2).find(|two| two[0] == two[1]) {
            bail!(
                "{}: expected a file of its own for every result, found two for this one",
                twice[0].display()
            );
        }
        Ok(outputs)
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        let json = match &self.json {
            Some(JsonOutput::File(file)) => Some(file),
            _ => None,
        };
        [json, self.html.as_ref(), self.hgrm.as_ref(), self.hdr_log.as_ref(), self.csv.as_ref()]
            .into_iter()
            .flatten()
            .map(NewFile::path)
    }
}

/// Writes the measurement's page to `file`.
pub(crate) fn write_html(file: &NewFile, measurement: &Measurement) -> anyhow::Result<()> {
    file.write_whole(reports_render::measurement::page(measurement).as_bytes())
}

/// Writes the percentile table of the measurement's times to `file`: response times, in a closed loop service times.
pub(crate) fn write_hgrm(file: &NewFile, measurement: &Measurement) -> anyhow::Result<()> {
    let histograms = &measurement.histograms;
    let times = match histograms.response_time().transpose() {
        Some(response) => response,
        None => histograms.service_time(),
    };
    let times = times.context("could not read back the measurement's own histogram")?;
    let plan = &measurement.plan;
    let what =
        format!("{} of {} {}", times_of(measurement.response_time_us.is_some()), plan.method, plan.url);
    file.write_whole(percentile_table(&times, &[&what]).as_bytes())
}

/// What times are told of: said alike in every file.
pub(crate) fn times_of(is_open: bool) -> &'static str {
    if is_open {
        "response times, from the intended start, of correct replies and, at least so long, of what failed"
    } else {
        "service times of correct replies and, at least so long, of what failed"
    }
}

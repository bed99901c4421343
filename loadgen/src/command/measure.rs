//! Measures, as asked by flags.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use loadgen::{Client, Interrupt, Progress};
use reports_record::Measurement;

use super::{INVALID, NOT_STARTED, UNWRITTEN, VALID, complain};
use crate::cli::flags::MeasureFlags;
use crate::cli::hdr_log::HdrLog;
use crate::cli::json::JsonOutput;
use crate::cli::live::LiveLine;
use crate::cli::outputs::{Outputs, write_hgrm, write_html};
use crate::cli::signals::Signals;
use crate::cli::summary::Summary;
use crate::cli::unless_closed;

/// Measures, writes the results, and tells by its exit code whether they may be believed.
pub(crate) fn run(flags: &MeasureFlags) -> ExitCode {
    let interrupt = Interrupt::default();
    let signals = match Signals::watch(&interrupt).context("could not watch for signals") {
        Ok(signals) => signals,
        Err(error) => return complain(&error, NOT_STARTED),
    };
    let measured = flags.outputs().and_then(|outputs| Ok((measure(flags, &outputs, &interrupt)?, outputs)));
    let ((measurement, log), outputs) = match measured {
        Ok(measured) => measured,
        Err(error) => return complain(&error, signals.exit_code().unwrap_or(NOT_STARTED)),
    };
    let valid = if measurement.certificate.is_believable() { VALID } else { INVALID };
    let code = signals.exit_code().unwrap_or(valid);
    let written = [
        log.map(HdrLog::finish),
        outputs.html.as_ref().map(|file| write_html(file, &measurement)),
        outputs.hgrm.as_ref().map(|file| write_hgrm(file, &measurement)),
        Some(report(&measurement, outputs.json.as_ref())),
    ];
    // Each is tried, whatever became of those before it.
    let failed = written.into_iter().flatten().filter_map(Result::err);
    failed.map(|error| complain(&error, UNWRITTEN)).last().unwrap_or(ExitCode::from(code))
}

fn measure(
    flags: &MeasureFlags,
    outputs: &Outputs,
    interrupt: &Interrupt,
) -> anyhow::Result<(Measurement, Option<HdrLog>)> {
    let plan = flags.plan()?;
    let mut client = Client::connect(plan.load.request.url(), &plan.crew, plan.priming.as_ref(), interrupt)
        .with_context(|| format!("could not start against {}", plan.load.request.url()))?;
    let mut log = outputs.hdr_log.as_ref().map(|file| HdrLog::begin(file, &plan.load)).transpose()?;
    eprintln!("{}", plan.announcement(client.address()));
    let mut line = LiveLine::new(&plan.load);
    let mut show = |progress: &Progress| line.show(progress);
    let measured = match &mut log {
        None => client.measure(&plan.load, interrupt, &mut show),
        Some(log) => {
            client.measure_by_seconds(&plan.load, interrupt, &mut show, &mut |interval| log.push(interval))
        }
    };
    line.clear();
    Ok((measured?, log))
}

/// Data on stdout: the summary, or with `--json -` the JSON and nothing else.
fn report(measurement: &Measurement, json: Option<&JsonOutput>) -> anyhow::Result<()> {
    let stdout_taken = matches!(json, Some(JsonOutput::Stdout));
    if let Some(json) = json {
        json.write(measurement)?;
    }
    if !stdout_taken {
        let summary = Summary(measurement).to_string();
        unless_closed(std::io::stdout().write_all(summary.as_bytes()))
            .context("could not write the summary")?;
    }
    Ok(())
}

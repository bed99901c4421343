//! `loadgen`: pushes load at an HTTP server and says what came of it.

mod cli;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use loadgen::{Client, Interrupt, Progress, Request};
use reports_record::Measurement;

use cli::flags::Flags;
use cli::hdr_log::HdrLog;
use cli::json::JsonOutput;
use cli::live::LiveLine;
use cli::outputs::{Outputs, write_hgrm};
use cli::signals::Signals;
use cli::summary::Summary;

/// Measured, and what was measured may be believed.
const VALID: u8 = 0;
/// Measured, but the result could not be written.
const UNWRITTEN: u8 = 1;
/// Could not start, or was asked for something that cannot be.
const NOT_STARTED: u8 = 2;
/// Measured, and not to be believed.
const INVALID: u8 = 3;

fn main() -> ExitCode {
    let flags = Flags::parse();
    let interrupt = Interrupt::default();
    let signals = match Signals::watch(&interrupt).context("could not watch for signals") {
        Ok(signals) => signals,
        Err(error) => return complain(&error, NOT_STARTED),
    };
    let measured = flags.outputs().and_then(|outputs| Ok((measure(&flags, &outputs, &interrupt)?, outputs)));
    let ((measurement, log), outputs) = match measured {
        Ok(measured) => measured,
        Err(error) => return complain(&error, signals.exit_code().unwrap_or(NOT_STARTED)),
    };
    let valid = if measurement.certificate.is_believable() { VALID } else { INVALID };
    let code = signals.exit_code().unwrap_or(valid);
    let written = [
        log.map(HdrLog::finish),
        outputs.hgrm.as_ref().map(|file| write_hgrm(file, &measurement)),
        Some(report(&measurement, outputs.json.as_ref())),
    ];
    // Each is tried, whatever became of those before it.
    let failed = written.into_iter().flatten().filter_map(Result::err);
    failed.map(|error| complain(&error, UNWRITTEN)).last().unwrap_or(ExitCode::from(code))
}

fn measure(
    flags: &Flags,
    outputs: &Outputs,
    interrupt: &Interrupt,
) -> anyhow::Result<(Measurement, Option<HdrLog>)> {
    let plan = flags.plan()?;
    let priming = plan.priming.as_ref().map(Request::get);
    let mut client = Client::connect(plan.load.request.url(), &plan.crew, priming.as_ref(), interrupt)
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
        cli::unless_closed(std::io::stdout().write_all(summary.as_bytes()))
            .context("could not write the summary")?;
    }
    Ok(())
}

fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    // Nobody may be listening; the exit code still says it.
    let _ = writeln!(std::io::stderr(), "loadgen: {error:#}");
    ExitCode::from(code)
}

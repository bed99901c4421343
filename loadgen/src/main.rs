//! `loadgen`: pushes load at an HTTP server and says what came of it.

mod cli;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use loadgen::{Client, Interrupt, Progress, Request};
use reports_record::Measurement;

use cli::flags::Flags;
use cli::json::JsonOutput;
use cli::live::LiveLine;
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
    let measured = flags.json_output().and_then(|json| Ok((measure(&flags, &interrupt)?, json)));
    let (measurement, json) = match measured {
        Ok(measured) => measured,
        Err(error) => return complain(&error, signals.exit_code().unwrap_or(NOT_STARTED)),
    };
    let code = if measurement.certificate.is_believable() { VALID } else { INVALID };
    match report(&measurement, json) {
        Ok(()) => ExitCode::from(signals.exit_code().unwrap_or(code)),
        Err(error) => complain(&error, UNWRITTEN),
    }
}

fn measure(flags: &Flags, interrupt: &Interrupt) -> anyhow::Result<Measurement> {
    let plan = flags.plan()?;
    let priming = plan.priming.as_ref().map(Request::get);
    let mut client = Client::connect(plan.load.request.url(), &plan.crew, priming.as_ref(), interrupt)
        .with_context(|| format!("could not start against {}", plan.load.request.url()))?;
    eprintln!("{}", plan.announcement(client.address()));
    let mut line = LiveLine::new(&plan.load);
    let measured = client.measure(&plan.load, interrupt, &mut |progress: &Progress| line.show(progress));
    line.clear();
    Ok(measured?)
}

/// Data on stdout: the summary, or with `--json -` the JSON and nothing else.
fn report(measurement: &Measurement, json: Option<JsonOutput>) -> anyhow::Result<()> {
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

//! Measures, as asked by flags.

use std::process::ExitCode;

use anyhow::Context as _;
use loadgen::{Client, Condition, Interrupt, Progress};
use reports_record::Measurement;
use reports_terminal::{print, talk};

use super::{BROKEN, INVALID, NOT_STARTED, UNWRITTEN, VALID, complain, say};
use crate::cli::fail_if::broken;
use crate::cli::flags::MeasureFlags;
use crate::cli::json::JsonOutput;
use crate::cli::live::LiveProgress;
use crate::cli::logs::Logs;
use crate::cli::outputs::{Outputs, write_hgrm, write_html};
use crate::cli::signals::Signals;
use crate::cli::summary::Summary;

/// Measures, writes the results, and tells by its exit code whether they may be believed.
pub(crate) fn run(flags: &MeasureFlags) -> ExitCode {
    let interrupt = Interrupt::default();
    let signals = match Signals::watch(&interrupt).context("could not watch for signals") {
        Ok(signals) => signals,
        Err(error) => return complain(&error, NOT_STARTED),
    };
    let measured = flags.outputs().and_then(|outputs| Ok((measure(flags, &outputs, &interrupt)?, outputs)));
    let (Measured { measurement, fail_if, logs }, outputs) = match measured {
        Ok(measured) => measured,
        Err(error) => return complain(&error, signals.exit_code().unwrap_or(NOT_STARTED)),
    };
    let others = [
        outputs.html.as_ref().map(|file| write_html(file, &measurement)),
        outputs.hgrm.as_ref().map(|file| write_hgrm(file, &measurement)),
        Some(report(&measurement, outputs.json.as_ref())),
    ];
    let written = logs.finish().into_iter().chain(others.into_iter().flatten());
    let broken = broken(&fail_if, &measurement);
    broken.iter().for_each(|sentence| say(sentence));
    let code = signals.exit_code().unwrap_or(match measurement.certificate.is_believable() {
        false => INVALID,
        true if !broken.is_empty() => BROKEN,
        true => VALID,
    });
    // Each is tried, whatever became of those before it.
    let failed = written.filter_map(Result::err);
    failed.map(|error| complain(&error, UNWRITTEN)).last().unwrap_or(ExitCode::from(code))
}

/// What came of measuring.
struct Measured {
    measurement: Measurement,
    fail_if: Vec<Condition>,
    logs: Logs,
}

fn measure(flags: &MeasureFlags, outputs: &Outputs, interrupt: &Interrupt) -> anyhow::Result<Measured> {
    let plan = flags.plan()?;
    let mut client = Client::connect(plan.load.request.url(), &plan.crew, plan.priming.as_ref(), interrupt)
        .with_context(|| format!("could not start against {}", plan.load.request.url()))?;
    let mut logs = Logs::begin(outputs, &plan.load)?;
    talk!("{}", plan.announcement(&client));
    let mut line = LiveProgress::new(&plan.load);
    let mut show = |progress: &Progress| line.show(progress);
    let measured = if logs.are_wanted() {
        client.measure_by_seconds(&plan.load, interrupt, &mut show, &mut |interval| logs.push(interval))
    } else {
        client.measure(&plan.load, interrupt, &mut show)
    };
    line.clear();
    Ok(Measured { measurement: measured?, fail_if: plan.fail_if, logs })
}

/// Data on stdout: the summary, or with `--json -` the JSON and nothing else.
pub(super) fn report(measurement: &Measurement, json: Option<&JsonOutput>) -> anyhow::Result<()> {
    let stdout_taken = matches!(json, Some(JsonOutput::Stdout));
    if let Some(json) = json {
        json.write(measurement)?;
    }
    if !stdout_taken {
        let summary = Summary(measurement).to_string();
        print(summary).context("could not write the summary")?;
    }
    Ok(())
}

//! Measures, as asked by flags.

use std::process::ExitCode;

use anyhow::Context as _;
use loadgen::{Client, Condition, Interrupt, Interval, Progress};
use reports_record::Measurement;
use reports_terminal::{print, talk};

use super::{BROKEN, INVALID, NOT_STARTED, UNWRITTEN, VALID, complain, say};
use crate::cli::fail_if::broken;
use crate::cli::flags::MeasureFlags;
use crate::cli::live::LiveProgress;
use crate::cli::logs::Logs;
use crate::cli::output::Output;
use crate::cli::outputs::{Outputs, write_hgrm, write_html};
use crate::cli::patience::unless_interrupted;
use crate::cli::plan::Plan;
use crate::cli::signals::Signals;
use crate::cli::summary::Summary;

/// Measures, writes the results, and tells by its exit code whether they may be believed.
pub(crate) fn run(flags: &MeasureFlags) -> ExitCode {
    let interrupt = Interrupt::default();
    let signals = match Signals::watch(&interrupt).context("could not watch for signals") {
        Ok(signals) => signals,
        Err(error) => return complain(&error, NOT_STARTED),
    };
    let (Measured { measurement, fail_if, logs }, outputs) = match measured(flags, &interrupt) {
        Ok(measured) => measured,
        Err(error) => return complain(&error, signals.exit_code().unwrap_or(NOT_STARTED)),
    };
    // Each is tried, whatever became of those before it; the summary comes in any case.
    let written = [
        outputs.json.as_ref().map(|output| output.write_json(&measurement)),
        outputs.html.as_ref().map(|output| write_html(output, &measurement)),
        outputs.hgrm.as_ref().map(|output| write_hgrm(output, &measurement)),
        summarise(&measurement, &outputs),
    ];
    let written = logs.finish().into_iter().chain(written.into_iter().flatten());
    let failed: Vec<_> = written.filter_map(Result::err).collect();
    let broken = broken(&fail_if, &measurement);
    broken.iter().for_each(|sentence| say(sentence));
    let code = signals.exit_code().unwrap_or(match measurement.certificate.is_believable() {
        false => INVALID,
        true if !broken.is_empty() => BROKEN,
        true => VALID,
    });
    failed.iter().fold(ExitCode::from(code), |_, error| complain(error, UNWRITTEN))
}

/// A measurement, with what is done about it.
struct Measured {
    measurement: Measurement,
    fail_if: Vec<Condition>,
    logs: Logs,
}

fn measured(flags: &MeasureFlags, interrupt: &Interrupt) -> anyhow::Result<(Measured, Outputs)> {
    let flags = flags.clone();
    let prepared = unless_interrupted(interrupt, move || {
        // Pipes are opened last: what is wrong with a flag is said without waiting for a reader.
        let plan = flags.plan()?;
        anyhow::Ok((plan, flags.outputs()?))
    });
    let (plan, outputs) = prepared.context("interrupted before anything was sent")??;
    Ok((measure(plan, &outputs, interrupt)?, outputs))
}

fn measure(plan: Plan, outputs: &Outputs, interrupt: &Interrupt) -> anyhow::Result<Measured> {
    let mut client = Client::connect(plan.load.request.url(), &plan.crew, plan.priming.as_ref(), interrupt)
        .with_context(|| format!("could not start against {}", plan.load.request.url()))?;
    let mut logs = Logs::begin(outputs, &plan.load)?;
    talk!("{}", plan.announcement(&client));
    let mut line = LiveProgress::new(&plan.load, plan.crew.connections);
    let mut show = |progress: &Progress| line.show(progress);
    let (want_seconds, want_requests) = (logs.are_wanted(), logs.want_requests());
    let mut each = |interval: &Interval| logs.push(interval);
    let measured = if want_requests {
        client.measure_by_requests(&plan.load, interrupt, &mut show, &mut each)
    } else if want_seconds {
        client.measure_by_seconds(&plan.load, interrupt, &mut show, &mut each)
    } else {
        client.measure(&plan.load, interrupt, &mut show)
    };
    line.clear();
    Ok(Measured { measurement: measured?, fail_if: plan.load.fail_if, logs })
}

/// Shows the summary on stdout; on stderr where stdout cannot take it, or has something else than the JSON, which says
/// it all.
pub(super) fn summarise(measurement: &Measurement, outputs: &Outputs) -> Option<anyhow::Result<()>> {
    if outputs.json.as_ref().is_some_and(Output::is_stdout) {
        return None;
    }
    let summary = Summary(measurement).to_string();
    let printed = match outputs.take_stdout() {
        false => print(&summary).context("could not write the summary to stdout"),
        true => Ok(()),
    };
    if outputs.take_stdout() || printed.is_err() {
        talk!("{}", summary.trim_end());
    }
    Some(printed)
}

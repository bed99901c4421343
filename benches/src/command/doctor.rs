//! `crossover doctor`: is this machine fit to measure, and what to change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use reports_render::analysis::Analysis;
use reports_terminal::talk;

use super::run::measure;
use crate::doctor::{Readings, Watch, alike, is_fit, judge, table};
use crate::signals::Signals;
use crate::{progress, root};

/// How long the machine is watched before anything is measured.
const WATCH: Duration = Duration::from_secs(3);

/// Prints a table of checks; without `quick` also measures one contender as if it were two, for about `span`. Gives 1
/// when the machine is unfit.
///
/// # Errors
/// When the measurement cannot be made: outside the project, or when a contender cannot be built or started.
pub fn doctor(quick: bool, span: Duration, runs: Option<PathBuf>, anyway: bool) -> anyhow::Result<i32> {
    let signals = Signals::install()?;
    let kept = runs.clone().or_else(|| Some(root::find().ok()?.join(root::RUNS)));
    let readings = Readings::now(kept.as_deref().unwrap_or(Path::new(".")))?;
    talk!("watching the machine for {}", progress::minutes(WATCH));
    let watch = Watch::over(WATCH, signals.interrupt());
    if signals.interrupt().is_raised() {
        return Ok(signals.exit_code());
    }
    let checks = judge(&readings, &watch);
    print(&table(&checks))?;
    if !is_fit(&checks) {
        print("\nunfit: change what is marked UNFIT, then ask again\n")?;
        return Ok(1);
    }
    if quick {
        print("\nfit, as far as can be told without measuring\n")?;
        return Ok(0);
    }
    let command = format!("cargo crossover doctor --span {}s", span.as_secs());
    let (code, folder) = measure(alike::definition(span)?, command, runs, None, anyway, &signals)?;
    let Some(folder) = folder.filter(|_| !signals.interrupt().is_raised()) else { return Ok(code) };
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    let checks = alike::judge(Analysis::of(&run, &lines).verdicts.repeats());
    print(&format!("\n{}", table(&checks)))?;
    let fit = is_fit(&checks);
    print(if fit { "\nfit\n" } else { "\nunfit: its answers could not be believed\n" })?;
    Ok(i32::from(!fit))
}

fn print(text: &str) -> anyhow::Result<()> {
    reports_terminal::print(text).context("cannot write to stdout")
}

//! The log of a capacity search: what a second call goes on from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use loadgen::Rate;
use loadgen::capacity::{Doubt, Search, Verdict};
use reports_record::{
    CapacityDoubt, CapacityLine, CapacityLog, CapacityPlan, CapacityTrial, CapacityVerdict,
};
use reports_terminal::talk;
use serde_json::Value;

/// The log, if one is kept.
pub(crate) struct SearchLog(Option<(CapacityLog, PathBuf)>);

impl SearchLog {
    /// Opens or makes the log at `path` and reads it; lines that cannot be read are told of.
    pub(crate) fn take_up(path: Option<&Path>) -> anyhow::Result<(Self, Vec<CapacityLine>)> {
        let Some(path) = path else { return Ok((Self(None), Vec::new())) };
        ensure!(
            path.metadata().is_ok_and(|found| found.is_file()) || !path.exists(),
            "--log {}: expected a regular file or none, since a later search reads it; for a pipe or stdout use --json",
            path.display()
        );
        let (log, lines, skipped) =
            CapacityLog::take_up(path).with_context(|| format!("--log {}", path.display()))?;
        for line in skipped {
            talk!("--log {}: line {} is left out: {}", path.display(), line.number, line.reason);
        }
        Ok((Self(Some((log, path.to_owned()))), lines))
    }

    /// Gives `search` the trials in `lines`, which have to be of this plan; a new log begins with the plan.
    pub(crate) fn resume(
        &mut self,
        lines: Vec<CapacityLine>,
        plan: &CapacityPlan,
        search: &mut Search,
    ) -> anyhow::Result<Vec<CapacityTrial>> {
        let Some((log, path)) = &mut self.0 else { return Ok(Vec::new()) };
        let mut lines = lines.into_iter();
        match lines.next() {
            None => log.push(&CapacityLine::Plan(Box::new(plan.clone())))?,
            Some(CapacityLine::Plan(found)) if *found == *plan => {}
            Some(CapacityLine::Plan(found)) => bail!(
                "--log {}: it is of another search: {}; name a new file, or give the same flags",
                path.display(),
                difference(&found, plan)?
            ),
            Some(CapacityLine::Trial(_)) => {
                bail!("--log {}: its first line is no plan; name a new file", path.display())
            }
        }
        let mut trials = Vec::new();
        for line in lines {
            let CapacityLine::Trial(trial) = line else {
                bail!("--log {}: it has more than one plan; name a new file", path.display())
            };
            Rate::per_second(trial.rate_per_s)
                .map_err(anyhow::Error::from)
                .and_then(|rate| Ok(search.take(rate, verdict(&trial))?))
                .with_context(|| {
                    format!(
                        "--log {}: trial {} is of another search; name a new file",
                        path.display(),
                        trials.len() + 1
                    )
                })?;
            trials.push(*trial);
        }
        Ok(trials)
    }

    /// Appends one trial, on disk before the next begins.
    pub(crate) fn push(&mut self, trial: &CapacityTrial) -> anyhow::Result<()> {
        let Some((log, _)) = &mut self.0 else { return Ok(()) };
        log.push(&CapacityLine::Trial(Box::new(trial.clone()))).context("could not go on without its log")
    }
}

/// Each flag that differs, by its name in the record.
fn difference(found: &CapacityPlan, asked: &CapacityPlan) -> anyhow::Result<String> {
    let (Value::Object(found), Value::Object(asked)) =
        (serde_json::to_value(found)?, serde_json::to_value(asked)?)
    else {
        bail!("a plan is no object (a bug)")
    };
    let differing = asked.iter().filter(|(name, value)| found.get(*name) != Some(value));
    let told = differing.map(|(name, value)| {
        format!("{name} is {} there and {value} here", found.get(name).unwrap_or(&Value::Null))
    });
    Ok(told.collect::<Vec<_>>().join(", "))
}

fn verdict(trial: &CapacityTrial) -> Verdict {
    match (trial.verdict, trial.doubt) {
        (CapacityVerdict::Pass, _) => Verdict::Pass,
        (CapacityVerdict::Fail, _) => Verdict::Fail,
        (CapacityVerdict::Unsure, Some(CapacityDoubt::Client)) => Verdict::Unsure(Doubt::Client),
        (CapacityVerdict::Unsure, Some(CapacityDoubt::Samples)) => Verdict::Unsure(Doubt::Samples),
        (CapacityVerdict::Unsure, _) => Verdict::Unsure(Doubt::Noise),
    }
}

/// As the record keeps it.
pub(crate) fn recorded(verdict: Verdict) -> (CapacityVerdict, Option<CapacityDoubt>) {
    match verdict {
        Verdict::Pass => (CapacityVerdict::Pass, None),
        Verdict::Fail => (CapacityVerdict::Fail, None),
        Verdict::Unsure(Doubt::Client) => (CapacityVerdict::Unsure, Some(CapacityDoubt::Client)),
        Verdict::Unsure(Doubt::Noise) => (CapacityVerdict::Unsure, Some(CapacityDoubt::Noise)),
        Verdict::Unsure(Doubt::Samples) => (CapacityVerdict::Unsure, Some(CapacityDoubt::Samples)),
    }
}

//! Whether the measurements may be believed, and every trial that did not make it.

use maud::{Markup, html};
use reports_record::Cell;

use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::evidence::Trouble;
use crate::analysis::workload;
use crate::{label, number};

/// Troubles described in full; beyond, they are counted. A broken run of thousands must not bury its page.
const LISTED: usize = 100;

/// Lines of stderr shown for a failed trial, the last ones.
const STDERR_LINES: usize = 20;

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let evidence = &analysis.evidence;
    let troubles = &evidence.troubles;
    html! {
        div {
            p {
                (number::count(evidence.believable)) " of " (number::count(evidence.measured))
                " measurements may be used. The other "
                (number::count(evidence.measured - evidence.believable)) " failed a check and were left out."
                @if evidence.overloaded > 0 {
                    " Of these, " (number::count(evidence.overloaded)) " loops of sweeps were overloaded, as was meant, and are \
                     plotted."
                }
            }
            details { summary { "Every check, by number of measurements" } (checks(analysis).markup()) }
            @for one in analysis.failed_calibrations.iter().take(LISTED) {
                p {
                    "The calibration of " bdi { (label::name(&one.contender)) } " at " bdi { (workload::cell_called(analysis.verdicts.cells, &one.cell)) }
                    " failed: "
                    bdi { (one.failure.as_deref().map_or_else(|| "no reason is on record".into(), label::passage)) }
                }
            }
            @if troubles.is_empty() {
                p { "No trial failed and none was invalid." }
            } @else {
                details {
                    summary { (number::count(troubles.len())) " failed or invalid" }
                    ul.troubles { @for one in troubles.iter().take(LISTED) { li { (trouble(one, analysis.verdicts.cells)) } } }
                    @if troubles.len() > LISTED {
                        p { "… and " (number::count(troubles.len() - LISTED)) " more, in trials.jsonl." }
                    }
                }
            }
        }
    }
}

fn checks(analysis: &Analysis<'_>) -> Table {
    let head = ["loop", "check", "passed", "warned", "failed", "does not apply", "worst finding"];
    let mut table = Table::new("Checks of the load generator, by number of loops", &head, 2);
    table.prose = true;
    for ((phase, name), tally) in &analysis.evidence.tallies {
        table.push(vec![
            (*phase).into(),
            label::name(name),
            tally.passed.to_string(),
            tally.warned.to_string(),
            tally.failed.to_string(),
            tally.not_applicable.to_string(),
            tally.example.as_deref().map_or_else(|| "—".into(), label::passage),
        ]);
    }
    table
}

/// One loop or trial that may not be used, with its reasons.
pub(super) fn trouble(trouble: &Trouble<'_>, cells: &[Cell]) -> Markup {
    let trial = trouble.trial;
    let skipped = trouble.stderr_tail.len().saturating_sub(STDERR_LINES);
    html! {
        strong { bdi { (label::name(&trial.contender)) } } ", " bdi { (workload::cell_called(cells, &trial.cell)) }
        ", block " (u64::from(trial.block) + 1) ": " (trouble.what)
        @for reason in &trouble.reasons { "; " bdi { (label::passage(reason)) } }
        @if !trouble.stderr_tail.is_empty() {
            pre { @for line in &trouble.stderr_tail[skipped..] { bdi { (label::passage(line)) } "\n" } }
        }
    }
}

//! Every verdict as a table of comma-separated values.

use csv::Writer;
use reports_record::Metric;

use super::cell::Cell;
use crate::analysis::Analysis;
use crate::analysis::amount::Amount;
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::Kind;
use crate::number;

const HEAD: [&str; 19] = [
    "pair",
    "metric",
    "load",
    "offered_rate_per_s",
    "cell",
    "connections",
    "wait_ms",
    "verdict",
    "connections_bind",
    "ratio_in_words",
    "ratio",
    "ratio_low",
    "ratio_high",
    "sync_mean",
    "async_mean",
    "difference_cores",
    "difference_ms",
    "is_round_trip",
    "blocks",
];

/// One row per pair, metric, rate level and cell, in the metric's own unit, to six digits. An empty cell means that there is no such figure.
#[must_use]
pub fn verdicts_csv(analysis: &Analysis<'_>) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    // Writing into a vector cannot fail, and rows are as long as the head.
    let _ = writer.write_record(HEAD);
    for kind in Kind::OF_PAIRS {
        for subject in Metric::ALL.into_iter().flat_map(|metric| analysis.verdicts.subjects(metric)) {
            for comparison in analysis.verdicts.about(kind, subject) {
                let _ = writer.write_record(row(analysis, comparison));
            }
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn row(analysis: &Analysis<'_>, comparison: &Comparison<'_>) -> Vec<String> {
    let cell = &analysis.verdicts.cells[comparison.cell];
    let (subject, contrast) = (comparison.subject, comparison.contrast);
    let is_at_a_rate = subject.metric.is_at_a_rate();
    let load = analysis.verdicts.levels.get(subject.level).filter(|_| is_at_a_rate);
    let offered =
        analysis.grid.offered(comparison.cell, contrast.sync, subject.level).filter(|_| is_at_a_rate);
    let sides = comparison.sides();
    let (of_cores, of_ms) = match Amount::of(&analysis.grid, comparison) {
        Some(Amount::Cores(cores)) => (Some(cores), None),
        Some(Amount::Milliseconds(ms)) => (None, Some(ms)),
        None => (None, None),
    };
    let cells: Vec<Cell> = vec![
        Cell::text(contrast.kind.title()),
        Cell::text(subject.metric.title()),
        load.copied().map(number::six_digits).into(),
        offered.map(number::six_digits).into(),
        Cell::text(&cell.name),
        cell.connections.into(),
        cell.wait_ms.into(),
        Cell::text(comparison.verdict.to_string()),
        comparison.connections_bind.into(),
        Cell::text(number::ratio_within(comparison.ratio(), comparison.interval())),
        comparison.ratio().map(number::six_digits).into(),
        comparison.interval().map(|ends| ends.lo).map(number::six_digits).into(),
        comparison.interval().map(|ends| ends.hi).map(number::six_digits).into(),
        sides.map(|(sync, _)| sync.middle).map(number::six_digits).into(),
        sides.map(|(_, awaiting)| awaiting.middle).map(number::six_digits).into(),
        of_cores.map(number::six_digits).into(),
        of_ms.map(number::six_digits).into(),
        comparison.is_round_trip.into(),
        (comparison.pairs().len() as u64).into(),
    ];
    cells.iter().map(Cell::written).collect()
}

//! Where along the offered rate verdicts change, as a table of comma-separated values.

use csv::Writer;
use reports_record::Metric;
use reports_stats::crossover::Crossover;

use super::cell::Cell;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::crossovers::{ALONG_RATES, Row, by_rate};
use crate::number;

const HEAD: [&str; 9] =
    ["pair", "metric", "cell", "connections", "wait_ms", "from", "to", "after_per_s", "before_per_s"];

/// One row per pair, metric, cell and change: the verdict is `from` up to `after_per_s` and `to` from `before_per_s` on, and between the two
/// rates nothing is known.
///
/// A cell of one verdict has that for both, and its first and last decided rate; one without a decided rate has empty cells.
#[must_use]
pub fn crossovers_csv(analysis: &Analysis<'_>) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    // Writing into a vector cannot fail, and rows are as long as the head.
    let _ = writer.write_record(HEAD);
    for kind in Kind::OF_PAIRS {
        for metric in ALONG_RATES {
            for row in by_rate(&analysis.verdicts, &analysis.grid, kind, metric) {
                for change in changes(&row) {
                    let place = place(analysis, kind, metric, &row).into_iter();
                    let _ = writer.write_record(place.chain(change).map(|cell| cell.written()));
                }
            }
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn place(analysis: &Analysis<'_>, kind: Kind, metric: Metric, row: &Row<'_, '_>) -> [Cell; 5] {
    let cell = &analysis.verdicts.cells[row.points[0].1.cell];
    [
        Cell::text(kind.title()),
        Cell::text(metric.title()),
        Cell::text(&cell.name),
        cell.connections.into(),
        cell.wait_ms.into(),
    ]
}

fn changes(row: &Row<'_, '_>) -> Vec<[Cell; 4]> {
    let written = |from: String, to: String, after: f64, before: f64| {
        [
            Cell::text(from),
            Cell::text(to),
            number::six_digits(after).into(),
            number::six_digits(before).into(),
        ]
    };
    match &row.found {
        Crossover::Changes(changes) => changes
            .iter()
            .map(|change| {
                written(change.from.to_string(), change.to.to_string(), change.after, change.before)
            })
            .collect(),
        Crossover::NoneInRange { verdict, first, last } => {
            vec![written(verdict.to_string(), verdict.to_string(), *first, *last)]
        }
        Crossover::CannotTell => vec![[Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty]],
    }
}

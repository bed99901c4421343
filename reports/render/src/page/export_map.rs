//! The control pair's map as a drawing of its own.

use super::figure::Figure;
use super::series::outcome;
use super::verdict_tables::verdict_table;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::subject::Subject;
use crate::figure::decision_map::{DecisionMap, reading};

/// The decision map of the control pair's throughput; `None` when the experiment has no such pair.
pub(super) fn figure(analysis: &Analysis<'_>) -> Option<Figure> {
    let contrast = analysis.verdicts.contrast(Kind::Control)?;
    let subject = Subject::from(reports_record::Metric::Throughput);
    let map = DecisionMap::of(analysis.verdicts.cells, analysis.verdicts.about(contrast.kind, subject));
    Some(Figure {
        id: "map-drawing".into(),
        finding: finding(analysis, subject),
        reading: reading(subject.metric),
        scene: map.scene(),
        folded: false,
        table: verdict_table(analysis, contrast, subject),
    })
}

fn finding(analysis: &Analysis<'_>, subject: Subject) -> String {
    format!("Requests per second, {}: {}", Kind::Control.title(), outcome(analysis, Kind::Control, subject))
}

//! The control pair's map as a drawing of its own.

use super::figure::Figure;
use super::verdict_tables::verdict_table;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::subject::Subject;
use crate::figure::decision_map::{DecisionMap, reading};
use crate::number;

/// The decision map of the control pair's throughput as an SVG document; `None` when the experiment has no such pair.
pub(super) fn standalone(analysis: &Analysis<'_>) -> Option<String> {
    let contrast = analysis.verdicts.contrast(Kind::Control)?;
    let subject = Subject::from(reports_record::Metric::Throughput);
    let map = DecisionMap::of(analysis.verdicts.cells, analysis.verdicts.about(contrast.kind, subject));
    let figure = Figure {
        id: "map-drawing".into(),
        finding: finding(analysis, subject),
        reading: reading(subject.metric, map.is_compact()),
        scene: map.scene(),
        folded: false,
        table: verdict_table(analysis, contrast, subject),
    };
    Some(figure.standalone())
}

fn finding(analysis: &Analysis<'_>, subject: Subject) -> String {
    let score = analysis.verdicts.score(Kind::Control, subject);
    let what = number::capitalised(subject.metric.title());
    if score.decided() == 0 {
        return format!("{what}, {}: no cell is decided", Kind::Control.title());
    }
    format!(
        "{what}, {}: async wins {}, sync {}, tie {} of {} cells; {} more are limited by their connections",
        Kind::Control.title(),
        score.async_wins,
        score.sync_wins,
        score.ties,
        score.cells(),
        score.by_construction
    )
}

//! The decision maps: control and stock side by side, for throughput and for the tail.

use maud::{Markup, html};
use reports_record::Metric;

use super::figure::Figure;
use super::verdict_tables::verdict_table;
use crate::analysis::Analysis;
use crate::analysis::contrast::{Contrast, Kind};
use crate::figure::decision_map::{DecisionMap, reading};

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    html! {
        section {
            h2 { "Where does which model win?" }
            @for metric in [Metric::Throughput, Metric::ResponseTimeP99] {
                div.pair {
                    @for kind in [Kind::Control, Kind::Stock] {
                        @if let Some(contrast) = analysis.verdicts.contrast(kind) {
                            (map(analysis, contrast, metric).markup())
                        }
                    }
                }
            }
            p.note {
                "“Tie by design” marks cells where connections ÷ wait bind: N ÷ (W + C) lies below cores ÷ C \
                 for both contenders, so the load generator sets the throughput and not the server. Such cells \
                 count in no score unless one side wins in spite of it."
            }
        }
    }
}

/// The decision map of one pair's throughput as an SVG document; `None` when the experiment has no such pair.
pub(super) fn standalone(analysis: &Analysis<'_>, kind: Kind) -> Option<String> {
    let contrast = analysis.verdicts.contrast(kind)?;
    Some(map(analysis, contrast, Metric::Throughput).standalone())
}

fn map(analysis: &Analysis<'_>, contrast: Contrast<'_>, metric: Metric) -> Figure {
    let verdicts = &analysis.verdicts;
    let id = match (contrast.kind, metric) {
        (Kind::Control, Metric::Throughput) => "map-control-throughput",
        (_, Metric::Throughput) => "map-stock-throughput",
        (Kind::Control, _) => "map-control-tail",
        _ => "map-stock-tail",
    };
    Figure {
        id,
        finding: finding(analysis, contrast, metric),
        reading: reading(metric),
        scene: DecisionMap::of(verdicts.cells, verdicts.of_metric(contrast.kind, metric)).scene(),
        table: verdict_table(analysis, contrast, metric),
    }
}

fn finding(analysis: &Analysis<'_>, contrast: Contrast<'_>, metric: Metric) -> String {
    let score = analysis.verdicts.score(contrast.kind, metric);
    let subject = format!("{}, {}", metric.title(), contrast.kind.title());
    if score.decided() == 0 {
        return format!("No cell is decided: {subject}");
    }
    format!(
        "Async wins {}, sync wins {}, tie {} of {} cells that can differ: {subject}",
        score.async_wins,
        score.sync_wins,
        score.ties,
        score.cells()
    )
}

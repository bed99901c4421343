//! The decision maps: control and stock side by side, for throughput and for the tail.

use maud::{Markup, html};
use reports_record::Metric;

use super::figure::Figure;
use super::verdict_tables::verdict_table;
use crate::analysis::Analysis;
use crate::analysis::contrast::{Contrast, Kind};
use crate::figure::decision_map::{DecisionMap, reading};

/// The first screen's maps: throughput.
pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    html! {
        section #maps aria-labelledby="maps-title" {
            // Only heard: seen, it would push the maps off the first screen.
            h2.heard id="maps-title" { "Where which model wins, by throughput" }
            (pair(analysis, Metric::Throughput))
        }
    }
}

/// The maps of the tail, and what the words in a map mean.
pub(super) fn tail(analysis: &Analysis<'_>) -> Markup {
    html! {
        section {
            h2 { "Where does which model win in the tail?" }
            (pair(analysis, Metric::ResponseTimeP99))
            p.note {
                "“Tie by design” marks cells where connections ÷ wait bind: N ÷ (W + C) lies below cores ÷ C \
                 for both contenders, so the load generator sets the throughput and not the server. Such cells \
                 count in no score unless one side wins in spite of it."
            }
        }
    }
}

fn pair(analysis: &Analysis<'_>, metric: Metric) -> Markup {
    html! {
        div.pair {
            @for kind in [Kind::Control, Kind::Stock] {
                @if let Some(contrast) = analysis.verdicts.contrast(kind) {
                    (map(analysis, contrast, metric).markup())
                }
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
    let map = DecisionMap::of(verdicts.cells, verdicts.of_metric(contrast.kind, metric));
    Figure {
        id: id.into(),
        finding: finding(analysis, contrast, metric),
        reading: reading(metric, map.is_compact()),
        scene: map.scene(),
        folded: false,
        table: verdict_table(analysis, contrast, metric),
    }
}

fn finding(analysis: &Analysis<'_>, contrast: Contrast<'_>, metric: Metric) -> String {
    let score = analysis.verdicts.score(contrast.kind, metric);
    let what = if metric == Metric::Throughput { "Throughput" } else { "Response time − wait, p99" };
    let subject = format!("{what}, {}", contrast.kind.title());
    if score.decided() == 0 {
        return format!("{subject}: no cell is decided");
    }
    format!(
        "{subject}: async wins {}, sync {}, tie {} of {} cells",
        score.async_wins,
        score.sync_wins,
        score.ties,
        score.cells()
    )
}

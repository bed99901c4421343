//! The decision maps: control and stock side by side, for throughput and for the tail.

use maud::{Markup, html};
use reports_record::Metric;

use super::figure::Figure;
use super::verdict_tables::verdict_table;
use crate::analysis::Analysis;
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::subject::Subject;
use crate::figure::decision_map::{DecisionMap, reading};
use crate::number;

/// The first screen's maps: throughput.
pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    html! {
        section #maps aria-labelledby="maps-title" {
            // Only heard: seen, it would push the maps off the first screen.
            h2.heard id="maps-title" { "Where which model wins, by throughput" }
            (pair(analysis, Metric::Throughput.into()))
        }
    }
}

/// The maps of the tail, and what the words in a map mean.
pub(super) fn tail(analysis: &Analysis<'_>) -> Markup {
    html! {
        section {
            h2 { "Where does which model win in the tail?" }
            (pair(analysis, analysis.verdicts.at_last_level(Metric::ResponseTimeP99)))
            p.note {
                "“Tie by design” marks cells where connections ÷ wait bind: N ÷ (W + C) lies below cores ÷ C \
                 for both contenders, so the load generator sets the throughput and not the server. Such cells \
                 count in no score unless one side wins in spite of it."
            }
        }
    }
}

fn pair(analysis: &Analysis<'_>, subject: Subject) -> Markup {
    html! {
        div.pair {
            @for kind in [Kind::Control, Kind::Stock] {
                @if let Some(contrast) = analysis.verdicts.contrast(kind) {
                    (map(analysis, contrast, subject).markup())
                }
            }
        }
    }
}

/// The decision map of one pair's throughput as an SVG document; `None` when the experiment has no such pair.
pub(super) fn standalone(analysis: &Analysis<'_>, kind: Kind) -> Option<String> {
    let contrast = analysis.verdicts.contrast(kind)?;
    Some(map(analysis, contrast, Metric::Throughput.into()).standalone())
}

fn map(analysis: &Analysis<'_>, contrast: Contrast<'_>, subject: Subject) -> Figure {
    let verdicts = &analysis.verdicts;
    let id = match (contrast.kind, subject.metric) {
        (Kind::Control, Metric::Throughput) => "map-control-throughput",
        (_, Metric::Throughput) => "map-stock-throughput",
        (Kind::Control, _) => "map-control-tail",
        _ => "map-stock-tail",
    };
    let map = DecisionMap::of(verdicts.cells, verdicts.about(contrast.kind, subject));
    Figure {
        id: id.into(),
        finding: finding(analysis, contrast, subject),
        reading: reading(subject.metric, map.is_compact()),
        scene: map.scene(),
        folded: false,
        table: verdict_table(analysis, contrast, subject),
    }
}

fn finding(analysis: &Analysis<'_>, contrast: Contrast<'_>, subject: Subject) -> String {
    let score = analysis.verdicts.score(contrast.kind, subject);
    let what = number::capitalised(&subject.title(analysis.verdicts.levels));
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

//! The ratio against connections and against the offered rate: where its line crosses 1, the answer changes.

use reports_record::Metric;
use reports_stats::crossover::Crossover;
use reports_stats::verdict::Verdict;

use super::figure::Figure;
use super::series::outcome;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::crossovers::{Row, by_connections};
use crate::analysis::subject::Subject;
use crate::analysis::workload;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::line_chart::{Dot, Sign};
use crate::figure::panels::{Panel, Panels};
use crate::figure::scene::Form;
use crate::{label, number};

/// Differences below this make no difference.
const ZONE: (f64, f64) = (1.0 / 1.05, 1.05);

/// The pairs of a run with the looks of their lines.
fn pairs<'a>(analysis: &Analysis<'a>) -> Vec<(Contrast<'a>, Style)> {
    let looks = [
        (Kind::Control, Style { ink: Ink::Text, form: Form::Disc, dashed: false }),
        (Kind::Stock, Style { ink: Ink::Muted, form: Form::HollowDiamond, dashed: true }),
        (Kind::Documented, Style { ink: Ink::Muted, form: Form::Ring, dashed: true }),
    ];
    looks.into_iter().filter_map(|(kind, style)| Some((analysis.verdicts.contrast(kind)?, style))).collect()
}

fn legend(pairs: &[(Contrast<'_>, Style)]) -> Vec<(Style, String)> {
    let name = |contrast: &Contrast<'_>| {
        format!("{} ÷ {}", label::within(contrast.awaiting, 20), label::within(contrast.sync, 20))
    };
    pairs.iter().map(|(contrast, style)| (*style, name(contrast))).collect()
}

fn dot(x: f64, comparison: &Comparison<'_>) -> Option<Dot> {
    Some(Dot { x, y: comparison.ratio()?, interval: comparison.interval(), sign: Sign::Mark })
}

/// Throughput against connections; `None` where no workload was measured at several numbers of them.
pub(super) fn along_connections(analysis: &Analysis<'_>) -> Option<Figure> {
    let subject = Subject::from(Metric::Throughput);
    let pairs = pairs(analysis);
    let first = pairs.first()?.0.kind;
    let rows = by_connections(&analysis.verdicts, first, subject);
    if rows.is_empty() {
        return None;
    }
    let panels =
        workload::groups(&analysis.verdicts).into_iter().filter(|group| group.cells.len() > 1).map(|group| {
            let line = |kind| {
                let dots =
                    group.cells.iter().map(|&(x, cell)| dot(x, analysis.verdicts.at(kind, subject, cell)?));
                dots.collect()
            };
            let row = rows.iter().find(|row| row.title == group.name);
            Panel {
                title: label::name(&group.name),
                lines: pairs.iter().map(|(contrast, _)| line(contrast.kind)).collect(),
                limited: row.and_then(limited),
                crossover: row.and_then(located),
            }
        });
    let chart = Panels {
        x_title: "connections".into(),
        x_write: |connections| number::count(connections as usize),
        y_title: "requests per second, async ÷ sync; above 1 async serves more".into(),
        y_write: number::ratio,
        zone: Some(ZONE),
        legend: legend(&pairs),
        panels: panels.collect(),
    };
    Some(Figure {
        id: "crossover-connections".into(),
        finding: format!("Capacity by connections: {}", outcome(analysis, first, subject)),
        reading: "Each panel is a workload. Bars are 95\u{a0}% intervals. Grey ground: connections ÷ wait is the limit, so the \
                  server cannot matter. Orange ground: the verdict changes somewhere between these two places. Both axes grow by \
                  ratios."
            .into(),
        scene: chart.scene(),
        folded: false,
        table: table(analysis, &pairs, &[subject], "Requests per second, async ÷ sync"),
    })
}

/// CPU per request against the offered rate, all cells of a workload in one panel; `None` where one rate was asked.
pub(super) fn along_rates(analysis: &Analysis<'_>) -> Option<Figure> {
    let subjects: Vec<Subject> = analysis.verdicts.subjects(Metric::CpuPerRequest).collect();
    let pairs = pairs(analysis);
    let first = pairs.first()?.0.kind;
    let panels: Vec<Panel> = workload::groups(&analysis.verdicts)
        .into_iter()
        .map(|group| Panel {
            title: label::name(&group.name),
            lines: pairs
                .iter()
                .map(|(contrast, _)| by_rate(analysis, *contrast, &subjects, &group))
                .collect(),
            ..Panel::default()
        })
        .filter(|panel| panel.lines.iter().any(|line| line.iter().flatten().count() > 1))
        .collect();
    if panels.is_empty() {
        return None;
    }
    let chart = Panels {
        x_title: "offered, requests/s".into(),
        x_write: number::rate,
        y_title: "server CPU per request, async ÷ sync; below 1 async costs less".into(),
        y_write: number::ratio,
        zone: Some(ZONE),
        legend: legend(&pairs),
        panels,
    };
    let findings: Vec<String> = subjects
        .iter()
        .map(|subject| {
            format!("{}: {}", subject.title(analysis.verdicts.levels), outcome(analysis, first, *subject))
        })
        .collect();
    Some(Figure {
        id: "crossover-rates".into(),
        finding: number::capitalised(&findings.join("; ")),
        reading: "Each panel is a workload, each mark a number of connections at one offered rate. Bars are 95\u{a0}% intervals. \
                  Where the line falls through 1, async becomes the cheaper one. Both axes grow by ratios."
            .into(),
        scene: chart.scene(),
        folded: false,
        table: table(analysis, &pairs, &subjects, "Server CPU per request, async ÷ sync, by offered rate"),
    })
}

fn by_rate(
    analysis: &Analysis<'_>,
    contrast: Contrast<'_>,
    subjects: &[Subject],
    group: &workload::Group,
) -> Vec<Option<Dot>> {
    let places = group.cells.iter().flat_map(|(_, cell)| subjects.iter().map(|subject| (*cell, *subject)));
    let mut dots: Vec<Dot> = places
        .filter_map(|(cell, subject)| {
            let rate = analysis.grid.offered(cell, contrast.sync, subject.level)?;
            dot(rate, analysis.verdicts.at(contrast.kind, subject, cell)?)
        })
        .collect();
    dots.sort_by(|one, other| one.x.total_cmp(&other.x));
    dots.into_iter().map(Some).collect()
}

/// The first stretch of places at which connections ÷ wait is the limit.
fn limited(row: &Row<'_, '_>) -> Option<(f64, f64)> {
    let first = row.points.iter().position(|(_, found)| found.is_by_construction())?;
    let bound = row.points[first..].iter().take_while(|(_, found)| found.is_by_construction());
    Some((row.points[first].0, bound.last()?.0))
}

/// The stretch in which the verdict changes. Where only one side ever wins, it begins at the last place that the connections
/// limit, or at the axis's beginning: an undecided place makes the gap wider.
fn located(row: &Row<'_, '_>) -> Option<(f64, f64)> {
    match &row.found {
        Crossover::Changes(changes) => changes.first().map(|change| (change.after, change.before)),
        Crossover::NoneInRange { verdict: Verdict::AsyncWins | Verdict::SyncWins, first, .. } => {
            let before = || row.points.iter().filter(|(place, _)| place < first);
            let limited = before().rfind(|(_, found)| found.is_by_construction());
            Some((limited.or(before().next())?.0, *first))
        }
        Crossover::NoneInRange { .. } | Crossover::CannotTell => None,
    }
}

fn table(
    analysis: &Analysis<'_>,
    pairs: &[(Contrast<'_>, Style)],
    subjects: &[Subject],
    caption: &str,
) -> Table {
    let mut table = Table::new(caption, &["combination", "question"], 2);
    table.head.extend(legend(pairs).into_iter().map(|(_, name)| name));
    for (cell, asked) in analysis.verdicts.judged_cells() {
        for subject in subjects {
            let ratio = |(contrast, _): &(Contrast<'_>, Style)| {
                let found = analysis.verdicts.at(contrast.kind, *subject, cell);
                number::ratio_within(found.and_then(Comparison::ratio), found.and_then(Comparison::interval))
            };
            let names = [workload::cell_name(asked), subject.title(analysis.verdicts.levels)];
            table.push(names.into_iter().chain(pairs.iter().map(ratio)).collect());
        }
    }
    table
}

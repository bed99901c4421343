//! The contenders of the pairs as series of a chart: who they are and how they look.

use super::lines::dot;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::Kind;
use crate::analysis::estimate::Estimate;
use crate::analysis::subject::Subject;
use crate::analysis::workload;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::panels::{Panel, Panels};
use crate::figure::scene::Form;
use crate::{label, number};
use reports_stats::verdict::Verdict;

/// A contender of a pair: the model by colour and line, the pair by a filled or hollow mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series<'a> {
    pub contender: &'a str,
    pub style: Style,
    /// `sync` or `async`.
    pub model: &'static str,
    pub kind: Kind,
}

/// The contenders of all pairs, each once, in the order of the pairs.
pub(super) fn series<'a>(analysis: &Analysis<'a>) -> Vec<Series<'a>> {
    let mut all: Vec<Series<'a>> = Vec::new();
    for contrast in analysis.verdicts.contrasts.iter().filter(|contrast| contrast.kind != Kind::Repeat) {
        let (disc, diamond) = match contrast.kind {
            Kind::Control => (Form::Disc, Form::Diamond),
            _ => (Form::Ring, Form::HollowDiamond),
        };
        let sync = Style { ink: Ink::Sync, form: disc, dashed: false };
        let awaiting = Style { ink: Ink::Awaiting, form: diamond, dashed: true };
        let both = [(contrast.sync, sync, "sync"), (contrast.awaiting, awaiting, "async")];
        for (contender, style, model) in both {
            if !all.iter().any(|series| series.contender == contender) {
                all.push(Series { contender, style, model, kind: contrast.kind });
            }
        }
    }
    all
}

/// One sentence about the chart of a subject, made of decided cells alone: who wins where, by how much.
pub(super) fn finding(analysis: &Analysis<'_>, what: &str, subject: Subject) -> String {
    let clauses = Kind::OF_PAIRS.into_iter().filter_map(|kind| {
        analysis.verdicts.contrast(kind)?;
        Some(format!("{}: {}", kind.title(), outcome(analysis, kind, subject)))
    });
    let clauses: Vec<String> = clauses.collect();
    if clauses.is_empty() {
        return format!("{what}: {}", number::NO_DATA);
    }
    format!("{what}. {}", number::capitalised(&clauses.join("; ")))
}

/// The outcome of one pair: wins with the range of their ratios, or the reasons why there is none.
pub(super) fn outcome(analysis: &Analysis<'_>, kind: Kind, subject: Subject) -> String {
    let score = analysis.verdicts.score(kind, subject);
    let wins = [(Verdict::AsyncWins, "async"), (Verdict::SyncWins, "sync")].into_iter().filter_map(
        |(verdict, who)| {
            let won =
                analysis.verdicts.about(kind, subject).filter(|comparison| comparison.verdict == verdict);
            let ratios: Vec<f64> = won.filter_map(Comparison::ratio).collect();
            let (least, most) =
                (ratios.iter().copied().reduce(f64::min)?, ratios.iter().copied().reduce(f64::max)?);
            let span = if ratios.len() == 1 {
                number::ratio(least)
            } else {
                format!("{} to {}", number::ratio(least), number::ratio(most))
            };
            Some(format!(
                "{who} wins in {} of {} combinations ({span})",
                ratios.len(),
                score.cells() + score.by_construction
            ))
        },
    );
    let wins: Vec<String> = wins.collect();
    if !wins.is_empty() {
        return wins.join(", ");
    }
    let counts = [
        (score.ties, "tie"),
        (score.by_construction, "limited by their connections"),
        (score.cannot_tell, "undecided"),
        (score.lacking, "with too little sound data"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() { number::NO_DATA.into() } else { format!("no winner: {}", counts.join(", ")) }
}

/// The panels of a subject for all series: a panel a workload, connections across.
pub(super) fn chart(
    analysis: &Analysis<'_>,
    series: &[Series<'_>],
    subject: Subject,
    axis_title: &str,
    write: fn(f64) -> String,
) -> Panels {
    let legend = series.iter().map(|one| {
        (one.style, format!("{} ({}, {})", label::within(one.contender, 24), one.model, one.kind.title()))
    });
    let legend = legend.collect();
    let of = |cell| series.iter().map(|one| analysis.estimate(subject, cell, one.contender)).collect();
    by_connections(analysis, legend, (axis_title, write), of)
}

/// A panel a workload, connections across, the estimates of each cell in the legend's order. Bodies have figures of their own.
pub(super) fn by_connections(
    analysis: &Analysis<'_>,
    legend: Vec<(Style, String)>,
    (y_title, y_write): (&str, fn(f64) -> String),
    of: impl Fn(usize) -> Vec<Option<Estimate>>,
) -> Panels {
    let panels =
        workload::groups(&analysis.verdicts).into_iter().filter(|group| !group.has_body).map(|group| {
            let mut lines = vec![Vec::new(); legend.len()];
            for (connections, cell) in &group.cells {
                for (line, estimate) in lines.iter_mut().zip(of(*cell)) {
                    line.push(estimate.map(|estimate| dot(*connections, estimate)));
                }
            }
            Panel { title: label::name(&group.name), lines, ..Panel::default() }
        });
    Panels {
        x_title: "connections".into(),
        x_write: |connections| number::count(connections as usize),
        y_title: y_title.into(),
        y_write,
        zone: None,
        panels: panels.collect(),
        legend,
    }
}

/// A table with one row a cell and one column a series.
pub(super) fn table(
    analysis: &Analysis<'_>,
    series: &[Series<'_>],
    subject: Subject,
    caption: &str,
    write: fn(f64) -> String,
) -> Table {
    let mut table = Table::new(caption, &["combination"], 1);
    table.head.extend(series.iter().map(|one| label::name(one.contender)));
    for (index, cell) in analysis.verdicts.judged_cells() {
        let figures = series
            .iter()
            .map(|one| number::estimate(analysis.estimate(subject, index, one.contender).as_ref(), write));
        table.push([workload::cell_name(cell)].into_iter().chain(figures).collect());
    }
    table
}

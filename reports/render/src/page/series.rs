//! The contenders of the pairs as series of a chart: who they are and how they look.

use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::Kind;
use crate::analysis::subject::Subject;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::{Group, IntervalChart, Style};
use crate::figure::scene::Form;
use crate::{label, number};

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

/// One sentence about the chart of a subject: the range of the ratios of each pair.
pub(super) fn finding(analysis: &Analysis<'_>, what: &str, subject: Subject) -> String {
    let spans = [Kind::Control, Kind::Stock].into_iter().filter_map(|kind| {
        let ratios = || analysis.verdicts.about(kind, subject).filter_map(Comparison::ratio);
        let (least, most) = (ratios().reduce(f64::min)?, ratios().reduce(f64::max)?);
        Some(format!("{} to {} in the {}", number::change(least), number::change(most), kind.title()))
    });
    let spans: Vec<String> = spans.collect();
    if spans.is_empty() {
        return format!("{what}: {}", number::NO_DATA);
    }
    format!("{what}, from sync to async: {}", spans.join(", "))
}

/// The chart of a subject for all series in all cells.
pub(super) fn chart(
    analysis: &Analysis<'_>,
    series: &[Series<'_>],
    subject: Subject,
    axis_title: &str,
    write: fn(f64) -> String,
) -> IntervalChart {
    let legend = series.iter().map(|one| {
        (one.style, format!("{} ({}, {})", label::within(one.contender, 24), one.model, one.kind.title()))
    });
    let groups = analysis.verdicts.judged_cells().map(|(index, cell)| Group {
        title: label::name(&cell.name),
        rows: series.iter().map(|one| analysis.estimate(subject, index, one.contender)).collect(),
    });
    IntervalChart {
        axis_title: axis_title.into(),
        write,
        zone: None,
        legend: legend.collect(),
        groups: groups.collect(),
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
    let mut table = Table::new(caption, &["cell"], 1);
    table.head.extend(series.iter().map(|one| label::name(one.contender)));
    for (index, cell) in analysis.verdicts.judged_cells() {
        let figures = series
            .iter()
            .map(|one| number::estimate(analysis.estimate(subject, index, one.contender).as_ref(), write));
        table.push([label::name(&cell.name)].into_iter().chain(figures).collect());
    }
    table
}

//! Threads and memory against connections.

use maud::{Markup, html};

use super::figure::Figure;
use super::lines::{any, dot, line};
use super::series::Series;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::along::{Along, connections};
use crate::analysis::estimate::Estimate;
use crate::analysis::usage::Usage;
use crate::figure::line_chart::{HALF, LineChart};
use crate::figure::ruler::{Axis, Scale};
use crate::{label, number};

/// Nothing below three numbers of connections at one wait.
pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    let Some(along) = connections(&analysis.verdicts) else { return html! {} };
    let wait = along.shared.wait_ms;
    let threads = Quantity {
        id: "footprint-threads",
        what: "threads",
        title: "threads of the process, most seen",
        write: number::plain,
        of: |used| Estimate::of(&[used.threads_max? as f64]),
    };
    let memory = Quantity {
        id: "footprint-memory",
        what: "memory",
        title: "memory",
        write: number::mebibytes,
        of: |used| used.memory_mib,
    };
    html! {
        h3 { "What a connection costs, at a wait of " (wait) " ms" }
        div.pair {
            @for quantity in [threads, memory] {
                @if let Some(figure) = quantity.figure(analysis, series, &along) { (figure.markup()) }
            }
        }
    }
}

/// A contender's estimates by place on the axis.
type Places<'s, 'a> = (&'s Series<'a>, Vec<(f64, Option<Estimate>)>);

/// Something that grows with connections.
struct Quantity {
    id: &'static str,
    what: &'static str,
    title: &'static str,
    write: fn(f64) -> String,
    of: fn(&Usage) -> Option<Estimate>,
}

impl Quantity {
    fn figure(&self, analysis: &Analysis<'_>, series: &[Series<'_>], along: &Along<'_>) -> Option<Figure> {
        let at = |one: &Series<'_>, cell| (self.of)(&Usage::of(&analysis.grid, cell, one.contender));
        let found = series.iter().map(|one| {
            let places = along.cells.iter().map(|&(place, cell)| (place, at(one, cell)));
            (one, places.collect::<Vec<_>>())
        });
        let found: Vec<_> = found.collect();
        let lines = found.iter().map(|(one, places)| {
            line(one, places.iter().map(|&(place, estimate)| Some(dot(place, estimate?))).collect())
        });
        let lines: Vec<_> = lines.collect();
        if !any(&lines) {
            return None;
        }
        let axis =
            |title: &str, write| Axis { title: title.into(), write, scale: Scale::Log, always: Vec::new() };
        let chart = LineChart {
            width: HALF,
            x: axis("connections", number::plain),
            y: axis(self.title, self.write),
            diagonal: None,
            beneath: Vec::new(),
            lines,
        };
        Some(Figure {
            id: self.id.into(),
            finding: self.finding(&found),
            reading: format!(
                "{} against connections at a wait of {} ms, both axes logarithmic. Less is better. Of memory the geometric mean \
                 over blocks with its 95\u{a0}% interval, of threads the most in any block.",
                self.what, along.shared.wait_ms
            ),
            scene: chart.scene(),
            folded: false,
            table: self.table(&found),
        })
    }

    fn finding(&self, found: &[Places<'_, '_>]) -> String {
        let each = found.iter().filter_map(|(one, places)| {
            let known: Vec<(f64, Estimate)> =
                places.iter().filter_map(|&(place, estimate)| Some((place, estimate?))).collect();
            let ((least, first), (most, last)) = (known.first()?, known.last()?);
            let name = label::within(one.contender, 24);
            let write = |estimate: &Estimate| number::trimmed(&(self.write)(estimate.middle));
            Some(format!("{name} {} at {least}, {} at {most}", write(first), write(last)))
        });
        format!("{} by connections: {}", self.what, each.collect::<Vec<_>>().join("; "))
    }

    fn table(&self, found: &[Places<'_, '_>]) -> Table {
        let mut table = Table::new(self.title, &["connections"], 1);
        table.head.extend(found.iter().map(|(one, _)| label::name(one.contender)));
        let rows = found.first().map_or(0, |(_, places)| places.len());
        for row in 0..rows {
            let figures =
                found.iter().map(|(_, places)| number::estimate(places[row].1.as_ref(), self.write));
            table.push([found[0].1[row].0.to_string()].into_iter().chain(figures).collect());
        }
        table
    }
}

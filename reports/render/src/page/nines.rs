//! Response times by nines: the whole tail of a few telling cells.

use maud::{Markup, html};
use reports_record::Cell;

use super::figure::Figure;
use super::lines::line;
use super::series::Series;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::merged::{MEDIAN, Merged, Quantile, Which};
use crate::analysis::telling::{Telling, telling};
use crate::analysis::workload;
use crate::figure::ink::Ink;
use crate::figure::line_chart::{Dot, LineChart, Sign, WIDE};
use crate::figure::ruler::{Axis, Scale};
use crate::{label, number};

/// The named nines: the axis' marks and the table's columns.
pub(crate) const NAMED: [(f64, &str); 5] = [
    (MEDIAN, "50\u{a0}%"),
    (1.0, "90\u{a0}%"),
    (2.0, "99\u{a0}%"),
    (3.0, "99.9\u{a0}%"),
    (4.0, "99.99\u{a0}%"),
];

/// Places between two nines at which a curve is drawn.
const STEPS: u32 = 12;

/// Nothing where no open loop left a histogram.
pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    let telling = telling(&analysis.verdicts);
    let figures = telling.iter().enumerate().filter_map(|(index, one)| figure(analysis, series, index, one));
    let figures: Vec<(Figure, Vec<String>)> = figures.collect();
    html! {
        @if !figures.is_empty() {
            div {
                h3 { "The whole tail, one combination" }
                p { "All requests of all blocks together. One stalled block can make such a tail, so this p99 is another one than \
                     the p99 of a typical block in the verdicts, and the thin lines are single blocks. The wait that a request asks \
                     for is left out of its own time. The two pairs may be offered different rates." }
                @for (figure, remarks) in &figures {
                    (figure.markup())
                    @for remark in remarks { p.note { (remark) } }
                }
            }
        }
    }
}

fn figure(
    analysis: &Analysis<'_>,
    series: &[Series<'_>],
    index: usize,
    telling: &Telling,
) -> Option<(Figure, Vec<String>)> {
    let which = Which::BeyondWait(analysis.verdicts.levels.len().saturating_sub(1));
    let of = |one: &Series<'_>| Merged::of(&analysis.grid, telling.cell, one.contender, which);
    let merged: Vec<Option<Merged>> = series.iter().map(of).collect();
    let lines = series.iter().zip(&merged).map(|(one, merged)| line(one, curve(merged.as_ref())));
    let lines: Vec<_> = lines.collect();
    if !super::lines::any(&lines) {
        return None;
    }
    let of_blocks = |one: &Series<'_>| Merged::blocks(&analysis.grid, telling.cell, one.contender, which);
    let blocks: Vec<Vec<(u32, Merged)>> = series.iter().map(of_blocks).collect();
    let asked = &analysis.verdicts.cells[telling.cell];
    let (cell, beyond) = (workload::cell_name(asked), beyond(asked));
    let chart = LineChart {
        width: WIDE,
        x: share_axis(),
        y: Axis {
            title: format!("{}, less is better", time_title(asked)),
            write: number::micros,
            scale: Scale::Log,
            always: Vec::new(),
        },
        diagonal: None,
        beneath: series.iter().zip(&blocks).flat_map(|(one, blocks)| thin(one, blocks)).collect(),
        lines,
    };
    let remarks = series
        .iter()
        .zip(&merged)
        .zip(&blocks)
        .filter_map(|((one, merged), blocks)| one_block(one, merged.as_ref()?, blocks, beyond));
    let remarks = remarks.collect();
    let figure = Figure {
        id: format!("nines-{}", index + 1).into(),
        finding: finding(&cell, telling, series, &merged, beyond),
        reading: format!(
            "Each further nine means ten times rarer. Thick: the requests of all believable blocks together. Thin: each block by \
             itself. A curve ends where fewer than ten requests lie beyond. Both axes grow by ratios. “≥”: a lower bound, since \
             unfinished requests, which count as longer than all others, take this place.{}",
            if asked.wait_ms > 0.0 {
                " Each time is the response time less the wait that its request asked for."
            } else {
                ""
            }
        ),
        scene: chart.scene(),
        folded: false,
        table: table(&format!("{} at {cell}", number::capitalised(time_title(asked))), series, &merged),
    };
    Some((figure, remarks))
}

/// The name of the times that are drawn of a cell.
fn time_title(cell: &Cell) -> &'static str {
    if cell.wait_ms > 0.0 { "response time − wait" } else { "response time" }
}

/// The words after a time that leaves a wait out.
fn beyond(cell: &Cell) -> &'static str {
    if cell.wait_ms > 0.0 { " beyond the wait" } else { "" }
}

/// Each block's curve, without marks.
fn thin(one: &Series<'_>, blocks: &[(u32, Merged)]) -> Vec<(Ink, Vec<Option<Dot>>)> {
    blocks.iter().map(|(_, block)| (one.style.ink, curve(Some(block)))).collect()
}

/// How far the p99 of all requests must fall without one block for that block to be named.
const MAKES_THE_TAIL: f64 = 1.5;

/// The sentence that names the block without which the tail would be another one, if there is such a block.
fn one_block(one: &Series<'_>, merged: &Merged, blocks: &[(u32, Merged)], beyond: &str) -> Option<String> {
    let all = merged.at(P99)?.us;
    let without = |left_out: u32| {
        let others = blocks.iter().filter(|(block, _)| *block != left_out).map(|(_, times)| times);
        Some((left_out, Merged::together(others)?.at(P99)?.us))
    };
    let rest = blocks.iter().filter_map(|(block, _)| without(*block));
    let (block, least) = rest.min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    (all / least >= MAKES_THE_TAIL).then(|| {
        format!(
            "Block {} of {} makes {}'s tail: with it 99\u{a0}% of requests are answered within {}{beyond}, without it within {}.",
            block + 1,
            blocks.len(),
            label::within(one.contender, 24),
            number::micros(all),
            number::micros(least)
        )
    })
}

/// The 99th percentile as a number of nines.
const P99: f64 = 2.0;

/// The axis of shares, from the median to the rarest named nine.
pub(crate) fn share_axis() -> Axis {
    Axis {
        title: "share of requests answered within, by nines".into(),
        write: nines_name,
        scale: Scale::Marked(NAMED.map(|(nines, _)| nines).to_vec()),
        always: Vec::new(),
    }
}

/// The curve, with marks at the named nines and wherever it ends.
pub(crate) fn curve(merged: Option<&Merged>) -> Vec<Option<Dot>> {
    let Some(merged) = merged else { return Vec::new() };
    let fine = (4..=4 * STEPS).map(|step| f64::from(step) / f64::from(STEPS));
    let mut places: Vec<f64> = fine.chain(NAMED.map(|(nines, _)| nines)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let dot = |found: Quantile| {
        let is_named = NAMED.iter().any(|(nines, _)| *nines == found.nines);
        let sign = match (is_named, found.at_least) {
            (false, _) => Sign::Bare,
            (true, true) => Sign::AtLeast,
            (true, false) => Sign::Mark,
        };
        Dot { x: found.nines, y: found.us, interval: None, sign }
    };
    let found = places.into_iter().map_while(|nines| merged.at(nines));
    // A time of 0 has no place on a logarithmic axis.
    found.map(|found| (found.us > 0.0).then(|| dot(found))).collect()
}

fn nines_name(nines: f64) -> String {
    let named = NAMED.iter().find(|(known, _)| *known == nines);
    named.map_or_else(|| number::percent(1.0 - 10_f64.powf(-nines)), |(_, name)| (*name).into())
}

/// The rarest named quantile that every contender has, for each of them.
fn finding(
    cell: &str,
    telling: &Telling,
    series: &[Series<'_>],
    merged: &[Option<Merged>],
    beyond: &str,
) -> String {
    let all: Vec<(&Series<'_>, &Merged)> =
        series.iter().zip(merged).filter_map(|(one, merged)| Some((one, merged.as_ref()?))).collect();
    let common =
        NAMED.iter().rev().find(|(nines, _)| all.iter().all(|(_, merged)| merged.at(*nines).is_some()));
    let Some((nines, name)) = common else {
        return format!("{cell} ({}): too few requests for a quantile of every contender", telling.why);
    };
    let times = all.iter().filter_map(|(one, merged)| {
        Some(format!("{} {}", label::within(one.contender, 24), written(merged.at(*nines)?)))
    });
    let times: Vec<String> = times.collect();
    format!("{cell} ({}): {name} of requests are answered within {}{beyond}", telling.why, times.join(", "))
}

pub(crate) fn written(quantile: Quantile) -> String {
    let time = number::micros(quantile.us);
    if quantile.at_least { format!("≥ {time}") } else { time }
}

fn table(what: &str, series: &[Series<'_>], merged: &[Option<Merged>]) -> Table {
    let mut table = Table::new(&format!("{what}, blocks merged"), &["contender"], 1);
    table.head.extend(NAMED.map(|(_, name)| name.to_owned()));
    table.head.extend(["requests".to_owned(), "blocks".to_owned()]);
    for (one, merged) in series.iter().zip(merged) {
        let times = NAMED.map(|(nines, _)| {
            let found = merged.as_ref().and_then(|merged| merged.at(nines));
            found.map_or_else(|| number::NO_DATA.into(), written)
        });
        let (count, blocks) = merged.as_ref().map_or((0, 0), |merged| (merged.count(), merged.blocks));
        let counts = [number::count(usize::try_from(count).unwrap_or(usize::MAX)), blocks.to_string()];
        table.push([label::name(one.contender)].into_iter().chain(times).chain(counts).collect());
    }
    table
}

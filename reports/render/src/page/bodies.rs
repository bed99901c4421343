//! Service time against the size of a body, under each set of flags: where Nagle's algorithm shows.

use maud::{Markup, html};

use super::figure::Figure;
use super::lines::{any, line};
use super::series::Series;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::along::{Along, bodies};
use crate::analysis::merged::{MEDIAN, Merged, Quantile, Which};
use crate::figure::line_chart::{Dot, HALF, LineChart, Sign};
use crate::figure::ruler::{Axis, Scale};
use crate::{label, number};

/// A step of the median from one size to the next is named from this factor on: far beyond what bytes alone cost.
const STEP: f64 = 10.0;

/// Medians of one contender by size.
type Medians<'s, 'a> = Vec<(&'s Series<'a>, Vec<(f64, Option<Quantile>)>)>;

/// Nothing where no body has a size.
pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    let groups = bodies(&analysis.verdicts);
    let measured: Vec<(&Along<'_>, Medians<'_, '_>)> =
        groups.iter().map(|group| (group, medians(analysis, series, group))).collect();
    // One axis for all, so that a step is one in every panel.
    let known = |found: &Medians<'_, '_>| {
        let all = found.iter().flat_map(|(_, places)| places);
        all.filter_map(|(_, median)| Some(median.as_ref()?.us)).collect::<Vec<_>>()
    };
    let all: Vec<f64> = measured.iter().flat_map(|(_, found)| known(found)).collect();
    html! {
        @if !all.is_empty() {
            section {
                h2 { "What the size of a body costs" }
                p { "Service times of the closed loop, histograms of all believable blocks added up. Without TCP_NODELAY, a \
                     reply in two writes waits for the first to be acknowledged, which a receiver delays by 40 ms. An open loop at a \
                     low rate need not show it." }
                div.pair {
                    @for (index, (group, found)) in measured.iter().enumerate() {
                        @if let Some(figure) = figure(group, found, &all, index) { (figure.markup()) }
                    }
                }
            }
        }
    }
}

fn medians<'s, 'a>(analysis: &Analysis<'_>, series: &'s [Series<'a>], group: &Along<'_>) -> Medians<'s, 'a> {
    let median = |one: &Series<'_>, cell| {
        Merged::of(&analysis.grid, cell, one.contender, Which::Service).and_then(|merged| merged.at(MEDIAN))
    };
    let places = |one| group.cells.iter().map(|&(size, cell)| (size, median(one, cell))).collect();
    series.iter().map(|one| (one, places(one))).collect()
}

fn figure(group: &Along<'_>, found: &Medians<'_, '_>, all: &[f64], index: usize) -> Option<Figure> {
    let dot = |size: f64, median: Quantile| {
        let sign = if median.at_least { Sign::AtLeast } else { Sign::Mark };
        Dot { x: size, y: median.us, interval: None, sign }
    };
    let lines = found.iter().map(|(one, places)| {
        line(one, places.iter().map(|&(size, median)| Some(dot(size, median?))).collect())
    });
    let lines: Vec<_> = lines.collect();
    if !any(&lines) {
        return None;
    }
    let chart = LineChart {
        width: HALF,
        x: Axis {
            title: "bytes in the body".into(),
            write: number::plain,
            scale: Scale::Log,
            always: Vec::new(),
        },
        y: Axis {
            title: "service time p50, less is better".into(),
            write: number::micros,
            scale: Scale::Log,
            always: all.to_vec(),
        },
        diagonal: None,
        beneath: Vec::new(),
        lines,
    };
    let title = title(group);
    Some(Figure {
        id: format!("bodies-{}", index + 1).into(),
        finding: format!("{title}: {}", finding(found)),
        reading: format!(
            "Median service time against body size, {} connections, both axes logarithmic and the same in every panel. \
             “≥”: a lower bound.",
            group.shared.connections
        ),
        scene: chart.scene(),
        folded: false,
        table: table(&title, found),
    })
}

fn title(group: &Along<'_>) -> String {
    let flags: Vec<&str> = group.shared.flags.iter().map(|flag| flag.trim_start_matches('-')).collect();
    let flags = if flags.is_empty() { "default flags".into() } else { label::name(&flags.join(" ")) };
    format!("{}, {flags}, c = {}", label::name(&group.shared.family), group.shared.connections)
}

/// Every step, by contender; who is slow at every size; and the range of the others.
fn finding(found: &Medians<'_, '_>) -> String {
    let known = |places: &[(f64, Option<Quantile>)]| -> Vec<(f64, f64)> {
        places.iter().filter_map(|&(size, median)| Some((size, median?.us))).collect()
    };
    let least =
        found.iter().flat_map(|(_, places)| known(places)).map(|(_, us)| us).fold(f64::INFINITY, f64::min);
    let mut named = Vec::new();
    let mut others: Vec<f64> = Vec::new();
    for (one, places) in found {
        let (known, name) = (known(places), label::within(one.contender, 24));
        let leap = known.windows(2).find(|pair| pair[1].1 >= STEP * pair[0].1);
        if let Some(pair) = leap {
            named.push(format!(
                "{name} leaps from {} at {} B to {} at {} B",
                number::micros(pair[0].1),
                pair[0].0,
                number::micros(pair[1].1),
                pair[1].0
            ));
        } else if !known.is_empty() && known.iter().all(|(_, us)| *us >= STEP * least) {
            named.push(format!("{name} takes {} at every size", range(known.iter().map(|(_, us)| *us))));
        } else {
            others.extend(known.iter().map(|(_, us)| us));
        }
    }
    match (named.is_empty(), others.is_empty()) {
        (true, _) => format!("no size makes a step, the median takes {}", range(others.iter().copied())),
        (false, true) => named.join("; "),
        (false, false) => {
            format!("{}; the others take {} at every size", named.join("; "), range(others.iter().copied()))
        }
    }
}

/// From the least to the most of some microseconds.
fn range(times: impl Iterator<Item = f64> + Clone) -> String {
    match times.clone().reduce(f64::min).zip(times.reduce(f64::max)) {
        Some((least, most)) => format!("{} to {}", number::micros(least), number::micros(most)),
        None => number::NO_DATA.into(),
    }
}

fn table(title: &str, found: &Medians<'_, '_>) -> Table {
    let mut table = Table::new(&format!("Median service time, {title}"), &["bytes"], 1);
    table.head.extend(found.iter().map(|(one, _)| label::name(one.contender)));
    let sizes = found.first().map_or(0, |(_, places)| places.len());
    for row in 0..sizes {
        let figures = found.iter().map(|(_, places)| match places[row].1 {
            None => number::NO_DATA.into(),
            Some(median) if median.at_least => format!("≥ {}", number::micros(median.us)),
            Some(median) => number::micros(median.us),
        });
        table.push([found[0].1[row].0.to_string()].into_iter().chain(figures).collect());
    }
    table
}

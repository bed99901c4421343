//! How one trial of each of a pair went on, from beginning to end.

use maud::{Markup, html};

use super::figure::Figure;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::sweep::sweeps;
use crate::analysis::telling::telling;
use crate::analysis::timeline::{Part, Timeline};
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::line_chart::{Dot, Line, LineChart, Sign, WIDE};
use crate::figure::ruler::{Axis, Scale};
use crate::figure::scene::Form;
use crate::{label, number};

/// Nothing where no trial was cut into parts.
pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let verdicts = &analysis.verdicts;
    let Some(contrast) = verdicts.contrast(Kind::Control).or(verdicts.contrast(Kind::Stock)) else {
        return html! {};
    };
    let of =
        |cell, level| Timeline::of(&analysis.grid, contrast, cell, level, analysis.run.definition.blocks);
    let last = verdicts.levels.len().saturating_sub(1);
    let judged = telling(verdicts).iter().find_map(|one| of(one.cell, last));
    // A step of a sweep has one open loop.
    let loaded = sweeps(verdicts.cells).first().and_then(|sweep| of(*sweep.cells.last()?, 0));
    let both: Vec<Timeline> = judged.into_iter().chain(loaded).collect();
    html! {
        @if !both.is_empty() {
            section {
                h2 { "One trial from beginning to end" }
                p { "The first block, in the " (contrast.kind.title()) ", of the first cell that is told of above"
                    @if both.len() > 1 { " and of the highest load of the first sweep" }
                    ". One trial is an example: verdicts come from all blocks." }
                @for (index, one) in both.iter().enumerate() { (figure(analysis, contrast, one, index).markup()) }
            }
        }
    }
}

fn figure(analysis: &Analysis<'_>, contrast: Contrast<'_>, timeline: &Timeline, index: usize) -> Figure {
    let cell = label::name(&analysis.verdicts.cells[timeline.cell].name);
    let sides = [
        (contrast.sync, &timeline.sync, Ink::Sync, false, (Form::Disc, Form::Ring)),
        (contrast.awaiting, &timeline.awaiting, Ink::Awaiting, true, (Form::Diamond, Form::HollowDiamond)),
    ];
    let line = |contender: &str, what: &str, style, parts: &[Part], of: fn(&Part) -> Option<f64>| {
        let dots = parts
            .iter()
            .map(|part| Some(Dot { x: part.at_s, y: of(part)?, interval: None, sign: Sign::Mark }));
        Line { style, name: format!("{}, {what}", label::within(contender, 24)), dots: dots.collect() }
    };
    let lines = sides.iter().flat_map(|&(contender, parts, ink, dashed, (median, longest))| {
        let style = |form| Style { ink, form, dashed };
        [
            line(contender, "median service time", style(median), parts, |part| part.service_us_p50),
            line(contender, "longest response time", style(longest), parts, |part| part.response_us_max),
        ]
    });
    let chart = LineChart {
        width: WIDE,
        x: Axis {
            title: "time since the window began".into(),
            write: seconds,
            scale: Scale::Linear,
            always: Vec::new(),
        },
        y: Axis {
            title: "time per request".into(),
            write: number::micros,
            scale: Scale::Log,
            always: Vec::new(),
        },
        diagonal: None,
        beneath: Vec::new(),
        lines: lines.filter(|line| line.dots.iter().any(Option::is_some)).collect(),
    };
    Figure {
        id: format!("timeline-{}", index + 1).into(),
        finding: format!(
            "{cell}, block {}: {}",
            timeline.block + 1,
            sides.map(|(contender, parts, ..)| finding(contender, parts)).join("; ")
        ),
        reading: "The window of the open loop in equal parts: the median service time and the longest response time of what \
                  was answered in each, on a logarithmic axis. A gap is a part in which too little was answered to say; it is \
                  not a zero."
            .into(),
        scene: chart.scene(),
        folded: false,
        table: table(&cell, contrast, timeline),
    }
}

fn seconds(value: f64) -> String {
    number::micros(value * 1e6)
}

/// From where to where the longest response time runs, or the median service time where that is all there is.
fn finding(contender: &str, parts: &[Part]) -> String {
    let longest: Vec<f64> = parts.iter().filter_map(|part| part.response_us_max).collect();
    let median: Vec<f64> = parts.iter().filter_map(|part| part.service_us_p50).collect();
    let (what, values) =
        if longest.is_empty() { ("median service time", median) } else { ("longest response time", longest) };
    let name = label::within(contender, 24);
    let ends = values.iter().copied().reduce(f64::min).zip(values.iter().copied().reduce(f64::max));
    let Some((least, most)) = ends else { return format!("{name}: {}", number::NO_DATA) };
    format!("{what} of {name} between {} and {} per part", number::micros(least), number::micros(most))
}

fn table(cell: &str, contrast: Contrast<'_>, timeline: &Timeline) -> Table {
    let head = ["contender", "at", "due", "answered", "median service time", "longest response time"];
    let mut table = Table::new(&format!("{cell}, block {}", timeline.block + 1), &head, 1);
    for (contender, parts) in [(contrast.sync, &timeline.sync), (contrast.awaiting, &timeline.awaiting)] {
        for part in parts {
            let time = |us: Option<f64>| us.map_or_else(|| "gap".into(), number::micros);
            table.push(vec![
                label::name(contender),
                seconds(part.at_s),
                part.due.to_string(),
                part.replies.to_string(),
                time(part.service_us_p50),
                time(part.response_us_max),
            ]);
        }
    }
    table
}

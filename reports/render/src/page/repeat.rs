//! The A/A result: what the set-up makes of no difference at all.

use maud::{Markup, html};
use reports_record::Metric;
use reports_stats::false_wins::FalseWins;
use reports_terminal::{count, counted};

use super::figure::Figure;
use super::series::by_connections;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::Kind;
use crate::analysis::estimate::Estimate;
use crate::analysis::workload;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::panels::Panels;
use crate::figure::scene::Form;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    html! {
        div {
            h3 { "A contender against itself (A/A)" }
            p {
                bdi { (label::name(&analysis.run.definition.duplicate.of)) }
                " also ran under a second name. Any win between the two is a false one; the rules promise at most \
                 5\u{a0}% of them. Each combination is judged with the excess variance of the others."
            }
            (counts(analysis).markup())
            details { summary { (finding(analysis)) } (figure(analysis).markup()) }
        }
    }
}

fn figure(analysis: &Analysis<'_>) -> Figure {
    let style = Style { ink: Ink::Text, form: Form::Disc, dashed: false };
    let of = |cell| {
        let comparison = analysis.verdicts.at(Kind::Repeat, Metric::Throughput, cell);
        let pairs = comparison.map_or_else(Vec::new, Comparison::pairs);
        vec![Estimate::of(&pairs.iter().map(|pair| pair.r#async / pair.sync).collect::<Vec<_>>())]
    };
    let legend = vec![(style, "copy ÷ original".into())];
    let axis = "throughput, copy ÷ original; the truth is 1";
    let chart = Panels {
        zone: Some((1.0 / 1.05, 1.05)),
        ..by_connections(analysis, legend, (axis, number::ratio), of)
    };
    Figure {
        id: "repeat".into(),
        finding: finding(analysis),
        reading:
            "The ratio of two copies of one contender, with its 95\u{a0}% interval over blocks. The grey zone is \
                  ±5\u{a0}%."
                .into(),
        folded: false,
        scene: chart.scene(),
        table: table(analysis),
    }
}

fn finding(analysis: &Analysis<'_>) -> String {
    let total = analysis.verdicts.repeats().iter().fold(FalseWins { wins: 0, cells: 0 }, |total, repeat| {
        FalseWins { wins: total.wins + repeat.false_wins.wins, cells: total.cells + repeat.false_wins.cells }
    });
    if total.cells == 0 {
        return "A contender against itself: too few blocks to count false wins".into();
    }
    let allowed = (0..=total.cells).take_while(|&wins| FalseWins { wins, ..total }.within_promise()).last();
    format!(
        "A contender against itself: {} in {}; up to {} would be within the promised 5\u{a0}%",
        counted(total.wins, "false win"),
        counted(total.cells, "comparison"),
        count(allowed.unwrap_or(0))
    )
}

fn counts(analysis: &Analysis<'_>) -> Table {
    let head = ["metric", "false wins", "of", "visible in 4 of 5 runs", "within the promised 5\u{a0}%"];
    let mut table = Table::new("False wins by metric", &head, 1);
    for repeat in analysis.verdicts.repeats() {
        let found = repeat.false_wins;
        let kept = match found.cells {
            0 => number::NO_DATA,
            _ if found.within_promise() => "yes",
            _ => "no",
        };
        table.push(vec![
            repeat.subject.title(analysis.verdicts.levels),
            found.wins.to_string(),
            found.cells.to_string(),
            repeat
                .visible
                .map_or_else(|| number::NO_DATA.into(), |ratio| format!("{} or more", number::ratio(ratio))),
            kept.into(),
        ]);
    }
    table
}

fn table(analysis: &Analysis<'_>) -> Table {
    let mut table = Table::new(
        "Copy ÷ original",
        &["combination", "metric", "ratio (95\u{a0}%)", "block SD", "blocks"],
        2,
    );
    for subject in Metric::ALL.into_iter().flat_map(|metric| analysis.verdicts.subjects(metric)) {
        for comparison in analysis.verdicts.about(Kind::Repeat, subject) {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| number::NO_DATA.into());
            table.push(vec![
                workload::cell_name(&analysis.verdicts.cells[comparison.cell]),
                subject.title(analysis.verdicts.levels),
                number::ratio_within(comparison.ratio(), comparison.interval()),
                or_none(comparison.effect().map(|effect| number::percent(effect.block_sd()))),
                format!("{} of {}", comparison.pairs().len(), comparison.planned),
            ]);
        }
    }
    table
}

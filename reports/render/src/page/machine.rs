//! The machine over the run: what others took of it, and what that spoilt.

use maud::{Markup, html};

use super::figure::Figure;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::machine::Stretch;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::line_chart::{Dot, Line, LineChart, Sign, WIDE};
use crate::figure::ruler::{Axis, Scale};
use crate::figure::scene::Form;
use crate::number;

/// Stretches below which there is no course to draw.
const FEW: usize = 3;

/// Nothing for a run of a moment.
pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    if analysis.machine.len() < FEW {
        return html! {};
    }
    figure(&analysis.machine).markup()
}

fn figure(stretches: &[Stretch]) -> Figure {
    let line = |name: &str, ink, dashed, of: &dyn Fn(&Stretch) -> Option<f64>| {
        let dot = |stretch: &Stretch| {
            Some(Dot { x: stretch.minutes, y: of(stretch)?, interval: None, sign: Sign::Bare })
        };
        Line {
            style: Style { ink, form: Form::Disc, dashed },
            name: name.into(),
            dots: stretches.iter().map(dot).collect(),
        }
    };
    let chart = LineChart {
        width: WIDE,
        x: Axis {
            title: "minutes since the first trial".into(),
            write: |minutes| number::count(minutes as usize),
            scale: Scale::Linear,
            always: Vec::new(),
        },
        y: Axis { title: "share".into(), write: number::percent, scale: Scale::Linear, always: vec![0.05] },
        diagonal: None,
        beneath: Vec::new(),
        lines: [
            line("CPU time taken by other guests", Ink::Text, false, &|stretch| stretch.steal),
            line("attempts that were disturbed and repeated", Ink::Muted, true, &|stretch| {
                Some(repeated(stretch))
            }),
            line("slower than in its fastest stretch", Ink::Edge, false, &|stretch| stretch.slowdown),
        ]
        .into_iter()
        .filter(|line| line.dots.iter().any(Option::is_some))
        .collect(),
    };
    Figure {
        id: "machine".into(),
        finding: finding(stretches),
        reading: "The run in equal stretches of time, from the first trial to the last. Its speed is that of a fixed loop of \
                  instructions before each trial. Trials of one block stand side by side, so what changes slowly strikes both \
                  contenders alike."
            .into(),
        scene: chart.scene(),
        folded: false,
        table: table(stretches),
    }
}

fn repeated(stretch: &Stretch) -> f64 {
    stretch.repeated as f64 / stretch.attempts as f64
}

fn finding(stretches: &[Stretch]) -> String {
    let steals = || stretches.iter().filter_map(|stretch| stretch.steal);
    let (attempts, spoilt) = stretches
        .iter()
        .fold((0, 0), |(all, spoilt), stretch| (all + stretch.attempts, spoilt + stretch.repeated));
    let repeated = format!("{} of {} attempts were repeated", number::count(spoilt), number::count(attempts));
    let taken = steals().reduce(f64::min).zip(steals().reduce(f64::max)).map(|(least, most)| {
        format!("other guests took {} to {} of its CPU time; ", number::percent(least), number::percent(most))
    });
    let slowest = stretches.iter().filter_map(|stretch| stretch.slowdown).reduce(f64::max);
    let slower =
        slowest.map(|slowest| format!("it ran up to {} slower than at its best; ", number::percent(slowest)));
    format!("The machine over the run: {}{}{repeated}", taken.unwrap_or_default(), slower.unwrap_or_default())
}

fn table(stretches: &[Stretch]) -> Table {
    let mut table = Table::new(
        "The machine over the run",
        &["minute", "taken by others", "slower than its best", "attempts", "repeated"],
        1,
    );
    let share = |share: Option<f64>| share.map_or_else(|| number::NO_DATA.into(), number::percent);
    for stretch in stretches {
        table.push(vec![
            number::plain(stretch.minutes),
            share(stretch.steal),
            share(stretch.slowdown),
            stretch.attempts.to_string(),
            stretch.repeated.to_string(),
        ]);
    }
    table
}

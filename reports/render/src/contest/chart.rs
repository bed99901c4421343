//! The figure of one server against the first: all ratios on one axis, the better side always the same.

use reports_stats::effect::Interval;

use super::{FindingRow, Rival};
use crate::analysis::estimate::Estimate;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::{IntervalChart, Row, Style};
use crate::figure::scene::Form;
use crate::page::figure::Figure;
use crate::page::table::Table;
use crate::{label, number};

/// The margin of verdicts, as ratios.
const MARGIN: (f64, f64) = (1.0 / 1.05, 1.05);

pub(super) fn figure(id: String, rival: &Rival) -> Figure {
    let [first, other] = rival.names.each_ref().map(|name| label::name(name));
    let style = Style { ink: Ink::Awaiting, form: Form::Diamond, dashed: false };
    let chart = IntervalChart {
        axis_title: format!("how many times as good {other} is"),
        write: number::ratio,
        zone: Some(MARGIN),
        legend: vec![(style, format!("{other} against {first}"))],
        rows: rival
            .findings
            .iter()
            .map(|row| Row { title: label::name(&row.subject), kind: 0, estimate: advantage(row) })
            .collect(),
    };
    let mut table = Table::new(
        &format!("{other} ÷ {first}"),
        &["question", &first, &other, "ratio", "interval", "verdict", "blocks"],
        1,
    );
    for row in &rival.findings {
        let [one, two] = row.figures.each_ref().map(|figure| label::name(figure));
        table.push(vec![
            label::name(&row.subject),
            one,
            two,
            row.ratio.map_or(number::NO_DATA.into(), number::ratio),
            row.interval.map_or(number::NO_DATA.into(), |(lo, hi)| number::interval(Interval { lo, hi })),
            label::name(&row.verdict),
            row.blocks.to_string(),
        ]);
    }
    let decided = rival.findings.iter().filter(|row| row.is_won).count();
    Figure {
        id: id.into(),
        finding: format!("{decided} of {} questions have a winner", rival.findings.len()),
        reading: format!(
            "Right of the band of ±5\u{a0}% {other} is better: it serves more, costs less or answers sooner. Left of it {first} is. \
             Bars are 95\u{a0}% intervals over all looks together, on a logarithmic axis; the table has plain ratios."
        ),
        folded: false,
        scene: chart.scene(),
        table,
    }
}

/// How many times as good the other server is: the ratio where more is better, its inverse where less is.
fn advantage(row: &FindingRow) -> Option<Estimate> {
    let (middle, interval) = (row.ratio?, row.interval);
    let turn = |value: f64| if row.more_is_better { value } else { 1.0 / value };
    let interval = interval.map(|(lo, hi)| {
        let (one, two) = (turn(lo), turn(hi));
        Interval { lo: one.min(two), hi: one.max(two) }
    });
    Some(Estimate { middle: turn(middle), interval, at_least: false, blocks: row.blocks })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: a cost of 0.8 is 1 ÷ 0.8 = 1.25 times as good, from 1 ÷ 0.84 to 1 ÷ 0.78.
    #[test]
    fn a_lower_cost_is_drawn_as_an_advantage() {
        let row = FindingRow {
            subject: "CPU".into(),
            figures: [String::new(), String::new()],
            ratio: Some(0.8),
            interval: Some((0.78, 0.84)),
            more_is_better: false,
            verdict: "new wins".into(),
            is_won: true,
            blocks: 8,
        };
        let found = advantage(&row).unwrap();
        let interval = found.interval.unwrap();
        assert!((found.middle - 1.25).abs() < 1e-12);
        assert!((interval.lo - 1.0 / 0.84).abs() < 1e-12 && (interval.hi - 1.0 / 0.78).abs() < 1e-12);
        let more = advantage(&FindingRow { more_is_better: true, ..row }).unwrap();
        assert!((more.middle - 0.8).abs() < 1e-12);
    }
}

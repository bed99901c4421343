//! The cells of each planted difference, and what the rules make of them.

use std::time::Duration;

use benches::bench::table::Table;
use reports_stats::effect::{Pair, effect};
use reports_stats::judge::{Cell, Judgement, Question, judge};
use reports_stats::looks::Looks;
use reports_stats::verdict::{Better, Verdict};

use crate::block::{Block, Found};
use crate::simulation;

/// All cells of one planted difference.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Hash rounds that one side computes more, %.
    pub(crate) more: u32,
    blocks: usize,
    cells: Vec<Vec<Block>>,
}

/// A way of measuring and a metric: how a block is read.
#[derive(Clone, Copy)]
struct Column {
    metric: &'static str,
    way: &'static str,
    better: Better,
    found: fn(&Block) -> Found,
    pair: fn(&Found) -> Pair,
}

const COLUMNS: [Column; 4] = [
    Column {
        metric: "throughput",
        way: "one after another",
        better: Better::More,
        found: |block| block.alone,
        pair: |found| found.throughput,
    },
    Column {
        metric: "throughput",
        way: "slices",
        better: Better::More,
        found: |block| block.sliced,
        pair: |found| found.throughput,
    },
    Column {
        metric: "CPU a request",
        way: "one after another",
        better: Better::Less,
        found: |block| block.alone,
        pair: |found| found.cpu,
    },
    Column {
        metric: "CPU a request",
        way: "slices",
        better: Better::Less,
        found: |block| block.sliced,
        pair: |found| found.cpu,
    },
];

impl Tally {
    pub(crate) fn of(more: u32, blocks: u32) -> Self {
        Self { more, blocks: blocks as usize, cells: Vec::new() }
    }

    pub(crate) fn begin_cell(&mut self) {
        self.cells.push(Vec::new());
    }

    pub(crate) fn add(&mut self, block: Block) {
        if let Some(cell) = self.cells.last_mut() {
            cell.push(block);
        }
    }

    /// The whole cells' blocks, read by `column`; one that was cut short is left out.
    fn pairs(&self, column: Column) -> Vec<Vec<Option<Pair>>> {
        let whole = self.cells.iter().filter(|cell| cell.len() == self.blocks);
        let pair = |block: &Block| Some((column.pair)(&(column.found)(block)));
        whole.map(|cell| cell.iter().map(pair).collect()).collect()
    }

    fn took(&self, column: Column) -> Duration {
        let whole = self.cells.iter().filter(|cell| cell.len() == self.blocks).flatten();
        whole.map(|block| (column.found)(block).took).sum()
    }
}

/// A row for each difference, metric and way of measuring. A/A cells come first and give the excess variance of all.
pub(crate) fn table(tallies: &[Tally]) -> Table {
    let mut table = Table::new([
        "planted",
        "metric",
        "measured",
        "ratio",
        "block SD",
        "cells",
        "wins",
        "ties",
        "cannot tell",
        "interval holds",
        "wins, simulated",
        "decided/min",
    ]);
    for tally in tallies {
        for column in COLUMNS {
            if let Some(row) = row(&tallies[0], tally, column) {
                table.push(row);
            }
        }
    }
    table
}

fn row(copies: &Tally, tally: &Tally, column: Column) -> Option<Vec<String>> {
    let (aa, family) = (copies.pairs(column), tally.pairs(column));
    let logs = family.iter().filter_map(|cell| {
        let effect = effect(&cell.iter().flatten().copied().collect::<Vec<Pair>>()).ok()?;
        Some((effect.log_ratio(), effect.block_sd()))
    });
    let logs: Vec<(f64, f64)> = logs.collect();
    if logs.is_empty() {
        return None;
    }
    let count = logs.len() as f64;
    // In A/A cells the truth is known; elsewhere it is the mean of all cells, far surer than any of them.
    let mean = logs.iter().map(|(mean, _)| mean).sum::<f64>() / count;
    let truth = if tally.more == 0 { 0.0 } else { mean };
    let sd = (logs.iter().map(|(_, sd)| sd.powi(2)).sum::<f64>() / count).sqrt();
    let judgements = judgements(column.better, tally.blocks, &aa, &family);
    let of = |is: fn(Verdict) -> bool| judgements.iter().filter(|one| is(one.verdict)).count();
    let (wins, ties) = (of(Verdict::is_win), of(|verdict| verdict == Verdict::Tie));
    let holds = judgements.iter().filter(|one| {
        one.evidence.is_ok_and(|evidence| {
            let interval = evidence.log_interval();
            interval.lo <= truth && truth <= interval.hi
        })
    });
    let minutes = tally.took(column).as_secs_f64() / 60.0;
    Some(vec![
        if tally.more == 0 { "A/A".to_owned() } else { format!("+{} %", tally.more) },
        column.metric.to_owned(),
        column.way.to_owned(),
        format!("{:.3}", mean.exp()),
        format!("{:.1} %", sd * 100.0),
        family.len().to_string(),
        wins.to_string(),
        ties.to_string(),
        of(|verdict| verdict == Verdict::CannotTell).to_string(),
        format!("{:.0} %", holds.count() as f64 / count * 100.0),
        format!("{:.1}", simulation::wins(&aa, family.len(), tally.blocks, truth, sd, column.better)),
        format!("{:.1}", (wins + ties) as f64 / minutes),
    ])
}

/// What the rules make of `family`, whose excess variance follows from `aa`.
pub(crate) fn judgements(
    better: Better,
    blocks: usize,
    aa: &[Vec<Option<Pair>>],
    family: &[Vec<Option<Pair>>],
) -> Vec<Judgement> {
    let looks = Looks::once(blocks);
    let question = Question { better, looks: &looks, moderated: true };
    let aa: Vec<Cell<'_>> = aa.iter().map(|blocks| Cell { blocks }).collect();
    let family: Vec<Cell<'_>> = family.iter().map(|blocks| Cell { blocks }).collect();
    judge(question, &aa, &family)
}

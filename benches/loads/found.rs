//! The findings of all blocks, as tables: pure.

use benches::bench::table::Table;
use reports_stats::crossover::{Crossover, crossover};
use reports_stats::verdict::Verdict;

use crate::cell::{Cell, Ladder};
use crate::kind::{Kind, Ratios};
use crate::ratio::{Quotient, Ratio};

/// The load that the others are compared with.
const REFERENCE: Kind = Kind::OnTime;

/// A cell's blocks under all loads.
pub(crate) struct Compared {
    pub(crate) cell: Cell,
    pub(crate) blocks: Vec<Ratios>,
}

/// A cell's blocks along its rates; those that ended early are shorter.
pub(crate) struct Climbed {
    pub(crate) ladder: Ladder,
    pub(crate) blocks: Vec<Vec<Ratio>>,
}

/// Rows of every cell under each load.
pub(crate) fn loads(cells: &[Compared]) -> Table {
    let mut table = Table::new([
        "wait",
        "connections",
        "load",
        "requests/s",
        "threads, µs",
        "tasks, µs",
        "tasks ÷ threads",
        "÷ Poisson's",
        "agrees",
    ]);
    for (cell, kind) in cells.iter().flat_map(|cell| Kind::ALL.map(|kind| (cell, kind))) {
        let ratios: Vec<Ratio> = cell.blocks.iter().map(|block| block.under(kind)).collect();
        let pairs = cell.blocks.iter().map(|block| (block.under(kind), block.under(REFERENCE)));
        let beside = Some(Quotient::between(&pairs.collect::<Vec<_>>())).filter(|_| kind != REFERENCE);
        let mean =
            |figure: fn(&Ratio) -> f64| ratios.iter().map(figure).sum::<f64>() / ratios.len().max(1) as f64;
        let mut row = cell.cell.columns().to_vec();
        row.extend([kind.name().to_owned(), format!("{:.0}", mean(|ratio| ratio.rate))]);
        row.extend([
            format!("{:.1}", mean(|ratio| ratio.cost.threads_us)),
            format!("{:.1}", mean(|ratio| ratio.cost.tasks_us)),
            Quotient::of(&ratios).to_string(),
        ]);
        row.extend(beside.iter().map(Quotient::to_string));
        row.extend(beside.iter().map(|quotient| quotient.agrees().to_owned()));
        table.push(row);
    }
    table
}

impl Climbed {
    /// Each rate's ratio over blocks.
    fn quotients(&self) -> Vec<(f64, Quotient)> {
        let at = |step: usize| self.blocks.iter().filter_map(|block| block.get(step).copied()).collect();
        let rates = self.ladder.rates.iter().enumerate();
        rates.map(|(step, &rate)| (f64::from(rate), Quotient::of(&at(step) as &Vec<Ratio>))).collect()
    }

    /// Between which rates the cheaper one changes, in words.
    pub(crate) fn crossover(&self) -> String {
        let points: Vec<(f64, Verdict)> =
            self.quotients().iter().map(|(rate, quotient)| (*rate, quotient.verdict())).collect();
        match crossover(&points) {
            Ok(Crossover::Changes(changes)) => {
                let told = changes.iter().map(|change| {
                    let turn = if change.to == Verdict::AsyncWins { "" } else { " (to threads)" };
                    format!("{} to {}{turn}", thousands(change.after), thousands(change.before))
                });
                told.collect::<Vec<_>>().join("; ")
            }
            Ok(Crossover::NoneInRange { verdict, first, last }) => {
                let place = match verdict {
                    Verdict::SyncWins => format!("none up to {}: threads cost less", thousands(last)),
                    _ => format!("below {}", thousands(first)),
                };
                let undecided = points.iter().filter(|(_, verdict)| *verdict == Verdict::CannotTell);
                let rates: Vec<String> = undecided.map(|(rate, _)| thousands(*rate)).collect();
                match rates.as_slice() {
                    [] => place,
                    [one] => format!("{place}; {one} undecided"),
                    [others @ .., last] => format!("{place}; {} and {last} undecided", others.join(", ")),
                }
            }
            Ok(Crossover::CannotTell) | Err(_) => "cannot be judged: no rate is decided".to_owned(),
        }
    }
}

/// Rows of every cell at each rate.
pub(crate) fn rates(cells: &[Climbed]) -> Table {
    let mut table = Table::new(["wait", "connections", "requests/s", "CPU per request, tasks ÷ threads"]);
    for cell in cells {
        for (rate, quotient) in cell.quotients() {
            let mut row = cell.ladder.cell.columns().to_vec();
            row.extend([thousands(rate), quotient.to_string()]);
            table.push(row);
        }
    }
    table
}

/// A row of every cell: where the cheaper one changes.
pub(crate) fn crossovers(cells: &[Climbed]) -> Table {
    let mut table =
        Table::new(["wait", "connections", "tasks cost less from, requests/s", "the prototype's"]);
    for cell in cells {
        let mut row = cell.ladder.cell.columns().to_vec();
        row.extend([cell.crossover(), cell.ladder.prototype.to_owned()]);
        table.push(row);
    }
    table
}

fn thousands(rate: f64) -> String {
    format!("{},{:03}", rate as u64 / 1_000, rate as u64 % 1_000)
}

//! The findings of all blocks, as tables: pure.

use benches::bench::table::Table;
use reports_stats::crossover::{Crossover, crossover};
use reports_stats::verdict::Verdict;

use crate::block::Ratios;
use crate::cell::{Cell, Ladder};
use crate::ratio::{Quotient, Ratio};

/// One load of a block.
type OfLoad = fn(&Ratios) -> Ratio;

/// The loads by name.
pub(crate) const LOADS: [(&str, OfLoad); 3] = [
    ("closed, drawn waits", |ratios| ratios.drawn),
    ("closed, in lock step", |ratios| ratios.lock_step),
    ("Poisson arrivals", |ratios| ratios.poisson),
];

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
        "CPU per request, tasks ÷ threads",
        "÷ Poisson's",
        "agrees",
    ]);
    for (cell, (load, of)) in cells.iter().flat_map(|cell| LOADS.map(|load| (cell, load))) {
        let ratios: Vec<Ratio> = cell.blocks.iter().map(of).collect();
        let rate = ratios.iter().map(|ratio| ratio.rate).sum::<f64>() / ratios.len().max(1) as f64;
        let pairs = cell.blocks.iter().map(|block| (of(block), block.poisson)).collect::<Vec<_>>();
        let of_poisson = Some(Quotient::between(&pairs)).filter(|_| load != LOADS[2].0);
        let mut row = cell.cell.columns().to_vec();
        row.extend([load.to_owned(), format!("{rate:.0}"), Quotient::of(&ratios).to_string()]);
        row.extend(of_poisson.iter().map(Quotient::to_string));
        row.extend(of_poisson.iter().map(|quotient| quotient.agrees().to_owned()));
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
                let cheaper = if verdict == Verdict::SyncWins { "threads" } else { "tasks" };
                let range = if first == last { "at" } else { "none to" };
                format!("{range} {}: {cheaper} cost less", thousands(last))
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

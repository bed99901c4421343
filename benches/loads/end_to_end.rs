//! `cargo test`: the program works from end to end. What this machine makes of the loads is not judged.

use anyhow::{Context as _, ensure};
use benches::bench::started;
use reports_record::{Certificate, Check, CheckStatus};

use crate::cell::{COMPARED, LADDERS};
use crate::found::{self, Climbed, Compared};
use crate::kind::{Kind, Ratios};
use crate::ratio::{Cost, Fitness, Ratio};

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&["--blocks", "--minutes", "--quick"])?;
    started::refuses(&["--blocks", "1"], "2..=1000")?;
    what_agrees_is_told_from_what_does_not()?;
    a_crossover_lies_between_decided_rates()?;
    a_queue_that_grew_is_told_from_stolen_time()?;
    every_load_and_rate_has_its_row()
}

fn fit(cpu: f64) -> Ratio {
    Ratio { cost: Cost { threads_us: 20.0, tasks_us: 20.0 * cpu }, rate: 1_000.0, fitness: Fitness::Fit }
}

/// Ratios of 1.2 for drawn waits, closed and on time, but for `noise`; half of it in lock step, a tenth less as in runs, and a sixth less
/// with one wait for all.
fn block_of(noise: f64, on_time: fn(f64) -> Ratio) -> Ratios {
    Ratios::new([fit(1.2 * noise), fit(0.6), on_time(1.2 / noise), fit(1.08 / noise), fit(1.0 / noise)])
}

fn what_agrees_is_told_from_what_does_not() -> anyhow::Result<()> {
    let noise = [1.01, 0.98, 1.0, 1.02, 0.99, 0.995];
    let mut blocks = noise.map(|noise| block_of(noise, fit)).to_vec();
    let rows = |blocks: &[Ratios]| {
        found::loads(&[Compared { cell: COMPARED[0], blocks: blocks.to_vec() }]).to_string()
    };
    let table = rows(&blocks);
    let row = |load: &str| table.lines().find(|line| line.contains(load)).unwrap_or_default();
    ensure!(row(Kind::Drawn.name()).contains("| yes"), "{table}");
    ensure!(
        row(Kind::Drawn.name()).contains("| 20.0 ") && row(Kind::Drawn.name()).contains("| 24.0 "),
        "{table}"
    );
    let lock_step = row(Kind::LockStep.name());
    ensure!(lock_step.contains("0.50 (0.49–0.51)") && lock_step.contains("| no "), "{table}");
    ensure!(
        row(Kind::AsInRuns.name()).contains("0.90 (") && row(Kind::AsInRuns.name()).contains("| no "),
        "{table}"
    );
    ensure!(
        row(Kind::OneWait.name()).contains("0.83 (") && row(Kind::OneWait.name()).contains("| no "),
        "{table}"
    );
    // Three of six are not enough, whatever they agree on.
    let disturbed = |cpu| Ratio { fitness: Fitness::Disturbed, ..fit(cpu) };
    for (block, noise) in blocks[..3].iter_mut().zip(noise) {
        *block = block_of(noise, disturbed);
    }
    let table = rows(&blocks);
    ensure!(table.contains("cannot be judged: 3 of 6 blocks fit, 3 disturbed"), "{table}");
    ensure!(!table.contains("| yes") && !table.contains("| no "), "{table}");
    Ok(())
}

/// A ratio that scatters around 1.
const UNDECIDED: f64 = 1.0;

fn a_crossover_lies_between_decided_rates() -> anyhow::Result<()> {
    let at = |ratios: &'static [f64], overloaded: usize| {
        let block = |noise: f64| {
            let mut block: Vec<Ratio> = ratios.iter().map(|ratio| fit(ratio * noise)).collect();
            block.iter_mut().rev().take(overloaded).for_each(|last| last.fitness = Fitness::Overloaded);
            block
        };
        Climbed { ladder: LADDERS[0], blocks: [1.01, 0.98, 1.0, 1.02, 0.99, 1.0].map(block).to_vec() }
            .crossover()
    };
    let crossed = at(&[1.4, 1.2, 1.1, 1.0, 0.9, 0.8], 0);
    ensure!(crossed == "20,000 to 28,000", "{crossed}");
    let none = at(&[1.4, 1.2, 1.1, 1.1, 0.9], 1);
    ensure!(none == "none up to 24,000: threads cost less", "{none}");
    let unsure = at(&[UNDECIDED, 1.2, UNDECIDED, UNDECIDED], 0);
    ensure!(unsure == "none up to 12,000: threads cost less; 4,000, 20,000 and 24,000 undecided", "{unsure}");
    // Tasks cost less at each rate that is decided: the crossover lies below, wherever the undecided ones leave it.
    let below = at(&[UNDECIDED, UNDECIDED, 0.9, 0.8], 0);
    ensure!(below == "below 20,000; 4,000 and 12,000 undecided", "{below}");
    let lowest = at(&[0.9, 0.8, 0.7], 0);
    ensure!(lowest == "below 4,000", "{lowest}");
    let untold = at(&[], 0);
    ensure!(untold.starts_with("cannot be judged"), "{untold}");
    Ok(())
}

fn a_queue_that_grew_is_told_from_stolen_time() -> anyhow::Result<()> {
    let certificate = |name: &str, status| {
        let check = Check {
            name: name.to_owned(),
            status,
            figure: None,
            bound: 0.0,
            unit: "ratio".to_owned(),
            finding: String::new(),
            remedy: None,
            explained_by: None,
        };
        Certificate::from_checks(vec![check])
    };
    let fitness = |name, status| Fitness::of([certificate(name, status)].iter());
    ensure!(fitness("achieved", CheckStatus::Pass) == Fitness::Fit);
    ensure!(fitness("achieved", CheckStatus::Warn) == Fitness::Overloaded);
    ensure!(fitness("steal", CheckStatus::Fail) == Fitness::Disturbed);
    Ok(())
}

fn every_load_and_rate_has_its_row() -> anyhow::Result<()> {
    let told = started::again(&["--quick"], |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "it ended with {}: {said}", told.status);
    for row in Kind::ALL.map(Kind::name).into_iter().chain([LADDERS[0].prototype, "| 12,000 "]) {
        table
            .lines()
            .find(|line| line.contains(row))
            .with_context(|| format!("no row of {row} in\n{table}\n{said}"))?;
    }
    ensure!(table.contains("6 of 6 blocks"), "{table}\n{said}");
    Ok(())
}

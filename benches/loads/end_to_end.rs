//! `cargo test`: the program works from end to end. What this machine makes of the loads is not judged.

use anyhow::{Context as _, ensure};
use benches::bench::started;

use crate::agreement::Agreement;
use crate::block::{LOADS, OfLoad, Ratio, Ratios};

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&["--blocks", "--connections", "--wait-ms"])?;
    started::refuses(&["--blocks", "1"], "2..=1000")?;
    what_agrees_is_told_from_what_does_not()?;
    every_load_has_its_row()
}

fn what_agrees_is_told_from_what_does_not() -> anyhow::Result<()> {
    let block = |noise: f64| {
        let ratio = |cpu: f64| Ratio { cpu, rate: 1_000.0 };
        Ratios { drawn: ratio(1.2 * noise), lock_step: ratio(0.5), poisson: ratio(1.2 / noise) }
    };
    let blocks = [1.01, 0.98, 1.0, 1.02, 0.99, 0.995].map(block);
    let agrees = |of: OfLoad| Agreement::of(&blocks, of).holds();
    let found = LOADS.map(|(_, of)| agrees(of));
    ensure!(found == [Some(true), Some(false), None], "{found:?}");
    let cells = Agreement::of(&blocks, |block| block.lock_step).cells();
    ensure!(cells[0] == "0.50 (0.50–0.50)" && cells[1].starts_with("0.42 ("), "{cells:?}");
    ensure!(Agreement::of(&blocks[..1], |block| block.drawn).cells()[0] == "too few blocks");
    Ok(())
}

fn every_load_has_its_row() -> anyhow::Result<()> {
    let told = started::again(&["--blocks", "2", "--connections", "2", "--wait-ms", "1"], |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "it ended with {}: {said}", told.status);
    for (load, _) in LOADS {
        table
            .lines()
            .find(|line| line.contains(load))
            .with_context(|| format!("no row of {load} in\n{table}"))?;
    }
    Ok(())
}

//! `cargo test`: the program works from end to end. How noisy this machine is, is not judged.

use anyhow::{Context as _, ensure};
use benches::bench::started;

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&["--cells", "--blocks", "--rounds", "--more", "--connections", "--seed"])?;
    started::refuses(&["--blocks", "5"], "--blocks")?;
    a_difference_of_three_hundred_percent_is_found_in_slices()
}

/// One cell of each: enough rounds that hashing is most of a request, and a difference far beyond any noise.
fn a_difference_of_three_hundred_percent_is_found_in_slices() -> anyhow::Result<()> {
    let arguments =
        ["--cells", "1", "--blocks", "6", "--more", "300", "--rounds", "2000", "--connections", "2"];
    let told = started::again(&arguments, |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "{arguments:?} ended with {}: {said}", told.status);
    for way in ["one after another", "slices"] {
        let row =
            table.lines().find(|line| line.contains("+300 %") && line.contains("CPU") && line.contains(way));
        let row = row.with_context(|| format!("no row of CPU, {way}, in\n{table}{said}"))?;
        let column = |number: usize| row.split('|').nth(number).map(str::trim);
        let ratio: f64 = column(4).unwrap_or_default().parse().context("a ratio")?;
        ensure!((2.0..=4.5).contains(&ratio), "expected nearly 4 times the CPU time, found {row}");
    }
    let rows = table.lines().filter(|line| line.contains("A/A")).count();
    ensure!(rows == 4, "expected four rows of A/A cells in\n{table}");
    Ok(())
}

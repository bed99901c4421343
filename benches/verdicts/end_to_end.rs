//! `cargo test`: the program works from end to end. How noisy this machine is, is not judged.

use anyhow::{Context as _, ensure};
use benches::bench::started;

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&[
        "--cells",
        "--blocks",
        "--turns",
        "--rounds",
        "--more",
        "--connections",
        "--seed",
    ])?;
    started::refuses(&["--blocks", "5"], "--blocks")?;
    eleven_times_the_work_is_found_in_both_ways()
}

/// One cell of each: enough rounds that hashing is most of a request, and so few that eleven times as many fit a slice many times over,
/// in a build without optimisation as well.
///
/// How far the ratio lies from the planted one is noise, of the machine and of whatever else runs on it: a bound close by fails now
/// and then. Eleven times the rounds are 2.4 in logarithms. The rules miss a win only where blocks scatter by twice as much, and a
/// ratio of less than a third takes noise of 1.3 in the mean of six blocks.
fn eleven_times_the_work_is_found_in_both_ways() -> anyhow::Result<()> {
    let arguments =
        ["--cells", "1", "--blocks", "6", "--more", "1000", "--rounds", "200", "--connections", "2"];
    let told = started::again(&arguments, |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "{arguments:?} ended with {}: {said}", told.status);
    let columns = |line: &str| line.split('|').map(|column| column.trim().to_owned()).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = table.lines().map(columns).collect();
    let column = |row: &[String], name: &str| -> anyhow::Result<String> {
        let at = rows.iter().find_map(|head| head.iter().position(|title| title == name));
        at.and_then(|at| row.get(at).cloned()).with_context(|| format!("no column {name} in\n{table}"))
    };
    for way in ["one after another", "slices"] {
        let is_meant = |row: &&Vec<String>| {
            ["+1000 %", "CPU a request", way].iter().all(|text| row.iter().any(|column| column == text))
        };
        let row = rows.iter().find(is_meant);
        let row = row.with_context(|| format!("no row of CPU, {way}, in\n{table}{said}"))?;
        let ratio: f64 = column(row, "ratio")?.parse().context("a ratio")?;
        ensure!(column(row, "wins")? == "1", "expected a win in one cell of one, found {row:?}");
        ensure!((11.0 / 3.0..33.0).contains(&ratio), "expected about 11 times the CPU time, found {row:?}");
    }
    let copies = rows.iter().filter(|row| row.iter().any(|column| column == "A/A")).count();
    ensure!(copies == 4, "expected four rows of A/A cells in\n{table}");
    Ok(())
}

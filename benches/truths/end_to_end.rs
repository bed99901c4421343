//! `cargo test`: the program works from end to end. How fast or punctual this machine is, is not judged.

use anyhow::{Context as _, ensure};
use benches::bench::started;

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&["--quick", "[TRUTH]", "stall", "delay", "evenly", "queue"])?;
    started::refuses(&["no-such-truth"], "no-such-truth")?;
    crate::queue::test()?;
    every_truth_has_its_rows()?;
    one_truth_is_told_alone()
}

fn every_truth_has_its_rows() -> anyhow::Result<()> {
    let told = started::again(&["--quick"], |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "--quick ended with {}: {said}", told.status);
    for (row, exact) in [
        ("response p95", "200.000 ms"),
        ("response p99", "360.000 ms"),
        ("service p50", "0.500 ms"),
        ("response mean", "0.500 ms"),
        ("M/D/1", "2.500 ms"),
        ("M/M/1", "5.000 ms"),
    ] {
        let line = table.lines().find(|line| line.contains(row));
        let line = line.with_context(|| format!("no row {row:?} in\n{table}{said}"))?;
        ensure!(line.contains(exact), "expected {exact} in {line}");
    }
    for queue in table.lines().filter(|line| line.contains("M/M/1") || line.contains("M/D/1")) {
        ensure!(queue.contains("too few batches"), "three batches were judged: {queue}");
    }
    // The stall is 400 ms, and so is known to far less than that on any machine that can run this.
    let p99 = measured_ms(&table, "response p99 ").context("no p99 of the stall")?;
    ensure!((260.0..800.0).contains(&p99), "expected 360 ms at p99 of the stall, found {p99}");
    Ok(())
}

fn one_truth_is_told_alone() -> anyhow::Result<()> {
    let told = started::again(&["delay", "--quick"], |_| ())?;
    let table = String::from_utf8_lossy(&told.stdout);
    ensure!(told.status.success() && table.contains("service p50"), "delay alone: {table}");
    ensure!(!table.contains("M/D/1") && !table.contains("p99"), "more than was asked for: {table}");
    Ok(())
}

/// The fifth column of the row with `figure`.
fn measured_ms(table: &str, figure: &str) -> Option<f64> {
    let row = table.lines().find(|line| line.contains(figure))?;
    row.split('|').nth(5)?.trim().strip_suffix(" ms")?.parse().ok()
}

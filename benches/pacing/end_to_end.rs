//! `cargo test`: the program works from end to end. How punctual this machine is, is not judged.

use anyhow::{Context as _, ensure};
use benches::bench::started;

use crate::lateness::Lateness;

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&["--seconds", "--quick"])?;
    started::refuses(&["--seconds", "0"], "1..=60")?;
    a_bound_is_met_missed_or_disturbed()?;
    every_client_has_its_row()
}

fn a_bound_is_met_missed_or_disturbed() -> anyhow::Result<()> {
    let calm = Lateness {
        client: "x",
        p50_us: Some(3.0),
        p99_us: Some(150.0),
        promises: true,
        disturbed: Some(0.001),
        involuntary_switches: Some(4),
        steal: Some(0.0),
        cpu: 0.9,
        spinning: Some(0.8),
    };
    let verdicts = |lateness: &Lateness| {
        let row = lateness.row(1000);
        [row[3].clone(), row[5].clone()]
    };
    ensure!(verdicts(&calm) == ["met", "missed"], "{:?}", verdicts(&calm));
    let disturbed = Lateness { disturbed: Some(0.02), ..calm.clone() };
    ensure!(verdicts(&disturbed) == ["met", "disturbed"], "{:?}", verdicts(&disturbed));
    let late = Lateness { p50_us: Some(21.0), p99_us: None, ..disturbed };
    ensure!(verdicts(&late) == ["missed", "too few samples"], "{:?}", verdicts(&late));
    let other = Lateness { promises: false, ..late };
    ensure!(verdicts(&other) == ["", ""], "{:?}", verdicts(&other));
    Ok(())
}

fn every_client_has_its_row() -> anyhow::Result<()> {
    let told = started::again(&["--quick"], |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "--quick ended with {}: {said}", told.status);
    let row = |client: &str| {
        let row = table.lines().find(|line| line.contains(client));
        row.with_context(|| format!("no row of {client} in\n{table}{said}"))
    };
    let spin = row("loadgen --pacing spin")?;
    ensure!(
        ["met", "missed", "disturbed"].iter().any(|verdict| spin.contains(verdict)),
        "no verdict in {spin}"
    );
    row("loadgen --pacing timer")?;
    // Ticks of a millisecond are late by half of one at the median, and no machine makes them earlier.
    let ticks: f64 = row("a millisecond timer")?.split('|').nth(3).unwrap_or_default().trim().parse()?;
    ensure!(ticks > 100.0, "a millisecond timer late by {ticks} µs");
    ensure!(said.contains("oha is not installed") || row("oha (response time)").is_ok(), "{table}{said}");
    Ok(())
}

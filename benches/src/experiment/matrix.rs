//! Multiplies a workload's lists out into cells.

use anyhow::{bail, ensure};
use reports_record::Cell;
use servers_contract::Call;

use super::file::{Endpoint, WorkloadTable};

/// Most cells of one experiment: at a second a trial, more would take days.
const CELLS: usize = 10_000;

/// Connections that a cell may hold: the descriptor limits of common systems end here.
const CONNECTIONS: std::ops::RangeInclusive<u32> = 1..=100_000;

/// Every cell of these workloads, in the order the file lists them.
pub(super) fn cells(workloads: &[WorkloadTable]) -> anyhow::Result<Vec<Cell>> {
    let size = workloads.iter().fold(0_usize, |sum, workload| sum.saturating_add(size(workload)));
    ensure!(size <= CELLS, "{size} cells; expected at most {CELLS}, shorten the lists of a [[workload]]");
    let mut cells: Vec<Cell> = Vec::with_capacity(size);
    for workload in workloads {
        check(workload)?;
        for &wait_ms in or_none(&workload.wait_ms, &0.0) {
            for &rounds in or_none(&workload.rounds, &0) {
                for &connections in &workload.connections {
                    let cell = cell(workload.endpoint, wait_ms, rounds, connections)?;
                    if cells.iter().any(|other| other.name == cell.name) {
                        bail!("cell {:?} occurs twice; list each combination once", cell.name);
                    }
                    cells.push(cell);
                }
            }
        }
    }
    ensure!(!cells.is_empty(), "at least one [[workload]] is needed");
    Ok(cells)
}

fn size(workload: &WorkloadTable) -> usize {
    [workload.wait_ms.len().max(1), workload.rounds.len().max(1), workload.connections.len()]
        .into_iter()
        .fold(1_usize, usize::saturating_mul)
}

fn or_none<'a, T>(values: &'a [T], none: &'a T) -> &'a [T] {
    if values.is_empty() { std::slice::from_ref(none) } else { values }
}

/// A list that an endpoint needs must be there; one that it has no use for must not.
fn check(workload: &WorkloadTable) -> anyhow::Result<()> {
    let name = workload.endpoint.name();
    let (needs_wait, needs_rounds) = match workload.endpoint {
        Endpoint::Wait => (true, false),
        Endpoint::Cpu => (false, true),
        Endpoint::Mixed => (true, true),
    };
    ensure!(!workload.connections.is_empty(), "workload {name:?}: connections must list at least one number");
    for (list, given, needed) in [
        ("wait_ms", !workload.wait_ms.is_empty(), needs_wait),
        ("rounds", !workload.rounds.is_empty(), needs_rounds),
    ] {
        ensure!(given || !needed, "workload {name:?}: {list} must list at least one number");
        ensure!(!given || needed, "workload {name:?}: {list} has no effect there, remove it");
    }
    Ok(())
}

fn cell(endpoint: Endpoint, wait_ms: f64, rounds: u32, connections: u32) -> anyhow::Result<Cell> {
    let (target, work) = match endpoint {
        Endpoint::Wait => (format!("/wait?ms={wait_ms}"), format!("wait={wait_ms}ms")),
        Endpoint::Cpu => (format!("/cpu?rounds={rounds}"), format!("cpu={rounds}")),
        Endpoint::Mixed => {
            (format!("/mixed?ms={wait_ms}&rounds={rounds}"), format!("mixed={wait_ms}ms+{rounds}"))
        }
    };
    let name = format!("{work}/c={connections}");
    ensure!(
        CONNECTIONS.contains(&connections),
        "cell {name:?}: connections must be {} to {}",
        CONNECTIONS.start(),
        CONNECTIONS.end()
    );
    if let Err(refusal) = Call::parse("GET", &target) {
        bail!("cell {name:?}: no contender would answer it: {refusal}");
    }
    Ok(Cell { name, family: endpoint.name().to_owned(), target, wait_ms, rounds, connections })
}

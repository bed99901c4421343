//! Multiplies a workload's lists out into cells.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{bail, ensure};
use reports_record::Cell;
use servers_contract::{Call, Endpoint as ContractEndpoint};
use toml::Spanned;

use super::file::{Endpoint, WorkloadTable};
use super::problems::Problems;

/// Most cells of one experiment: at a second a trial, more would take days.
const CELLS: usize = 10_000;

/// Connections that a cell may hold: the descriptor limits of common systems end here.
const CONNECTIONS: std::ops::RangeInclusive<u32> = 1..=100_000;

/// Offered loads of a sweep, as shares of what the stronger contender can do: ten times that only fills queues.
const LOAD: std::ops::RangeInclusive<f64> = 0.01..=10.0;

/// Longest flags of one cell, bytes: its name repeats them, and file names are made of that.
const FLAGS: usize = 200;

/// Every cell of these workloads, in the order the file lists them; what is wrong with them goes to `problems`.
///
/// `timeout` is what each request has to end within.
pub(super) fn cells(
    workloads: &[Spanned<WorkloadTable>],
    timeout: Duration,
    problems: &mut Problems,
) -> Vec<Cell> {
    let size = workloads.iter().fold(0_usize, |sum, workload| sum.saturating_add(size(workload.get_ref())));
    if let Some(largest) = workloads.iter().max_by_key(|workload| self::size(workload.get_ref())) {
        if size > CELLS {
            // Not multiplied out: that might take all memory there is.
            let reason =
                format!("{size} cells; expected at most {CELLS}, shorten the lists of this [[workload]]");
            problems.add(largest.span(), reason);
            return Vec::new();
        }
    } else {
        problems.add_to_all("at least one [[workload]] is needed");
    }
    let mut cells: Vec<Cell> = Vec::with_capacity(size);
    let mut names = HashSet::with_capacity(size);
    for workload in workloads {
        if let Err(error) = check(workload.get_ref()) {
            problems.add(workload.span(), error.to_string());
            continue;
        }
        for point in points(workload.get_ref()) {
            match point.cell(timeout) {
                Err(error) => problems.add(workload.span(), error.to_string()),
                Ok(cell) if !names.insert(cell.name.clone()) => problems.add(
                    workload.span(),
                    format!("cell {:?} occurs twice; list each combination once", cell.name),
                ),
                Ok(cell) => cells.push(cell),
            }
        }
    }
    cells
}

fn size(workload: &WorkloadTable) -> usize {
    [
        workload.wait_ms.len().max(1),
        workload.rounds.len().max(1),
        workload.bytes.len().max(1),
        workload.flags.len().max(1),
        workload.connections.len(),
        workload.load.len().max(1),
    ]
    .into_iter()
    .fold(1_usize, usize::saturating_mul)
}

/// A list that an endpoint needs must be there; one that it has no use for must not.
fn check(workload: &WorkloadTable) -> anyhow::Result<()> {
    let name = workload.endpoint.name();
    let needs: &[&str] = match workload.endpoint {
        Endpoint::Wait | Endpoint::Upstream => &["wait_ms"],
        Endpoint::Cpu => &["rounds"],
        Endpoint::Mixed => &["wait_ms", "rounds"],
        Endpoint::Payload | Endpoint::Echo => &["bytes"],
    };
    ensure!(!workload.connections.is_empty(), "workload {name:?}: connections must list at least one number");
    for (list, given) in [
        ("wait_ms", !workload.wait_ms.is_empty()),
        ("rounds", !workload.rounds.is_empty()),
        ("bytes", !workload.bytes.is_empty()),
    ] {
        let needed = needs.contains(&list);
        ensure!(given || !needed, "workload {name:?}: {list} must list at least one number");
        ensure!(!given || needed, "workload {name:?}: {list} has no effect there, remove it");
    }
    Ok(())
}

/// One combination of a workload's lists.
#[derive(Debug, Clone, Copy)]
struct Point<'a> {
    endpoint: Endpoint,
    wait_ms: f64,
    rounds: u32,
    bytes: u32,
    flags: &'a str,
    connections: u32,
    load: Option<f64>,
}

/// Every combination, the last list fastest.
fn points(workload: &WorkloadTable) -> Vec<Point<'_>> {
    let first = Point {
        endpoint: workload.endpoint,
        wait_ms: 0.0,
        rounds: 0,
        bytes: 0,
        flags: "",
        connections: 0,
        load: None,
    };
    let mut points = vec![first];
    points = along(points, &workload.wait_ms, |point, &wait_ms| Point { wait_ms, ..point });
    points = along(points, &workload.rounds, |point, &rounds| Point { rounds, ..point });
    points = along(points, &workload.bytes, |point, &bytes| Point { bytes, ..point });
    points = along(points, &workload.flags, |point, flags| Point { flags, ..point });
    points = along(points, &workload.connections, |point, &connections| Point { connections, ..point });
    along(points, &workload.load, |point, &load| Point { load: Some(load), ..point })
}

/// Each point once for every value of a list; as it is where the list is empty.
fn along<'a, T>(
    points: Vec<Point<'a>>,
    values: &'a [T],
    with: impl Fn(Point<'a>, &'a T) -> Point<'a>,
) -> Vec<Point<'a>> {
    if values.is_empty() {
        return points;
    }
    points
        .into_iter()
        .flat_map(|point| values.iter().map(|value| with(point, value)).collect::<Vec<_>>())
        .collect()
}

impl Point<'_> {
    fn cell(self, timeout: Duration) -> anyhow::Result<Cell> {
        ensure!(
            self.flags.len() <= FLAGS,
            "workload {:?}: flags of {} bytes, expected at most {FLAGS}",
            self.endpoint.name(),
            self.flags.len()
        );
        let name = self.name();
        ensure!(
            CONNECTIONS.contains(&self.connections),
            "cell {name:?}: connections must be {} to {}",
            CONNECTIONS.start(),
            CONNECTIONS.end()
        );
        if let Some(load) = self.load {
            ensure!(
                LOAD.contains(&load),
                "cell {name:?}: load must be {} to {}, a share of what the stronger contender can do",
                LOAD.start(),
                LOAD.end()
            );
        }
        let (method, target) = (self.contract_endpoint().method(), self.target());
        if let Err(refusal) = Call::parse(method, &target) {
            bail!("cell {name:?}: no contender would answer it: {refusal}");
        }
        ensure!(
            self.wait_ms < timeout.as_secs_f64() * 1e3,
            "cell {name:?}: its wait of {} ms is not below phases.timeout, {}: every request would time out",
            self.wait_ms,
            humantime::format_duration(timeout)
        );
        ensure!(
            self.bytes as usize <= servers_contract::limits::BODY_LIMIT,
            "cell {name:?}: bytes must be at most {}, the largest body that contenders take",
            servers_contract::limits::BODY_LIMIT
        );
        Ok(Cell {
            family: self.endpoint.name().to_owned(),
            method: method.to_owned(),
            target,
            wait_ms: self.wait_ms,
            rounds: self.rounds,
            bytes: self.bytes,
            flags: self.flags()?,
            connections: self.connections,
            load: self.load,
            name,
        })
    }

    /// Flags of contenders, never arguments of another kind: `--listen` is the runner's own.
    fn flags(self) -> anyhow::Result<Vec<String>> {
        let flags: Vec<String> = self.flags.split_whitespace().map(String::from).collect();
        let first = flags.first().map_or("--", String::as_str);
        ensure!(
            first.starts_with("--")
                && !flags
                    .iter()
                    .any(|flag| flag.starts_with("--listen") || flag.split('=').next() == Some("--upstream")),
            "workload {:?}: flags {:?} must be flags of contenders such as \"--nodelay=false\"; --listen and --upstream are set by the runner",
            self.endpoint.name(),
            self.flags
        );
        Ok(flags)
    }

    fn contract_endpoint(self) -> ContractEndpoint {
        match self.endpoint {
            Endpoint::Wait => ContractEndpoint::Wait,
            Endpoint::Cpu => ContractEndpoint::Cpu,
            Endpoint::Mixed => ContractEndpoint::Mixed,
            Endpoint::Upstream => ContractEndpoint::Upstream,
            Endpoint::Payload => ContractEndpoint::Payload,
            Endpoint::Echo => ContractEndpoint::Echo,
        }
    }

    fn target(self) -> String {
        let path = self.contract_endpoint().path();
        match self.endpoint {
            Endpoint::Wait | Endpoint::Upstream => format!("{path}?ms={}", self.wait_ms),
            Endpoint::Cpu => format!("{path}?rounds={}", self.rounds),
            Endpoint::Mixed => format!("{path}?ms={}&rounds={}", self.wait_ms, self.rounds),
            Endpoint::Payload => format!("{path}?bytes={}", self.bytes),
            Endpoint::Echo => path.to_owned(),
        }
    }

    fn name(self) -> String {
        let work = match self.endpoint {
            Endpoint::Wait => format!("wait={}ms", self.wait_ms),
            Endpoint::Cpu => format!("cpu={}", self.rounds),
            Endpoint::Mixed => format!("mixed={}ms+{}", self.wait_ms, self.rounds),
            Endpoint::Upstream => format!("upstream={}ms", self.wait_ms),
            Endpoint::Payload => format!("payload={}B", self.bytes),
            Endpoint::Echo => format!("echo={}B", self.bytes),
        };
        let mut name = format!("{work}/c={}", self.connections);
        if !self.flags.is_empty() {
            let flags: Vec<&str> =
                self.flags.split_whitespace().map(|flag| flag.trim_start_matches('-')).collect();
            name += &format!("/{}", flags.join(","));
        }
        if let Some(load) = self.load {
            // Rounded: 0.55 × 100 is not 55.
            name += &format!("/load={}%", (load * 1e4).round() / 100.0);
        }
        name
    }
}

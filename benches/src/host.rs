//! The part of this machine that a run is given: CPUs, and descriptors and ports for its connections.
//!
//! An experiment may be right in itself and still ask for more than a machine has: that is judged here, in one place for
//! `crossover check` and `crossover run`, and before anything is built.

use std::path::Path;

use anyhow::{Context as _, ensure};
use nix::sys::resource::{Resource, getrlimit};
use reports_record::{Cell, Definition, Stops};

use crate::cpus::{self, Cores, Split};
use crate::doctor::Readings;
use crate::remaining::groups;

/// Descriptors of the runner besides its connections: pipes, logs, and one more connection to ask for counters.
pub(crate) const OWN_DESCRIPTORS: u64 = 64;

/// The part of this machine that a run gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The CPUs.
    pub split: Split,
    /// Descriptors that the runner and each contender may open.
    pub descriptor_limit: u64,
}

/// The resources of this machine.
#[derive(Debug, Clone)]
struct Offer {
    /// CPUs that this process may use.
    cores: Cores,
    /// The hard limit of descriptors.
    descriptors: u64,
    /// First and last local port of clients; `None` where the system does not say.
    ports: Option<(u32, u32)>,
}

impl Host {
    /// The part of this machine that `definition` gets. Nothing is bound or raised yet.
    ///
    /// # Errors
    /// Everything of which the machine has too little, and when the kernel does not tell.
    pub fn of(definition: &Definition) -> anyhow::Result<Self> {
        let (_, descriptors) =
            getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the descriptor limit")?;
        let cpus = cpus::allowed()?;
        let readings = Readings::of(Path::new("/"), cpus.clone());
        let cores = Cores::of(&cpus, readings.siblings.as_deref());
        fit(definition, &Offer { cores, descriptors, ports: readings.client_ports })
    }
}

fn fit(definition: &Definition, offer: &Offer) -> anyhow::Result<Host> {
    let connections = definition.cells.iter().map(|cell| u64::from(cell.connections)).max().unwrap_or(0);
    let open = definition.cells.iter().map(|cell| open_at_once(definition, cell)).max().unwrap_or(0);
    let split = Split::of(&offer.cores, definition.contender_cpus, definition.client_cpus);
    let lacks = [
        split.as_ref().err().map(ToString::to_string),
        (open + OWN_DESCRIPTORS > offer.descriptors).then(|| {
            format!(
                "{open} connections{} and {OWN_DESCRIPTORS} descriptors of the runner's own exceed the limit of \
                 {}; raise it with `ulimit -Hn`, or lower connections",
                if open > connections { " to the contenders that take turns" } else { "" },
                offer.descriptors
            )
        }),
        offer.ports.map(|(first, last)| u64::from(last.saturating_sub(first)) + 1).and_then(|ports| {
            (connections > ports).then(|| {
                format!(
                    "{connections} connections exceed the {ports} local ports of one address; widen \
                     net.ipv4.ip_local_port_range, or lower connections"
                )
            })
        }),
    ];
    let lacks: Vec<_> = lacks.into_iter().flatten().collect();
    ensure!(lacks.is_empty(), "the file is right, but this machine cannot run it: {}", lacks.join("; "));
    Ok(Host { split: split?, descriptor_limit: offer.descriptors })
}

/// Connections of a cell that are open at the same time: those to every contender that takes turns with others.
fn open_at_once(definition: &Definition, cell: &Cell) -> u64 {
    let groups = groups(definition, &Stops::default(), cell, 0).into_iter();
    let together = groups.filter(|group| group.rounds.is_some()).map(|group| group.names.len() as u64).max();
    u64::from(cell.connections) * together.unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment;

    fn offer() -> Offer {
        Offer { cores: Cores::of(&[0, 1], None), descriptors: 20_000, ports: Some((32_768, 60_999)) }
    }

    #[test]
    fn a_machine_with_enough_of_all_gives_its_parts() {
        let quick = experiment::load("quick").unwrap();
        let host = fit(&quick, &offer()).unwrap();
        assert_eq!((host.split.contender.as_slice(), host.descriptor_limit), (&[1][..], 20_000));
        assert!(fit(&quick, &Offer { ports: None, ..offer() }).is_ok());
    }

    #[test]
    fn everything_a_machine_has_too_little_of_is_told_at_once() {
        let mut definition = experiment::load("quick").unwrap();
        definition.contender_cpus = 64;
        definition.cells[0].connections = 100_000;
        let error = fit(&definition, &offer()).unwrap_err().to_string();
        for part in [
            "this machine cannot run it",
            "asks for 64 CPUs",
            "this process may use 2",
            "300000 connections to the contenders that take turns and 64 descriptors",
            "limit of 20000",
            "exceed the 28232 local ports",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    /// A control pair and its duplicate are alive together: 8,000 connections to each are 24,000.
    #[test]
    fn contenders_that_take_turns_need_the_descriptors_of_all_of_them() {
        let mut definition = experiment::load("quick").unwrap();
        definition.cells[0].connections = 8_000;
        let error = fit(&definition, &offer()).unwrap_err().to_string();
        assert!(error.contains("24000 connections to the contenders that take turns"), "{error}");
        definition.phases.slices = None;
        assert!(fit(&definition, &offer()).is_ok());
    }
}

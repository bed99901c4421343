//! Whether the client can carry a plan, by the CPU time that a request takes of both sides.

use reports_record::{Cell, RequestCpu};

use crate::cpus::Split;

/// The client may lack this much at a calibration's word: its loops last a tenth of a second, and what a request takes of
/// both sides scatters by a tenth there. Where the client lacks less, each closed loop's own `bottleneck` check still says so.
const TOLERANCE: f64 = 1.25;

/// The reason why the client cannot carry a cell of one contender, with the arithmetic; `None` where it can.
///
/// A contender serves what its CPUs allow, and of requests that wait no more than connections ÷ wait. The client has to send
/// and read as many. A client with as many CPUs as the contender is never refused: no other split of theirs would serve it
/// better, and each closed loop's `bottleneck` check tells where it was the limit. Nor is it where the contender's cost was too
/// small for its clock.
#[must_use]
pub fn refusal(cell: &Cell, contender: &str, cpu: RequestCpu, split: &Split) -> Option<String> {
    let RequestCpu { server_us, client_us } = cpu;
    let [servers, clients] = [&split.contender, &split.client].map(|cpus| cpus.len() as f64);
    if servers <= clients || server_us <= 0.0 {
        return None;
    }
    let by_cpus = servers * 1e6 / server_us;
    let by_waits = f64::from(cell.connections) * 1e3 / cell.wait_ms;
    let served = by_cpus.min(by_waits);
    let needed = served * client_us / 1e6;
    (needed > clients * TOLERANCE).then(|| {
        let limit = if by_waits < by_cpus {
            format!("its {} connections, each waiting {} ms, carry", cell.connections, cell.wait_ms)
        } else {
            format!("its CPUs, {servers} in number, serve")
        };
        format!(
            "cell {}: the client cannot carry {contender}: at {server_us:.1} µs of CPU a request {limit} up to {served:.0} \
             requests/s, for which the client at {client_us:.1} µs a request needs {needed:.1} CPUs and has {clients}; raise \
             client_cpus to {:.0}, or lower contender_cpus",
            cell.workload(),
            needed.ceil()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment;

    fn cell(name: &str) -> Cell {
        let cells = experiment::load("quick").unwrap().cells;
        cells.into_iter().find(|cell| cell.name == name).unwrap()
    }

    fn refused(
        name: &str,
        (server_us, client_us): (f64, f64),
        contender: u32,
        client: u32,
    ) -> Option<String> {
        let cpus = |count: u32| (0..count).collect();
        let split = Split { client: cpus(client), contender: cpus(contender) };
        refusal(&cell(name), "tokio-tasks", RequestCpu { server_us, client_us }, &split)
    }

    #[test]
    fn a_plan_beyond_the_client_is_refused_with_the_arithmetic() {
        let said = refused("wait=0ms/c=64", (8.0, 7.5), 4, 1).unwrap();
        for part in [
            "cell wait=0ms/c=64: the client cannot carry tokio-tasks",
            "at 8.0 µs of CPU a request its CPUs, 4 in number, serve up to 500000 requests/s",
            "at 7.5 µs a request needs 3.8 CPUs and has 1",
            "raise client_cpus to 4",
        ] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(refused("wait=0ms/c=64", (8.0, 7.5), 4, 4), None);
        assert_eq!(refused("wait=0ms/c=64", (8.0, 7.5), 16, 16), None);
        assert!(refused("wait=0ms/c=64", (8.0, 7.5), 64, 16).is_some());
    }

    /// As a client in a debug build is, or one that a contender with a cost below its clock's tick is held against.
    #[test]
    fn a_client_with_as_many_cpus_and_a_cost_too_small_to_tell_are_carried() {
        assert_eq!(refused("wait=0ms/c=64", (7.5, 38.0), 1, 1), None);
        assert_eq!(refused("wait=0ms/c=64", (0.0, 38.0), 2, 1), None);
        assert!(refused("wait=0ms/c=64", (7.5, 38.0), 2, 1).is_some());
    }

    #[test]
    fn contenders_that_compute_are_carried() {
        assert_eq!(refused("cpu=2000/c=64", (116.0, 20.0), 4, 1), None);
    }

    #[test]
    fn requests_that_wait_are_no_more_than_connections_over_wait() {
        // 64 connections with 10 ms carry 6,400/s, whatever the CPUs could.
        assert_eq!(refused("wait=10ms/c=64", (40.0, 30.0), 32, 1), None);
        let said = refused("wait=10ms/c=64", (40.0, 300.0), 32, 1).unwrap();
        assert!(said.contains("its 64 connections, each waiting 10 ms, carry up to 6400"), "{said}");
        assert!(said.contains("needs 1.9 CPUs and has 1"), "{said}");
    }
}

//! Checks of a measurement that take both sides: what the client saw, and what the server counted and used.

use reports_record::{BOTTLENECK, Check, CheckStatus};

use crate::meter::Spent;

/// Difference between a contender's own CPU time and the kernel's that says nothing: a contender may cut its own to the
/// kernel's ticks, and what answering for its counters takes is in its own figure alone.
const CPU_SLACK_US: f64 = 60_000.0;

/// The same as a share of the larger one.
const CPU_SLACK: f64 = 0.10;

/// The CPU time that a contender tells must be what the kernel says of its processes; `None` where only one is known.
pub(crate) fn server_cpu(spent: &Spent) -> Option<Check> {
    let (told, known) = (spent.told?.total_us() as f64, spent.kernel?.total_us() as f64);
    let bound = CPU_SLACK_US.max(CPU_SLACK * told.max(known));
    let agrees = (told - known).abs() <= bound;
    Some(Check {
        name: "server_cpu".to_owned(),
        status: if agrees { CheckStatus::Pass } else { CheckStatus::Fail },
        figure: Some((told - known) / 1e3),
        bound: bound / 1e3,
        unit: "ms".to_owned(),
        finding: format!(
            "the server tells {:.1} ms of CPU time, the kernel {:.1} ms of its processes",
            told / 1e3,
            known / 1e3
        ),
        remedy: (!agrees).then(|| {
            "count the CPU time of all its threads and processes in its /stats, or leave it out there"
                .to_owned()
        }),
        explained_by: None,
    })
}

/// Below this share of its CPU the client answers at once, whatever the server does: an M/D/1 queue waits 1.2 service
/// times there.
const CLIENT_AT_EASE: f64 = 0.70;

/// Shares of a CPU that differ by less understate a throughput by less than the margin of a tie.
const ALIKE: f64 = 0.05;

/// A closed loop measures whichever of the two has more to do. Where that was the client, the throughput is a lower
/// bound of the server's; everything else that was measured stands. `server` and `client` are shares of their CPUs, 0–1.
pub(crate) fn bottleneck(server: f64, client: f64) -> Check {
    let limited = client > CLIENT_AT_EASE && client > server + ALIKE;
    Check {
        name: BOTTLENECK.to_owned(),
        status: if limited { CheckStatus::Warn } else { CheckStatus::Pass },
        figure: Some(client - server),
        bound: ALIKE,
        unit: "share".to_owned(),
        finding: format!(
            "the server used {:.0} % of its CPUs, the client {:.0} % of its own",
            server * 100.0,
            client * 100.0
        ),
        remedy: limited.then(|| {
            "read the throughput as a lower bound; give the client more CPUs, or the contender more work"
                .to_owned()
        }),
        explained_by: None,
    }
}

/// The server must have counted every request that was answered, and none that was not sent.
pub(crate) fn server_count(counted: u64, answered: u64, sent: u64) -> Check {
    let agrees = (answered..=sent).contains(&counted);
    Check {
        name: "server_count".to_owned(),
        status: if agrees { CheckStatus::Pass } else { CheckStatus::Fail },
        figure: Some(counted as f64),
        bound: sent as f64,
        unit: "requests".to_owned(),
        finding: format!("the server counted {counted} requests; {sent} were sent and {answered} answered"),
        remedy: (!agrees).then(|| {
            "find out who else talks to the server, or where its counter leaves requests out".to_owned()
        }),
        explained_by: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Cpu;

    #[test]
    fn a_client_that_works_harder_than_the_server_is_the_bottleneck() {
        assert_eq!(bottleneck(0.5, 0.9).status, CheckStatus::Warn);
        assert!(bottleneck(0.5, 0.9).remedy.is_some());
    }

    #[test]
    fn a_saturated_server_or_a_client_at_ease_is_none() {
        assert_eq!(bottleneck(0.98, 0.94).status, CheckStatus::Pass);
        assert_eq!(bottleneck(0.1, 0.3).status, CheckStatus::Pass);
        assert_eq!(bottleneck(0.86, 0.9).status, CheckStatus::Pass);
    }

    #[test]
    fn a_count_lies_between_what_was_answered_and_what_was_sent() {
        let statuses = [9, 10, 12, 13].map(|counted| server_count(counted, 10, 12).status);
        use CheckStatus::{Fail, Pass};
        assert_eq!(statuses, [Fail, Pass, Pass, Fail]);
    }

    #[test]
    fn a_contender_that_tells_another_cpu_time_than_the_kernel_is_not_believed() {
        let cpu = |user_us| Some(Cpu { user_us, system_us: 0 });
        let check = |told_us, kernel_ms: u64| {
            let spent = Spent { told: cpu(told_us), kernel: cpu(kernel_ms * 1000), ..Spent::default() };
            server_cpu(&spent).unwrap().status
        };
        assert_eq!(check(1_000_000, 990), CheckStatus::Pass);
        assert_eq!(check(5_000, 30), CheckStatus::Pass);
        assert_eq!(check(0, 500), CheckStatus::Fail);
        assert_eq!(check(2_000_000, 500), CheckStatus::Fail);
        assert_eq!(server_cpu(&Spent { kernel: cpu(5), ..Spent::default() }), None);
    }
}

//! What theory allows, written down before a run.

use std::time::Duration;

/// What a closed loop runs into first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceiling {
    /// Every connection is always in flight. It is the load generator's limit, alike for all
    /// contenders: a tie here is by construction.
    Connections,
    /// Every core always computes.
    Cores,
}

/// The throughput that no server can exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Replies per second, above 0.
    pub throughput_per_s: f64,
    /// Which of the two ceilings is the lower one.
    pub ceiling: Ceiling,
}

/// Bounds a closed loop's throughput: X ≤ min(N ÷ (W + C), cores ÷ C).
///
/// For a bounded thread pool, N is the number of threads if that is less. The bound leaves out
/// what the network and the stack cost, so it is not reached where they dominate. `None` without
/// connections or cores, or if W + C is zero and nothing bounds it.
///
/// Source: Little, "A proof for the queuing formula L = λW", Operations Research 9 (1961); the
/// asymptotic bounds, Lazowska, Zahorjan, Graham and Sevcik, *Quantitative System Performance*
/// (1984), §5.2.
pub fn throughput_bound(connections: u32, cores: u32, wait: Duration, work: Duration) -> Option<Bound> {
    let in_service = wait.as_secs_f64() + work.as_secs_f64();
    if connections == 0 || cores == 0 || in_service == 0.0 {
        return None;
    }
    let by_connections = f64::from(connections) / in_service;
    // Without work this is infinite, and connections are the ceiling.
    let by_cores = f64::from(cores) / work.as_secs_f64();
    Some(if by_connections < by_cores {
        Bound { throughput_per_s: by_connections, ceiling: Ceiling::Connections }
    } else {
        Bound { throughput_per_s: by_cores, ceiling: Ceiling::Cores }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(connections: u32, cores: u32, wait_ms: u64, work_ms: u64) -> Option<(f64, Ceiling)> {
        throughput_bound(connections, cores, Duration::from_millis(wait_ms), Duration::from_millis(work_ms))
            .map(|bound| (bound.throughput_per_s.round(), bound.ceiling))
    }

    #[test]
    fn waiting_is_bounded_by_connections_and_work_by_cores() {
        assert_eq!(bound(64, 1, 10, 0), Some((6_400.0, Ceiling::Connections)));
        assert_eq!(bound(64, 1, 0, 2), Some((500.0, Ceiling::Cores)));
        assert_eq!(bound(8, 1, 9, 1), Some((800.0, Ceiling::Connections)));
        assert_eq!(bound(512, 2, 9, 1), Some((2_000.0, Ceiling::Cores)));
    }

    #[test]
    fn nothing_bounds_a_request_that_takes_no_time() {
        assert_eq!(bound(64, 1, 0, 0), None);
    }

    #[test]
    fn no_connections_or_cores_have_no_bound() {
        assert_eq!(bound(0, 1, 10, 1), None);
        assert_eq!(bound(64, 0, 10, 1), None);
    }
}

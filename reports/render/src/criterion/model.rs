//! Requests as the sum of their parts, beside the cost that was measured.

use reports_record::{BenchName, ModelCount, ModelledRequest};

use super::pairs::{Others, Pair};
use super::results::Bench;

/// One request, explained as far as its parts do.
#[derive(Debug)]
pub(super) struct Explained<'a> {
    pub(super) request: &'a ModelledRequest,
    /// CPU time of one request, ns.
    pub(super) measured: f64,
    /// Each part: its words, how often a request needs it, and what one costs, ns.
    pub(super) parts: Vec<Part<'a>>,
    /// The same with reading, switching and answering as one loop; empty where no such loop was measured.
    bare_loop: Vec<Part<'a>>,
}

/// A part with its figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) part: &'a str,
    pub(super) count: f64,
    pub(super) each_ns: f64,
}

impl Explained<'_> {
    /// The sum of all parts, ns.
    pub(super) fn sum(&self) -> f64 {
        sum(&self.parts)
    }

    /// The sum as a share of what was measured.
    pub(super) fn share(&self) -> f64 {
        self.sum() / self.measured
    }

    /// The bare loop with what it leaves out, ns.
    pub(super) fn bare_sum(&self) -> Option<f64> {
        (!self.bare_loop.is_empty()).then(|| sum(&self.bare_loop))
    }
}

fn sum(parts: &[Part<'_>]) -> f64 {
    parts.iter().map(|part| part.count * part.each_ns).sum()
}

/// Those requests of which the whole and every part was measured.
pub(super) fn explained<'a>(
    requests: &'a [ModelledRequest],
    pairs: &[Pair<'_>],
    benches: &[Bench],
) -> Vec<Explained<'a>> {
    let of = |request: &'a ModelledRequest| {
        let whole = of_pair(&request.measured, pairs)?;
        let part = |part: &'a reports_record::ModelPart| {
            let cost = of_pair(&part.cost, pairs).and_then(|others| others.cpu_ns);
            let alone = || {
                let bench = benches
                    .iter()
                    .find(|bench| bench.group == part.cost.group && bench.name == part.cost.bench)?;
                Some(bench.estimate)
            };
            let count = count(part.count, whole)?;
            Some(Part { part: &part.part, count, each_ns: cost.or_else(alone)? })
        };
        let all = |parts: &'a [reports_record::ModelPart]| parts.iter().map(part).collect::<Option<Vec<_>>>();
        let (parts, bare_loop) = (all(&request.parts)?, all(&request.bare_loop).unwrap_or_default());
        Some(Explained { request, measured: whole.cpu_ns.filter(|cpu| *cpu > 0.0)?, parts, bare_loop })
    };
    requests.iter().filter_map(of).collect()
}

fn of_pair<'p>(name: &BenchName, pairs: &'p [Pair<'_>]) -> Option<&'p Others> {
    let pair = pairs.iter().find(|pair| pair.group() == name.group)?;
    match name.bench.as_str() {
        "sync" => Some(&pair.others[0]),
        "async" => Some(&pair.others[1]),
        _ => None,
    }
}

fn count(count: ModelCount, whole: &Others) -> Option<f64> {
    match count {
        ModelCount::Fixed(times) => Some(times),
        ModelCount::SwitchesBeyond(known) => Some((whole.switches? - known).max(0.0)),
        ModelCount::Wakes => Some(whole.client_wakes?.min(1.0)),
        ModelCount::WithoutWake => Some((1.0 - whole.client_wakes?).max(0.0)),
        ModelCount::LoopWaitsAwake => Some((whole.loop_waits? - whole.switches?).max(0.0)),
        ModelCount::EventsBeyondWaits => Some((1.0 - whole.loop_waits?).max(0.0)),
        ModelCount::TimerInterrupts => whole.timer_interrupts,
    }
}

//! Which loops of a run under way are worth measuring on. Pure.

use reports_record::{Definition, LOOPS, Line, Look, Metric, Pair, StopReason, Stopped, Stops};
use reports_render::analysis::bound::Bounds;
use reports_render::analysis::comparison::{Comparison, Obstacle};
use reports_render::analysis::contrast::Kind;
use reports_render::analysis::grid::Grid;
use reports_render::analysis::subject::Subject;
use reports_render::analysis::verdicts::Verdicts;
use reports_stats::judge::Standing;

/// What a look after `after` blocks ends: every loop whose questions each have a verdict, or are unlikely to get one.
///
/// The verdicts are those that a page would show, on the blocks so far. A sweep has none, and is not ended.
#[must_use]
pub fn look(definition: &Definition, lines: &[Line], after: u32) -> Look {
    let so_far = Definition { blocks: after, ..definition.clone() };
    let grid = Grid::of(&so_far, lines);
    let bounds = Bounds::of(&so_far, &grid);
    let verdicts = Verdicts::of(&so_far, &grid, &bounds);
    let reason = |cell: usize, pair: &Pair, one: usize| {
        let needs = questions(one)
            .iter()
            .filter_map(|&subject| verdicts.at(Kind::from(pair.role), subject, cell))
            .map(need)
            .collect::<Vec<Need>>();
        match needs.iter().max() {
            Some(Need::More) | None => None,
            Some(Need::Hopeless) => Some(StopReason::Hopeless),
            Some(Need::Nothing) => Some(StopReason::Decided),
        }
    };
    stop(definition, &Stops::of(lines), after, reason)
}

/// Ends every loop that goes on, those of sweeps included, because the time of the run is over.
#[must_use]
pub fn end(definition: &Definition, stops: &Stops, after: u32) -> Look {
    stop(definition, stops, after, |_, _, _| Some(StopReason::Budget))
}

/// Asks about every loop that goes on.
fn stop(
    definition: &Definition,
    stops: &Stops,
    after: u32,
    reason: impl Fn(usize, &Pair, usize) -> Option<StopReason>,
) -> Look {
    let mut stopped = Vec::new();
    for (index, cell) in definition.cells.iter().enumerate() {
        for pair in definition.pairs_in(cell) {
            for one in stops.loops(definition, &cell.name, pair.role, after) {
                if let Some(why) = reason(index, pair, one) {
                    let (cell, loop_name) = (cell.name.clone(), LOOPS[one].to_owned());
                    stopped.push(Stopped { cell, pair: pair.role, loop_name, why });
                }
            }
        }
    }
    Look { after, stopped }
}

/// The questions that keep a loop going. The 95th and the 99th percentile are none of them: they need far more requests than a
/// block of slices has, and would keep every loop to the end. Nor is memory, which is read beside the closed loop.
fn questions(one: usize) -> Vec<Subject> {
    match one.checked_sub(1) {
        None => vec![Metric::Throughput.into()],
        Some(level) => {
            [Metric::CpuPerRequest, Metric::ResponseTimeP50].map(|metric| Subject { metric, level }).to_vec()
        }
    }
}

/// What a question still needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Nothing,
    /// More blocks would change nothing.
    Hopeless,
    More,
}

fn need(comparison: &Comparison<'_>) -> Need {
    match (&comparison.judgement, comparison.obstacle) {
        (Some(judgement), _) => match judgement.standing {
            Standing::Decided => Need::Nothing,
            Standing::Hopeless => Need::Hopeless,
            Standing::Open | Standing::Finished => Need::More,
        },
        // Blocks with too few requests stay with the comparison, however many follow.
        (None, Some(Obstacle::TooFewRequests | Obstacle::Censored | Obstacle::OtherLoad)) => Need::Hopeless,
        (None, _) => Need::More,
    }
}

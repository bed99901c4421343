//! What a look ends, on runs that are made up: as the runner asks, and on blocks whose ratios are known.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
#[path = "../../reports/render/tests/synthetic/mod.rs"]
mod synthetic;

use std::collections::BTreeMap;

use benches::look;
use reports_record::{Definition, LOOPS, Line, Look, Role, StopReason, Stops, TrialOutcome};
use reports_stats::evidence::MARGIN;

use synthetic::{World, cell, definition, lines, run};

/// One cell of two pairs, measured up to the first of these looks.
struct Blocks {
    definition: Definition,
    lines: Vec<Line>,
}

impl Blocks {
    fn of(looks: &[u32]) -> Self {
        let mut definition = definition(vec![cell("wait", 0.0, 0, 64)], *looks.last().unwrap());
        definition.looks = looks.to_vec();
        let (of_all, first) = (run(definition.clone()), looks[0]);
        let lines = lines(&of_all, &World { noise: 0.0, ..World::equal() })
            .into_iter()
            .filter(|line| matches!(line, Line::Trial(trial) if trial.block < first))
            .collect();
        Self { definition, lines }
    }

    /// The closed loop of the awaiting side of a pair is this log ratio ahead, block after block alternating by `spread` around it.
    fn ahead(mut self, contender: &str, mean: f64, spread: f64) -> Self {
        for line in &mut self.lines {
            let Line::Trial(trial) = line else { continue };
            let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
            let sign = if trial.block % 2 == 0 { 1.0 } else { -1.0 };
            if let Some(closed) = measured.closed.as_mut().filter(|_| trial.contender == contender) {
                closed.measurement.goodput_per_s *= (mean + sign * spread).exp();
            }
        }
        self
    }

    fn look(&self) -> Look {
        look::look(&self.definition, &self.lines, self.definition.looks[0])
    }

    /// What the first look ends of the stock pair's closed loop.
    fn closed(&self) -> Option<StopReason> {
        ended(&self.look()).get(&(Role::Stock, LOOPS[0])).copied()
    }
}

fn ended(look: &Look) -> BTreeMap<(Role, &str), StopReason> {
    look.stopped.iter().map(|one| ((one.pair, one.loop_name.as_str()), one.why)).collect()
}

/// The spread of eight blocks whose mean has this standard error.
fn spread(standard_error: f64) -> f64 {
    standard_error * 7.0_f64.sqrt()
}

#[test]
fn a_look_ends_what_is_decided_and_names_each_loop_once() {
    let mut blocks = Blocks::of(&[8, 12]);
    let first = blocks.look();
    assert_eq!(first.after, 8);
    let all =
        [(Role::Control, "closed"), (Role::Control, "open"), (Role::Stock, "closed"), (Role::Stock, "open")];
    assert_eq!(ended(&first), BTreeMap::from(all.map(|one| (one, StopReason::Decided))));
    blocks.lines.push(Line::Look(first));
    assert!(blocks.look().stopped.is_empty(), "what has ended ends again");
}

/// p of 0.02 by t of seven degrees of freedom: within the 5 % × (8 ÷ 9)² that a look after 8 of 9 blocks may spend, and beyond the
/// 5 % × (8 ÷ 24)² of one after 8 of 24.
#[test]
fn a_difference_that_a_late_look_decides_waits_at_an_early_one_which_may_spend_less() {
    let ahead = |looks: &[u32]| {
        let blocks = Blocks::of(looks);
        ["tokio-tasks", "tokio-tasks-again", "actix-web"]
            .into_iter()
            .fold(blocks, |blocks, name| blocks.ahead(name, MARGIN + 0.025, spread(0.01)))
    };
    assert_eq!(ahead(&[8, 9]).closed(), Some(StopReason::Decided));
    assert_eq!(ahead(&[8, 12, 16, 24]).closed(), None);
    // Three times as far beyond the margin is enough for it.
    let far = ahead(&[8, 12, 16, 24]).ahead("actix-web", 0.05, 0.0);
    assert_eq!(far.closed(), Some(StopReason::Decided));
}

#[test]
fn noise_far_beyond_the_margin_is_hopeless_and_what_may_still_be_decided_goes_on() {
    let noisy = |mean, deviation: f64| {
        Blocks::of(&[8, 12]).ahead("actix-web", mean, deviation * (7.0_f64 / 8.0).sqrt()).closed()
    };
    assert_eq!(noisy(0.0, 0.3), Some(StopReason::Hopeless));
    assert_eq!(noisy(0.12, 0.1), None, "four blocks more may decide it");
    assert_eq!(noisy(1.0, 0.1), Some(StopReason::Decided));
}

/// Nothing is asked of a quantile that has too few requests in every block, however many follow; the cost has its verdict.
#[test]
fn a_loop_that_can_get_no_median_ends_with_its_cost() {
    let mut blocks = Blocks::of(&[8, 12]);
    for line in &mut blocks.lines {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        measured.open[0].measurement.response_time_us.as_mut().unwrap().p50 = None;
    }
    let look = blocks.look();
    let found = ended(&look);
    assert_eq!(found[&(Role::Stock, "open")], StopReason::Hopeless);
    assert_eq!(found[&(Role::Stock, "closed")], StopReason::Decided);
}

/// A block without one of its trials is still to be made: nothing is concluded from the others.
#[test]
fn a_pair_with_a_missing_trial_goes_on() {
    let mut blocks = Blocks::of(&[8, 12]);
    blocks.lines.retain(
        |line| !matches!(line, Line::Trial(trial) if trial.contender == "tiny-http" && trial.block == 3),
    );
    let pairs: Vec<Role> = ended(&blocks.look()).into_keys().map(|(pair, _)| pair).collect();
    assert_eq!(pairs, [Role::Control; 2]);
}

#[test]
fn the_end_of_the_time_ends_every_loop_that_goes_on_and_no_other() {
    let mut definition = definition(vec![cell("wait", 0.0, 0, 64), cell("wait", 0.0, 0, 8)], 12);
    definition.looks = vec![8, 12];
    // A sweep takes time as well.
    definition.cells[1].load = Some(0.5);
    let mut stops = Stops::default();
    let first = Blocks::of(&[8, 12]).look();
    let closed = first.stopped.into_iter().filter(|one| one.loop_name == "closed").collect();
    stops.note(&Look { after: 8, stopped: closed });
    let look = look::end(&definition, &stops, 9);
    let of_cell = |cell: usize| {
        let name = &definition.cells[cell].name;
        let found = look.stopped.iter().filter(|one| one.cell == *name);
        found.map(|one| (one.loop_name.as_str(), one.why)).collect::<Vec<_>>()
    };
    let over = |name| (name, StopReason::Budget);
    assert_eq!((look.after, of_cell(0)), (9, vec![over("open"); 2]));
    assert_eq!(of_cell(1), [over("closed"), over("open"), over("closed"), over("open")]);
    stops.note(&look);
    for (cell, pair) in
        definition.cells.iter().flat_map(|cell| definition.pairs.iter().map(move |pair| (cell, pair)))
    {
        assert!(
            stops.loops(&definition, &cell.name, pair.role, 9).is_empty(),
            "{} {:?}",
            cell.name,
            pair.role
        );
    }
}

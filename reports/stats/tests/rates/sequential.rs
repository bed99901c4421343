//! The promises of looking several times, on simulated runs with heavy tails and correlated blocks.
//!
//! A family is 45 cells: 15 without a difference, 6 at the margin, 12 of +10 % and 12 of +30 %; beside it 45 A/A cells.
//! Bounds are the reference simulation's shares with about four standard errors of these smaller simulations.

use reports_stats::effect::Pair;
use reports_stats::evidence::MARGIN;
use reports_stats::judge::{Cell, Judgement, Question, Standing, judge};
use reports_stats::looks::Looks;
use reports_stats::verdict::{Better, Verdict};

use crate::simulated::Simulation;

/// True log ratios and how many cells have them.
const PLAN: [(f64, usize); 4] = [(0.0, 15), (MARGIN, 6), (0.095_310_18, 12), (0.262_364_26, 12)];

const RUNS: usize = 40;

/// How the blocks of a cell scatter.
#[derive(Clone, Copy)]
struct Noise {
    /// Standard deviation of a block's log ratio in a typical cell.
    block_sd: f64,
    /// Of it, the luck of a block's own processes.
    process_sd: f64,
    /// Correlation of neighbouring blocks.
    correlation: f64,
    /// Standard deviation of the luck that lasts for all blocks of a cell.
    lasting_sd: f64,
}

/// Student's t with 4 degrees of freedom, scaled to a variance of 1.
fn heavy(simulation: &mut Simulation) -> f64 {
    let chi_square = 2.0 * (simulation.exponential() + simulation.exponential());
    simulation.normal() / (chi_square / 4.0).sqrt() / 2.0_f64.sqrt()
}

fn cell(simulation: &mut Simulation, truth: f64, noise: Noise, blocks: usize) -> Vec<Option<Pair>> {
    let sd = noise.block_sd * (0.3 * simulation.normal()).exp();
    let process = noise.process_sd.min(0.9 * sd);
    let within = (sd.powi(2) - process.powi(2)).sqrt();
    let lasting = truth + noise.lasting_sd * simulation.normal();
    let mut last = heavy(simulation);
    (0..blocks)
        .map(|_| {
            last = noise.correlation * last + (1.0 - noise.correlation.powi(2)).sqrt() * heavy(simulation);
            let log_ratio = lasting + process * simulation.normal() + within * last;
            Some(Pair { sync: 1.0, r#async: log_ratio.exp() })
        })
        .collect()
}

/// Shares over all cells of one truth.
#[derive(Debug, Default)]
struct Found {
    cells: f64,
    wins: f64,
    wrong_side: f64,
    ties: f64,
    covered: f64,
    blocks: f64,
}

impl Found {
    fn add(&mut self, truth: f64, judgement: &Judgement) {
        let evidence = judgement.evidence.expect("all cells have enough blocks");
        let count = |is: bool| f64::from(u8::from(is));
        self.cells += 1.0;
        self.wins += count(judgement.verdict == Verdict::AsyncWins);
        self.wrong_side += count(judgement.verdict == Verdict::SyncWins);
        self.ties += count(judgement.verdict == Verdict::Tie);
        self.covered += count(evidence.log_interval().holds(truth));
        self.blocks += judgement.seen as f64;
    }

    fn share(&self, of: f64) -> f64 {
        of / self.cells
    }
}

/// What the rules make of [`RUNS`] families, by truth in the order of [`PLAN`].
fn simulate(seed: u64, looks: &[usize], noise: Noise) -> [Found; 4] {
    let mut simulation = Simulation::new(seed);
    let looks = Looks::after(looks).expect("ascending looks");
    let question = Question { better: Better::More, looks: &looks, moderated: true };
    let mut found = <[Found; 4]>::default();
    for _ in 0..RUNS {
        let truths: Vec<(usize, f64)> = (0..)
            .zip(PLAN)
            .flat_map(|(place, (truth, cells))| std::iter::repeat_n((place, truth), cells))
            .collect();
        let family: Vec<_> =
            truths.iter().map(|(_, truth)| cell(&mut simulation, *truth, noise, looks.last())).collect();
        let copies: Vec<_> = (0..45).map(|_| cell(&mut simulation, 0.0, noise, looks.last())).collect();
        let family: Vec<Cell<'_>> = family.iter().map(|blocks| Cell { blocks }).collect();
        let copies: Vec<Cell<'_>> = copies.iter().map(|blocks| Cell { blocks }).collect();
        for ((place, truth), judgement) in truths.iter().zip(judge(question, &copies, &family)) {
            assert_ne!(judgement.standing, Standing::Open, "all blocks were measured");
            found[*place].add(*truth, &judgement);
        }
    }
    for ((truth, _), found) in PLAN.iter().zip(&found) {
        println!(
            "{truth:.3}: win {:.3}, wrong {:.3}, tie {:.3}, cover {:.3}, blocks {:.1}",
            found.share(found.wins),
            found.share(found.wrong_side),
            found.share(found.ties),
            found.share(found.covered),
            found.share(found.blocks)
        );
    }
    found
}

const TO_24: [usize; 4] = [8, 12, 16, 24];

fn noise(block_sd: f64, process_sd: f64, correlation: f64) -> Noise {
    Noise { block_sd, process_sd, correlation, lasting_sd: 0.0 }
}

/// The bounds that hold for any noise.
fn assert_promises(found: &[Found; 4]) {
    let [none, margin, ten, thirty] = found;
    assert!(none.share(none.wins + none.wrong_side) <= 0.02, "{none:?}");
    assert!(margin.share(margin.wins) <= 0.05, "{margin:?}");
    for differs in [ten, thirty] {
        assert!(differs.share(differs.wrong_side) == 0.0, "{differs:?}");
        assert!(differs.share(differs.ties) <= 0.01, "{differs:?}");
    }
    for one in found {
        assert!(one.share(one.covered) >= 0.93, "{one:?}");
    }
}

#[test]
fn quiet_blocks_decide_nearly_everything_by_24() {
    let found = simulate(21, &TO_24, noise(0.04, 0.02, 0.0));
    assert_promises(&found);
    let [none, _, ten, thirty] = &found;
    assert!(none.share(none.ties) >= 0.9, "{none:?}");
    assert!(ten.share(ten.wins) >= 0.95, "{ten:?}");
    assert!(thirty.share(thirty.wins) == 1.0 && thirty.share(thirty.blocks) < 8.5, "{thirty:?}");
}

#[test]
fn blocks_that_scatter_by_8_percent_decide_most_of_ten_percent_by_24() {
    let found = simulate(22, &TO_24, noise(0.08, 0.04, 0.2));
    assert_promises(&found);
    let [none, _, ten, thirty] = &found;
    assert!(none.share(none.ties) >= 0.05, "{none:?}");
    assert!(ten.share(ten.wins) >= 0.6, "{ten:?}");
    assert!(thirty.share(thirty.wins) >= 0.99 && thirty.share(thirty.blocks) < 10.0, "{thirty:?}");
}

#[test]
fn blocks_that_scatter_by_15_percent_find_large_effects_and_call_nothing_a_tie() {
    let found = simulate(23, &TO_24, noise(0.15, 0.04, 0.2));
    assert_promises(&found);
    let [none, _, ten, thirty] = &found;
    assert!(none.share(none.ties) <= 0.02, "{none:?}");
    assert!(ten.share(ten.wins) <= 0.5, "{ten:?}");
    assert!(thirty.share(thirty.wins) >= 0.9, "{thirty:?}");
}

#[test]
fn six_looks_up_to_48_blocks_keep_the_same_promises_and_find_more() {
    let found = simulate(24, &[8, 12, 16, 24, 32, 48], noise(0.08, 0.04, 0.0));
    assert_promises(&found);
    let [none, _, ten, _] = &found;
    assert!(none.share(none.ties) >= 0.6, "{none:?}");
    assert!(ten.share(ten.wins) >= 0.8, "{ten:?}");
}

/// Luck of 3 % that lasts for all blocks of a cell: the blocks alone would promise too much.
#[test]
fn lasting_luck_is_seen_in_the_copies_and_breaks_no_promise() {
    let found = simulate(25, &TO_24, Noise { lasting_sd: 0.03, ..noise(0.04, 0.02, 0.0) });
    assert_promises(&found);
}

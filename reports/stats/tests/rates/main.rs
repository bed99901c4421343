//! The promised rates hold on simulated runs whose truth is known.
//!
//! Each bound is the promise plus about four standard errors of its simulation; seeds are fixed.

#![allow(clippy::print_stdout, reason = "what a test prints is shown where it fails, or when asked for")]

mod coverage;
mod sequential;
mod simulated;

use reports_stats::batch_means::{Batch, mean_interval};
use reports_stats::design_effect::{SubWindow, design_effect};
use reports_stats::effect::{Pair, effect};
use reports_stats::evidence::MARGIN;
use reports_stats::false_wins::FalseWins;
use reports_stats::judge::{Cell, Judgement, Question, judge};
use reports_stats::looks::Looks;
use reports_stats::quantile::{Spread, interval_ranks};
use reports_stats::verdict::{Better, Verdict};
use simulated::Simulation;

/// ln 1.1: async ten percent higher.
const TEN_PERCENT: f64 = 0.095_310_179_804_324_86;

/// Noise of one block, from calm to hopeless.
const BLOCK_SDS: [f64; 4] = [0.01, 0.03, 0.1, 0.3];

/// The looks at a cell of six blocks.
fn once() -> Looks {
    Looks::once(6)
}

fn counted(family: &[Vec<Pair>]) -> Vec<Vec<Option<Pair>>> {
    family.iter().map(|pairs| pairs.iter().copied().map(Some).collect()).collect()
}

fn cells(family: &[Vec<Option<Pair>>]) -> Vec<Cell<'_>> {
    family.iter().map(|blocks| Cell { blocks }).collect()
}

fn judged(better: Better, aa: &[Vec<Pair>], family: &[Vec<Pair>]) -> Vec<Judgement> {
    let (aa, family) = (counted(aa), counted(family));
    judge(Question { better, looks: &once(), moderated: false }, &cells(&aa), &cells(&family))
}

fn verdicts(aa: &[Vec<Pair>], family: &[Vec<Pair>]) -> Vec<Verdict> {
    judged(Better::More, aa, family).iter().map(|judgement| judgement.verdict).collect()
}

fn false_wins(better: Better, family: &[Vec<Pair>]) -> FalseWins {
    let family = counted(family);
    FalseWins::among(Question { better, looks: &once(), moderated: false }, &cells(&family))
}

/// The share of `repeats` single cells with this truth and noise that get a verdict which `counts`.
fn share_of(repeats: usize, truth: f64, sd: f64, seed: u64, counts: fn(Verdict) -> bool) -> f64 {
    let mut simulation = Simulation::new(seed);
    let hits = (0..repeats).filter(|_| counts(verdicts(&[], &[simulation.blocks(6, truth, sd)])[0]));
    hits.count() as f64 / repeats as f64
}

#[test]
fn t_interval_of_six_blocks_covers_the_truth_95_times_in_100() {
    let mut simulation = Simulation::new(1);
    let covered = (0..4_000).filter(|_| {
        let interval = effect(&simulation.blocks(6, 0.2, 0.05)).unwrap().log_interval().unwrap();
        interval.lo <= 0.2 && 0.2 <= interval.hi
    });
    let share = covered.count() as f64 / 4_000.0;
    assert!((0.936..=0.964).contains(&share), "{share}");
}

#[test]
fn a_true_difference_of_ten_percent_is_found() {
    let power = |sd| share_of(1_000, TEN_PERCENT, sd, 2, |verdict| verdict == Verdict::AsyncWins);
    assert!(power(0.01) > 0.999);
    assert!(power(0.02) > 0.95);
    // Three percent of block noise is where six blocks begin to miss it.
    assert!(power(0.03) > 0.7);
}

#[test]
fn a_true_difference_of_ten_percent_is_hardly_ever_called_a_tie_or_a_sync_win() {
    for sd in BLOCK_SDS {
        let wrong = share_of(2_000, TEN_PERCENT, sd, 3, |v| matches!(v, Verdict::Tie | Verdict::SyncWins));
        assert!(wrong <= 0.005, "sd {sd}: {wrong}");
    }
}

#[test]
fn noise_is_cannot_tell_and_never_a_tie() {
    let mut simulation = Simulation::new(4);
    for _ in 0..200 {
        let family: Vec<_> = (0..12).map(|_| simulation.blocks(6, 0.0, 0.3)).collect();
        let found = verdicts(&[], &family);
        assert!(!found.contains(&Verdict::Tie), "{found:?}");
        assert!(found.iter().filter(|&&verdict| verdict == Verdict::CannotTell).count() >= 10, "{found:?}");
    }
}

#[test]
fn calm_equal_contenders_tie() {
    assert!(share_of(1_000, 0.0, 0.01, 5, |verdict| verdict == Verdict::Tie) > 0.999);
}

/// The hardest truth there is: a difference exactly as large as the margin is neither.
#[test]
fn a_difference_at_the_margin_wins_or_ties_no_more_often_than_promised() {
    for sd in BLOCK_SDS {
        let wins = share_of(2_000, MARGIN, sd, 6, Verdict::is_win);
        let ties = share_of(2_000, MARGIN, sd, 6, |verdict| verdict == Verdict::Tie);
        assert!(wins <= 0.05 + 0.02, "sd {sd}: {wins}");
        assert!(ties <= 0.05 + 0.02, "sd {sd}: {ties}");
    }
}

#[test]
fn identical_contenders_win_in_at_most_one_cell_in_twenty() {
    let mut simulation = Simulation::new(7);
    for sd in BLOCK_SDS {
        let (mut wins, mut cells) = (0, 0);
        for _ in 0..100 {
            let family: Vec<_> = (0..12).map(|_| simulation.blocks(6, 0.0, sd)).collect();
            let found = false_wins(Better::More, &family);
            wins += found.wins;
            cells += found.cells;
        }
        assert_eq!(cells, 1_200);
        assert!(wins as f64 <= 0.05 * cells as f64, "sd {sd}: {wins} of {cells}");
    }
}

/// Blocks of an A/A pair are exchangeable, so their log ratios are symmetric, however long the tails.
#[test]
fn long_tails_do_not_break_the_promise() {
    let mut simulation = Simulation::new(8);
    let mut wins = 0;
    for _ in 0..100 {
        let noise = |s: &mut Simulation| 0.2 * (s.exponential().powi(2) - s.exponential().powi(2));
        let family: Vec<_> = (0..12).map(|_| simulation.blocks_of(6, 0.0, noise)).collect();
        wins += false_wins(Better::Less, &family).wins;
    }
    assert!(wins <= 60, "{wins} of 1200");
}

/// Copies that differ by about 10 % in all blocks of a cell: no block of that cell shows it.
#[test]
fn excess_variance_keeps_the_promise_where_the_blocks_alone_break_it() {
    let mut simulation = Simulation::new(9);
    let biased = |simulation: &mut Simulation| -> Vec<Vec<Pair>> {
        (0..12)
            .map(|_| {
                let bias = 0.1 * simulation.normal();
                simulation.blocks(6, bias, 0.01)
            })
            .collect()
    };
    let (mut alone, mut with_excess) = (0, 0);
    for _ in 0..100 {
        let copies = biased(&mut simulation);
        let family = biased(&mut simulation);
        alone += verdicts(&[], &family).into_iter().filter(|verdict| verdict.is_win()).count();
        with_excess += verdicts(&copies, &family).into_iter().filter(|verdict| verdict.is_win()).count();
    }
    assert!(alone > 400, "{alone} of 1200");
    assert!(with_excess <= 60, "{with_excess} of 1200");
}

/// Few cells differ, the many others by just the margin: looked at one by one, a good part of the
/// wins would be false.
#[test]
fn of_all_wins_of_a_family_at_most_one_in_twenty_is_false() {
    let mut simulation = Simulation::new(10);
    let is_real = |index: usize| index.is_multiple_of(20);
    let (mut share, mut share_alone, mut found) = (0.0, 0.0, 0);
    for _ in 0..400 {
        let family: Vec<_> = (0..40)
            .map(|index| simulation.blocks(6, if is_real(index) { 0.3 } else { MARGIN }, 0.03))
            .collect();
        let judgements = judged(Better::More, &[], &family);
        let false_share = |is_win: &dyn Fn(&Judgement) -> bool| {
            let wins: Vec<usize> = (0..40).filter(|&index| is_win(&judgements[index])).collect();
            wins.iter().filter(|&&index| !is_real(index)).count() as f64 / wins.len().max(1) as f64
        };
        share += false_share(&|judgement| judgement.verdict.is_win()) / 400.0;
        share_alone += false_share(&|judgement| judgement.alone.is_win()) / 400.0;
        found += judgements.iter().step_by(20).filter(|judgement| judgement.verdict.is_win()).count();
    }
    assert!(found >= 760, "{found} of 800 real differences found");
    assert!(share_alone > 0.15, "{share_alone}");
    assert!(share <= 0.05 + 0.02, "{share}");
}

/// Requests come in bursts that are slow or fast together. Ranks for independent ones then promise
/// too much; widened by the design effect they hold, but for its own uncertainty.
#[test]
fn design_effect_restores_the_coverage_of_a_clustered_quantile() {
    let mut simulation = Simulation::new(11);
    let (mut plain, mut widened) = (0, 0);
    for _ in 0..200 {
        // 40 sub-windows of 10 bursts of 20 requests; nine tenths of the variance are the bursts'.
        let windows: Vec<Vec<f64>> = (0..40)
            .map(|_| {
                (0..10)
                    .flat_map(|_| {
                        let burst = 3.0 * simulation.normal();
                        (0..20).map(|_| burst + simulation.normal()).collect::<Vec<_>>()
                    })
                    .collect()
            })
            .collect();
        let mut sorted: Vec<f64> = windows.concat();
        sorted.sort_by(f64::total_cmp);
        let median = sorted[sorted.len() / 2 - 1];
        let counts: Vec<SubWindow> = windows
            .iter()
            .map(|window| SubWindow {
                observations: window.len() as u64,
                at_or_below: window.iter().filter(|&&value| value <= median).count() as u64,
            })
            .collect();
        let covers = |spread| {
            let ranks =
                interval_ranks(sorted.len() as u64, 0.5, 0.95, spread).expect("far inside the sample");
            (sorted[ranks.lo as usize - 1]..=sorted[ranks.hi as usize - 1]).contains(&0.0)
        };
        plain += usize::from(covers(Spread::INDEPENDENT));
        widened += usize::from(covers(design_effect(&counts).expect("enough sub-windows")));
    }
    assert!(plain < 140, "{plain} of 200");
    assert!(widened >= 176, "{widened} of 200");
}

/// Waits of a queue go on from one stretch of time to the next. Taken for independent, batches promise too much.
#[test]
fn the_interval_of_a_mean_covers_it_where_neighbouring_batches_resemble_each_other() {
    let mut simulation = Simulation::new(12);
    let (mut plain, mut widened, mut given) = (0, 0, 0);
    for _ in 0..300 {
        let mut level = 0.0;
        let means: Vec<f64> = (0..40)
            .map(|_| {
                level = 0.5 * level + simulation.normal();
                100.0 + level
            })
            .collect();
        let batches: Vec<Batch> =
            means.iter().map(|mean| Batch { observations: 10, sum: mean * 10.0 }).collect();
        // Single times differ by far more than batches do.
        let Some((low, high)) = mean_interval(&batches, 100.0, 0.95) else { continue };
        given += 1;
        widened += usize::from(low <= 100.0 && 100.0 <= high);
        let mean = means.iter().sum::<f64>() / 40.0;
        let sd = (means.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 39.0).sqrt();
        plain += usize::from((mean - 100.0).abs() <= 2.0227 * sd / 40f64.sqrt());
    }
    assert!(given > 290, "{given} of 300");
    assert!(plain * 100 < given * 80, "{plain} of {given}");
    assert!(widened * 100 >= given * 88, "{widened} of {given}");
}

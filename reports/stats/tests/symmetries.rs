//! What must not change a verdict, and what must turn it round.

use proptest::prelude::*;
use reports_stats::aa_limit::AaLimit;
use reports_stats::effect::Pair;
use reports_stats::judge::{Cell, Judgement, judge};
use reports_stats::verdict::{Better, Verdict};

/// Families of cells around differences from none to large, with small to large noise.
fn families() -> impl Strategy<Value = Vec<Vec<Pair>>> {
    let cell = (-0.3..0.3_f64, 0.001..0.2_f64).prop_flat_map(|(truth, spread)| {
        let pair = (1.0..1e6_f64, -1.0..1.0_f64)
            .prop_map(move |(sync, noise)| Pair { sync, r#async: sync * (truth + spread * noise).exp() });
        prop::collection::vec(pair, 4..12)
    });
    prop::collection::vec(cell, 1..8)
}

fn judged(better: Better, family: &[Vec<Pair>]) -> Vec<Judgement> {
    let cells: Vec<Cell<'_>> = family.iter().map(|pairs| Cell::complete(pairs)).collect();
    judge(better, AaLimit::pooled(&cells[..1]), &cells)
}

fn verdicts(better: Better, family: &[Vec<Pair>]) -> Vec<Verdict> {
    judged(better, family).iter().map(|judgement| judgement.verdict).collect()
}

fn mapped(family: &[Vec<Pair>], of_pair: impl Fn(Pair) -> Pair) -> Vec<Vec<Pair>> {
    family.iter().map(|pairs| pairs.iter().map(|&pair| of_pair(pair)).collect()).collect()
}

fn swapped(family: &[Vec<Pair>]) -> Vec<Vec<Pair>> {
    mapped(family, |pair| Pair { sync: pair.r#async, r#async: pair.sync })
}

fn mirrored(verdicts: Vec<Verdict>) -> Vec<Verdict> {
    let mirror = |verdict| match verdict {
        Verdict::AsyncWins => Verdict::SyncWins,
        Verdict::SyncWins => Verdict::AsyncWins,
        other => other,
    };
    verdicts.into_iter().map(mirror).collect()
}

proptest! {
    #[test]
    fn swapping_sync_and_async_mirrors_the_verdicts(family in families()) {
        let straight = verdicts(Better::More, &family);
        prop_assert_eq!(verdicts(Better::More, &swapped(&family)), mirrored(straight));
    }

    #[test]
    fn turning_the_metric_round_mirrors_the_verdicts(family in families()) {
        let straight = verdicts(Better::More, &family);
        prop_assert_eq!(verdicts(Better::Less, &family), mirrored(straight));
    }

    #[test]
    fn the_unit_of_the_metric_changes_nothing(family in families(), scale in 1e-9..1e9_f64) {
        let scaled = mapped(&family, |pair| Pair { sync: pair.sync * scale, r#async: pair.r#async * scale });
        prop_assert_eq!(verdicts(Better::More, &scaled), verdicts(Better::More, &family));
    }

    #[test]
    fn the_order_of_the_blocks_changes_nothing(family in families()) {
        let reversed: Vec<Vec<Pair>> =
            family.iter().map(|pairs| pairs.iter().rev().copied().collect()).collect();
        prop_assert_eq!(verdicts(Better::More, &reversed), verdicts(Better::More, &family));
    }

    #[test]
    fn no_verdict_contradicts_its_own_interval(family in families()) {
        for judgement in judged(Better::More, &family) {
            let Ok(evidence) = judgement.evidence else {
                prop_assert_eq!(judgement.verdict, Verdict::Invalid);
                continue;
            };
            let interval = evidence.effect.ratio_interval();
            match judgement.verdict {
                Verdict::AsyncWins => prop_assert!(interval.lo > 1.05),
                Verdict::SyncWins => prop_assert!(interval.hi < 1.0 / 1.05),
                Verdict::Tie => prop_assert!(interval.lo > 1.0 / 1.05 && interval.hi < 1.05),
                Verdict::CannotTell => {} // claims nothing
                Verdict::Invalid => prop_assert!(false, "evidence without a verdict"),
            }
        }
    }

    #[test]
    fn any_values_at_all_give_a_verdict_without_panicking(
        values in prop::collection::vec((any::<f64>(), any::<f64>()), 0..10),
        planned in 0..12_usize,
    ) {
        let pairs: Vec<Pair> = values.into_iter().map(|(sync, r#async)| Pair { sync, r#async }).collect();
        let cell = Cell { planned, discarded: 0, pairs: &pairs };
        let judged = judge(Better::More, AaLimit::pooled(&[cell]), &[cell]);
        prop_assert_eq!(judged.len(), 1);
        prop_assert_eq!(judged[0].evidence.is_err(), judged[0].verdict == Verdict::Invalid);
    }
}

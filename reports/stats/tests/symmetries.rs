//! What must not change a verdict, and what must turn it round.

use proptest::prelude::*;
use reports_stats::effect::Pair;
use reports_stats::judge::{Cell, Judgement, Question, judge};
use reports_stats::looks::Looks;
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
    let looks = Looks::after(&[6, 8, 11]).expect("ascending looks");
    let blocks: Vec<Vec<Option<Pair>>> =
        family.iter().map(|pairs| pairs.iter().copied().map(Some).collect()).collect();
    let cells: Vec<Cell<'_>> = blocks.iter().map(|blocks| Cell { blocks }).collect();
    judge(Question { better, looks: &looks, moderated: true }, &cells[..1], &cells)
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
    fn no_verdict_contradicts_its_own_interval(family in families()) {
        for judgement in judged(Better::More, &family) {
            let Ok(evidence) = judgement.evidence else {
                prop_assert_eq!(judgement.verdict, Verdict::Invalid);
                continue;
            };
            // The looks' own error on one side: a win's nearer end lies beyond the margin, a tie's ends within it.
            let margin = evidence.effect.log_ratio().abs();
            match judgement.verdict {
                Verdict::AsyncWins => prop_assert!(evidence.effect.ratio() > 1.05),
                Verdict::SyncWins => prop_assert!(evidence.effect.ratio() < 1.0 / 1.05),
                Verdict::Tie => prop_assert!(margin < 1.05_f64.ln()),
                Verdict::CannotTell => {} // claims nothing
                Verdict::Invalid => prop_assert!(false, "evidence without a verdict"),
            }
            if judgement.verdict.is_win() {
                prop_assert!(!evidence.ratio_interval().holds(1.0), "{judgement:?}");
            }
        }
    }

    #[test]
    fn any_values_at_all_give_a_verdict_without_panicking(
        values in prop::collection::vec(prop::option::of((any::<f64>(), any::<f64>())), 0..14),
        last in 2..12_usize,
        moderated: bool,
    ) {
        let blocks: Vec<Option<Pair>> =
            values.into_iter().map(|pair| pair.map(|(sync, r#async)| Pair { sync, r#async })).collect();
        let cells = [Cell { blocks: &blocks }; 4];
        let looks = Looks::after(&[2, last + 1]).unwrap();
        let judged = judge(Question { better: Better::More, looks: &looks, moderated }, &cells, &cells);
        prop_assert_eq!(judged.len(), 4);
        for judgement in judged {
            prop_assert_eq!(judgement.evidence.is_err(), judgement.verdict == Verdict::Invalid);
        }
    }
}

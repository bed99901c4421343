//! Cells drawn by chance, judged by the same rules.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use reports_stats::effect::Pair;
use reports_stats::verdict::{Better, Verdict};

use crate::tally::judgements;

/// Families that are drawn: the mean of their wins is sure to a tenth of what one family's scatter.
const FAMILIES: u64 = 100;

/// Wins to expect among `cells` whose blocks scatter around `truth` by `sd` (both of ln), independent and normal, beside the A/A cells
/// that were measured.
pub(crate) fn wins(
    aa: &[Vec<Option<Pair>>],
    cells: usize,
    blocks: usize,
    truth: f64,
    sd: f64,
    better: Better,
) -> f64 {
    let mut normal = Normal(ChaCha8Rng::seed_from_u64(1));
    let mut pair = || Some(Pair { sync: 1.0, r#async: (truth + sd * normal.next()).exp() });
    let mut of_family = || {
        let family: Vec<Vec<Option<Pair>>> =
            (0..cells).map(|_| (0..blocks).map(|_| pair()).collect()).collect();
        let judged = judgements(better, blocks, aa, &family);
        judged.iter().filter(|one| Verdict::is_win(one.verdict)).count()
    };
    (0..FAMILIES).map(|_| of_family()).sum::<usize>() as f64 / FAMILIES as f64
}

/// Standard normal numbers.
struct Normal(ChaCha8Rng);

impl Normal {
    /// The next one (Box and Muller, Annals of Mathematical Statistics 29, 1958).
    fn next(&mut self) -> f64 {
        let mut uniform = || (f64::from(self.0.next_u32()) + 0.5) / (f64::from(u32::MAX) + 1.0);
        (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
    }
}

//! Quantiles, intervals, paired effects, verdicts, crossovers; slices in, numbers out.
//!
//! Pure: no file, no clock, no randomness, no state between calls. Where the data cannot tell, a
//! function says so (`None`, an error, [`verdict::Verdict::CannotTell`]) and never returns NaN.
//!
//! From trials to verdicts, in the order data flows:
//!
//! 1. [`effect`]: the paired blocks of one cell become a mean log ratio with its t interval.
//! 2. [`excess_variance`]: blocks of a contender against its own duplicate show how much further cells scatter.
//! 3. [`moderation`]: the variances of a family's cells borrow strength from each other.
//! 4. [`evidence`]: one effect against the margin, with both of these variances.
//! 5. [`looks`], [`discovery`], [`power`]: when a cell may end, which of many verdicts a family bears out, and which
//!    cells are not worth measuring on.
//! 6. [`judge`]: all of it, replayed from a family's blocks; [`false_wins`]: the same rules applied to the A/A cells,
//!    where every win is a false one.
//! 7. [`thirds`]: whether the machine was the same at the end as at the beginning.
//! 8. [`crossover`]: where along an axis the verdict changes.
//!
//! Quantiles of many blocks: [`bootstrap`]. Within one measurement: [`quantile`], [`design_effect`], [`drift`],
//! [`kolmogorov_smirnov`]. Before one: [`prediction`]. Between two that were not paired: [`two_samples`]. Of waits that are drawn:
//! [`lognormal`].
//!
//! Two things are left out on purpose. A cell cannot be judged after any number of blocks: [`looks::Looks`] names the
//! numbers beforehand and spends the error among them, since looking after every block and stopping at the first
//! difference multiplies false wins. And nothing averages quantiles.

pub mod batch_means;
mod batches;
pub mod bootstrap;
pub mod crossover;
pub mod design_effect;
pub mod difference;
pub mod discovery;
mod distributions;
pub mod drift;
pub mod effect;
pub mod evidence;
pub mod excess_variance;
pub mod false_wins;
pub mod judge;
pub mod kolmogorov_smirnov;
pub mod lognormal;
pub mod looks;
pub mod moderation;
pub mod power;
pub mod prediction;
pub mod quantile;
pub mod thirds;
pub mod two_samples;
pub mod verdict;

//! Quantiles, intervals, paired effects, verdicts, crossovers; slices in, numbers out.
//!
//! Pure: no file, no clock, no randomness, no state between calls. Where the data cannot tell, a
//! function says so (`None`, an error, [`verdict::Verdict::CannotTell`]) and never returns NaN.
//!
//! From trials to verdicts, in the order data flows:
//!
//! 1. [`effect`]: the paired blocks of one cell become a mean log ratio with its t interval.
//! 2. [`aa_limit`]: blocks of a contender against its own duplicate bound what the set-up can see.
//! 3. [`evidence`]: one effect against the margin and the A/A limit.
//! 4. [`judge`]: a family of cells under false-discovery control ([`discovery`]) becomes verdicts.
//! 5. [`false_wins`]: the same rules applied to the A/A cells, where every win is a false one.
//! 6. [`crossover`]: where along an axis the verdict changes.
//!
//! Within one measurement: [`quantile`], [`design_effect`], [`drift`], [`kolmogorov_smirnov`].
//! Before one: [`prediction`]. Between two that were not paired: [`two_samples`].
//!
//! Two things are left out on purpose. There is no call that takes blocks one at a time and says
//! when to stop: looking after every block and stopping at the first difference multiplies false
//! wins, so [`judge::Cell`] has to name the number of blocks planned. And nothing averages
//! quantiles.

pub mod aa_limit;
pub mod batch_means;
pub mod crossover;
pub mod design_effect;
pub mod discovery;
mod distributions;
pub mod drift;
pub mod effect;
pub mod evidence;
pub mod false_wins;
pub mod judge;
pub mod kolmogorov_smirnov;
pub mod prediction;
pub mod quantile;
pub mod two_samples;
pub mod verdict;

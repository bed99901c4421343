//! Quantiles, intervals, paired effects, verdicts, crossovers; slices in, numbers out.
//!
//! Pure: no file, no clock, no randomness, no state between calls. Where the data cannot tell, a
//! function says so (`None`, an error, [`verdict::Verdict::CannotTell`]) and never returns NaN.

pub mod crossover;
pub mod drift;
pub mod kolmogorov_smirnov;
pub mod prediction;
pub mod verdict;

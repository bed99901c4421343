//! Quantiles, intervals, paired effects, verdicts, crossovers; slices in, numbers out.

//! What can be asked for.

use clap::Parser;

use crate::baseline::Baseline;

/// Count the instructions that the load generator's hot path takes, under valgrind's callgrind
///
/// Compares them with benches/instructions/baseline.toml, which holds for one compiler. About half a minute; needs
/// valgrind (Debian: apt-get install valgrind). Exit codes: 0 counted, and none more than 3 % above the baseline; 1 one is;
/// 2 could not count; 130 and 143 interrupted.
#[derive(Debug, Parser)]
#[command(name = "instructions", max_term_width = 80)]
pub(crate) struct Flags {
    /// Make these counts the baseline
    #[arg(long, conflicts_with = "quick")]
    pub(crate) bless: bool,

    /// See it work: few operations each, not compared
    #[arg(long)]
    pub(crate) quick: bool,

    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

impl Flags {
    /// Whether these counts are of the kind that the baseline holds.
    pub(crate) fn are_compared(&self) -> bool {
        !self.quick && !self.bless && !cfg!(debug_assertions)
    }

    /// Why these `counts` were not compared with `baseline`.
    pub(crate) fn why_not(&self, baseline: &Baseline, counts: &Baseline) -> String {
        if self.quick {
            "too few operations were counted (leave out --quick)".to_owned()
        } else if cfg!(debug_assertions) {
            "this build is not optimised (start it by `cargo bench`)".to_owned()
        } else {
            format!(
                "the baseline is of {}, these are of {} (--bless makes them the baseline)",
                baseline.compiler, counts.compiler
            )
        }
    }
}

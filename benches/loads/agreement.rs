//! Whether a load's ratio is that of Poisson arrivals: pure.

use reports_stats::effect::{Effect, Pair, effect};

use crate::block::{Ratio, Ratios};

/// One load's ratio over blocks, and what it is of Poisson's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Agreement {
    /// Tasks ÷ threads.
    ratio: Option<Effect>,
    /// That ÷ the same under Poisson arrivals, block by block.
    of_poisson: Option<Effect>,
}

impl Agreement {
    pub(crate) fn of(blocks: &[Ratios], load: impl Fn(&Ratios) -> Ratio) -> Self {
        let pairs = |base: &dyn Fn(&Ratios) -> f64| {
            let pair = |block: &Ratios| Pair { sync: base(block), r#async: load(block).cpu };
            effect(&blocks.iter().map(pair).collect::<Vec<_>>()).ok()
        };
        Self { ratio: pairs(&|_| 1.0), of_poisson: pairs(&|block| block.poisson.cpu) }
    }

    /// Whether 1 lies in the interval of the ratio of ratios; `None` with too few blocks, and for Poisson arrivals themselves.
    pub(crate) fn holds(&self) -> Option<bool> {
        let effect = self.of_poisson.filter(|effect| effect.log_ratio() != 0.0)?;
        Some(effect.ratio_interval().holds(1.0))
    }

    pub(crate) fn cells(&self) -> [String; 3] {
        let shown = |effect: Option<Effect>| {
            effect.map_or_else(
                || "too few blocks".to_owned(),
                |effect| {
                    let interval = effect.ratio_interval();
                    format!("{:.2} ({:.2}–{:.2})", effect.ratio(), interval.lo, interval.hi)
                },
            )
        };
        let agrees = match self.holds() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        [shown(self.ratio), shown(self.of_poisson), agrees.to_owned()]
    }
}

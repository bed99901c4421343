//! A few values of the same thing: their middle, and how far they lie apart.

/// Median, least and most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of `values`; `None` of none.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Self { median, least, most })
    }

    /// As a ratio: `0.89 (0.87–0.92)`; of a single value only that.
    pub(crate) fn ratio(self) -> String {
        if self.least < self.most {
            format!("{:.2} ({:.2}–{:.2})", self.median, self.least, self.most)
        } else {
            format!("{:.2}", self.median)
        }
    }
}

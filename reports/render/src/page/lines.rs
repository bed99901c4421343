//! What the figures along an axis share: dots, lines and names of the contenders' series.

use super::series::Series;
use crate::analysis::estimate::Estimate;
use crate::figure::line_chart::{Dot, Line, Sign};
use crate::label;

/// A contender's line, named by itself; its mark says which pair it belongs to.
pub(super) fn line(series: &Series<'_>, dots: Vec<Option<Dot>>) -> Line {
    Line { style: series.style, name: label::within(series.contender, 24), dots }
}

/// An estimate at its place.
pub(super) fn dot(x: f64, estimate: Estimate) -> Dot {
    let sign = if estimate.at_least { Sign::AtLeast } else { Sign::Mark };
    Dot { x, y: estimate.middle, interval: estimate.interval, sign }
}

/// Whether any line has something to show.
pub(super) fn any(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.dots.iter().any(Option::is_some))
}

//! One axis of a chart of lines: from value to pixel, logarithmic or from zero.

use super::axis::LogAxis;

/// What lies along an axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it measures, with its unit.
    pub title: String,
    /// How its values are written.
    pub write: fn(f64) -> String,
    /// How values become distances.
    pub scale: Scale,
    /// Values that must be on it, whatever is drawn.
    pub always: Vec<f64>,
}

/// How values become distances.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// Equal ratios, equal distances.
    Log,
    /// Equal differences, equal distances, from zero on.
    Linear,
    /// As [`Scale::Linear`] from the first to the last of these, which alone are marked.
    Marked(Vec<f64>),
}

/// An axis at its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ruler {
    Log(LogAxis),
    Linear { lo: f64, hi: f64, from: i32, to: i32, marks: Option<Vec<f64>> },
}

/// Room above the largest value of a linear axis, as a share of it.
const HEADROOM: f64 = 0.05;

impl Ruler {
    /// The axis over pixels `from` to `to`, where `to` may lie before `from`, that shows all `values`.
    pub(super) fn over(axis: &Axis, values: impl Iterator<Item = f64>, from: i32, to: i32) -> Self {
        let values = values.chain(axis.always.iter().copied());
        if axis.scale == Scale::Log {
            return Self::Log(LogAxis::over(values, from, to));
        }
        let marks = match &axis.scale {
            Scale::Marked(marks) => Some(marks.clone()),
            Scale::Log | Scale::Linear => None,
        };
        let largest = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        let ends = marks.as_deref().and_then(|marks| Some((*marks.first()?, *marks.last()?)));
        let (lo, hi) = ends.unwrap_or((0.0, largest * (1.0 + HEADROOM)));
        // Nothing to show still needs an axis, and a foreign figure near the end of `f64` a finite one.
        let hi = if hi > lo && hi.is_finite() { hi } else { lo + 1.0 };
        Self::Linear { lo, hi, from, to, marks }
    }

    /// The pixel of a value; values beyond an end lie on it.
    pub(super) fn at(&self, value: f64) -> i32 {
        match self {
            Self::Log(axis) => axis.at(value),
            Self::Linear { lo, hi, from, to, .. } => {
                let share = ((value - lo) / (hi - lo)).clamp(0.0, 1.0);
                from + (share * f64::from(to - from)).round() as i32
            }
        }
    }

    /// Whether a value lies on the axis.
    pub(super) fn shows(&self, value: f64) -> bool {
        match self {
            Self::Log(axis) => axis.shows(value),
            Self::Linear { lo, hi, .. } => (*lo..=*hi).contains(&value),
        }
    }

    /// The values to mark, at least `room` pixels apart.
    pub(super) fn marks(&self, room: i32) -> Vec<f64> {
        match self {
            Self::Log(axis) => axis.marks_apart(room),
            Self::Linear { marks: Some(marks), .. } => marks.clone(),
            Self::Linear { hi, from, to, .. } => round_marks(*hi, ((to - from).abs() / room).max(1)),
        }
    }
}

/// Round values from zero to `hi`, which is positive: as many as `most` beside zero.
pub(super) fn round_marks(hi: f64, most: i32) -> Vec<f64> {
    let step = round_up(hi / f64::from(most));
    (0..).map(|index| f64::from(index) * step).take_while(|mark| *mark <= hi).collect()
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `value`, which is positive.
fn round_up(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0]
        .map(|mantissa| mantissa * decade)
        .into_iter()
        .find(|step| *step >= value)
        .unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(scale: Scale) -> Axis {
        Axis { title: String::new(), write: |value| value.to_string(), scale, always: Vec::new() }
    }

    #[test]
    fn a_linear_axis_begins_at_zero_and_is_marked_in_round_steps() {
        let ruler = Ruler::over(&axis(Scale::Linear), [3.0, 98.0].into_iter(), 200, 0);
        assert_eq!((ruler.at(0.0), ruler.at(1e9)), (200, 0));
        assert_eq!(ruler.marks(40), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn marks_keep_their_distance_whatever_the_range() {
        for exponent in -12..100 {
            for scale in [Scale::Linear, Scale::Log] {
                let top = 10_f64.powi(exponent);
                let ruler = Ruler::over(&axis(scale), [top / 3e4, top].into_iter(), 260, 0);
                let marks = ruler.marks(26);
                assert!((1..=11).contains(&marks.len()), "{exponent}: {marks:?}");
                for pair in marks.windows(2) {
                    assert!(ruler.at(pair[0]) - ruler.at(pair[1]) >= 25, "{exponent}: {marks:?}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_drawn_does_not_reach_the_axis() {
        for values in [vec![], vec![f64::NAN, f64::INFINITY, -1.0], vec![f64::MAX]] {
            let ruler = Ruler::over(&axis(Scale::Linear), values.into_iter(), 0, 100);
            assert!((0..=100).contains(&ruler.at(0.5)));
            assert!(ruler.marks(20).len() <= 6);
        }
    }
}

//! A logarithmic axis and the places where it is marked.

/// A logarithmic axis from value to pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogAxis {
    lo: f64,
    hi: f64,
    left: i32,
    right: i32,
}

/// Mantissas of marks within a decade, from dense to sparse. Beyond, whole decades are marked.
const DENSITIES: [&[f64]; 5] = [
    &[1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
    &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
    &[1.0, 2.0, 5.0],
    &[1.0, 3.0],
];

/// Least distance of two marks, pixels: room for a label such as `1.25 ms`.
const LABEL_ROOM: i32 = 52;

/// What a measurement can come to, with decades to spare. A foreign figure near the ends of `f64` would widen
/// the axis to infinity and its marks beyond memory.
const DRAWABLE: std::ops::Range<f64> = 1e-150..1e150;

/// An axis spans at least this ratio, so that noise does not fill the page.
const LEAST_SPAN: f64 = 1.5;

impl LogAxis {
    /// The axis over pixels `left` to `right`, which may also run backwards or up, that shows all positive `values`, with room at both ends.
    ///
    /// Without any, an axis around 1.
    #[must_use]
    pub fn over(values: impl IntoIterator<Item = f64>, left: i32, right: i32) -> Self {
        let usable = values.into_iter().filter(|value| DRAWABLE.contains(value));
        let (lo, hi) =
            usable.fold((f64::INFINITY, 0.0_f64), |(lo, hi), value| (lo.min(value), hi.max(value)));
        let (lo, hi) = if lo <= hi { (lo, hi) } else { (1.0, 1.0) };
        let widening = (LEAST_SPAN / (hi / lo)).max(1.0).sqrt() * (hi / lo).powf(0.04);
        Self { lo: lo / widening, hi: hi * widening, left, right }
    }

    /// The pixel of a value; values beyond an end lie on it.
    #[must_use]
    pub fn at(&self, value: f64) -> i32 {
        let share = (value / self.lo).ln() / (self.hi / self.lo).ln();
        self.left + (share.clamp(0.0, 1.0) * f64::from(self.right - self.left)).round() as i32
    }

    /// Whether a value lies on the axis.
    #[must_use]
    pub fn shows(&self, value: f64) -> bool {
        (self.lo..=self.hi).contains(&value)
    }

    /// The values to mark: as many round ones as leave room for their labels.
    #[must_use]
    pub fn marks(&self) -> Vec<f64> {
        self.marks_apart(LABEL_ROOM)
    }

    /// As [`Self::marks`], for labels that need `room` pixels along the axis.
    #[must_use]
    pub fn marks_apart(&self, room: i32) -> Vec<f64> {
        let within_decades = DENSITIES.iter().map(|mantissas| self.round_values(mantissas));
        let decades = self.round_values(&[1.0]);
        let every_few = (1..=decades.len()).map(|step| decades.iter().copied().step_by(step).collect());
        within_decades
            .chain(every_few)
            .find(|marks: &Vec<f64>| self.has_room(marks, room))
            .unwrap_or_default()
    }

    fn has_room(&self, marks: &[f64], room: i32) -> bool {
        marks.windows(2).all(|pair| (self.at(pair[1]) - self.at(pair[0])).abs() >= room)
    }

    fn round_values(&self, mantissas: &[f64]) -> Vec<f64> {
        let decades = self.lo.log10().floor() as i32..=self.hi.log10().ceil() as i32;
        decades
            .flat_map(|decade| mantissas.iter().map(move |mantissa| mantissa * 10_f64.powi(decade)))
            .filter(|value| self.shows(*value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_have_room_whatever_the_range() {
        for exponent in 0..150 {
            let axis = LogAxis::over([1.0, 10_f64.powi(exponent)], 0, 500);
            let marks = axis.marks();
            assert!(!marks.is_empty() && marks.len() <= 10, "{exponent}: {marks:?}");
            for pair in marks.windows(2) {
                assert!(axis.at(pair[1]) - axis.at(pair[0]) >= LABEL_ROOM, "{exponent}: {marks:?}");
            }
        }
    }

    #[test]
    fn a_narrow_range_is_marked_too() {
        let axis = LogAxis::over([1.0], 0, 500);
        assert!(axis.marks().contains(&1.0));
        assert_eq!(axis.at(1.0), 250);
    }

    #[test]
    fn what_cannot_be_drawn_does_not_reach_the_axis() {
        let axis = LogAxis::over(
            [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE, 2.0, 200.0],
            0,
            100,
        );
        assert!(axis.shows(2.0) && axis.shows(200.0) && !axis.shows(0.0));
        assert_eq!((axis.at(1e-9), axis.at(1e9)), (0, 100));
    }
}

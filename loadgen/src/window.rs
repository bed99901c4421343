//! The stretch of a measurement that counts.

use std::time::Duration;

use crate::clock::Moment;

/// From the end of the warm-up, included, to the end of measuring, not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: Moment,
    /// [`Moment::NEVER`] as long as a number of requests is to end it.
    pub(crate) end: Moment,
}

impl Window {
    pub(crate) fn contains(&self, moment: Moment) -> bool {
        self.start <= moment && moment < self.end
    }

    pub(crate) fn length(&self) -> Duration {
        self.end.since(self.start)
    }

    /// The same window, ended at `end` if that is earlier; never before its start.
    pub(crate) fn cut(self, end: Moment) -> Self {
        Self { end: self.end.min(end.max(self.start)), ..self }
    }

    /// Time of `from`..`to` that lies in the window.
    pub(crate) fn overlap(&self, from: Moment, to: Moment) -> Duration {
        to.min(self.end).since(from.max(self.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_inside_counts() {
        let at = Moment::from_nanos;
        let window = Window { start: at(10), end: at(20) };
        assert!(window.contains(at(10)) && !window.contains(at(20)));
        assert_eq!(window.overlap(at(0), at(100)), Duration::from_nanos(10));
        assert_eq!(window.overlap(at(15), at(16)), Duration::from_nanos(1));
        assert_eq!(window.overlap(at(0), at(5)), Duration::ZERO);
        assert_eq!(window.overlap(at(25), at(30)), Duration::ZERO);
        assert_eq!(window.cut(at(5)).length(), Duration::ZERO);
    }
}

//! Stacked bars: the parts of a cost side by side, from zero on a linear axis.

use super::ink::Ink;
use super::ruler::round_marks;
use super::scene::{Anchor, Scene, fitted};
use crate::number;

/// A figure of stacked bars.
#[derive(Debug)]
pub struct Stacks {
    /// How a value is written.
    pub write: fn(f64) -> String,
    /// The parts of a bar, in order.
    pub legend: Vec<String>,
    /// Whether each part that has room for it says its value; all inks have to carry text then.
    pub is_labelled: bool,
    /// The bars, from the top.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug)]
pub struct Bar {
    /// Its name.
    pub title: String,
    /// Its parts with their inks, in the legend's order.
    pub parts: Vec<(f64, Ink)>,
    /// What is written behind it.
    pub note: String,
}

const WIDTH: i32 = 720;
const LEFT: i32 = 190;
const RIGHT: i32 = WIDTH - 215;
const TOP: i32 = 34;
const ROW: i32 = 26;
const TYPE: u32 = 13;

/// Most marks on the axis beside zero.
const MARKS: i32 = 5;

impl Stacks {
    /// The geometry of this figure.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let bottom = TOP + ROW * self.bars.len() as i32;
        let mut scene = Scene::new(WIDTH.unsigned_abs(), (bottom + 28).unsigned_abs());
        let most = self.bars.iter().map(Bar::whole).filter(|whole| whole.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let at = |value: f64| LEFT + (value / most * f64::from(RIGHT - LEFT)).round() as i32;
        let legend = self.legend.join(" + ");
        scene.text((LEFT, 12), Anchor::Start, TYPE, Ink::Muted, legend);
        for mark in round_marks(most, MARKS) {
            scene.line((at(mark), TOP - 6), (at(mark), bottom), Ink::Grid, 1);
            let written = if mark == 0.0 { "0".into() } else { number::trimmed(&(self.write)(mark)) };
            scene.text((at(mark), bottom + 14), Anchor::Middle, TYPE - 1, Ink::Muted, written);
        }
        for (index, bar) in self.bars.iter().enumerate() {
            let top = TOP + index as i32 * ROW;
            let title = fitted(&bar.title, LEFT - 10, TYPE);
            scene.text((0, top + ROW / 2 - 2), Anchor::Start, TYPE, Ink::Text, title);
            let mut from = 0.0;
            for (size, ink) in bar.parts.iter().filter(|(size, _)| size.is_finite() && *size > 0.0) {
                let (left, right) = (at(from), at(from + size));
                scene.area((left, top + 2), (right - left, ROW - 8), *ink);
                let value = (self.write)(*size);
                if self.is_labelled && fitted(&value, right - left - 6, TYPE - 1) == value {
                    let middle = ((left + right) / 2, top + ROW / 2 - 2);
                    scene.text(middle, Anchor::Middle, TYPE - 1, Ink::Text, value);
                }
                from += size;
            }
            let note = fitted(&bar.note, WIDTH - at(from) - 8, TYPE - 1);
            scene.text((at(from) + 8, top + ROW / 2 - 2), Anchor::Start, TYPE - 1, Ink::Text, note);
        }
        scene
    }
}

impl Bar {
    fn whole(&self) -> f64 {
        self.parts.iter().map(|(size, _)| size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::scene::Shape;

    #[test]
    fn parts_lie_end_to_end_from_zero_and_keep_their_proportions() {
        let bar = |parts: [f64; 2]| Bar {
            title: "one".into(),
            parts: parts.into_iter().zip([Ink::Sync, Ink::Awaiting]).collect(),
            note: String::new(),
        };
        let scene = Stacks {
            write: number::micros,
            legend: vec!["user".into(), "kernel".into()],
            is_labelled: true,
            bars: vec![bar([10.0, 30.0]), bar([10.0, 10.0]), bar([f64::NAN, 5.0])],
        }
        .scene();
        let areas: Vec<(i32, i32)> = scene
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Area { at, size, .. } => Some((at.0, size.0)),
                _ => None,
            })
            .collect();
        assert_eq!(areas.len(), 5);
        assert_eq!((areas[0].0, areas[0].0 + areas[0].1), (LEFT, areas[1].0));
        assert_eq!(areas[1].0 + areas[1].1, RIGHT);
        assert_eq!((areas[0].1, areas[2].1), (areas[2].1, areas[3].1));
        let labels = |text: &str| {
            scene
                .shapes
                .iter()
                .filter(|shape| matches!(shape, Shape::Text { text: found, .. } if found == text))
                .count()
        };
        // On its part, and on the axis without the zero; a part that is too narrow says nothing.
        assert_eq!((labels("30.0\u{a0}µs"), labels("30\u{a0}µs"), labels("5.00\u{a0}µs")), (1, 1, 0));
    }
}

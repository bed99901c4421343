//! Shapes at their places: what a figure is before it is drawn.

use super::ink::Ink;

/// A point in pixels from the top left.
pub type Point = (i32, i32);

/// A drawing of fixed size.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// What is drawn, the first at the bottom.
    pub shapes: Vec<Shape>,
}

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A straight line.
    Line {
        /// From here
        from: Point,
        /// to here,
        to: Point,
        /// in this ink,
        ink: Ink,
        /// so many pixels wide.
        width: u32,
    },
    /// A filled rectangle.
    Area {
        /// Its top left corner.
        at: Point,
        /// Its width and height.
        size: Point,
        /// Its ink.
        ink: Ink,
    },
    /// The mark of a value.
    Mark {
        /// Its middle.
        at: Point,
        /// Its form.
        form: Form,
        /// Its ink.
        ink: Ink,
    },
    /// A line of text, centred vertically on its point.
    Text {
        /// Where its anchor lies.
        at: Point,
        /// Which end is anchored.
        anchor: Anchor,
        /// Height of the type, pixels.
        size: u32,
        /// Whether it is bold.
        bold: bool,
        /// Its ink.
        ink: Ink,
        /// The text.
        text: String,
    },
}

/// The form of a mark: the second sign besides colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A filled circle.
    Disc,
    /// A circle.
    Ring,
    /// A filled diamond.
    Diamond,
    /// A diamond.
    HollowDiamond,
}

/// Which end of a text lies at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

impl Scene {
    /// An empty drawing.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    /// Adds a solid line.
    pub fn line(&mut self, from: Point, to: Point, ink: Ink, width: u32) {
        self.shapes.push(Shape::Line { from, to, ink, width });
    }

    /// Adds a horizontal line of dashes from `left` to `right`.
    pub fn dashes(&mut self, (left, right): (i32, i32), y: i32, ink: Ink, width: u32) {
        const DASH: usize = 5;
        const PERIOD: usize = 8;
        for start in (left..right).step_by(PERIOD) {
            self.line((start, y), ((start + DASH as i32).min(right), y), ink, width);
        }
    }

    /// Adds a filled rectangle.
    pub fn area(&mut self, at: Point, size: Point, ink: Ink) {
        self.shapes.push(Shape::Area { at, size, ink });
    }

    /// Adds strokes at 45° across a rectangle, clipped to it.
    pub fn hatch(&mut self, (left, top): Point, (width, height): Point, ink: Ink) {
        const GAP: usize = 9;
        for offset in (GAP as i32..width + height).step_by(GAP) {
            let from = (left + offset.min(width), top + (offset - width).max(0));
            let to = (left + (offset - height).max(0), top + offset.min(height));
            self.line(from, to, ink, 1);
        }
    }

    /// Adds the mark of a value.
    pub fn mark(&mut self, at: Point, form: Form, ink: Ink) {
        self.shapes.push(Shape::Mark { at, form, ink });
    }

    /// Adds a line of text.
    pub fn text(&mut self, at: Point, anchor: Anchor, type_size: u32, ink: Ink, text: impl Into<String>) {
        let text = text.into();
        self.shapes.push(Shape::Text { at, anchor, size: type_size, bold: false, ink, text });
    }

    /// Adds a line of bold text.
    pub fn bold(&mut self, at: Point, anchor: Anchor, type_size: u32, ink: Ink, text: impl Into<String>) {
        let text = text.into();
        self.shapes.push(Shape::Text { at, anchor, size: type_size, bold: true, ink, text });
    }
}

/// `text` cut so that it likely fits `width` pixels at `type_size`; exact widths are the reader's fonts' affair.
#[must_use]
pub fn fitted(text: &str, width: i32, type_size: u32) -> String {
    // The mean advance of common sans-serif fonts lies near 0.55 em.
    let fits = (f64::from(width) / (f64::from(type_size) * 0.55)).max(1.0) as usize;
    if text.chars().count() <= fits {
        return text.to_owned();
    }
    text.chars().take(fits.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hatching_stays_inside_its_rectangle() {
        let mut scene = Scene::new(100, 100);
        scene.hatch((10, 20), (50, 30), Ink::Hatch);
        assert!(scene.shapes.len() > 4);
        for shape in &scene.shapes {
            let Shape::Line { from, to, .. } = shape else { panic!("{shape:?} is no line") };
            for (x, y) in [from, to] {
                assert!((10..=60).contains(x) && (20..=50).contains(y), "({x}, {y})");
            }
        }
    }

    #[test]
    fn long_text_is_cut_to_its_room() {
        assert_eq!(fitted("short", 100, 12), "short");
        let cut = fitted(&"x".repeat(1000), 110, 10);
        assert_eq!(cut.chars().count(), 20);
        assert!(cut.ends_with('…'));
    }
}

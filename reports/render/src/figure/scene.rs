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
    /// Values that a pointer finds, each at its place, without a script.
    pub hints: Vec<(Point, String)>,
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
    /// A line through several points.
    Path {
        /// The points, two at least.
        points: Vec<Point>,
        /// Its ink.
        ink: Ink,
        /// Its width, pixels.
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
        Self { width, height, shapes: Vec::new(), hints: Vec::new() }
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

    /// Adds a line through `points`, two pixels wide, whole or in dashes; nothing for fewer than two.
    pub fn path(&mut self, points: &[Point], dashed: bool, ink: Ink) {
        let pieces = if dashed { in_dashes(points) } else { vec![points.to_vec()] };
        let drawable = pieces.into_iter().filter(|piece| piece.len() >= 2);
        self.shapes.extend(drawable.map(|points| Shape::Path { points, ink, width: 2 }));
    }

    /// Adds a line one pixel wide through several points, if there are two.
    pub fn thin_path(&mut self, points: Vec<Point>, ink: Ink) {
        if points.len() >= 2 {
            self.shapes.push(Shape::Path { points, ink, width: 1 });
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

    /// Adds level strokes across a rectangle.
    pub fn rules(&mut self, (left, top): Point, (width, height): Point, ink: Ink) {
        const GAP: usize = 7;
        for y in (top + GAP as i32..top + height).step_by(GAP) {
            self.line((left, y), (left + width, y), ink, 1);
        }
    }

    /// Adds the mark of a value.
    pub fn mark(&mut self, at: Point, form: Form, ink: Ink) {
        self.shapes.push(Shape::Mark { at, form, ink });
    }

    /// Names the value at a place, for a pointer that rests there.
    pub fn hint(&mut self, at: Point, text: String) {
        self.hints.push((at, text));
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

/// Cuts a line into dashes, corners kept.
///
/// In the geometry, for plotters draws no dashed line into an SVG.
fn in_dashes(points: &[Point]) -> Vec<Vec<Point>> {
    const DASH: f64 = 8.0;
    const GAP: f64 = 5.0;
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    let (mut left, mut drawing) = (DASH, true);
    pieces.extend(points.first().map(|&first| vec![first]));
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = dx.hypot(dy);
        let mut gone = 0.0;
        while length - gone > left {
            gone += left;
            let share = gone / length;
            let cut = (from.0 + (share * dx).round() as i32, from.1 + (share * dy).round() as i32);
            match pieces.last_mut() {
                Some(piece) if drawing => piece.push(cut),
                _ => pieces.push(vec![cut]),
            }
            drawing = !drawing;
            left = if drawing { DASH } else { GAP };
        }
        left -= length - gone;
        if let Some(piece) = pieces.last_mut().filter(|_| drawing) {
            piece.push(to);
        }
    }
    pieces
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
    fn dashes_cover_most_of_a_line_and_never_leave_it() {
        let pieces = in_dashes(&[(0, 0), (100, 0), (100, 50)]);
        let lengths = pieces.iter().map(|piece| {
            piece
                .windows(2)
                .map(|pair| (pair[1].0 - pair[0].0).abs() + (pair[1].1 - pair[0].1).abs())
                .sum::<i32>()
        });
        let drawn: i32 = lengths.sum();
        assert!((80..110).contains(&drawn), "{drawn} of 150 pixels");
        assert!(pieces.len() > 9);
        assert!(pieces.iter().flatten().all(|&(x, y)| y == 0 || x == 100), "{pieces:?}");
        assert!(in_dashes(&[]).is_empty());
    }

    #[test]
    fn long_text_is_cut_to_its_room() {
        assert_eq!(fitted("short", 100, 12), "short");
        let cut = fitted(&"x".repeat(1000), 110, 10);
        assert_eq!(cut.chars().count(), 20);
        assert!(cut.ends_with('…'));
    }
}

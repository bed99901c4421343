//! Lines over two axes: everything that is read along an axis rather than cell by cell.

use reports_stats::effect::Interval;

use super::ink::Ink;
use super::interval_chart::Style;
use super::ruler::{Axis, Ruler};
use super::scene::{Anchor, Point, Scene, fitted};
use crate::number;

/// What a chart shows.
#[derive(Debug)]
pub struct LineChart {
    /// Its width, pixels: [`WIDE`] or [`HALF`].
    pub width: i32,
    /// The axis across.
    pub x: Axis,
    /// The axis up.
    pub y: Axis,
    /// A line on which both coordinates are equal, and its name.
    pub diagonal: Option<&'static str>,
    /// Lines without marks or names beneath the others.
    pub beneath: Vec<(Ink, Vec<Option<Dot>>)>,
    /// The lines; each is named beside its end.
    pub lines: Vec<Line>,
}

/// A series.
#[derive(Debug, Clone)]
pub struct Line {
    /// How it looks.
    pub style: Style,
    /// Its name.
    pub name: String,
    /// Its places from left to right; `None` is a gap, and gaps stay open.
    pub dots: Vec<Option<Dot>>,
}

/// A place on a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// How far `y` may be off.
    pub interval: Option<Interval>,
    /// What is drawn there besides the line.
    pub sign: Sign,
}

/// How a value along an axis is written.
type Write = fn(f64) -> String;

impl Dot {
    /// The place and the value with its interval, as a pointer finds them: `8: ×1.98 (×1.58–×2.48)`.
    #[must_use]
    pub(super) fn written(&self, x: Write, y: Write) -> String {
        let least = if self.sign == Sign::AtLeast { "≥ " } else { "" };
        let interval = self.interval.map(|ends| format!(" ({}–{})", y(ends.lo), y(ends.hi)));
        format!("{}: {least}{}{}", x(self.x), y(self.y), interval.unwrap_or_default())
    }
}

/// What is drawn at a place besides the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Nothing: the line suffices.
    Bare,
    /// The series' mark.
    Mark,
    /// The mark below a "≥": the value is a lower bound.
    AtLeast,
    /// The mark below a "×": the client, not the server, set the value.
    Doubtful,
}

impl Sign {
    /// What stands above the mark.
    fn text(self) -> Option<&'static str> {
        match self {
            Self::Bare | Self::Mark => None,
            Self::AtLeast => Some("≥"),
            Self::Doubtful => Some("×"),
        }
    }
}

/// Width of a chart that has a row of the page to itself.
pub const WIDE: i32 = 720;

/// Width of one of two side by side.
pub const HALF: i32 = 520;

const LEFT: i32 = 62;
const PLOT: i32 = 250;

/// From one name to the next.
const NAME_LINE: i32 = 17;

/// Length of a line's sample before its name.
const SAMPLE: i32 = 28;

const TYPE: u32 = 12;

/// Least distances of two marks on each axis, pixels.
const ROOM: (i32, i32) = (56, 24);

/// Interval ends farther than this ratio from their value do not widen the axis.
const FARTHEST: f64 = 2.0;

impl LineChart {
    /// The geometry of this chart.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let top = 36;
        let bottom = top + PLOT.max(NAME_LINE * self.lines.len() as i32);
        let mut scene = Scene::new(self.width.unsigned_abs(), (bottom + 44).unsigned_abs());
        let (x, y) = self.rulers(bottom, top);
        self.draw_names(&mut scene, &y, (top, bottom));
        self.draw_axes(&mut scene, (&x, &y), (top, bottom));
        for (ink, dots) in &self.beneath {
            for run in dots.split(Option::is_none) {
                let points = run.iter().flatten().map(|dot| (x.at(dot.x), y.at(dot.y)));
                scene.thin_path(points.collect(), *ink);
            }
        }
        for line in &self.lines {
            draw_line(&mut scene, line, (&x, &y), (self.x.write, self.y.write));
        }
        self.draw_signs(&mut scene, &x, &y);
        scene
    }

    fn rulers(&self, bottom: i32, top: i32) -> (Ruler, Ruler) {
        let dots = || self.lines.iter().flat_map(|line| line.dots.iter().flatten());
        let ends = dots().filter_map(|dot| Some((dot.y, dot.interval?)));
        let ends = ends.flat_map(|(y, ends)| [ends.lo.max(y / FARTHEST), ends.hi.min(y * FARTHEST)]);
        let x = Ruler::over(&self.x, dots().map(|dot| dot.x), LEFT, self.right());
        (x, Ruler::over(&self.y, dots().map(|dot| dot.y).chain(ends), bottom, top))
    }

    /// The right end of the plot: beyond it stand the names.
    fn right(&self) -> i32 {
        let longest = self.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
        let names = (longest as f64 * f64::from(TYPE) * 0.58) as i32;
        self.width - SAMPLE - 18 - names.min(self.width / 4)
    }

    /// Each line's name beside its end, with a sample of it, for ends that lie close are moved apart.
    fn draw_names(&self, scene: &mut Scene, y: &Ruler, (top, bottom): (i32, i32)) {
        let ends =
            self.lines.iter().map(|line| line.dots.iter().flatten().last().map_or(bottom, |dot| y.at(dot.y)));
        let (left, ends) = (self.right() + 10, moved_apart(ends.collect(), (top, bottom)));
        for (line, y) in self.lines.iter().zip(ends) {
            scene.path(&[(left, y), (left + SAMPLE, y)], line.style.dashed, line.style.ink);
            scene.mark((left + SAMPLE / 2, y), line.style.form, line.style.ink);
            let (x, room) = (left + SAMPLE + 6, self.width - left - SAMPLE - 6);
            scene.text((x, y), Anchor::Start, TYPE, Ink::Text, fitted(&line.name, room, TYPE));
        }
    }

    /// The signs beside marks; where those of two lines would cover each other, one stands for both.
    fn draw_signs(&self, scene: &mut Scene, x: &Ruler, y: &Ruler) {
        let dots = || self.lines.iter().flat_map(|line| line.dots.iter().flatten());
        let marks: Vec<Point> =
            dots().filter(|dot| dot.sign != Sign::Bare).map(|dot| (x.at(dot.x), y.at(dot.y))).collect();
        let mut drawn: Vec<(Point, &str)> = Vec::new();
        for dot in dots() {
            let Some(sign) = dot.sign.text() else { continue };
            let at = free_place((x.at(dot.x), y.at(dot.y)), &marks);
            let size = TYPE as i32;
            let covers = |(there, other): &(Point, &str)| {
                *other == sign && (there.0 - at.0).abs() < size && (there.1 - at.1).abs() < size + 2
            };
            if !drawn.iter().any(covers) {
                scene.text(at, Anchor::Middle, TYPE, Ink::Text, sign);
                drawn.push((at, sign));
            }
        }
    }

    fn draw_axes(&self, scene: &mut Scene, (x, y): (&Ruler, &Ruler), (top, bottom): (i32, i32)) {
        let right = self.right();
        scene.text((0, top - 18), Anchor::Start, TYPE, Ink::Muted, self.y.title.clone());
        scene.text((right, bottom + 36), Anchor::End, TYPE, Ink::Muted, self.x.title.clone());
        for mark in y.marks(ROOM.1) {
            scene.line((LEFT, y.at(mark)), (right, y.at(mark)), Ink::Grid, 1);
            let written = number::trimmed(&(self.y.write)(mark));
            scene.text((LEFT - 6, y.at(mark)), Anchor::End, TYPE - 1, Ink::Muted, written);
        }
        for mark in x.marks(ROOM.0) {
            scene.line((x.at(mark), top), (x.at(mark), bottom), Ink::Grid, 1);
            let written = number::trimmed(&(self.x.write)(mark));
            scene.text((x.at(mark), bottom + 14), Anchor::Middle, TYPE - 1, Ink::Muted, written);
        }
        if let Some(name) = self.diagonal {
            draw_diagonal(scene, x, y, name);
        }
    }
}

/// Heights of names at `ends`, in their order: no two closer than a line of text, and within the plot where they fit there.
fn moved_apart(ends: Vec<i32>, (top, bottom): (i32, i32)) -> Vec<i32> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by_key(|&index| ends[index]);
    let mut places = ends;
    let mut next = top;
    for &index in &order {
        places[index] = places[index].max(next);
        next = places[index] + NAME_LINE;
    }
    let mut last = bottom;
    for &index in order.iter().rev() {
        places[index] = places[index].min(last);
        last = places[index] - NAME_LINE;
    }
    places
}

/// Above the mark at `at`, or below or beside it where another mark is in the way; above where none of these is free.
fn free_place(at: Point, marks: &[Point]) -> Point {
    const AWAY: i32 = 11;
    const ROOM: i32 = 9;
    let places =
        [(0, -AWAY), (0, AWAY), (AWAY, 0), (-AWAY, 0)].map(|(across, down)| (at.0 + across, at.1 + down));
    let is_free = |place: &Point| {
        !marks.iter().any(|mark| (mark.0 - place.0).abs() < ROOM && (mark.1 - place.1).abs() < ROOM)
    };
    places.into_iter().find(is_free).unwrap_or(places[0])
}

/// From the origin of two linear axes to where the first of them ends.
fn draw_diagonal(scene: &mut Scene, x: &Ruler, y: &Ruler, name: &str) {
    let (Ruler::Linear { hi: right, .. }, Ruler::Linear { hi: top, .. }) = (x, y) else { return };
    let end = right.min(*top);
    scene.path(&[(x.at(0.0), y.at(0.0)), (x.at(end), y.at(end))], false, Ink::Hatch);
    let middle = end * 0.92;
    scene.text((x.at(middle) - 8, y.at(middle)), Anchor::End, TYPE - 1, Ink::Muted, name);
}

fn draw_line(scene: &mut Scene, line: &Line, (x, y): (&Ruler, &Ruler), write: (Write, Write)) {
    let Style { ink, form, dashed } = line.style;
    for run in line.dots.split(Option::is_none) {
        let points: Vec<Point> = run.iter().flatten().map(|dot| (x.at(dot.x), y.at(dot.y))).collect();
        scene.path(&points, dashed, ink);
    }
    for dot in line.dots.iter().flatten() {
        let (across, up) = (x.at(dot.x), y.at(dot.y));
        if let Some(interval) = dot.interval {
            scene.line((across, y.at(interval.lo)), (across, y.at(interval.hi)), ink, 1);
            // An end without its bar is an interval that goes on beyond the axis.
            for end in [interval.lo, interval.hi].into_iter().filter(|end| y.shows(*end)) {
                scene.line((across - 3, y.at(end)), (across + 3, y.at(end)), ink, 1);
            }
        }
        if dot.sign != Sign::Bare {
            scene.mark((across, up), form, ink);
            scene.hint((across, up), format!("{}, {}", line.name, dot.written(write.0, write.1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ruler::Scale;
    use crate::figure::scene::{Form, Shape};

    fn chart(dots: Vec<Option<Dot>>, dashed: bool) -> LineChart {
        let axis = |scale| Axis { title: "x".into(), write: number::plain, scale, always: Vec::new() };
        let style = Style { ink: Ink::Sync, form: Form::Disc, dashed };
        LineChart {
            width: HALF,
            x: axis(Scale::Linear),
            y: axis(Scale::Log),
            diagonal: None,
            beneath: Vec::new(),
            lines: vec![Line { style, name: "one".into(), dots }],
        }
    }

    fn dot(x: f64, y: f64) -> Option<Dot> {
        Some(Dot { x, y, interval: None, sign: Sign::Mark })
    }

    fn paths(chart: &LineChart) -> Vec<Vec<Point>> {
        let of = |shape: &Shape| match shape {
            Shape::Path { points, ink: Ink::Sync, .. } => Some(points.clone()),
            _ => None,
        };
        // The first one is the sample beside the name.
        chart.scene().shapes.iter().filter_map(of).skip(1).collect()
    }

    #[test]
    fn a_gap_is_not_bridged() {
        let dots = vec![dot(1.0, 1.0), dot(2.0, 2.0), None, dot(4.0, 4.0), dot(5.0, 5.0)];
        let found = paths(&chart(dots, false));
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        assert!(found[0][1].0 < found[1][0].0);
    }

    #[test]
    fn names_stand_at_the_ends_of_their_lines_and_never_over_each_other() {
        assert_eq!(moved_apart(vec![200, 60], (36, 286)), [200, 60], "those that have room stay");
        let places = moved_apart(vec![100, 280, 101, 285, 286], (36, 286));
        assert!(places.iter().all(|place| (36..=286).contains(place)), "{places:?}");
        let mut sorted = places.clone();
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= NAME_LINE), "{places:?}");
        assert!(places[0] < places[2] && places[1] < places[3], "the order of the ends is kept: {places:?}");
    }

    #[test]
    fn more_is_drawn_higher_and_later_further_right() {
        let found = paths(&chart(vec![dot(1.0, 10.0), dot(2.0, 1000.0)], false));
        let [(x0, y0), (x1, y1)] = found[0][..] else { panic!("{found:?}") };
        assert!(x1 > x0 && y1 < y0);
    }

    #[test]
    fn everything_stays_inside_the_drawing() {
        let interval = Some(Interval { lo: 1e-9, hi: 1e9 });
        let far = Dot { x: 3.0, y: 5.0, interval, sign: Sign::AtLeast };
        let scene = chart(vec![dot(1.0, 1.0), Some(far), dot(9.0, 700.0)], true).scene();
        let (width, height) = (scene.width as i32, scene.height as i32);
        for shape in &scene.shapes {
            let points: Vec<Point> = match shape {
                Shape::Line { from, to, .. } => vec![*from, *to],
                Shape::Path { points, .. } => points.clone(),
                Shape::Mark { at, .. } | Shape::Text { at, .. } | Shape::Area { at, .. } => vec![*at],
            };
            for (x, y) in points {
                assert!((0..=width).contains(&x) && (0..=height).contains(&y), "({x}, {y})");
            }
        }
    }

    #[test]
    fn signs_that_would_cover_each_other_are_drawn_once() {
        let at_least = |y| Some(Dot { x: 5.0, y, interval: None, sign: Sign::AtLeast });
        let signs = |second| {
            let mut chart = chart(vec![dot(1.0, 1.0), at_least(1000.0)], false);
            chart.lines.push(Line { dots: vec![at_least(second)], ..chart.lines[0].clone() });
            let is_sign = |shape: &&Shape| matches!(shape, Shape::Text { text, .. } if text == "≥");
            chart.scene().shapes.iter().filter(is_sign).count()
        };
        assert_eq!((signs(1000.0), signs(990.0), signs(2.0)), (1, 1, 2));
    }

    #[test]
    fn a_sign_does_not_cover_the_mark_of_another_line() {
        assert_eq!(free_place((50, 50), &[(50, 50)]), (50, 39));
        assert_eq!(free_place((50, 50), &[(50, 50), (52, 42)]), (50, 61));
        assert_eq!(free_place((50, 50), &[(50, 50), (52, 42), (50, 60)]), (61, 50));
    }

    #[test]
    fn a_chart_of_nothing_is_a_chart() {
        assert!(!chart(Vec::new(), false).scene().shapes.is_empty());
        assert!(paths(&chart(vec![None, None], false)).is_empty());
    }
}

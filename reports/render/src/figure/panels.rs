//! Small multiples: one panel a workload, all with the same axes, so that a glance compares them.

use super::axis::LogAxis;
use super::ink::Ink;
use super::interval_chart::Style;
use super::line_chart::Dot;
use super::scene::{Anchor, Point, Scene, fitted};
use crate::number;

/// A figure of panels.
#[derive(Debug)]
pub struct Panels {
    /// What the axis across measures, with its unit.
    pub x_title: String,
    /// How its values are written.
    pub x_write: fn(f64) -> String,
    /// What the axis up measures, with its unit and whether more or less is better.
    pub y_title: String,
    /// How its values are written.
    pub y_write: fn(f64) -> String,
    /// A zone of the axis up in which there is no difference, with a line at 1.
    pub zone: Option<(f64, f64)>,
    /// The series, as the legend names them.
    pub legend: Vec<(Style, String)>,
    /// The panels, in order.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Default)]
pub struct Panel {
    /// What it is about.
    pub title: String,
    /// The dots of each series, in the legend's order.
    pub lines: Vec<Vec<Option<Dot>>>,
    /// A stretch of the axis across in which the server cannot matter.
    pub limited: Option<(f64, f64)>,
    /// The stretch of the axis across in which the crossover lies.
    pub crossover: Option<(f64, f64)>,
}

const COLUMNS: usize = 4;
const LEFT: i32 = 64;
const PANEL: (i32, i32) = (232, 150);
const GAP: (i32, i32) = (12, 62);
const LEGEND_LINE: i32 = 22;
const TYPE: u32 = 13;

/// Interval ends farther from every middle than this ratio are cut.
const FARTHEST: f64 = 2.0;

/// Least distance of two marks across and up, pixels.
const ROOM: (i32, i32) = (44, 26);

impl Panels {
    /// The geometry of this figure.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let columns = self.panels.len().clamp(1, COLUMNS) as i32;
        let rows = self.panels.len().div_ceil(COLUMNS).max(1) as i32;
        let top = LEGEND_LINE * self.legend_lines() + 40;
        let width = LEFT + columns * (PANEL.0 + GAP.0) + 8;
        let height = top + rows * (PANEL.1 + GAP.1);
        let mut scene = Scene::new(self.width(width).unsigned_abs(), height.unsigned_abs());
        self.draw_legend(&mut scene);
        scene.text((0, top - 26), Anchor::Start, TYPE, Ink::Muted, self.y_title.clone());
        for (index, panel) in self.panels.iter().enumerate() {
            let (column, row) = ((index % COLUMNS) as i32, (index / COLUMNS) as i32);
            let at = (LEFT + column * (PANEL.0 + GAP.0), top + row * (PANEL.1 + GAP.1));
            self.draw_panel(&mut scene, panel, at, column == 0);
        }
        scene
    }

    /// Room for the legend, however few panels there are.
    fn width(&self, panels: i32) -> i32 {
        panels.max(LEFT + LEGEND_COLUMNS as i32 * LEGEND_WIDTH)
    }

    fn legend_lines(&self) -> i32 {
        self.legend.len().div_ceil(LEGEND_COLUMNS) as i32
    }

    fn dots(&self) -> impl Iterator<Item = &Dot> {
        self.panels.iter().flat_map(|panel| panel.lines.iter().flatten().flatten())
    }

    fn draw_legend(&self, scene: &mut Scene) {
        for (index, (style, name)) in self.legend.iter().enumerate() {
            let (column, row) = ((index % LEGEND_COLUMNS) as i32, (index / LEGEND_COLUMNS) as i32);
            let (x, y) = (column * LEGEND_WIDTH, 12 + row * LEGEND_LINE);
            scene.path(&[(x, y), (x + 28, y)], style.dashed, style.ink);
            scene.mark((x + 14, y), style.form, style.ink);
            scene.text((x + 34, y), Anchor::Start, TYPE, Ink::Text, fitted(name, LEGEND_WIDTH - 40, TYPE));
        }
    }

    /// The axes over every panel's values, for a panel at this place.
    fn axes(&self, (left, top): (i32, i32)) -> (LogAxis, LogAxis) {
        let ends = self.dots().filter_map(|dot| Some((dot.y, dot.interval?)));
        let ends = ends.flat_map(|(y, ends)| [ends.lo.max(y / FARTHEST), ends.hi.min(y * FARTHEST)]);
        let values = self.dots().map(|dot| dot.y).chain(ends);
        let zone = self.zone.into_iter().flat_map(|(lo, hi)| [lo, hi]);
        let x = LogAxis::over(self.dots().map(|dot| dot.x), left + 6, left + PANEL.0 - 6);
        (x, LogAxis::over(values.chain(zone), top + PANEL.1 - 4, top + 4))
    }

    fn draw_panel(&self, scene: &mut Scene, panel: &Panel, (left, top): (i32, i32), is_first: bool) {
        let (right, bottom) = (left + PANEL.0, top + PANEL.1);
        let (x, y) = self.axes((left, top));
        let stretch = |(from, to): (f64, f64)| (x.at(from) - 5, x.at(to) + 5);
        if let Some((from, to)) = panel.limited.map(stretch) {
            scene.area((from, top), (to - from, PANEL.1), Ink::Band);
        }
        if let Some((from, to)) = panel.crossover.map(|(from, to)| (x.at(from), x.at(to))) {
            scene.area((from, top), (to - from, PANEL.1), Ink::AsyncBetter(super::ink::Shade::Faint));
        }
        if let Some((lo, hi)) = self.zone {
            scene.area((left, y.at(hi)), (PANEL.0, y.at(lo) - y.at(hi)), Ink::Neutral);
        }
        for mark in y.marks_apart(ROOM.1) {
            scene.line((left, y.at(mark)), (right, y.at(mark)), Ink::Grid, 1);
            if is_first {
                let written = number::trimmed(&(self.y_write)(mark));
                scene.text((left - 6, y.at(mark)), Anchor::End, TYPE - 1, Ink::Muted, written);
            }
        }
        if self.zone.is_some() && y.shows(1.0) {
            scene.line((left, y.at(1.0)), (right, y.at(1.0)), Ink::Muted, 1);
        }
        let mut last = i32::MIN / 2;
        for place in self.places() {
            let at = x.at(place);
            scene.line((at, bottom), (at, bottom + 4), Ink::Muted, 1);
            if at - last >= ROOM.0 {
                let written = number::trimmed(&(self.x_write)(place));
                // Labels at an end would touch those of the next panel.
                let half = (written.chars().count() as f64 * f64::from(TYPE - 1) * 0.3) as i32;
                let middle = at.min(right + GAP.0 / 2 - half).max(left - GAP.0 / 2 + half);
                scene.text((middle, bottom + 14), Anchor::Middle, TYPE - 1, Ink::Muted, written);
                last = at;
            }
        }
        scene.text((right, bottom + 30), Anchor::End, TYPE - 1, Ink::Muted, self.x_title.clone());
        scene.bold((left, top - 10), Anchor::Start, TYPE, Ink::Text, fitted(&panel.title, PANEL.0, TYPE));
        for (dots, (style, _)) in panel.lines.iter().zip(&self.legend) {
            draw_series(scene, *style, dots, (&x, &y));
            // Ratios alone: every figure of every contender would be a tenth of a page, and stands in the table below.
            for dot in dots.iter().flatten().filter(|_| self.zone.is_some()) {
                scene.hint((x.at(dot.x), y.at(dot.y)), dot.written(self.x_write, self.y_write));
            }
        }
    }

    /// The measured places along the axis across where they are few, else round values.
    fn places(&self) -> Vec<f64> {
        let mut places: Vec<f64> = self.dots().map(|dot| dot.x).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        if places.len() > FEW_PLACES {
            return LogAxis::over(places, 0, PANEL.0 - 12).marks_apart(ROOM.0);
        }
        places
    }
}

/// Lines, intervals without end bars, which a small panel has no room for, and marks.
fn draw_series(scene: &mut Scene, style: Style, dots: &[Option<Dot>], (x, y): (&LogAxis, &LogAxis)) {
    let at = |dot: &Dot| (x.at(dot.x), y.at(dot.y));
    for run in dots.split(Option::is_none) {
        let points: Vec<Point> = run.iter().flatten().map(at).collect();
        scene.path(&points, style.dashed, style.ink);
    }
    for dot in dots.iter().flatten() {
        if let Some(interval) = dot.interval {
            let across = x.at(dot.x);
            scene.line((across, y.at(interval.lo)), (across, y.at(interval.hi)), style.ink, 1);
        }
        scene.mark(at(dot), style.form, style.ink);
    }
}

/// Places that are marked one by one.
const FEW_PLACES: usize = 8;

const LEGEND_COLUMNS: usize = 2;
const LEGEND_WIDTH: i32 = 330;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::line_chart::Sign;
    use crate::figure::scene::{Form, Shape};

    fn panels(ratios: &[&[f64]]) -> Panels {
        let style = Style { ink: Ink::Text, form: Form::Disc, dashed: false };
        let dots = |ratios: &&[f64]| {
            let dot = |(index, &y): (usize, &f64)| {
                Some(Dot { x: 8.0 * 8_f64.powi(index as i32), y, interval: None, sign: Sign::Mark })
            };
            vec![ratios.iter().enumerate().map(dot).collect()]
        };
        Panels {
            x_title: "connections".into(),
            x_write: number::plain,
            y_title: "ratio".into(),
            y_write: number::ratio,
            zone: Some((1.0 / 1.05, 1.05)),
            legend: vec![(style, "one".into())],
            panels: ratios.iter().map(|ratios| Panel { lines: dots(ratios), ..Panel::default() }).collect(),
        }
    }

    /// The axis up is the same in all panels, so that equal ratios lie equally high.
    #[test]
    fn equal_values_lie_equally_high_in_every_panel_of_a_row() {
        let scene = panels(&[&[1.0, 4.0], &[4.0, 1.0], &[0.5]]).scene();
        let marks: Vec<(i32, i32)> = scene
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Mark { at, .. } => Some(*at),
                _ => None,
            })
            .skip(1)
            .collect();
        assert_eq!(marks.len(), 5);
        assert_eq!((marks[0].1, marks[1].1), (marks[3].1, marks[2].1));
        assert!(marks[1].1 < marks[0].1 && marks[4].1 > marks[0].1, "{marks:?}");
    }

    #[test]
    fn five_panels_take_two_rows_and_none_are_a_figure_too() {
        let one = panels(&[&[1.0]]).scene().height;
        assert!(panels(&[&[1.0_f64][..]; 5]).scene().height > one);
        assert!(!panels(&[]).scene().shapes.is_empty());
    }
}

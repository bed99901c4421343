//! Values with their intervals along one logarithmic axis, a row a value: its name and figure above, its interval below.

use super::axis::LogAxis;
use super::ink::Ink;
use super::scene::{Anchor, Form, Scene, fitted};
use crate::analysis::estimate::Estimate;
use crate::number;

/// What a chart shows.
#[derive(Debug)]
pub struct IntervalChart {
    /// What the axis measures, with its unit and whether more or less is better.
    pub axis_title: String,
    /// How a value of the axis is written.
    pub write: fn(f64) -> String,
    /// Values that must be on the axis, and are drawn as a zone from the first to the last.
    pub zone: Option<(f64, f64)>,
    /// The kinds of rows, as the legend names them.
    pub legend: Vec<(Style, String)>,
    /// One row a value.
    pub rows: Vec<Row>,
}

/// One value.
#[derive(Debug)]
pub struct Row {
    /// The name of its subject.
    pub title: String,
    /// The legend's entry that it is drawn as.
    pub kind: usize,
    /// The value; `None` where there is no data.
    pub estimate: Option<Estimate>,
}

/// How a series looks: colour, form and line differ together, so that no colour is needed to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// The colour.
    pub ink: Ink,
    /// The mark.
    pub form: Form,
    /// Whether the interval is dashed.
    pub dashed: bool,
}

/// A telephone can shrink this and still show type of nine pixels.
const WIDTH: i32 = 450;
/// Room beside the axis for half a label.
const SIDE: i32 = 26;
/// Heights of a row's text, of its interval, and of the gap below.
const TEXT: i32 = 17;
const BAR: i32 = 13;
const GAP: i32 = 6;
/// Room for a written value.
const VALUE: i32 = 130;
const LEGEND_LINE: i32 = 20;
const TYPE: u32 = 12;

/// Interval ends farther from every middle than this ratio are cut: a run of two blocks has intervals of decades.
const FARTHEST: f64 = 3.0;

impl IntervalChart {
    /// The geometry of this chart.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let top = 8 + LEGEND_LINE * self.legend_lines() + 38;
        let bottom = top + (TEXT + BAR + GAP) * i32::try_from(self.rows.len()).unwrap_or(i32::MAX / 1024);
        let mut scene = Scene::new(WIDTH as u32, (bottom + 22).unsigned_abs());
        let axis = self.axis();
        self.draw_legend(&mut scene);
        self.draw_axis(&mut scene, &axis, top, bottom);
        let mut y = top;
        for row in &self.rows {
            self.draw_row(&mut scene, &axis, row, y);
            y += TEXT + BAR + GAP;
        }
        scene
    }

    fn axis(&self) -> LogAxis {
        let estimates = || self.rows.iter().filter_map(|row| row.estimate);
        let middles = || estimates().map(|estimate| estimate.middle);
        let lowest = middles().fold(f64::INFINITY, f64::min) / FARTHEST;
        let highest = middles().fold(0.0, f64::max) * FARTHEST;
        let ends = estimates()
            .filter_map(|estimate| estimate.interval)
            .flat_map(|interval| [interval.lo.max(lowest), interval.hi.min(highest)]);
        let zone = self.zone.into_iter().flat_map(|(lo, hi)| [lo, hi]);
        LogAxis::over(middles().chain(ends).chain(zone), SIDE, WIDTH - SIDE)
    }

    /// Entries side by side; a single one has the whole line.
    fn legend_columns(&self) -> usize {
        self.legend.len().clamp(1, 3)
    }

    fn legend_lines(&self) -> i32 {
        i32::try_from(self.legend.len().div_ceil(self.legend_columns())).unwrap_or(1)
    }

    fn draw_legend(&self, scene: &mut Scene) {
        let columns = self.legend_columns();
        let width = WIDTH / columns as i32;
        for (index, (style, name)) in self.legend.iter().enumerate() {
            let (x, y) = ((index % columns) as i32 * width, 18 + (index / columns) as i32 * LEGEND_LINE);
            draw_interval(scene, *style, (x, x + 28), y);
            scene.mark((x + 14, y), style.form, style.ink);
            scene.text((x + 36, y), Anchor::Start, TYPE, Ink::Text, fitted(name, width - 44, TYPE));
        }
    }

    fn draw_axis(&self, scene: &mut Scene, axis: &LogAxis, top: i32, bottom: i32) {
        if let Some((lo, hi)) = self.zone {
            scene.area((axis.at(lo), top), (axis.at(hi) - axis.at(lo), bottom - top), Ink::Band);
        }
        scene.text((0, top - 28), Anchor::Start, TYPE, Ink::Muted, fitted(&self.axis_title, WIDTH, TYPE));
        for mark in axis.marks() {
            let x = axis.at(mark);
            scene.line((x, top), (x, bottom), Ink::Grid, 1);
            for y in [top - 8, bottom + 11] {
                scene.text((x, y), Anchor::Middle, TYPE, Ink::Muted, number::trimmed(&(self.write)(mark)));
            }
        }
        if self.zone.is_some_and(|(lo, hi)| lo <= 1.0 && 1.0 <= hi) {
            scene.line((axis.at(1.0), top), (axis.at(1.0), bottom), Ink::Muted, 1);
        }
    }

    /// The value and how far it may be off: its interval's half-width, which on this axis is a factor.
    fn written(&self, estimate: &Estimate) -> String {
        let middle = (self.write)(estimate.middle);
        match estimate.interval {
            _ if estimate.at_least => format!("≥ {middle}"),
            Some(interval) => match (interval.hi / interval.lo).sqrt() {
                factor if factor < 1.5 => format!("{middle} ±{}", number::percent(factor - 1.0)),
                // Far out, plus and minus the same percentage would be false on one side.
                factor => format!("{middle} ×÷{}", number::plain(factor)),
            },
            None => middle,
        }
    }

    fn draw_row(&self, scene: &mut Scene, axis: &LogAxis, row: &Row, top: i32) {
        scene.line((0, top), (WIDTH, top), Ink::Grid, 1);
        let text = top + GAP / 2 + TEXT / 2;
        let title = fitted(&row.title, WIDTH - VALUE, TYPE);
        scene.text((0, text), Anchor::Start, TYPE, Ink::Text, title);
        let written = row.estimate.map_or_else(|| number::NO_DATA.into(), |estimate| self.written(&estimate));
        scene.text((WIDTH, text), Anchor::End, TYPE, Ink::Text, written);
        if let (Some(estimate), Some((style, _))) = (&row.estimate, self.legend.get(row.kind)) {
            draw_estimate(scene, axis, *style, estimate, top + GAP / 2 + TEXT + BAR / 2);
        }
    }
}

fn draw_estimate(scene: &mut Scene, axis: &LogAxis, style: Style, estimate: &Estimate, y: i32) {
    if let Some(interval) = estimate.interval {
        let (left, right) = (axis.at(interval.lo), axis.at(interval.hi));
        draw_interval(scene, style, (left, right), y);
        // An end without its bar is an interval that goes on beyond the axis.
        for (end, x) in [(interval.lo, left), (interval.hi, right)] {
            if axis.shows(end) {
                scene.line((x, y - 3), (x, y + 3), style.ink, 1);
            }
        }
    }
    scene.mark((axis.at(estimate.middle), y), style.form, style.ink);
}

fn draw_interval(scene: &mut Scene, style: Style, (left, right): (i32, i32), y: i32) {
    if style.dashed {
        scene.dashes((left, right), y, style.ink, 2);
    } else {
        scene.line((left, y), (right, y), style.ink, 2);
    }
}

//! Values with their intervals along one logarithmic axis, grouped: the chart of everything measured.

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
    /// The kinds of rows, in order, as the legend names them.
    pub legend: Vec<(Style, String)>,
    /// One group a cell.
    pub groups: Vec<Group>,
}

/// The rows of one cell.
#[derive(Debug)]
pub struct Group {
    /// The cell's name.
    pub title: String,
    /// The legend's entry that the first row is drawn as; those below it follow in order.
    pub first: usize,
    /// One row a series, in the legend's order; `None` where there is no data.
    pub rows: Vec<Option<Estimate>>,
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

const WIDTH: i32 = 720;
const LEFT: i32 = 150;
const RIGHT: i32 = WIDTH - 132;
const ROW: i32 = 16;
const GROUP_GAP: i32 = 12;
const LEGEND_LINE: i32 = 20;
const TYPE: u32 = 12;

/// Interval ends farther from every middle than this ratio are cut: a run of two blocks has intervals of decades.
const FARTHEST: f64 = 3.0;

impl IntervalChart {
    /// The geometry of this chart.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let rows_height: i32 = self.groups.iter().map(|group| group_height(group) + GROUP_GAP).sum();
        let top = 8 + LEGEND_LINE * self.legend_lines() + 34;
        let bottom = top + rows_height;
        let mut scene = Scene::new(WIDTH as u32, (bottom + 22).unsigned_abs());
        let axis = self.axis();
        self.draw_legend(&mut scene);
        self.draw_axis(&mut scene, &axis, top, bottom);
        let mut y = top + GROUP_GAP / 2;
        for group in &self.groups {
            self.draw_group(&mut scene, &axis, group, y);
            y += group_height(group) + GROUP_GAP;
        }
        scene
    }

    fn axis(&self) -> LogAxis {
        let estimates = || self.groups.iter().flat_map(|group| group.rows.iter().flatten());
        let middles = || estimates().map(|estimate| estimate.middle);
        let lowest = middles().fold(f64::INFINITY, f64::min) / FARTHEST;
        let highest = middles().fold(0.0, f64::max) * FARTHEST;
        let ends = estimates()
            .filter_map(|estimate| estimate.interval)
            .flat_map(|interval| [interval.lo.max(lowest), interval.hi.min(highest)]);
        let zone = self.zone.into_iter().flat_map(|(lo, hi)| [lo, hi]);
        LogAxis::over(middles().chain(ends).chain(zone), LEFT, RIGHT)
    }

    fn legend_lines(&self) -> i32 {
        i32::try_from(self.legend.len().div_ceil(LEGEND_COLUMNS)).unwrap_or(1)
    }

    fn draw_legend(&self, scene: &mut Scene) {
        for (index, (style, name)) in self.legend.iter().enumerate() {
            let column = (index % LEGEND_COLUMNS) as i32;
            let (x, y) = (LEFT + column * LEGEND_WIDTH, 18 + (index / LEGEND_COLUMNS) as i32 * LEGEND_LINE);
            draw_interval(scene, *style, (x, x + 28), y);
            scene.mark((x + 14, y), style.form, style.ink);
            scene.text((x + 36, y), Anchor::Start, TYPE, Ink::Text, fitted(name, LEGEND_WIDTH - 44, TYPE));
        }
    }

    fn draw_axis(&self, scene: &mut Scene, axis: &LogAxis, top: i32, bottom: i32) {
        if let Some((lo, hi)) = self.zone {
            scene.area((axis.at(lo), top), (axis.at(hi) - axis.at(lo), bottom - top), Ink::Band);
        }
        scene.text((0, top - 24), Anchor::Start, TYPE, Ink::Muted, self.axis_title.clone());
        for mark in axis.marks() {
            let x = axis.at(mark);
            scene.line((x, top), (x, bottom), Ink::Grid, 1);
            for y in [top - 8, bottom + 11] {
                scene.text(
                    (x, y),
                    Anchor::Middle,
                    TYPE - 1,
                    Ink::Muted,
                    number::trimmed(&(self.write)(mark)),
                );
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

    fn draw_group(&self, scene: &mut Scene, axis: &LogAxis, group: &Group, top: i32) {
        let title = fitted(&group.title, LEFT - 12, TYPE);
        scene.text((0, top + ROW / 2), Anchor::Start, TYPE, Ink::Text, title);
        scene.line((0, top - GROUP_GAP / 2), (WIDTH, top - GROUP_GAP / 2), Ink::Grid, 1);
        for (index, (row, (style, _))) in
            group.rows.iter().zip(self.legend.iter().skip(group.first)).enumerate()
        {
            let y = top + ROW / 2 + index as i32 * ROW;
            let written = match row {
                Some(estimate) => {
                    draw_estimate(scene, axis, *style, estimate, y);
                    self.written(estimate)
                }
                None => number::NO_DATA.into(),
            };
            scene.text((WIDTH, y), Anchor::End, TYPE - 1, Ink::Text, written);
        }
    }
}

const LEGEND_COLUMNS: usize = 2;
const LEGEND_WIDTH: i32 = 270;

fn group_height(group: &Group) -> i32 {
    i32::try_from(group.rows.len()).unwrap_or(i32::MAX / 1024).clamp(1, 64) * ROW
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

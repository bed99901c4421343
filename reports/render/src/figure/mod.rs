//! Figures: geometry that knows no markup, and the one place where it becomes SVG.

pub mod axis;
pub mod decision_map;
pub mod ink;
pub mod interval_chart;
pub mod line_chart;
pub mod panels;
pub mod png;
pub mod ruler;
pub mod scene;
pub mod stacks;
pub mod svg;

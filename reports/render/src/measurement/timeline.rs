//! How the measurement went on, part by part of its window.

use maud::{Markup, html};
use reports_record::{Measurement, SubWindow};

use super::{count, seconds};
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::line_chart::{Dot, Line, LineChart, Sign, WIDE};
use crate::figure::ruler::{Axis, Scale};
use crate::figure::scene::Form;
use crate::number;
use crate::page::figure::Figure;
use crate::page::table::Table;

/// Parts into which the planned window is cut (docs/METHOD.md). An interrupted measurement has the first of them.
const PLANNED: usize = 20;

/// A measurement's parts and the length of each, seconds.
#[derive(Clone, Copy)]
struct Parts<'a> {
    all: &'a [SubWindow],
    length_s: f64,
}

/// Nothing where the window was not cut into parts.
pub(super) fn markup(measurement: &Measurement) -> Markup {
    let Some(parts) = Parts::of(measurement) else { return html! {} };
    html! {
        section #timeline {
            h2 { "How did it go over time?" }
            (rates(parts).markup_with_file())
            @if let Some(figure) = times(parts, measurement.response_time_us.is_some()) { (figure.markup_with_file()) }
        }
    }
}

impl<'a> Parts<'a> {
    fn of(measurement: &'a Measurement) -> Option<Self> {
        let all = &measurement.sub_windows[..];
        let length_s = if measurement.complete {
            measurement.window_s / all.len() as f64
        } else {
            measurement.plan.duration_s? / PLANNED as f64
        };
        let is_known = length_s.is_finite() && length_s > 0.0;
        (all.len() >= 2 && is_known).then_some(Self { all, length_s })
    }

    /// A line with a place at the middle of every part; `None` stays a gap.
    fn line(self, name: &str, style: Style, of: impl Fn(&SubWindow) -> Option<f64>) -> Line {
        let places = self.all.iter().enumerate().map(|(index, part)| {
            Some(Dot { x: self.middle_s(index), y: of(part)?, interval: None, sign: Sign::Mark })
        });
        Line { style, name: name.into(), dots: places.collect() }
    }

    fn middle_s(self, index: usize) -> f64 {
        (index as f64 + 0.5) * self.length_s
    }

    fn per_second(self, requests: u64) -> f64 {
        requests as f64 / self.length_s
    }
}

const FIRST: Style = Style { ink: Ink::Text, form: Form::Diamond, dashed: false };
const SECOND: Style = Style { ink: Ink::Muted, form: Form::Ring, dashed: true };

fn time_axis() -> Axis {
    Axis {
        title: "time since the window began".into(),
        write: seconds,
        scale: Scale::Linear,
        always: Vec::new(),
    }
}

fn rates(parts: Parts<'_>) -> Figure {
    let chart = LineChart {
        width: WIDE,
        x: time_axis(),
        y: Axis { title: "per second".into(), write: number::rate, scale: Scale::Linear, always: Vec::new() },
        diagonal: None,
        beneath: Vec::new(),
        lines: vec![
            parts.line("replies", FIRST, |part| Some(parts.per_second(part.replies))),
            parts.line("due", SECOND, |part| Some(parts.per_second(part.due))),
        ],
    };
    let between = |of: fn(&SubWindow) -> u64| {
        span(parts.all.iter().map(|part| parts.per_second(of(part))), number::rate)
    };
    let silent = parts.all.iter().filter(|part| part.due > 0 && part.replies == 0).count();
    let silence = if silent == 0 {
        String::new()
    } else {
        format!("; in {silent} of {} parts requests were due and none was answered", parts.all.len())
    };
    Figure {
        id: "rates".into(),
        finding: format!(
            "Replies {} a part, requests due {}{silence}",
            between(|part| part.replies),
            between(|part| part.due)
        ),
        reading: "The window in equal parts: replies that ended in each, and requests that were due (closed loop: started) in \
                  it, per second."
            .into(),
        scene: chart.scene(),
        folded: false,
        table: table(parts),
    }
}

/// A time of each part: its name, its look and where it stands.
type Quantile = (&'static str, Style, fn(&SubWindow) -> Option<f64>);

/// What is drawn of an open loop, whose times run from the intended start.
const RESPONSE: [Quantile; 4] = [
    ("longest", Style { ink: Ink::Muted, form: Form::Ring, dashed: true }, |part| part.response_time_us_max),
    ("99\u{a0}%", Style { ink: Ink::Muted, form: Form::HollowDiamond, dashed: false }, |part| {
        part.response_time_us_p99
    }),
    ("90\u{a0}%", Style { ink: Ink::Text, form: Form::Disc, dashed: true }, |part| part.response_time_us_p90),
    ("median", Style { ink: Ink::Text, form: Form::Diamond, dashed: false }, |part| {
        part.response_time_us_p50
    }),
];

/// What is drawn of a closed loop, and of an open one of which the file keeps no quantiles.
const SERVICE: [Quantile; 2] = [
    ("longest", SECOND, |part| part.response_time_us_max),
    ("median service", FIRST, |part| part.service_time_us_p50),
];

/// `None` where no part has a time.
fn times(parts: Parts<'_>, is_open: bool) -> Option<Figure> {
    let has_quantiles = parts.all.iter().any(|part| part.response_time_us_p50.is_some());
    let drawn = if has_quantiles { &RESPONSE[..] } else { &SERVICE[..] };
    let what = if is_open { "response time" } else { "service time" };
    let lines = drawn.iter().map(|(name, style, of)| parts.line(name, *style, of));
    let lines: Vec<Line> = lines.filter(|line| line.dots.iter().any(Option::is_some)).collect();
    if lines.is_empty() {
        return None;
    }
    let told = lines.iter().rev().map(|line| {
        format!("{} {}", line.name, span(line.dots.iter().flatten().map(|dot| dot.y), number::micros))
    });
    let finding = format!("{} a part: {}", number::capitalised(what), told.collect::<Vec<_>>().join(", "));
    let chart = LineChart {
        width: WIDE,
        x: time_axis(),
        y: Axis {
            title: format!("{what}, less is better"),
            write: number::micros,
            scale: Scale::Log,
            always: Vec::new(),
        },
        diagonal: None,
        beneath: Vec::new(),
        lines,
    };
    Some(Figure {
        id: "course".into(),
        finding,
        reading: "Times of requests due in each part of the window, on a logarithmic axis. A quantile stands where ten requests or \
                  more lie beyond it. A gap is a part in which too little was answered to say; it is not a zero."
            .into(),
        scene: chart.scene(),
        folded: false,
        table: table(parts),
    })
}

/// From the least to the most.
fn span(values: impl Iterator<Item = f64> + Clone, write: fn(f64) -> String) -> String {
    let (least, most) = (values.clone().reduce(f64::min), values.reduce(f64::max));
    match least.zip(most).map(|(least, most)| (write(least), write(most))) {
        None => number::NO_DATA.into(),
        Some((least, most)) if least == most => most,
        Some((least, most)) => format!("from {least} to {most}"),
    }
}

fn table(parts: Parts<'_>) -> Table {
    let head = ["at", "due", "replies", "median service time", "median", "90\u{a0}%", "99\u{a0}%", "longest"];
    let mut table = Table::new(
        "Parts of the window, each at its middle; response times where nothing else is said",
        &head,
        1,
    );
    for (index, part) in parts.all.iter().enumerate() {
        let time = |us: Option<f64>| us.map_or_else(|| "—".into(), number::micros);
        let times = [
            part.service_time_us_p50,
            part.response_time_us_p50,
            part.response_time_us_p90,
            part.response_time_us_p99,
            part.response_time_us_max,
        ];
        let counts = [seconds(parts.middle_s(index)), count(part.due), count(part.replies)];
        table.push(counts.into_iter().chain(times.map(time)).collect());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_a_time_is_a_gap_at_its_place_and_no_zero() {
        let part = |time| SubWindow {
            replies: 0,
            due: 5,
            service_time_us_p50: time,
            response_time_us_max: None,
            response_time_us_p50: None,
            response_time_us_p90: None,
            response_time_us_p99: None,
        };
        let all = [part(Some(10.0)), part(None), part(Some(30.0))];
        let parts = Parts { all: &all, length_s: 2.0 };
        let line = parts.line("x", FIRST, |part| part.service_time_us_p50);
        let places = line.dots.iter().map(|dot| dot.map(|dot| (dot.x, dot.y))).collect::<Vec<_>>();
        assert_eq!(places, [Some((1.0, 10.0)), None, Some((5.0, 30.0))]);
        assert!(times(Parts { all: &[part(None), part(None)], length_s: 1.0 }, true).is_none());
    }

    #[test]
    fn a_span_names_its_ends_once() {
        assert_eq!(span([2.0, 1.0, 3.0].into_iter(), number::plain), "from 1.00 to 3.00");
        assert_eq!(span([2.0, 2.0].into_iter(), number::plain), "2.00");
        assert_eq!(span(std::iter::empty(), number::plain), number::NO_DATA);
    }
}

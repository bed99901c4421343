//! Response and service time by nines: the whole tail, cut where samples end.

use maud::{Markup, html};
use reports_record::{Distribution, HistogramError, Measurement};

use super::count;
use crate::analysis::merged::Merged;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::line_chart::{Line, LineChart, WIDE};
use crate::figure::ruler::{Axis, Scale};
use crate::figure::scene::Form;
use crate::page::figure::Figure;
use crate::page::nines::{NAMED, curve, share_axis, written};
use crate::page::table::Table;
use crate::{label, number};

/// A time with its distribution.
struct Tail {
    name: &'static str,
    times: Merged,
    style: Style,
}

/// Nothing where too little was measured for a curve.
pub(super) fn markup(measurement: &Measurement) -> Markup {
    let tails = tails(measurement);
    let figure = tails.as_ref().ok().and_then(|tails| figure(tails));
    html! {
        @if figure.is_some() || tails.is_err() {
            section {
                h2 { "The whole tail" }
                @match &tails {
                    Err(error) => p.banner role="note" {
                        strong { "No curve." } " The measurement's histograms cannot be used: "
                        bdi { (label::passage(&error.to_string())) } ". The figures above are those that were written beside them."
                    },
                    Ok(_) => @if let Some(figure) = figure { (figure.markup_with_file()) },
                }
            }
        }
    }
}

/// The times that can be drawn; those without a request are left out.
fn tails(measurement: &Measurement) -> Result<Vec<Tail>, HistogramError> {
    let of = |name, times: Option<Distribution>, style| {
        times.as_ref().and_then(Merged::one).map(|times| Tail { name, times, style })
    };
    // Blue and orange mean sync and async on every page, and nothing here is either.
    let response = Style { ink: Ink::Text, form: Form::Diamond, dashed: false };
    let service = Style { ink: Ink::Muted, form: Form::Disc, dashed: true };
    let both = [
        of("response time", measurement.response_times()?, response),
        of("service time", Some(measurement.service_times()?), service),
    ];
    Ok(both.into_iter().flatten().collect())
}

fn figure(tails: &[Tail]) -> Option<Figure> {
    let lines = tails.iter().map(|tail| Line {
        style: tail.style,
        name: tail.name.into(),
        dots: curve(Some(&tail.times)),
    });
    let lines: Vec<Line> = lines.filter(|line| line.dots.iter().any(Option::is_some)).collect();
    if lines.is_empty() {
        return None;
    }
    let chart = LineChart {
        width: WIDE,
        x: share_axis(),
        y: Axis {
            title: "time per request, less is better".into(),
            write: number::micros,
            scale: Scale::Log,
            always: Vec::new(),
        },
        diagonal: None,
        beneath: Vec::new(),
        lines,
    };
    Some(Figure {
        id: "tail".into(),
        finding: finding(tails),
        reading: "Each further nine means ten times rarer. A curve ends where fewer than ten requests lie beyond. Both axes grow by ratios. “≥” \
                  is a lower bound: requests that failed or did not finish count as longer than all others. Where response time lies above \
                  service time, requests waited to be sent."
            .into(),
        scene: chart.scene(),
        folded: false,
        table: table(tails),
    })
}

/// The rarest named quantile that there is for every time.
fn finding(tails: &[Tail]) -> String {
    let common =
        NAMED.iter().rev().find(|(nines, _)| tails.iter().all(|tail| tail.times.at(*nines).is_some()));
    let Some((nines, share)) = common else {
        return "Too few requests for a quantile that every time has".into();
    };
    let times =
        tails.iter().filter_map(|tail| Some(format!("{} {}", tail.name, written(tail.times.at(*nines)?))));
    format!("{share} of requests are answered within: {}", times.collect::<Vec<_>>().join(", "))
}

fn table(tails: &[Tail]) -> Table {
    let mut table = Table::new("Times by nines", &["time"], 1);
    table.head.extend(NAMED.map(|(_, share)| share.to_owned()));
    table.head.push("requests".into());
    for tail in tails {
        let times = NAMED.map(|(nines, _)| tail.times.at(nines).map_or_else(|| "—".into(), written));
        table.push(
            [tail.name.to_owned()].into_iter().chain(times).chain([count(tail.times.count())]).collect(),
        );
    }
    table
}

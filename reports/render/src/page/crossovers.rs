//! For which waits and how many connections who wins: the decision maps in words and numbers.

use maud::{Markup, html};
use reports_record::Metric;
use reports_stats::verdict::Verdict;

use super::crossover_figures;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::crossovers::{ALONG_RATES, Row, by_connections, by_rate, by_wait, reach};
use crate::number;

/// Nothing without an axis: where every workload was measured at one number of connections and one rate.
pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let metric = Metric::Throughput;
    let contrasts = Kind::OF_PAIRS.map(|kind| analysis.verdicts.contrast(kind));
    let contrasts = || contrasts.into_iter().flatten();
    let has_axis =
        contrasts().any(|contrast| !by_connections(&analysis.verdicts, contrast.kind, metric).is_empty());
    let has_rates = contrasts().any(|contrast| {
        ALONG_RATES
            .into_iter()
            .any(|metric| !by_rate(&analysis.verdicts, &analysis.grid, contrast.kind, metric).is_empty())
    });
    if !has_axis && !has_rates {
        return html! {};
    }
    let title = if has_axis { "From how many connections on?" } else { "From which rate on?" };
    html! {
        section #crossovers aria-labelledby="crossovers-title" {
            h2 id="crossovers-title" { (title) }
            @if let Some(figure) = crossover_figures::along_connections(analysis) { (figure.markup()) }
            @if let Some(figure) = crossover_figures::along_rates(analysis) { (figure.markup()) }
            p.note {
                "The crossover lies between two neighbouring points with different winners. We do not guess where between them. An \
                 undecided point makes the gap wider. “None seen” is a result, too: one side wins at every decided point."
            }
            details {
                summary { "In words: where each verdict falls and where it changes" }
                @for contrast in contrasts() { (of_contrast(analysis, contrast, metric)) }
                @for contrast in contrasts() { (of_rates(analysis, contrast)) }
            }
            @if has_axis { details {
                summary { "The same for CPU per request and the 99th percentile of the response time, and along the wait" }
                @for contrast in contrasts() {
                    @for metric in [Metric::CpuPerRequest, Metric::ResponseTimeP99] {
                        @let last = analysis.verdicts.at_last_level(metric);
                        (table(contrast, &last.title(analysis.verdicts.levels), "workload",
                            &by_connections(&analysis.verdicts, contrast.kind, last)).markup())
                    }
                }
                @for contrast in contrasts() {
                    @for metric in [Metric::Throughput, Metric::CpuPerRequest, Metric::ResponseTimeP99] {
                        @let subject = analysis.verdicts.subjects(metric).last().unwrap_or(metric.into());
                        @let rows = by_wait(&analysis.verdicts, contrast.kind, subject);
                        @let what = subject.title(analysis.verdicts.levels);
                        @if !rows.is_empty() { (table(contrast, &what, "connections", &rows).markup()) }
                    }
                }
            } }
        }
    }
}

fn of_contrast(analysis: &Analysis<'_>, contrast: Contrast<'_>, metric: Metric) -> Markup {
    let rows = by_connections(&analysis.verdicts, contrast.kind, metric);
    html! {
        @if !rows.is_empty() {
            h3 { (finding(contrast, &rows)) }
            (table(contrast, metric.title(), "workload", &rows).markup())
        }
    }
}

/// The same question along the offered rate: where on it the cost of a request, and the wait, change sides.
fn of_rates(analysis: &Analysis<'_>, contrast: Contrast<'_>) -> Markup {
    html! {
        @for metric in ALONG_RATES {
            @let rows = by_rate(&analysis.verdicts, &analysis.grid, contrast.kind, metric);
            @if !rows.is_empty() { (table(contrast, metric.title(), "combination", &rows).markup()) }
        }
    }
}

fn finding(contrast: Contrast<'_>, rows: &[Row<'_, '_>]) -> String {
    let part = |verdict, whose: &str| match reach(rows, verdict) {
        Some(places) => format!("{whose} wins {places}"),
        None => format!("{whose} wins nowhere"),
    };
    let title = number::capitalised(contrast.kind.title());
    format!("{title}: {}; {}", part(Verdict::AsyncWins, "async"), part(Verdict::SyncWins, "sync"))
}

/// One pair, and `what` is compared: where on the axis each verdict falls, and where it changes.
fn table(contrast: Contrast<'_>, what: &str, rows_are: &str, rows: &[Row<'_, '_>]) -> Table {
    let axis = match rows_are {
        "connections" => "wait in ms",
        "combination" => "offered requests/s",
        _ => "connections",
    };
    let caption = format!("{}, {}, by {axis}", contrast.kind.title(), what);
    let head = [
        rows_are,
        "verdict changes",
        "async wins",
        "sync wins",
        "tie",
        "connections the limit",
        "undecided",
        "largest win",
    ];
    let mut table = Table::new(&caption, &head, head.len());
    for row in rows {
        let at = |verdict: Verdict| {
            row.places(|found| found.verdict == verdict && !found.is_by_construction())
                .unwrap_or_else(|| "—".into())
        };
        let undecided = row.places(|found| !found.verdict.is_decided() && !found.is_by_construction());
        let by_design = row.places(|found| found.is_by_construction());
        table.push(vec![
            row.title.clone(),
            row.changes(),
            at(Verdict::AsyncWins),
            at(Verdict::SyncWins),
            at(Verdict::Tie),
            by_design.unwrap_or_else(|| "—".into()),
            undecided.unwrap_or_else(|| "—".into()),
            largest(row),
        ]);
    }
    table
}

fn largest(row: &Row<'_, '_>) -> String {
    let Some((place, comparison)) = row.largest_win() else { return "—".into() };
    format!("{} at {place}", number::ratio_within(comparison.ratio(), comparison.interval()))
}

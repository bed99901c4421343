//! What comes through, and how late, as more and more is offered.

use maud::{Markup, html};

use super::figure::Figure;
use super::lines::{dot, line};
use super::series::Series;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::estimate::Estimate;
use crate::analysis::sweep::{Step, Sweep, sweeps};
use crate::figure::line_chart::{Dot, HALF, Line, LineChart, Sign, WIDE};
use crate::figure::ruler::{Axis, Scale};
use crate::{label, number};

/// Below this share of what was offered a contender no longer keeps up.
const KEEPS_UP: f64 = 0.95;

/// Every contender's steps of one sweep.
type Steps<'s, 'a> = Vec<(&'s Series<'a>, Vec<(f64, Option<Step>)>)>;

/// Nothing where the experiment has no sweep, or nothing of it was measured.
pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    let sweeps = sweeps(analysis.verdicts.cells);
    let measured = sweeps.iter().map(|sweep| (sweep, steps(analysis, series, sweep)));
    let measured: Vec<_> = measured
        .filter(|(_, all)| all.iter().flat_map(|(_, steps)| steps).any(|(_, step)| step.is_some()))
        .collect();
    html! {
        @if !measured.is_empty() {
            section {
                h2 { "From idle to past saturation" }
                p { "A sweep offers rising shares of what the pair's stronger contender can do in a closed loop. Beyond what a \
                     server can do, the queue grows until the measurement ends, so those response times would be longer in a \
                     longer test. The wait that a request asks for is left out of its response time. This section is not used for \
                     verdicts." }
                @for (index, (sweep, steps)) in measured.iter().enumerate() {
                    (goodput(sweep, steps, index).markup())
                    div.pair {
                        (times(sweep, steps, index, "p50", |step| step.p50).markup())
                        (times(sweep, steps, index, "p99", |step| step.p99).markup())
                    }
                }
            }
        }
    }
}

fn steps<'s, 'a>(analysis: &Analysis<'_>, series: &'s [Series<'a>], sweep: &Sweep<'_>) -> Steps<'s, 'a> {
    let of = |one: &Series<'_>, cell: usize| {
        let load = analysis.verdicts.cells[cell].load.unwrap_or_default();
        (load, Step::of(&analysis.grid, cell, one.contender))
    };
    series.iter().map(|one| (one, sweep.cells.iter().map(|&cell| of(one, cell)).collect())).collect()
}

fn lines(steps: &Steps<'_, '_>, of: impl Fn(&Step) -> Option<Estimate>) -> Vec<Line> {
    let dots = |steps: &[(f64, Option<Step>)]| {
        let each = steps.iter().map(|(_, step)| {
            let step = step.as_ref()?;
            let found = dot(step.offered_per_s, of(step)?);
            Some(if step.is_doubtful { Dot { sign: Sign::Doubtful, ..found } } else { found })
        });
        each.collect()
    };
    steps.iter().map(|(one, steps)| line(one, dots(steps))).collect()
}

const SIGNS: &str = "“×”: in some block the client or the machine, not the server, may have been the limit.";

fn offered() -> Axis {
    Axis {
        title: "offered, requests/s".into(),
        write: number::rate,
        scale: Scale::Linear,
        always: Vec::new(),
    }
}

fn goodput(sweep: &Sweep<'_>, steps: &Steps<'_, '_>, index: usize) -> Figure {
    let chart = LineChart {
        width: WIDE,
        x: offered(),
        y: Axis { title: "answered correctly, requests/s; more is better".into(), ..offered() },
        diagonal: Some("all that is offered"),
        beneath: Vec::new(),
        lines: lines(steps, |step| Some(step.goodput)),
    };
    Figure {
        id: format!("sweep-{}-goodput", index + 1).into(),
        finding: format!("{}: {}", label::name(sweep.workload), finding(steps)),
        reading: format!(
            "Correct replies per second against the rate that the schedule asked for, geometric mean over blocks with its \
             95\u{a0}% interval. On the grey diagonal a server answers whatever is offered. {SIGNS}"
        ),
        scene: chart.scene(),
        folded: false,
        table: table(sweep, steps),
    }
}

/// The highest rate that each contender keeps up with, and its answers at the highest load.
fn finding(steps: &Steps<'_, '_>) -> String {
    let each = steps.iter().filter_map(|(one, steps)| {
        let measured: Vec<Step> = steps.iter().filter_map(|(_, step)| *step).collect();
        let last = measured.last()?;
        let name = label::within(one.contender, 24);
        let answers =
            format!("{} of {}", number::rate(last.goodput.middle), number::rate(last.offered_per_s));
        Some(match kept_up(&measured) {
            KeptUp::Nowhere => format!("{name} never keeps up and answers {answers} in the end"),
            KeptUp::Unknown => format!("{name}: the client or the machine limited every step"),
            KeptUp::To(rate) => {
                format!("{name} keeps up with {} and answers {answers} in the end", number::rate(rate))
            }
            KeptUp::AtLeast(rate) => format!("{name} keeps up with at least {}", number::rate(rate)),
        })
    });
    each.collect::<Vec<_>>().join("; ")
}

/// How far a contender keeps up as more is offered.
#[derive(Debug, Clone, Copy, PartialEq)]
enum KeptUp {
    /// It falls behind at the lowest load.
    Nowhere,
    /// No step tells: the client or the machine limited each.
    Unknown,
    /// It keeps up with this rate per second and falls behind at the next one that tells.
    To(f64),
    /// It keeps up with this rate per second, and no higher step tells more.
    AtLeast(f64),
}

/// Reads steps of rising load. Requests that were answered were answered, whoever was busy meanwhile. A step that falls behind while
/// the client or the machine may have been the limit tells nothing of the server and is skipped.
fn kept_up(steps: &[Step]) -> KeptUp {
    let keeps = |step: &Step| step.share() >= KEEPS_UP;
    let highest = steps.iter().rposition(keeps);
    let above = &steps[highest.map_or(0, |index| index + 1)..];
    let next_tells = above.first().is_some_and(|step| !step.is_doubtful);
    match highest.map(|index| steps[index].offered_per_s) {
        Some(rate) if next_tells => KeptUp::To(rate),
        Some(rate) => KeptUp::AtLeast(rate),
        None if above.iter().any(|step| !step.is_doubtful) => KeptUp::Nowhere,
        None => KeptUp::Unknown,
    }
}

fn times(
    sweep: &Sweep<'_>,
    steps: &Steps<'_, '_>,
    index: usize,
    name: &'static str,
    of: fn(&Step) -> Option<Estimate>,
) -> Figure {
    let chart = LineChart {
        width: HALF,
        x: offered(),
        y: Axis {
            title: format!("response time − wait, {name}, less is better"),
            write: number::micros,
            scale: Scale::Log,
            always: Vec::new(),
        },
        diagonal: None,
        beneath: Vec::new(),
        lines: lines(steps, of),
    };
    let rise = steps.iter().filter_map(|(one, steps)| {
        let found: Vec<Estimate> = steps.iter().filter_map(|(_, step)| of(step.as_ref()?)).collect();
        let (first, last) = (found.first()?, found.last()?);
        let bound = if last.at_least { "≥ " } else { "" };
        Some(format!(
            "{} from {} to {bound}{}",
            label::within(one.contender, 24),
            number::micros(first.middle),
            number::micros(last.middle)
        ))
    });
    Figure {
        id: format!("sweep-{}-{name}", index + 1).into(),
        finding: format!(
            "{name} beyond the wait, lowest to highest load: {}",
            rise.collect::<Vec<_>>().join(", ")
        ),
        reading: format!(
            "Response time {name} from the intended start, less the wait that a request asked for, geometric mean over blocks with \
             its 95\u{a0}% interval, on a logarithmic axis. “≥”: a lower bound, for requests were still unfinished. {SIGNS}"
        ),
        scene: chart.scene(),
        folded: false,
        table: table(sweep, steps),
    }
}

fn table(sweep: &Sweep<'_>, steps: &Steps<'_, '_>) -> Table {
    let head =
        ["contender", "load", "offered", "answered", "share", "p50 − wait", "p99 − wait", "limited by"];
    let mut table = Table::new(&format!("Sweep of {}", label::name(sweep.workload)), &head, 1);
    for (one, steps) in steps {
        for (load, step) in steps {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| number::NO_DATA.into());
            table.push(vec![
                label::name(one.contender),
                number::percent(*load),
                or_none(step.map(|step| number::rate(step.offered_per_s))),
                or_none(step.map(|step| number::estimate(Some(&step.goodput), number::rate))),
                or_none(step.map(|step| number::percent(step.share()))),
                or_none(step.map(|step| number::estimate(step.p50.as_ref(), number::micros))),
                or_none(step.map(|step| number::estimate(step.p99.as_ref(), number::micros))),
                or_none(step.map(|step| match (step.is_doubtful, step.share() < KEEPS_UP) {
                    (true, _) => "client or machine".into(),
                    (false, true) => "server".into(),
                    (false, false) => "—".into(),
                })),
            ]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(offered_per_s: f64, share: f64, is_doubtful: bool) -> Step {
        let goodput = Estimate::of(&[offered_per_s * share]).unwrap();
        Step { offered_per_s, goodput, p50: None, p99: None, is_doubtful }
    }

    /// The published sweep of `grid`: one step that the client limited ended the chain at 9.68k/s.
    #[test]
    fn a_step_that_the_client_limited_does_not_end_the_chain() {
        let steps = [
            step(9_680.0, 1.0, false),
            step(15_500.0, 0.94, true),
            step(21_100.0, 0.97, false),
            step(32_500.0, 0.96, false),
        ];
        assert_eq!(kept_up(&steps), KeptUp::AtLeast(32_500.0));
        assert_eq!(kept_up(&steps[..2]), KeptUp::AtLeast(9_680.0));
    }

    #[test]
    fn a_server_that_falls_behind_is_told_with_its_last_rate() {
        let steps = [step(100.0, 1.0, false), step(200.0, 0.99, false), step(300.0, 0.7, false)];
        assert_eq!(kept_up(&steps), KeptUp::To(200.0));
        assert_eq!(kept_up(&steps[2..]), KeptUp::Nowhere);
        assert_eq!(kept_up(&[step(300.0, 0.7, true)]), KeptUp::Unknown);
    }
}

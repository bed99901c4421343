//! A case that is not measured: worked out from the cells of a run.

use std::path::Path;

use anyhow::{Context as _, ensure};
use reports_record::{Folder, Pair, shell_word, shown};
use reports_render::FAVOURS_ASYNC;
use reports_render::analysis::Analysis;
use reports_render::analysis::amount::Amount;
use reports_render::analysis::arithmetic::{ALIKE, Arithmetic, Case, Conclusion, Outlook, headline};
use reports_render::analysis::workload::cell_name;
use reports_terminal::print;

use super::{PairName, Question};
use crate::contest::Metric;

/// Columns of the answer.
const COLUMNS: usize = 80;

/// Most of a name in a run that is shown, characters.
const NAME: usize = 60;

/// Prints what the case comes to with each pair of the run in `folder`; gives the exit code.
pub(super) fn ask(question: &Question, pair: Option<PairName>, folder: &Path) -> anyhow::Result<i32> {
    let folder = Folder::open(folder);
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    let text = tell(question, pair, &Analysis::of(&run, &lines), folder.path())?;
    print(text).context("cannot write to stdout")?;
    Ok(0)
}

/// The answer to the case for each pair of a run, which was read from the folder at `path`.
fn tell(
    question: &Question,
    pair: Option<PairName>,
    analysis: &Analysis<'_>,
    path: &Path,
) -> anyhow::Result<String> {
    let definition = &analysis.run.definition;
    let arithmetic = Arithmetic::of(analysis);
    let case = Case {
        connections: question.connections,
        wait_ms: question.wait.as_secs_f64() * 1e3,
        cpu_ms: question.cpu.as_secs_f64() * 1e3,
        rate_per_s: question.rate.map(loadgen::Rate::get),
        cores: arithmetic.cores,
    };
    let cell = |index: usize| cell_name(&definition.cells[index]);
    let wanted = definition.pairs.iter().filter(|of| PairName::asks(pair, of.role));
    let told: Vec<String> = wanted
        .filter_map(|pair| {
            let outlook = arithmetic.outlook(case, pair)?;
            Some(paragraphs(&outlook, &arithmetic, pair, &cell))
        })
        .collect();
    ensure!(
        !told.is_empty(),
        "{} has no combination from which this case follows: expected ones that wait or compute, of a pair; name another run",
        path.display()
    );
    let path = path.display().to_string();
    let path = shell_word(&path);
    let caveat = if case.wait_ms > 0.0 && analysis.favours_async() {
        format!("\n{}\n", filled(FAVOURS_ASYNC))
    } else {
        String::new()
    };
    let is_complete = analysis.ending.is_some_and(|ending| ending.complete);
    let cut = if is_complete { "" } else { ", which is not complete" };
    let source = format!("\nnothing was measured; all of it follows from the run in {path}{cut}\n");
    Ok(told.join("\n") + &caveat + &source)
}

/// A case with one pair: the conclusion first, marked as arithmetic, and what it follows from.
fn paragraphs(
    outlook: &Outlook<'_>,
    arithmetic: &Arithmetic<'_>,
    pair: &Pair,
    cell: &dyn Fn(usize) -> String,
) -> String {
    let names = [outlook.sync.contender, outlook.awaiting.contender].map(|name| shown(name, NAME));
    let beyond = arithmetic.beyond(&outlook.case, pair);
    let outside = if beyond.is_empty() { "" } else { ", OUTSIDE WHAT WAS MEASURED" };
    let mut lines = vec![format!("{} ARITHMETIC{outside}", headline(outlook, [&names[0], &names[1]]))];
    lines.extend(costs(outlook, &names, cell));
    lines.push(limits(outlook, arithmetic.cores, &names, cell));
    lines.extend(change(outlook, arithmetic, pair, &names));
    lines.extend(memory(outlook, &names));
    if !beyond.is_empty() {
        let told = beyond.iter().map(|(value, axis)| {
            let written = |value: f64| match axis.key {
                "connections" => reports_render::number::count(value as usize),
                _ => reports_render::number::plain(value),
            };
            let [value, lowest, highest] = [*value, axis.lowest, axis.highest].map(written);
            let unit = if axis.key == "connections" && value == "1" { "connection" } else { axis.unit };
            format!("{value} {unit} (measured: {lowest} to {highest})")
        });
        lines.push(format!("Outside what was measured: {}.", told.collect::<Vec<_>>().join("; ")));
    }
    lines.push(match arithmetic.fit(pair) {
        Some(fit) => format!(
            "How well it fits: of {} limits in this run's own combinations, worked out from the others, half are within ×{:.2}, \
             nine in ten within ×{:.2}, all within ×{:.2} of what was measured.",
            fit.cells, fit.half_within, fit.most_within, fit.all_within
        ),
        None => "How well it fits is not known: the run has too few combinations.".to_owned(),
    });
    lines.iter().map(|line| filled(line) + "\n").collect()
}

/// A sentence in a terminal's columns, which are counted in plain blanks.
fn filled(sentence: &str) -> String {
    textwrap::fill(&sentence.replace('\u{a0}', " "), COLUMNS)
}

/// The cost of a request and its time at the case's own rate; nothing without a rate.
fn costs(outlook: &Outlook<'_>, names: &[String; 2], cell: &dyn Fn(usize) -> String) -> Vec<String> {
    let micros = |value: f64| Metric::CpuPerRequest.show(value);
    let (Some(asked), Some(one), Some(two)) =
        (outlook.case.rate_per_s, outlook.sync.at_rate, outlook.awaiting.at_rate)
    else {
        return Vec::new();
    };
    let mut lines = vec![format!(
        "At {} a request costs {} of CPU with {} and {} with {}: {} and {} ({}).",
        Metric::Throughput.show(asked),
        micros(one.cost_us),
        names[0],
        micros(two.cost_us),
        names[1],
        Amount::Cores(one.cores_used).words(),
        Amount::Cores(two.cores_used).words(),
        measured_at([one.cell, two.cell], cell),
    )];
    if outlook.saving().is_some_and(|saving| saving.cheaper.is_some() && !saving.is_confirmed) {
        lines.push("The nearest measured combination does not confirm which costs less.".to_owned());
    }
    if let (Some(first), Some(second)) = (one.added_time_us, two.added_time_us) {
        lines.push(format!(
            "Beyond its own wait and CPU a typical request takes {} with {} and {} with {} there.",
            micros(first),
            names[0],
            micros(second),
            names[1]
        ));
    }
    lines
}

/// The memory of a server with the case's connections open, the program's own included.
fn memory(outlook: &Outlook<'_>, names: &[String; 2]) -> Option<String> {
    let (one, two) = (outlook.sync.memory_mib?, outlook.awaiting.memory_mib?);
    let connections = match outlook.case.connections {
        1 => "one connection".to_owned(),
        several => format!("{} connections", reports_render::number::count(several as usize)),
    };
    Some(format!(
        "With {connections} open the whole server holds about {} of memory with {} and {} with {}.",
        Metric::Memory.show(one),
        names[0],
        Metric::Memory.show(two),
        names[1]
    ))
}

/// The limit of each contender, and its reason.
fn limits(outlook: &Outlook<'_>, number: u32, names: &[String; 2], cell: &dyn Fn(usize) -> String) -> String {
    let rate = |value: f64| Metric::Throughput.show(value);
    let micros = |value: f64| Metric::CpuPerRequest.show(value);
    let both = [&outlook.sync, &outlook.awaiting];
    let why = match both.map(|forecast| forecast.is_bound_by_connections) {
        [true, true] => "the connections are the limit",
        [false, false] => "the CPU is the limit",
        [true, false] => "the limits are the connections and the CPU",
        [false, true] => "the limits are the CPU and the connections",
    };
    let open = match outlook.conclusion() {
        Conclusion::Open => " The nearest measured combination does not confirm which serves more.",
        _ => "",
    };
    format!(
        "{} can serve about {} with {} and {} with {}: {why}. There a request costs {} and {} of CPU ({}).{open}",
        reports_render::number::capitalised(&cores(number)),
        rate(both[0].limit_per_s),
        names[0],
        rate(both[1].limit_per_s),
        names[1],
        micros(both[0].cost_us),
        micros(both[1].cost_us),
        measured_at(both.map(|forecast| forecast.cell), cell),
    )
}

/// The cells that two figures come from, once where they are the same.
fn measured_at([one, other]: [usize; 2], cell: &dyn Fn(usize) -> String) -> String {
    if one == other {
        format!("measured at {}", cell(one))
    } else {
        format!("measured at {} and {}", cell(one), cell(other))
    }
}

/// The rate, connections, cores or own CPU time from which on the conclusion changes; `None` where none is near.
fn change(
    outlook: &Outlook<'_>,
    arithmetic: &Arithmetic<'_>,
    pair: &Pair,
    names: &[String; 2],
) -> Option<String> {
    let rate = |value: f64| Metric::Throughput.show(value);
    let case = &outlook.case;
    let limits = [outlook.sync.limit_per_s, outlook.awaiting.limit_per_s];
    let (weaker, lower, higher) = if limits[1] < limits[0] {
        (&names[1], limits[1], limits[0])
    } else {
        (&names[0], limits[0], limits[1])
    };
    let turning = |along, is| turning(case, arithmetic, pair, along, is);
    match outlook.conclusion() {
        Conclusion::EitherIdle if higher >= ALIKE * lower => {
            Some(format!("Beyond about {} {weaker} does not keep up.", rate(lower)))
        }
        Conclusion::EitherIdle => Some(format!("Beyond about {} neither keeps up.", rate(lower))),
        Conclusion::EitherWaits => {
            let (at, conclusion) = turning(more_connections, serves_more)?;
            let name = &names[usize::from(conclusion == Conclusion::AsyncServesMore)];
            Some(format!("With about {} connections or more, {name} can serve more.", at.connections))
        }
        Conclusion::EitherComputes => {
            let (at, conclusion) = turning(less_cpu, serves_more)?;
            let name = &names[usize::from(conclusion == Conclusion::AsyncServesMore)];
            let own = Metric::CpuPerRequest.show(at.cpu_ms * 1e3);
            Some(format!("With about {own} of your own CPU or less, {name} can serve more."))
        }
        Conclusion::EitherAlike => None,
        Conclusion::NeitherKeepsUp => {
            let asked = case.rate_per_s?;
            let cost_us = outlook.sync.cost_us.min(outlook.awaiting.cost_us);
            let cores = (asked * cost_us / 1e6).ceil().max(1.0);
            let connections = (asked * (case.wait_ms / 1e3 + cost_us / 1e6)).ceil();
            Some(format!(
                "It takes {} or more cores and {} or more connections to serve {}.",
                reports_render::number::count(cores as usize),
                reports_render::number::count(connections as usize),
                rate(asked)
            ))
        }
        Conclusion::SyncServesMore | Conclusion::AsyncServesMore | Conclusion::Open => {
            let fewer = turning(fewer_connections, serves_alike).map(|(at, _)| {
                format!(", and with about {} connections or fewer either will do", at.connections)
            });
            Some(format!("Up to about {} both keep up{}.", rate(lower), fewer.unwrap_or_default()))
        }
    }
}

/// By how much cases differ that are tried one after another, and how many are: up to 130 times as much.
const STEP: f64 = 1.05;
const STEPS: i32 = 100;

/// The first case on the way along an axis, within what was measured, that comes to such a conclusion; whatever rate it is asked for.
///
/// Each is worked out by the costs of its own nearest cell: those of the first case would say which one ends first at a number of
/// connections at which another one was measured to.
fn turning(
    case: &Case,
    arithmetic: &Arithmetic<'_>,
    pair: &Pair,
    along: fn(Case, f64) -> Case,
    is: fn(Conclusion) -> bool,
) -> Option<(Case, Conclusion)> {
    let outside = arithmetic.beyond(case, pair).len();
    (1..=STEPS)
        .map(|step| along(Case { rate_per_s: None, ..*case }, STEP.powi(step)))
        .take_while(|case| arithmetic.beyond(case, pair).len() <= outside)
        .filter_map(|case| Some((case, arithmetic.outlook(case, pair)?.conclusion())))
        .find(|(_, conclusion)| is(*conclusion))
}

fn more_connections(case: Case, factor: f64) -> Case {
    Case { connections: (f64::from(case.connections) * factor).ceil() as u32, ..case }
}

fn fewer_connections(case: Case, factor: f64) -> Case {
    Case { connections: (f64::from(case.connections) / factor) as u32, ..case }
}

fn less_cpu(case: Case, factor: f64) -> Case {
    Case { cpu_ms: case.cpu_ms / factor, ..case }
}

fn serves_more(conclusion: Conclusion) -> bool {
    matches!(conclusion, Conclusion::SyncServesMore | Conclusion::AsyncServesMore)
}

fn serves_alike(conclusion: Conclusion) -> bool {
    matches!(conclusion, Conclusion::EitherWaits | Conclusion::EitherComputes | Conclusion::EitherAlike)
}

fn cores(cores: u32) -> String {
    if cores == 1 { "one core".to_owned() } else { format!("{cores} cores") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::published::{Record, published, with_drawn_waits, with_one_wait};
    use super::*;

    #[test]
    fn a_run_that_was_cut_off_is_told_as_such_and_large_numbers_are_grouped() {
        let (run, mut lines) = published("2026-11-28-quick");
        let rate = Some(loadgen::Rate::per_second(1e6).unwrap());
        let question = Question { wait: Duration::from_secs(10), cpu: Duration::ZERO, connections: 64, rate };
        let told = |lines: &[reports_record::Line]| {
            let text = tell(&question, None, &Analysis::of(&run, lines), Path::new("run")).unwrap();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let whole = told(&lines);
        assert!(whole.ends_with("all of it follows from the run in run"), "{whole}");
        assert!(whole.contains(" or more cores and 10,000,0"), "{whole}");
        lines.truncate(lines.len() / 2);
        assert!(told(&lines).ends_with("the run in run, which is not complete"));
    }

    #[test]
    fn a_case_that_waits_is_told_with_what_favours_async_in_a_run_of_one_wait_alone() {
        let told = |wait_ms: u64, record: &Record| {
            let wait = Duration::from_millis(wait_ms);
            let question = Question { wait, cpu: Duration::ZERO, connections: 64, rate: None };
            let analysis = Analysis::of(&record.0, &record.1);
            let text = tell(&question, None, &analysis, Path::new("run")).unwrap();
            assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let caveat = FAVOURS_ASYNC.replace('\u{a0}', " ");
        let one_wait = with_one_wait(published("2026-11-28-quick"));
        assert!(told(10, &one_wait).contains(&caveat));
        assert!(!told(0, &one_wait).contains("favours async"));
        assert!(!told(10, &with_drawn_waits(one_wait)).contains("favours async"));
    }
}

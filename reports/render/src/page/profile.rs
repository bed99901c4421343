//! A profile of the contenders of a pair in one cell: where CPU time goes, and where threads wait.

use maud::{Markup, html};
use reports_record::{Cell, ContenderProfile, OffCpu, OnCpu, Profile};

use super::table::Table;
use crate::analysis::workload;
use crate::{label, number};

/// Functions of a contender that are shown.
const FUNCTIONS: usize = 12;

/// Threads below which a place to wait is not shown.
const FEW: f64 = 0.05;

/// A sentence a contender and two tables, folded.
pub(super) fn markup(profile: &Profile, cells: &[Cell]) -> Markup {
    html! {
        details #profile {
            summary { "Profile: where CPU time goes and threads wait at " (workload::cell_called(cells, &profile.cell)) }
            @for one in &profile.contenders { p { (sentence(one)) } }
            p.note {
                "Measured apart from the run, on " (label::name(&profile.measured_at)) ", for " (number::plain(profile.span_s)) " s each, while every \
                 connection asks again as soon as it is answered. A \
                 sample counts for the function that ran, not for its callers. Time that the hypervisor took shows in no sample. \
                 While the kernel holds interrupts off, no sample is taken: that time counts for the function that lets them in \
                 again, such as finish_task_switch. \
                 A thread that is ready looks like one that runs. To measure it again: " code { (label::passage(&profile.command)) } "."
            }
            @if let Some(table) = functions(profile) { (table.markup()) }
            (waits(profile).markup())
        }
    }
}

/// The sentences alone, each on its line.
pub(crate) fn in_words(profile: &Profile) -> String {
    profile.contenders.iter().map(|one| sentence(one) + "\n").collect()
}

fn sentence(one: &ContenderProfile) -> String {
    let name = label::within(&one.contender, 24);
    let OffCpu { looks, threads, running, waiting } = &one.off_cpu;
    let looks = format!("{} looks at all threads", number::count(*looks as usize));
    let (on_cpu, from) = match (&one.on_cpu, &one.on_cpu_missing) {
        (Some(OnCpu { samples, kernel_share, functions, .. }), _) => {
            let most = functions.first().map_or_else(String::new, |most| {
                format!(
                    " The largest part goes to {} ({}).",
                    label::name(&most.name),
                    share(most.samples, *samples)
                )
            });
            let told = format!(
                "{name} spends {} of its CPU time in the kernel.{most}",
                number::percent(*kernel_share)
            );
            (told, format!("{} samples of CPU time and {looks}", number::count(*samples as usize)))
        }
        (None, why) => {
            let why = why.as_deref().map_or_else(String::new, |why| format!(": {}", label::passage(why)));
            (format!("Where {name} spends its CPU time is not known{why}."), looks)
        }
    };
    let most = waiting
        .iter()
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map_or_else(String::new, |(place, count)| {
            format!(", and {} waited in {}", number::plain(*count), place_in_words(place))
        });
    format!(
        "{on_cpu} On average {} of its {} threads ran or were ready{most}. By {from}.",
        number::plain(*running),
        number::plain(*threads),
    )
}

fn share(samples: u64, of: u64) -> String {
    if of == 0 { number::NO_DATA.into() } else { number::percent(samples as f64 / of as f64) }
}

fn functions(profile: &Profile) -> Option<Table> {
    let head = ["contender", "function", "of", "samples", "share"];
    let mut table = Table::new("Functions by the CPU time spent in them", &head, 3);
    for one in &profile.contenders {
        let Some(on_cpu) = &one.on_cpu else { continue };
        for function in on_cpu.functions.iter().take(FUNCTIONS) {
            table.push(vec![
                label::name(&one.contender),
                label::name(&function.name),
                if function.is_kernel { "kernel" } else { "program" }.into(),
                number::count(function.samples as usize),
                share(function.samples, on_cpu.samples),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn waits(profile: &Profile) -> Table {
    let mut table =
        Table::new("Threads by what they do, mean over looks", &["contender", "what", "threads"], 2);
    for one in &profile.contenders {
        let mut row = |what: String, threads: f64| {
            table.push(vec![label::name(&one.contender), what, number::plain(threads)]);
        };
        row("run or are ready".into(), one.off_cpu.running);
        let mut waiting: Vec<_> =
            one.off_cpu.waiting.iter().filter(|(_, threads)| **threads >= FEW).collect();
        waiting.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        for (place, threads) in waiting {
            row(place_in_words(place), *threads);
        }
    }
    table
}

/// The kernel's function that a thread waits in, with what it waits for where that is known.
fn place_in_words(place: &str) -> String {
    let known = [
        ("nanosleep", "a sleep"),
        ("ep_poll", "events of the loop"),
        ("wait_woken", "bytes of a request"),
        ("sk_wait_data", "bytes of a request"),
        ("accept", "a connection"),
        ("futex", "a lock or a queue"),
        ("poll", "events"),
        ("sigtimedwait", "a signal"),
    ];
    let meaning = known.iter().find(|(part, _)| place.contains(part)).map(|(_, meaning)| *meaning);
    match (place, meaning) {
        ("", _) => "a place that the kernel does not tell".into(),
        (place, Some(meaning)) => format!("{} ({meaning})", label::within(place, 40)),
        (place, None) => label::within(place, 40),
    }
}

//! Where and with what the run was made.

use std::collections::BTreeSet;

use maud::{Markup, html};
use reports_terminal::counted;
use serde_json::Value;

use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::sessions::Sessions;
use crate::{label, number};

/// Settings shown; a front reports about a dozen, anything far beyond is not one of ours.
const SETTINGS: usize = 100;

/// Characters of a program's hash: enough to tell two builds apart, the rest is in environment.json.
const HASH: usize = 16;

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let environment = &analysis.run.environment;
    html! {
        div {
            h3 { "The machine and the programs" }
            @if !environment.remarks.is_empty() {
                ul { @for remark in environment.remarks.iter().take(SETTINGS) { li { bdi { (label::passage(remark)) } } } }
            }
            details {
                summary { "Machine and build" }
                dl {
                    @for (name, value) in machine(analysis) {
                        dt { (name) }
                        dd { bdi { (value) } }
                    }
                }
            }
            details {
                summary { "Contenders and their effective settings" }
                (contenders(analysis).markup())
                (settings(analysis).markup())
            }
        }
    }
}

fn machine(analysis: &Analysis<'_>) -> Vec<(&'static str, String)> {
    let environment = &analysis.run.environment;
    let unknown = || "the system does not say".to_owned();
    let cpu = &environment.cpu;
    let cpus = |list: &[u32]| list.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let commit = environment.commit.as_deref().map_or_else(|| "outside a checkout".into(), label::name);
    let changed = if environment.dirty == Some(true) { ", with uncommitted changes" } else { "" };
    let sessions = &analysis.sessions;
    vec![
        ("crossover", format!("{}, commit {commit}{changed}", label::name(&environment.crossover))),
        ("compiler", label::name(&environment.rustc)),
        ("kernel", label::name(&environment.kernel)),
        ("processor", label::name(&cpu.model)),
        ("CPUs online", cpu.online.to_string()),
        (
            "hardware threads per core",
            cpu.threads_per_core.map_or_else(unknown, |threads| threads.to_string()),
        ),
        ("virtual machine", if cpu.virtualised { "yes" } else { "no" }.into()),
        ("frequency governor", cpu.governor.as_deref().map_or_else(unknown, label::name)),
        ("clock source", cpu.clock_source.as_deref().map_or_else(unknown, label::name)),
        (
            "memory",
            environment
                .memory_bytes
                .map_or_else(unknown, |bytes| number::mebibytes(bytes as f64 / 1_048_576.0)),
        ),
        ("CPUs of client and runner", cpus(&environment.client_cpus)),
        ("CPUs of contenders", cpus(&environment.contender_cpus)),
        ("descriptor limit", environment.descriptor_limit.to_string()),
        ("sessions", told(sessions)),
        ("steal during the run", sessions.steal.map_or_else(unknown, number::percent)),
        (
            "throttled before the run",
            environment.throttled_before.map_or_else(unknown, |times| counted(times, "time")),
        ),
        ("throttled during the run", sessions.throttled.map_or_else(unknown, |times| counted(times, "time"))),
    ]
}

/// How many sessions there were, and which of them did not end in order.
fn told(sessions: &Sessions) -> String {
    let mut text = sessions.count.to_string();
    for (count, how) in
        [(sessions.interrupted, "interrupted"), (sessions.killed, "killed, and not part of the next two")]
    {
        if count > 0 {
            text.push_str(&format!(", {count} {how}"));
        }
    }
    text
}

fn contenders(analysis: &Analysis<'_>) -> Table {
    let mut table =
        Table::new("Contenders as built", &["contender", "model", "version", "command", "SHA-256"], 5);
    for one in &analysis.run.contenders {
        table.push(vec![
            label::name(&one.name),
            label::name(&one.model),
            label::name(&one.version),
            label::passage(&one.command.join(" ")),
            label::name(&one.sha256.chars().take(HASH).collect::<String>()),
        ]);
    }
    table
}

/// One row a setting, one column a contender; a setting that a contender does not report is a dash.
fn settings(analysis: &Analysis<'_>) -> Table {
    let contenders = &analysis.run.contenders;
    let mut table = Table::new("Effective settings, as each contender reports them", &["setting"], 1);
    table.head.extend(contenders.iter().map(|one| label::name(&one.name)));
    let names: BTreeSet<&String> = contenders
        .iter()
        .filter_map(|one| one.settings.as_object())
        .flat_map(|settings| settings.keys())
        .collect();
    for name in names.into_iter().take(SETTINGS) {
        let values = contenders.iter().map(|one| one.settings.get(name).map_or_else(|| "—".into(), setting));
        table.push([label::name(name)].into_iter().chain(values).collect());
    }
    table
}

fn setting(value: &Value) -> String {
    match value {
        Value::Null => "—".into(),
        Value::String(text) => label::name(text),
        other => label::name(&other.to_string()),
    }
}

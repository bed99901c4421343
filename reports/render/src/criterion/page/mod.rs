//! The page of `cargo bench`: the answer, the consequences for a server, requests explained, the evidence, and all data.

mod answer;
mod consequences;
mod data;
mod pairs;
mod requests;
mod trust;

use maud::{Markup, html};
use reports_record::{BenchRounds, BenchUnit};

use super::model::{Explained, explained};
use super::nearest::MeasuredRun;
use super::pairs::{Pair, judged};
use super::results::{Bench, Results};
use crate::page::frame::frame;
use crate::{PAGE, label};

/// The parts of the page that its reader may want to go to, by their ids.
const CONTENTS: [(&str, &str); 6] = [
    ("so-what", "So what for a server"),
    ("model", "A request"),
    ("times", "Time"),
    ("sizes", "Memory"),
    ("trust", "Can you trust this?"),
    ("data", "All data"),
];

/// The whole document, in the order in which a reader may stop reading.
pub(super) fn document(results: &Results, run: Option<&MeasuredRun>) -> String {
    let pairs = judged(&results.groups);
    let requests = explained(&results.requests, &pairs, &results.benches);
    let rest = rest(results, &pairs, &requests, run);
    let content = html! {
        (header(results, &rest, run))
        (answer::markup(results, &pairs, &requests))
        (rest)
    };
    frame("cargo bench", &content)
}

fn header(results: &Results, rest: &Markup, run: Option<&MeasuredRun>) -> Markup {
    let parts = rest.0.as_str();
    html! {
        header {
            div.top {
                h1 { "What the pieces cost" }
                p.eyebrow { "Crossover · cargo bench" @for part in conditions(&results.groups) { " · " bdi { (part) } } }
                nav aria-label="Contents" {
                    @for (id, title) in CONTENTS {
                        @if parts.contains(&format!("id=\"{id}\"")) { a href={ "#" (id) } { (title) } " " }
                    }
                    @if run.is_some_and(|run| run.is_beside) { a href=(PAGE) { "The run" } }
                }
            }
        }
    }
}

/// Everything below the answer.
fn rest(
    results: &Results,
    pairs: &[Pair<'_>],
    requests: &[Explained<'_>],
    run: Option<&MeasuredRun>,
) -> Markup {
    let of_unit = |unit| pairs.iter().filter(|pair| pair.rounds.unit == unit).collect::<Vec<_>>();
    let (times, sizes) = (of_unit(BenchUnit::Nanoseconds), of_unit(BenchUnit::Bytes));
    let single: Vec<&Bench> = results.benches.iter().filter(|bench| !has_pair(bench, pairs)).collect();
    html! {
        (consequences::markup(pairs))
        @if !requests.is_empty() { (requests::markup(requests, run)) }
        @for (title, id, those) in [("Time", "times", times), ("Memory", "sizes", sizes)] {
            @if !those.is_empty() { (pairs::markup(title, id, &those)) }
        }
        @if !pairs.is_empty() { (trust::markup(pairs)) }
        (data::markup(results, &single))
    }
}

fn has_pair(bench: &Bench, pairs: &[Pair<'_>]) -> bool {
    matches!(bench.name.as_str(), "sync" | "async") && pairs.iter().any(|pair| pair.group() == bench.group)
}

/// Where and when the latest group was measured.
fn conditions(groups: &[BenchRounds]) -> Vec<String> {
    let Some(latest) = groups.iter().max_by_key(|group| group.began_unix_s) else { return Vec::new() };
    let environment = &latest.environment;
    let commit = environment.commit.as_deref().map(|commit| {
        let short: String = commit.chars().take(10).collect();
        let changed = if environment.dirty == Some(true) { " with changes" } else { "" };
        format!("commit {}{changed}", label::name(&short))
    });
    let online = environment.cpu.online;
    let machine = format!("{}, {online} CPUs", label::name(&environment.cpu.model));
    [Some(date(latest.began_unix_s)), Some(machine), Some(label::name(&environment.kernel)), commit]
        .into_iter()
        .flatten()
        .collect()
}

/// The day and minute, UTC.
fn date(unix_s: u64) -> String {
    // The last second that humantime writes: 31 December 9999.
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(unix_s.min(253_402_300_799));
    let text = humantime::format_rfc3339_seconds(at).to_string();
    format!("{} UTC", text[..16].replace('T', " "))
}

//! An index of a folder of runs: a row a run, with its question and the first sentence of its answer.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use maud::{Markup, html};
use reports_record::{Folder, Metric};

use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::verdicts::Score;
use crate::answer::answer;
use crate::page::frame;
use crate::{PAGE, RenderError, label};

/// What the index is called.
const TITLE: &str = "runs";

/// One run as the index shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Its folder's name.
    name: String,
    /// Whether its page has been written.
    has_page: bool,
    /// The run, or the reason why it cannot be read.
    run: Result<Summary, String>,
}

/// A run in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Summary {
    started_at: String,
    question: String,
    machine: String,
    answer: String,
    capacity: String,
    cost: String,
    waiting: String,
}

/// Writes the index of the runs in `folder` beside them, newest first, and returns its path. A run that cannot be read is a row
/// that says why.
///
/// # Errors
/// When the folder cannot be listed, holds no run, or the index cannot be written.
pub fn write_index(folder: &Path, output: Option<&Path>) -> Result<PathBuf, RenderError> {
    let listing = |source| RenderError::Listing { folder: folder.to_owned(), source };
    let mut entries = Vec::new();
    for child in std::fs::read_dir(folder).map_err(listing)? {
        let path = child.map_err(listing)?.path();
        if Folder::open(&path).holds_run() {
            entries.push(entry(&path));
        }
    }
    if entries.is_empty() {
        return Err(RenderError::NoRuns(folder.to_owned()));
    }
    let begun =
        |entry: &Entry| entry.run.as_ref().map_or_else(|_| String::new(), |run| run.started_at.clone());
    entries.sort_by(|one, other| begun(other).cmp(&begun(one)).then_with(|| one.name.cmp(&other.name)));
    let output = output.map_or_else(|| folder.join(PAGE), Path::to_owned);
    crate::write_file(&Folder::open(folder), &output, frame::frame(TITLE, &content(&entries)))
}

/// As [`write_index`], to the place where a run's own command keeps it; a file there that is no index of runs is left alone.
///
/// # Errors
/// As [`write_index`]; also when something else has the index's name.
pub fn update_index(folder: &Path) -> Result<PathBuf, RenderError> {
    let index = folder.join(PAGE);
    match std::fs::read_to_string(&index) {
        Ok(text) if !text.contains(&format!("<title>Crossover: {TITLE}</title>")) => {
            Err(RenderError::NoIndex(index))
        }
        _ => write_index(folder, None),
    }
}

fn entry(path: &Path) -> Entry {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Entry { name, has_page: path.join(PAGE).is_file(), run: summary(path).map_err(|error| error.to_string()) }
}

fn summary(path: &Path) -> Result<Summary, RenderError> {
    let folder = Folder::open(path);
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    let analysis = Analysis::of(&run, &lines);
    let cpu = &run.environment.cpu;
    let virtual_machine = if cpu.virtualised { ", virtual machine" } else { "" };
    let counts = |metric| counts(&analysis, metric);
    Ok(Summary {
        started_at: run.started_at.clone(),
        question: run.definition.question.clone(),
        machine: format!("{}, {} CPUs{virtual_machine}", cpu.model, cpu.online),
        answer: answer(&analysis).into_iter().next().map_or_else(String::new, |first| first.text),
        capacity: counts(Metric::Throughput),
        cost: counts(Metric::CpuPerRequest),
        waiting: counts(Metric::ResponseTimeP50),
    })
}

/// One kind of verdict, counted.
type Count = fn(&Score) -> usize;

/// How often each verdict fell on a metric of the first pair, at all rates together.
fn counts(analysis: &Analysis<'_>, metric: Metric) -> String {
    let mut pairs = Kind::OF_PAIRS.into_iter();
    let Some(kind) = pairs.find(|kind| analysis.verdicts.contrast(*kind).is_some()) else {
        return String::new();
    };
    let mut text = String::new();
    let all: Vec<Score> =
        analysis.verdicts.subjects(metric).map(|subject| analysis.verdicts.score(kind, subject)).collect();
    let parts: [(&str, Count); 6] = [
        ("async", |score| score.async_wins),
        ("threads", |score| score.sync_wins),
        ("same", |score| score.ties),
        ("undecided", |score| score.cannot_tell),
        ("too little sound data", |score| score.lacking),
        ("limited by connections", |score| score.by_construction),
    ];
    for (name, of) in parts {
        let count: usize = all.iter().map(of).sum();
        if count > 0 {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{name} {count}");
        }
    }
    text
}

fn content(entries: &[Entry]) -> Markup {
    html! {
        header {
            h1 { "Runs" }
            p { "Newest first. The answer is the first sentence of each page. Verdicts are counted over all combinations and rates of the \
                 first pair." }
        }
        div.scroll role="group" aria-label="Runs" {
            table.runs {
                caption { "Runs in this folder" }
                thead { tr {
                    @for head in ["run", "began", "question", "answer", "capacity", "CPU per request", "waiting", "machine"] {
                        th scope="col" { (head) }
                    }
                } }
                tbody { @for entry in entries { (row(entry)) } }
            }
        }
    }
}

fn row(entry: &Entry) -> Markup {
    html! {
        tr {
            th scope="row" {
                @if entry.has_page {
                    a href={ (address(&entry.name)) "/" (PAGE) } { bdi { (label::name(&entry.name)) } }
                } @else {
                    bdi { (label::name(&entry.name)) }
                }
            }
            @match &entry.run {
                Err(error) => td colspan="7" { "Cannot be read: " bdi { (label::passage(error)) } },
                Ok(run) => {
                    td { bdi { (label::within(&run.started_at, 24)) } }
                    td { bdi { (label::passage(&run.question)) } }
                    td { bdi { (label::passage(&run.answer)) } }
                    td { (run.capacity) }
                    td { (run.cost) }
                    td { (run.waiting) }
                    td { bdi { (label::within(&run.machine, 80)) } }
                }
            }
        }
    }
}

/// A folder's name as a relative address: every byte that is not a letter, a digit, a hyphen, a dot or an underscore is escaped.
fn address(name: &str) -> String {
    let mut address = String::from("./");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_folder_nor_end_the_attribute() {
        assert_eq!(address("2026-01-02_quick.1"), "./2026-01-02_quick.1");
        assert_eq!(address("javascript:a\"/é"), "./javascript%3Aa%22%2F%C3%A9");
    }

    #[test]
    fn what_others_wrote_is_escaped() {
        let entry = Entry { name: "<b>".into(), has_page: true, run: Err("<script>".into()) };
        let shown = content(&[entry]).into_string();
        assert!(shown.contains("./%3Cb%3E/index.html") && shown.contains("&lt;script&gt;"), "{shown}");
        assert!(!shown.contains("<script>") && !shown.contains("<b>"), "{shown}");
    }
}

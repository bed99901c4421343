//! The page of a contest: what `crossover ask` and `crossover compare` found about servers that were measured side by side.

mod chart;

use maud::{Markup, html};

use crate::label;
use crate::page::frame::frame;
use crate::page::table::Table;

/// Longest command that is shown in full, characters.
const COMMAND: usize = 4_000;

/// Everything that the page of a contest shows, in the words and with the figures of the command that held it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What was asked, as the page's title.
    pub question: String,
    /// When, where and on what it was asked, in a few words each.
    pub conditions: Vec<String>,
    /// What a reader has to know of the machine, and of the case as a whole; a sentence each.
    pub remarks: Vec<String>,
    /// The command that asks it again.
    pub command: String,
    /// Name of the file beside the page that holds everything that was measured.
    pub record: String,
    /// What was measured, one contest after another.
    pub contests: Vec<ContestPart>,
}

/// One contest: servers, of which each but the first is held against the first.
#[derive(Debug, Clone, PartialEq)]
pub struct ContestPart {
    /// Each server's name and origin.
    pub entrants: Vec<String>,
    /// What a reader has to know beside the figures; a sentence each.
    pub notes: Vec<String>,
    /// Each server but the first against the first.
    pub rivals: Vec<Rival>,
    /// Each block's figures.
    pub blocks: Blocks,
}

/// One server against the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    /// Name of the first server, and of this one.
    pub names: [String; 2],
    /// The answer, sentence by sentence, the most important first.
    pub answer: Vec<String>,
    /// What was found, question by question.
    pub findings: Vec<FindingRow>,
}

/// One question about two servers.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingRow {
    /// The question, such as `CPU at 990/s`.
    pub subject: String,
    /// Both figures with their units, the first server's first.
    pub figures: [String; 2],
    /// This server's figure ÷ the first one's.
    pub ratio: Option<f64>,
    /// Where the true ratio lies.
    pub interval: Option<(f64, f64)>,
    /// Whether more is better.
    pub more_is_better: bool,
    /// The verdict.
    pub verdict: String,
    /// Whether one of the two wins.
    pub is_won: bool,
    /// Blocks behind it.
    pub blocks: usize,
}

/// The figures of each block, as text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Blocks {
    /// Heads of the columns: block, question, and each server's name.
    pub head: Vec<String>,
    /// One row a block and question.
    pub rows: Vec<Vec<String>>,
}

/// The page: one HTML document. The same sheet gives the same bytes.
#[must_use]
pub fn page(sheet: &Sheet) -> String {
    let content = html! {
        header {
            p.eyebrow { "Crossover" @for part in &sheet.conditions { " · " bdi { (label::passage(part)) } } }
            h1 { bdi { (label::passage(&sheet.question)) } }
        }
        @for (number, contest) in sheet.contests.iter().enumerate() { (part(contest, number)) }
        (remarks(sheet))
        (again(sheet))
    };
    frame(&label::name(&sheet.question), &content)
}

fn part(contest: &ContestPart, number: usize) -> Markup {
    let id = if number == 0 { "answer".to_owned() } else { format!("answer-{}", number + 1) };
    html! {
        section id=(id) {
            @for (place, rival) in contest.rivals.iter().enumerate() {
                @let [first, other] = rival.names.each_ref().map(|name| label::name(name));
                h2 { bdi { (first) } " or " bdi { (other) } "?" }
                @for sentence in &rival.answer { p { bdi { (label::passage(sentence)) } } }
                @if rival.findings.iter().any(|row| row.ratio.is_some()) {
                    (chart::figure(format!("ratios-{number}-{place}"), rival).markup_with_file())
                }
            }
            @if !contest.notes.is_empty() {
                h3 { "What to know beside the figures" }
                ul { @for note in &contest.notes { li { bdi { (label::passage(note)) } } } }
            }
            details {
                summary { "Every block's figures" }
                p { "A block starts each server that can be started anew, and asks all of them in turn. A figure that may not be \
                     believed is left out, with the reason in the record." }
                (blocks(&contest.blocks).markup())
            }
            details {
                summary { "The servers" }
                ul { @for entrant in &contest.entrants { li { bdi { (label::passage(entrant)) } } } }
            }
        }
    }
}

fn blocks(blocks: &Blocks) -> Table {
    let head: Vec<String> = blocks.head.iter().map(|text| label::name(text)).collect();
    let mut table = Table { head, ..Table::new("Figures by block", &[], 2) };
    for row in &blocks.rows {
        table.push(row.iter().map(|text| label::name(text)).collect());
    }
    table
}

fn remarks(sheet: &Sheet) -> Markup {
    html! {
        @if !sheet.remarks.is_empty() {
            section #remarks {
                h2 { "Remarks" }
                ul { @for remark in &sheet.remarks { li { bdi { (label::passage(remark)) } } } }
            }
        }
    }
}

fn again(sheet: &Sheet) -> Markup {
    html! {
        section #again {
            h2 { "Again" }
            pre { code { (label::within(&sheet.command, COMMAND)) } }
            p.note {
                "Everything that was measured is in " code { (label::name(&sheet.record)) } ", beside this page. Verdicts follow \
                 docs/METHOD.md: looks after numbers of blocks that were fixed before the first one, a margin of 5\u{a0}%, and "
                em { "cannot tell" } " where the blocks do not decide."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let row = |subject: &str, ratio: Option<f64>, more_is_better: bool, verdict: &str| FindingRow {
            subject: subject.into(),
            figures: ["10.0k/s".into(), "12.4k/s".into()],
            ratio,
            interval: ratio.map(|ratio| (ratio / 1.02, ratio * 1.02)),
            more_is_better,
            verdict: verdict.into(),
            is_won: verdict.ends_with("wins"),
            blocks: 8,
        };
        Sheet {
            question: "old or new?".into(),
            conditions: vec!["64 connections".into()],
            remarks: vec!["a virtual machine".into()],
            command: "crossover compare --a './old <x>' --b ./new".into(),
            record: "contest.json".into(),
            contests: vec![ContestPart {
                entrants: vec!["old (./old)".into(), "new (./new)".into()],
                notes: vec!["<script>alert(1)</script>".into()],
                rivals: vec![Rival {
                    names: ["old".into(), "n<e>w".into()],
                    answer: vec!["new serves 24 % more requests than old.".into()],
                    findings: vec![
                        row("capacity", Some(1.24), true, "new wins"),
                        row("CPU at 990/s", Some(0.80), false, "new wins"),
                        row("p50 at 990/s", None, false, "no data"),
                    ],
                }],
                blocks: Blocks {
                    head: ["block", "question", "old", "new"].map(String::from).to_vec(),
                    rows: vec![["1", "capacity", "10.0k/s", "12.4k/s"].map(String::from).to_vec()],
                },
            }],
        }
    }

    #[test]
    fn the_page_shows_question_answer_figures_blocks_and_the_command() {
        let page = page(&sheet());
        for part in [
            "<title>Crossover: old or new?</title>",
            "new serves 24 % more requests than old.",
            "id=\"answer\"",
            "<svg",
            "CPU at 990/s",
            "Every block's figures",
            "crossover compare --a './old &lt;x&gt;' --b ./new",
            "contest.json",
            "a virtual machine",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn a_contest_without_figures_draws_none() {
        let mut empty = sheet();
        empty.contests[0].rivals[0].findings.clear();
        let page = page(&empty);
        assert!(!page.contains("<svg") && !page.contains("questions have a winner"), "{page}");
        assert!(page.contains("new serves 24 % more requests than old."), "{page}");
    }

    #[test]
    fn foreign_text_stays_text_and_nothing_runs() {
        let page = page(&sheet());
        assert!(!page.contains("<script") && page.contains("n&lt;e&gt;w"), "{page}");
        assert!(page.contains("default-src 'none'") && !page.contains("NaN"), "{page}");
    }
}

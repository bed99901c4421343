//! A contest's document as its page shows it.

use reports_record::{CONTEST, Environment, shown};
use reports_render::contest::{Blocks, ContestPart, FindingRow, Rival, Sheet};
use reports_render::number;
use reports_stats::verdict::Better;

use super::{ContestDocument, Document};
use crate::contest::{Finding, Findings, Subject, Winner, words};

/// Most of a commit that is shown, characters.
const COMMIT: usize = 10;

pub(super) fn sheet(document: &Document) -> Sheet {
    Sheet {
        question: document.question.clone(),
        conditions: conditions(document),
        remarks: document.remarks.iter().chain(&document.environment.remarks).cloned().collect(),
        command: document.command.clone(),
        record: CONTEST.to_owned(),
        contests: document.contests.iter().map(part).collect(),
    }
}

fn conditions(document: &Document) -> Vec<String> {
    let Environment { cpu, kernel, commit, dirty, .. } = &document.environment;
    let changed = if *dirty == Some(true) { " with changes" } else { "" };
    let commit = commit
        .as_deref()
        .map(|commit| format!("commit {}{changed}", shown(commit.get(..COMMIT).unwrap_or(commit), COMMIT)));
    let day = document.started_at.get(..16).unwrap_or(&document.started_at).replace('T', " ");
    [
        Some(format!("{day} UTC")),
        Some(format!("{}, {} CPUs", cpu.model, cpu.online)),
        Some(kernel.clone()),
        commit,
        Some(number::counted(document.connections as usize, "connection")),
        (document.warm_up_s > 0.0)
            .then(|| format!("{} s of warm-up at each start", number::plain(document.warm_up_s))),
        Some(format!("seed {}", document.seed)),
        Some(format!("{:.0} s", document.took_s)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn part(contest: &ContestDocument) -> ContestPart {
    let findings = &contest.findings;
    let others = contest.answers.iter().zip(1..);
    ContestPart {
        entrants: contest.entrants.clone(),
        notes: contest.notes.clone(),
        rivals: others.map(|(answer, entrant)| rival(findings, entrant, answer)).collect(),
        blocks: blocks(contest),
    }
}

fn rival(findings: &Findings, entrant: usize, answer: &[String]) -> Rival {
    let of_entrant = findings.all.iter().filter(|finding| finding.entrant == entrant);
    let row = |finding: &Finding| {
        let metric = finding.subject.metric;
        Some(FindingRow {
            subject: words::title(findings, finding.subject),
            figures: finding.shown()?,
            ratio: finding.ratio,
            interval: finding.interval,
            more_is_better: metric.better() == Better::More,
            verdict: words::verdict(finding, |side| findings.names[side].clone()),
            is_won: matches!(finding.winner, Winner::First | Winner::Other),
            blocks: finding.blocks,
        })
    };
    Rival {
        names: [findings.names[0].clone(), findings.names[entrant].clone()],
        answer: answer.to_vec(),
        findings: of_entrant.filter_map(row).collect(),
    }
}

/// Each block's figures, question by question; a question that was decided before a block has no row there.
fn blocks(contest: &ContestDocument) -> Blocks {
    let findings = &contest.findings;
    let mut rows = Vec::new();
    for (block, number) in contest.blocks.iter().zip(1..) {
        for subject in Subject::all(findings.rates_per_s.len()).filter(|subject| block.has(*subject)) {
            let figures: Vec<Option<f64>> =
                block.readings.iter().map(|reading| reading.figure(subject)).collect();
            if figures.iter().all(Option::is_none) {
                continue;
            }
            let show = |figure: Option<f64>| {
                figure.map_or(number::NO_DATA.to_owned(), |figure| subject.metric.show(figure))
            };
            let mut row = vec![format!("{number}"), words::title(findings, subject)];
            row.extend(figures.into_iter().map(show));
            rows.push(row);
        }
    }
    let head = ["block", "question"].map(str::to_owned).into_iter().chain(findings.names.iter().cloned());
    Blocks { head: head.collect(), rows }
}

//! Findings as a table of at most 80 columns.

use std::fmt::Write as _;

use reports_record::shown;
use reports_render::number;

use super::{Finding, Findings, words};

/// Columns of the widest line.
const LINE: usize = 80;

/// Columns of a name at most: two of them, the ratio and the verdict have to fit beside the subject.
const NAME: usize = 12;

/// Ratios below this are turned around.
const SMALL: f64 = 0.1;

/// Blanks between two columns.
const GAP: usize = 2;

/// A line before its columns have widths.
struct Row<'f> {
    subject: String,
    figures: [String; 2],
    ratio: String,
    finding: &'f Finding,
}

/// One entrant against the first, a line for each subject that has figures; `None` where none has. No line ends in blanks.
///
/// Columns are as wide as their longest entry, so that the verdict keeps the room for its winner's name.
#[must_use]
pub fn table(findings: &Findings, entrant: usize) -> Option<String> {
    let names = [0, entrant].map(|at| findings.names[at].as_str());
    let [first, other] = apart(names, NAME);
    let heading = format!("{other} ÷ {first}");
    let heading = if width(&heading) > 20 { "ratio".to_owned() } else { heading };
    let rows: Vec<Row<'_>> = findings
        .all
        .iter()
        .filter(|finding| finding.entrant == entrant)
        .filter_map(|finding| {
            Some(Row {
                subject: words::title(findings, finding.subject),
                figures: finding.shown()?,
                ratio: ratio(finding),
                finding,
            })
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let widest = |head: &str, of: &dyn Fn(&Row<'_>) -> usize| {
        rows.iter().map(of).chain([width(head)]).max().unwrap_or_default()
    };
    let widths = [
        widest("", &|row| width(&row.subject)),
        widest(&first, &|row| width(&row.figures[0])),
        widest(&other, &|row| width(&row.figures[1])),
        widest(&heading, &|row| width(&row.ratio)),
    ];
    let room = LINE.saturating_sub(widths.iter().sum::<usize>() + 4 * GAP + width(" wins"));
    let winners = apart(names, room);
    let mut text = line(widths, ["", &first, &other, &heading], "verdict");
    for Row { subject, figures: [one, two], ratio, finding } in &rows {
        let verdict = words::verdict(finding, |side| winners[usize::from(side > 0)].clone());
        text += &line(widths, [subject, one, two, ratio], &verdict);
    }
    Some(text)
}

fn line(widths: [usize; 4], [subject, one, two, ratio]: [&str; 4], verdict: &str) -> String {
    let [first, second, third, fourth] = widths;
    let gap = " ".repeat(GAP);
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "{subject:<first$}{gap}{one:>second$}{gap}{two:>third$}{gap}{ratio:>fourth$}{gap}{verdict}"
    );
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Both names in `room` columns each: cut at their ends, or at their beginnings where the ends tell them apart.
fn apart(names: [&str; 2], room: usize) -> [String; 2] {
    let whole = names.map(|name| shown(name, usize::MAX));
    let heads = [0, 1].map(|at| head(&whole[at], room));
    if heads[0] != heads[1] { heads } else { whole.map(|name| tail(&name, room)) }
}

fn head(name: &str, room: usize) -> String {
    if width(name) <= room {
        return name.to_owned();
    }
    name.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

fn tail(name: &str, room: usize) -> String {
    let over = width(name).saturating_sub(room);
    if over == 0 {
        return name.to_owned();
    }
    std::iter::once('…').chain(name.chars().skip(over + 1)).collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// `×1.24 (1.19–1.29)`; far below 1 turned around, `÷40.0 (38.1–42.0)`, for small ratios are hard to read and long.
fn ratio(finding: &Finding) -> String {
    let Some(ratio) = finding.ratio else { return String::new() };
    let is_small = ratio < SMALL;
    let shown = |ratio: f64| number::plain(if is_small { 1.0 / ratio } else { ratio });
    let interval = finding.interval.map(|(low, high)| {
        let (low, high) = if is_small { (high, low) } else { (low, high) };
        format!(" ({}–{})", shown(low), shown(high))
    });
    format!("{}{}{}", if is_small { '÷' } else { '×' }, shown(ratio), interval.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::findings::tests::{blocks, findings};

    #[test]
    fn each_subject_with_figures_has_a_line_within_80_columns() {
        let found = findings(&blocks(8, 1.24, 1.0, 0.002));
        let text = table(&found, 1).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].starts_with("capacity") && lines[1].ends_with("new wins"), "{text}");
        assert!(lines[2].starts_with("CPU at 1.00k/s") && lines[2].ends_with("tie"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    /// The verdicts of a table whose second entrant wins its first question, and its lines.
    fn verdicts(names: [&str; 2]) -> (Vec<String>, String) {
        let mut found = findings(&blocks(8, 1.24, 1.0, 0.002));
        found.names = names.map(str::to_owned).to_vec();
        let text = table(&found, 1).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let verdict = |line: &str| line.rsplit("  ").next().unwrap().to_owned();
        (text.lines().skip(1).map(verdict).collect(), text)
    }

    #[test]
    fn a_winner_keeps_its_name_where_the_line_has_room() {
        for winner in ["gthread", "waitress", "http.server", "tokio-tasks", "actix-web-v4"] {
            let (verdicts, text) = verdicts(["sync", winner]);
            assert_eq!(verdicts[0], format!("{winner} wins"), "{text}");
        }
    }

    #[test]
    fn two_names_that_begin_alike_are_told_apart_by_their_ends() {
        let (verdicts, text) = verdicts(["feature/checkout-old", "feature/checkout-new"]);
        assert!(verdicts[0].starts_with('…') && verdicts[0].ends_with("new wins"), "{text}");
        assert!(text.lines().next().unwrap().contains("heckout-old"), "{text}");
        let one = apart(["checkout-old", "checkout-new"], 7);
        assert_eq!(one, ["…ut-old", "…ut-new"]);
        assert_eq!(apart(["old", "a new version"], 7), ["old", "a new …"]);
    }

    #[test]
    fn figures_of_too_few_blocks_stand_without_an_interval_and_are_told_as_such() {
        assert_eq!(table(&findings(&[]), 1), None);
        let text = table(&findings(&blocks(3, 1.24, 1.0, 0.3)), 1).unwrap();
        let capacity = text.lines().nth(1).unwrap();
        assert!(capacity.contains("10.0k/s") && capacity.ends_with("  too few"), "{text}");
        assert!(!text.contains('–') && !text.contains("no data"), "{text}");
    }

    #[test]
    fn long_names_are_cut_and_stay_within_80_columns() {
        let mut found = findings(&blocks(8, 124.0, 0.001, 0.2));
        found.names = vec!["a service with a name".into(), "another\u{1b}[31m one of its kind".into()];
        let text = table(&found, 1).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains("a service w…"), "{text}");
    }
}

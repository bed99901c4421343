//! Findings as a table of at most 80 columns.

use std::fmt::Write as _;

use reports_record::shown;
use reports_render::number;

use super::{Finding, Findings, words};

/// Columns of a name at most: two of them, the ratio and the verdict have to fit beside the subject.
const NAME: usize = 12;

/// Columns of a winner's name in the last column.
const WINNER: usize = 7;

/// Ratios below this are turned around.
const SMALL: f64 = 0.1;

/// One entrant against the first, a line for each subject that has figures; no line ends in blanks.
#[must_use]
pub fn table(findings: &Findings, entrant: usize) -> String {
    let [first, other] = [0, entrant].map(|at| name(&findings.names[at]));
    let heading = format!("{other} ÷ {first}");
    let heading = if width(&heading) > 20 { "ratio".to_owned() } else { heading };
    let mut text = line("", &first, &other, &heading, "verdict");
    for finding in findings.all.iter().filter(|finding| finding.entrant == entrant) {
        let Some([one, two]) = finding.shown() else { continue };
        let subject = words::title(findings, finding.subject);
        text += &line(
            &subject,
            &one,
            &two,
            &ratio(finding),
            &words::verdict(finding, |side| short(&findings.names[side])),
        );
    }
    text
}

fn line(subject: &str, one: &str, two: &str, ratio: &str, verdict: &str) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write!(text, "{subject:<17}{one:>12}{two:>13}{ratio:>24}  {verdict}");
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn name(name: &str) -> String {
    let shown = shown(name, usize::MAX);
    if width(&shown) <= NAME {
        return shown;
    }
    shown.chars().take(NAME - 1).chain(['…']).collect()
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

/// A name as the last column has room for.
fn short(text: &str) -> String {
    let name = name(text);
    if width(&name) <= WINNER { name } else { name.chars().take(WINNER - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::findings::tests::{blocks, findings};

    #[test]
    fn each_subject_with_figures_has_a_line_within_80_columns() {
        let found = findings(&blocks(8, 1.24, 1.0, 0.002));
        let text = table(&found, 1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].starts_with("capacity") && lines[1].ends_with("new wins"), "{text}");
        assert!(lines[2].starts_with("CPU at 1.00k/s") && lines[2].ends_with("tie"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn a_winner_of_seven_letters_keeps_its_name() {
        let mut found = findings(&blocks(8, 1.24, 1.0, 0.002));
        found.names = vec!["sync".into(), "gthread".into()];
        let text = table(&found, 1);
        assert!(text.lines().nth(1).unwrap().ends_with("  gthread wins"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn figures_of_too_few_blocks_stand_without_an_interval_and_are_told_as_such() {
        let text = table(&findings(&blocks(3, 1.24, 1.0, 0.3)), 1);
        let capacity = text.lines().nth(1).unwrap();
        assert!(capacity.contains("10.0k/s") && capacity.ends_with("  too few"), "{text}");
        assert!(!text.contains('–') && !text.contains("no data"), "{text}");
    }

    #[test]
    fn long_names_are_cut_and_stay_within_80_columns() {
        let mut found = findings(&blocks(8, 124.0, 0.001, 0.2));
        found.names = vec!["a service with a name".into(), "another\u{1b}[31m one of its kind".into()];
        let text = table(&found, 1);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains("a service w…"), "{text}");
    }
}

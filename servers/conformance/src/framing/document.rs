//! The document of what each contender makes of ambiguous requests and of the protocol's rules: its generated parts, a
//! column at a time.
//!
//! No test has every contender's program at hand, but each has its own: it replaces its column and compares.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::framing::observe::{Answer, Answers};
use crate::framing::{AMBIGUOUS, Ambiguous, RULES, Rule};

/// A pair of marks, and what stands between them.
type Marks = [&'static str; 2];

const AMBIGUOUS_MARKS: Marks = ["<!-- answers -->", "<!-- /answers -->"];
const RULES_MARKS: Marks = ["<!-- rules -->", "<!-- /rules -->"];
const FINDINGS_MARKS: Marks = ["<!-- findings -->", "<!-- /findings -->"];

/// The cell of a request that the contender was not asked yet: the table of requests has grown.
const UNKNOWN: &str = "?";

/// The ends of the cells for a reply after which the connection ended, and after which more came.
const CLOSED: &str = ", closed";
const ANOTHER: &str = ", then another";

/// Why a text is not the document.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DocumentError {
    /// A pair of marks is not there.
    #[error("the document has no part between {0:?} and {1:?}: put both marks where it belongs")]
    Mark(&'static str, &'static str),
}

/// The cells of one contender by request.
type Column = BTreeMap<String, String>;

/// One table: for each request its own cells, the first of which names it, and a column for each contender.
struct Table {
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
    columns: Vec<(String, Column)>,
}

/// `document` with the columns of `contender` replaced by `answers`, and everything that follows from them. A contender
/// without a column gets the last one.
///
/// # Errors
/// The marks of a generated part are missing.
pub fn with_column(document: &str, contender: &str, answers: &Answers) -> Result<String, DocumentError> {
    let mut ambiguous = Table {
        head: &["request", "sent, less its `host`"],
        rows: AMBIGUOUS
            .iter()
            .map(|row| vec![row.what.to_owned(), code([row.line, row.rest].concat().as_bytes())])
            .collect(),
        columns: Vec::new(),
    };
    let rule = |rule: &Rule| {
        let [what, section, right] = [rule.what, rule.section, rule.right.describe()].map(str::to_owned);
        vec![what, section, code(rule.sent), right]
    };
    let mut rules = Table {
        head: &["request", "RFC", "sent", "right"],
        rows: RULES.iter().map(rule).collect(),
        columns: Vec::new(),
    };
    ambiguous.read(inside(document, AMBIGUOUS_MARKS)?);
    ambiguous.replace(contender, &answers.ambiguous);
    rules.read(inside(document, RULES_MARKS)?);
    rules.replace(contender, &answers.rules);
    // Both in one order, that of the first.
    rules.columns.sort_by_key(|(name, _)| ambiguous.columns.iter().position(|(other, _)| other == name));
    let document = with_part(document, AMBIGUOUS_MARKS, &ambiguous.text())?;
    let document = with_part(&document, RULES_MARKS, &rules.text())?;
    with_part(&document, FINDINGS_MARKS, &findings(&ambiguous, &rules))
}

/// Bytes as they stand in a cell.
fn code(bytes: &[u8]) -> String {
    format!("`{}`", bytes.escape_ascii())
}

/// What stands before, between and after a pair of marks.
fn cut(text: &str, [start, end]: Marks) -> Result<(&str, &str, &str), DocumentError> {
    let missing = || DocumentError::Mark(start, end);
    let (before, rest) = text.split_once(start).ok_or_else(missing)?;
    let (inside, after) = rest.split_once(end).ok_or_else(missing)?;
    Ok((before, inside, after))
}

fn inside(text: &str, marks: Marks) -> Result<&str, DocumentError> {
    cut(text, marks).map(|(_, inside, _)| inside)
}

fn with_part(text: &str, marks: Marks, part: &str) -> Result<String, DocumentError> {
    let (before, _, after) = cut(text, marks)?;
    let [start, end] = marks;
    Ok(format!("{before}{start}\n{part}{end}{after}"))
}

impl Table {
    /// Takes the contenders' columns from the text of a table.
    fn read(&mut self, text: &str) {
        let mut lines = text.trim().lines().map(cells);
        let names = lines.next().unwrap_or_default();
        let rows: Vec<Vec<&str>> = lines.skip(1).collect();
        let column = |index: usize| -> Column {
            let cell = |row: &Vec<&str>| Some(((*row.first()?).to_owned(), (*row.get(index)?).to_owned()));
            rows.iter().filter_map(cell).collect()
        };
        let named = names.into_iter().enumerate().skip(self.head.len());
        self.columns = named.map(|(index, name)| (name.to_owned(), column(index))).collect();
    }

    /// Replaces a contender's column by answers in the order of the rows.
    fn replace(&mut self, contender: &str, answers: &[Answer]) {
        let cells = self.rows.iter().zip(answers).map(|(row, answer)| (row[0].clone(), answer.to_string()));
        let own: Column = cells.collect();
        match self.columns.iter_mut().find(|(name, _)| name == contender) {
            Some((_, column)) => *column = own,
            None => self.columns.push((contender.to_owned(), own)),
        }
    }

    fn text(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        let head = line(self.head.iter().copied().chain(names));
        let rule = line((0..self.head.len() + self.columns.len()).map(|_| "---"));
        let rows = self.rows.iter().map(|row| {
            let cells = self.columns.iter().map(|(_, column)| cell(column, &row[0]));
            line(row.iter().map(String::as_str).chain(cells))
        });
        [head, rule].into_iter().chain(rows).collect()
    }
}

fn cells(row: &str) -> Vec<&str> {
    row.trim().trim_matches('|').split('|').map(str::trim).collect()
}

fn line<'cell>(cells: impl Iterator<Item = &'cell str>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn cell<'column>(column: &'column Column, what: &str) -> &'column str {
    column.get(what).map_or(UNKNOWN, String::as_str)
}

/// For each contender how often it refused and hung up, a line for each ambiguous request that it did not refuse, and
/// one for each rule that it does not keep.
fn findings(ambiguous: &Table, rules: &Table) -> String {
    let none = Column::new();
    let rules_of = |name: &str| {
        rules.columns.iter().find(|(other, _)| other == name).map_or(&none, |(_, column)| column)
    };
    let columns = ambiguous.columns.iter();
    columns.map(|(name, column)| of_ambiguous(name, column) + &of_rules(name, rules_of(name))).collect()
}

fn of_ambiguous(name: &str, column: &Column) -> String {
    let cells = AMBIGUOUS.iter().map(|row| (row, cell(column, row.what)));
    let (refused, taken): (Vec<_>, Vec<_>) = cells.partition(|(_, cell)| cell.starts_with('4'));
    let ending = |end: &str| refused.iter().filter(|(_, cell)| cell.ends_with(end)).count();
    let text = format!("**{name}** refuses {} of {}", refused.len(), AMBIGUOUS.len());
    let ends = match ending(CLOSED) {
        closed if closed == refused.len() => " and hangs up each time.".to_owned(),
        closed => {
            let another = ending(ANOTHER);
            format!(
                ", and hangs up after {closed} of these; after {another} it takes their rest for a request."
            )
        }
    };
    let line =
        |(row, cell): &(&Ambiguous, &str)| format!("- {}: *{cell}*. Could mean {}.\n", row.what, row.danger);
    paragraph(text + &ends, taken.iter().map(line))
}

fn of_rules(name: &str, column: &Column) -> String {
    let cells = RULES.iter().map(|rule| (rule, cell(column, rule.what)));
    let broken: Vec<_> = cells.filter(|(rule, cell)| !rule.right.holds(cell)).collect();
    let kept = RULES.len() - broken.len();
    let line = |(rule, cell): &(&Rule, &str)| {
        format!("- {} (RFC {}): *{cell}* instead of *{}*.\n", rule.what, rule.section, rule.right.describe())
    };
    paragraph(format!("**{name}** keeps {kept} of {} rules.", RULES.len()), broken.iter().map(line))
}

fn paragraph(text: String, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.collect();
    if lines.is_empty() { text + "\n\n" } else { format!("{text}\n\n{lines}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::observe::Then;

    const EMPTY: &str = "head\n<!-- answers --><!-- /answers -->\nmiddle\n<!-- rules --><!-- /rules -->\n\
                         <!-- findings --><!-- /findings -->\nfoot\n";

    fn all(answer: &Answer) -> Answers {
        Answers { ambiguous: vec![answer.clone(); AMBIGUOUS.len()], rules: vec![answer.clone(); RULES.len()] }
    }

    #[test]
    fn a_column_is_replaced_and_the_others_are_kept() {
        let strict = all(&Answer::Status(400, Then::Closed));
        let both = with_column(EMPTY, "strict", &strict).unwrap();
        let both = with_column(&both, "lenient", &all(&Answer::Status(200, Then::Open))).unwrap();
        assert_eq!(with_column(&both, "strict", &strict).unwrap(), both);
        assert!(both.starts_with("head\n") && both.ends_with("foot\n") && both.contains("\nmiddle\n"));
        assert_eq!(both.matches("| strict | lenient |\n").count(), 2, "{both}");
        assert!(both.contains("hello` | 400, closed | 200, open |\n"), "{both}");
        assert!(both.contains("` | 200, closed | 400, closed | 200, open |\n"), "{both}");
        let of_lenient = both.split("**lenient** keeps").nth(1).unwrap();
        assert!(of_lenient.contains("- no host (RFC 9112 §3.2): *200, open* instead"), "{of_lenient}");
        let changed = with_column(&both, "strict", &all(&Answer::Waits)).unwrap();
        assert!(changed.contains("hello` | waits | 200, open |\n"), "{changed}");
    }

    #[test]
    fn what_is_wrong_is_listed_with_what_it_could_mean() {
        let mut answers = all(&Answer::Status(400, Then::Closed));
        answers.ambiguous[0] = Answer::Status(200, Then::Another);
        answers.ambiguous[1] = Answer::Status(400, Then::Open);
        let text = with_column(EMPTY, "one", &answers).unwrap();
        let (refused, closed) = (AMBIGUOUS.len() - 1, AMBIGUOUS.len() - 2);
        let counts = format!(
            "**one** refuses {refused} of {}, and hangs up after {closed} of these; after 0 it",
            AMBIGUOUS.len()
        );
        assert!(text.contains(&counts), "{text}");
        assert!(text.contains("- two lengths: *200, then another*. Could mean request smuggling"), "{text}");
        assert!(!text.contains("- two equal lengths"), "{text}");
        assert!(
            text.contains("- close (RFC 9112 §9.6): *400, closed* instead of *200, closed*.\n"),
            "{text}"
        );
        assert!(!text.contains("- no host"), "{text}");
    }

    #[test]
    fn a_text_without_marks_is_refused_with_what_is_missing() {
        let answers = all(&Answer::Waits);
        let error = with_column("text", "one", &answers).unwrap_err();
        assert!(error.to_string().contains("<!-- answers -->"), "{error}");
        let half = "<!-- answers --><!-- /answers --><!-- rules --><!-- /rules -->";
        assert!(with_column(half, "one", &answers).unwrap_err().to_string().contains("<!-- findings -->"));
    }
}

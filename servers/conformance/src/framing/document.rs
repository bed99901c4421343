//! The document of what each contender makes of ambiguous requests: its generated parts, a column at a time.
//!
//! No test has every contender's program at hand, but each has its own: it replaces its column and compares.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::framing::AMBIGUOUS;
use crate::framing::observe::Answer;

const TABLE: [&str; 2] = ["<!-- answers -->", "<!-- /answers -->"];
const FINDINGS: [&str; 2] = ["<!-- findings -->", "<!-- /findings -->"];

/// Columns before those of the contenders: what is wrong, and what is sent.
const OWN_COLUMNS: usize = 2;

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

/// `document` with the column of `contender` replaced by `answers`, in the order of the table of requests, and
/// everything that follows from it. A contender without a column gets the last one.
///
/// # Errors
/// The marks of a generated part are missing.
pub fn with_column(document: &str, contender: &str, answers: &[Answer]) -> Result<String, DocumentError> {
    let (before, table, rest) = cut(document, TABLE)?;
    let (between, _, after) = cut(rest, FINDINGS)?;
    let mut columns = columns(table);
    let own = AMBIGUOUS.iter().zip(answers).map(|(row, answer)| (row.what.to_owned(), answer.to_string()));
    let own: Column = own.collect();
    match columns.iter_mut().find(|(name, _)| name == contender) {
        Some((_, column)) => *column = own,
        None => columns.push((contender.to_owned(), own)),
    }
    let [[table_start, table_end], [findings_start, findings_end]] = [TABLE, FINDINGS];
    Ok(format!(
        "{before}{table_start}\n{}{table_end}{between}{findings_start}\n{}{findings_end}{after}",
        table_of(&columns),
        findings_of(&columns),
    ))
}

/// What stands before, between and after a pair of marks.
fn cut<'text>(
    text: &'text str,
    [start, end]: [&'static str; 2],
) -> Result<(&'text str, &'text str, &'text str), DocumentError> {
    let missing = DocumentError::Mark(start, end);
    let (before, rest) = text.split_once(start).ok_or(missing)?;
    let (inside, after) = rest.split_once(end).ok_or(DocumentError::Mark(start, end))?;
    Ok((before, inside, after))
}

/// The contenders' columns of a table, in its order.
fn columns(table: &str) -> Vec<(String, Column)> {
    let mut rows = table.trim().lines().map(cells);
    let names = rows.next().unwrap_or_default();
    let rows: Vec<Vec<&str>> = rows.skip(1).collect();
    let column = |index: usize| -> Column {
        let cell = |row: &Vec<&str>| Some(((*row.first()?).to_owned(), (*row.get(index)?).to_owned()));
        rows.iter().filter_map(cell).collect()
    };
    let named = names.into_iter().enumerate().skip(OWN_COLUMNS);
    named.map(|(index, name)| (name.to_owned(), column(index))).collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim().trim_matches('|').split('|').map(str::trim).collect()
}

fn table_of(columns: &[(String, Column)]) -> String {
    let names = columns.iter().map(|(name, _)| name.as_str());
    let head = line(["request", "sent, less its `host`"].into_iter().chain(names));
    let rule = line((0..OWN_COLUMNS + columns.len()).map(|_| "---"));
    let rows = AMBIGUOUS.iter().map(|row| {
        let sent = format!("`{}`", [row.line, row.rest].concat().as_bytes().escape_ascii());
        let cells = columns.iter().map(|(_, column)| cell(column, row.what));
        line([row.what, &sent].into_iter().chain(cells))
    });
    [head, rule].into_iter().chain(rows).collect()
}

fn line<'cell>(cells: impl Iterator<Item = &'cell str>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn cell<'column>(column: &'column Column, what: &str) -> &'column str {
    column.get(what).map_or(UNKNOWN, String::as_str)
}

/// For each contender how often it refused and hung up, and a line for each request that it did not refuse.
fn findings_of(columns: &[(String, Column)]) -> String {
    columns.iter().map(|(name, column)| findings_in(name, column)).collect()
}

fn findings_in(name: &str, column: &Column) -> String {
    if column.is_empty() {
        return format!("**{name}** has not been asked yet.\n\n");
    }
    let cells = AMBIGUOUS.iter().map(|row| (row, cell(column, row.what)));
    let (refused, taken): (Vec<_>, Vec<_>) = cells.partition(|(_, cell)| cell.starts_with('4'));
    let ending = |end: &str| refused.iter().filter(|(_, cell)| cell.ends_with(end)).count();
    let mut text = format!("**{name}** refuses {} of {}", refused.len(), AMBIGUOUS.len());
    text += &match ending(CLOSED) {
        closed if closed == refused.len() => " and hangs up each time.\n\n".to_owned(),
        closed => {
            let another = ending(ANOTHER);
            format!(
                ", and hangs up after {closed} of these; after {another} it takes their rest for a request.\n\n"
            )
        }
    };
    for (row, cell) in &taken {
        text += &format!("- {}: *{cell}*. Could mean {}.\n", row.what, row.danger);
    }
    text + if taken.is_empty() { "" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::observe::Then;

    const EMPTY: &str =
        "head\n<!-- answers --><!-- /answers -->\nmiddle\n<!-- findings --><!-- /findings -->\nfoot\n";

    fn all(answer: &Answer) -> Vec<Answer> {
        vec![answer.clone(); AMBIGUOUS.len()]
    }

    #[test]
    fn a_column_is_replaced_and_the_others_are_kept() {
        let strict = all(&Answer::Status(400, Then::Closed));
        let both = with_column(EMPTY, "strict", &strict).unwrap();
        let both = with_column(&both, "lenient", &all(&Answer::Status(200, Then::Open))).unwrap();
        assert_eq!(with_column(&both, "strict", &strict).unwrap(), both);
        assert!(both.starts_with("head\n") && both.ends_with("foot\n") && both.contains("\nmiddle\n"));
        assert!(both.contains("| strict | lenient |\n"), "{both}");
        assert!(both.contains("hello` | 400, closed | 200, open |\n"), "{both}");
        let changed = with_column(&both, "strict", &all(&Answer::Waits)).unwrap();
        assert!(changed.contains("hello` | waits | 200, open |\n"), "{changed}");
    }

    #[test]
    fn what_is_not_refused_is_listed_with_what_it_could_mean() {
        let mut answers = all(&Answer::Status(400, Then::Closed));
        answers[0] = Answer::Status(200, Then::Another);
        answers[1] = Answer::Status(400, Then::Open);
        let text = with_column(EMPTY, "one", &answers).unwrap();
        assert!(
            text.contains("**one** refuses 52 of 53, and hangs up after 51 of these; after 0 it"),
            "{text}"
        );
        assert!(text.contains("- two lengths: *200, then another*. Could mean request smuggling"), "{text}");
        assert!(!text.contains("- two equal lengths"), "{text}");
    }

    #[test]
    fn a_text_without_marks_is_refused_with_what_is_missing() {
        let error = with_column("text", "one", &[]).unwrap_err();
        assert!(error.to_string().contains("<!-- answers -->"), "{error}");
        let half = "<!-- answers --><!-- /answers -->";
        assert!(with_column(half, "one", &[]).unwrap_err().to_string().contains("<!-- findings -->"));
    }
}

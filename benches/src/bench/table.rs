//! A table in Markdown whose columns also line up in a terminal.

use std::fmt::{self, Display, Formatter};
use std::io;

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new<const COLUMNS: usize>(heading: [&str; COLUMNS]) -> Self {
        Self(vec![heading.map(str::to_owned).to_vec()])
    }

    /// Adds a row; cells that a row lacks stay empty.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.0.push(row.into_iter().collect());
    }

    /// Prints it, and an empty line. A reader that has gone away is no error.
    ///
    /// # Errors
    /// When it cannot be written for any other reason.
    pub fn print(&self) -> io::Result<()> {
        print(self)
    }

    fn columns(&self) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or(0)
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let cell = |row: &[String], column: usize| {
            // A bar would end the cell.
            row.get(column).map_or_else(String::new, |cell| cell.replace('|', "\\|"))
        };
        let width = |column| self.0.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns()).map(|column| width(column).max(3)).collect();
        for (number, row) in self.0.iter().enumerate() {
            for (column, width) in widths.iter().enumerate() {
                write!(formatter, "| {:width$} ", cell(row, column))?;
            }
            writeln!(formatter, "|")?;
            if number == 0 {
                widths.iter().try_for_each(|width| write!(formatter, "| {:-<width$} ", ""))?;
                writeln!(formatter, "|")?;
            }
        }
        Ok(())
    }
}

/// Prints `text` to stdout, and an end of line. A reader that has gone away is no error.
///
/// # Errors
/// When it cannot be written for any other reason.
pub fn print(text: impl Display) -> io::Result<()> {
    reports_terminal::print(format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_bars_do_not_end_a_cell() {
        let mut table = Table::new(["client", "µs"]);
        table.push(["a|b".to_owned(), "7.25".to_owned()]);
        table.push(["c".to_owned()]);
        let expected = "| client | µs   |\n| ------ | ---- |\n| a\\|b   | 7.25 |\n| c      |      |\n";
        assert_eq!(table.to_string(), expected);
    }
}

//! One cell of a table, safe to be opened in a spreadsheet.

use crate::label;

/// Longest text that is written in full, characters: some spreadsheets take no more than 32,767.
const TEXT: usize = 2_000;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// There is no such figure.
    Empty,
    Count(u64),
    Number(f64),
    Flag(bool),
    /// Somebody's text, escaped and cut.
    Text(String),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(label::within(&text.into(), TEXT))
    }

    /// As it is written. Text that a spreadsheet would take for a formula gets an apostrophe in front; a number, however
    /// negative, stays one.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Count(count) => count.to_string(),
            Self::Number(number) if number.is_finite() => number.to_string(),
            Self::Number(_) => String::new(),
            Self::Flag(flag) => flag.to_string(),
            Self::Text(text) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
            Self::Text(text) => text.clone(),
        }
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_is_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(Cell::text(text).written(), format!("'{text}"));
        }
        for (text, escaped) in [("\t=1", r"\t=1"), ("\r=1", r"\r=1"), ("a\n\u{1b}[2J", r"a\n\u{1b}[2J")] {
            assert_eq!(Cell::text(text).written(), escaped);
        }
        assert!(Cell::text("x".repeat(1 << 20)).written().len() < TEXT + 50);
        for text in ["", "wait=10ms/c=64", "a-b", "'=1"] {
            assert_eq!(Cell::text(text).written(), text);
        }
    }

    #[test]
    fn a_negative_number_stays_a_number_and_none_is_an_empty_cell() {
        assert_eq!(Cell::from(-1.5).written(), "-1.5");
        for nothing in [Cell::from(None::<u64>), Cell::from(f64::NAN), Cell::from(Some(f64::INFINITY))] {
            assert_eq!(nothing.written(), "");
        }
        assert_eq!(Cell::from(Some(0_u64)).written(), "0");
    }
}

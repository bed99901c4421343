//! A line that is rewritten while a program works.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};

use reports_record::shown;
use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthChar as _;

/// Columns of a terminal that does not tell how many it has.
const COLUMNS: usize = 80;

/// Moves to the begin of the line and erases it: what is written next may be shorter.
const ERASE: &str = "\r\x1b[2K";

/// A line on a terminal's stderr. Nothing at all where stderr is not a terminal, or one that understands no escape
/// sequences (`TERM` is unset or `dumb`).
///
/// The line is cut to the terminal's width, read anew each time, less one column: a line that fills the last column
/// could not be erased once a user types Ctrl-C, whose echo would begin another.
#[derive(Debug)]
pub struct LiveLine {
    is_live: bool,
    is_shown: bool,
}

impl LiveLine {
    /// A line that shows nothing yet.
    #[must_use]
    pub fn on_stderr() -> Self {
        let is_clever = env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        Self { is_live: is_clever && io::stderr().is_terminal(), is_shown: false }
    }

    /// Whether anything that is shown can be seen.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Shows `text` in place of what was shown before.
    pub fn show(&mut self, text: &str) {
        if self.is_live {
            let width = terminal_size_of(io::stderr()).map_or(COLUMNS, |(Width(width), _)| width.into());
            self.is_shown = true;
            write(&(ERASE.to_owned() + &fitted(text, width.saturating_sub(1))));
        }
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            write(ERASE);
        }
    }
}

/// In one piece; a terminal that has gone away does not end a measurement.
fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// `text` in one line of at most `width` columns; an ellipsis stands for what does not fit.
fn fitted(text: &str, width: usize) -> String {
    let text = shown(text, usize::MAX);
    let columns = |text: &str| text.chars().filter_map(|character| character.width()).sum::<usize>();
    if columns(&text) <= width {
        return text;
    }
    let mut left = width.saturating_sub(1);
    let fits = |character: &char| {
        let columns = character.width().unwrap_or(0);
        let fits = columns <= left;
        left = left.saturating_sub(columns);
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    if width > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_its_terminal() {
        for (text, width, expected) in [
            ("12345", 5, "12345"),
            ("123456", 5, "1234…"),
            ("12345", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("a\u{1b}[2J", 20, "a\\u{1b}[2J"),
        ] {
            assert_eq!(fitted(text, width), expected, "{text} in {width}");
        }
    }
}

//! Lines on stderr.

use std::fmt;
use std::io::{self, Write as _};

use reports_record::shown;

/// Writes a line to stderr, formatted as by `eprintln!`; without a panic where stderr is full or closed.
///
/// Line breaks are written as they are, other control characters escaped: a terminal obeys nothing that is quoted in
/// the line, whoever wrote it.
#[macro_export]
macro_rules! talk {
    ($($arguments:tt)*) => { $crate::write_line(::std::format_args!($($arguments)*)) };
}

/// As [`talk!`].
pub fn write_line(line: fmt::Arguments<'_>) {
    // One write, so that lines of several threads do not mix. That it may fail is the point.
    let _ = io::stderr().write_all(harmless(&line.to_string()).as_bytes());
}

/// `text` and a line break, with every other control character escaped.
fn harmless(text: &str) -> String {
    text.split('\n').map(|line| shown(line, usize::MAX) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_that_a_line_quotes() {
        assert_eq!(harmless("a\u{1b}[2J\nb\r\u{9b}31m µs"), "a\\u{1b}[2J\nb\\r\\u{9b}31m µs\n");
    }
}

//! The page that text for people is set on: 80 columns wide, names at the left.

use std::fmt::{self, Formatter};

use textwrap::Options;

/// Columns of the narrowest terminal that tables are made for.
pub(crate) const WIDTH: usize = 80;
/// Width of the first column.
pub(crate) const NAME: usize = 16;

/// Writes `text` beside `head`, a name padded to its column; later lines stand under the first.
///
/// A word longer than the column, such as a URL, stands whole and sticks out: broken, it could not be copied.
pub(crate) fn entry(f: &mut Formatter<'_>, head: &str, text: &str) -> fmt::Result {
    let indent = " ".repeat(head.chars().count());
    let options = Options::new(WIDTH).initial_indent(head).subsequent_indent(&indent).break_words(false);
    writeln!(f, "{}", textwrap::fill(text, options))
}

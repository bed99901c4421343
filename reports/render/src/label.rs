//! Text from a record, made fit to be shown: bounded in length, without characters that rearrange a line.
//!
//! Escaping for HTML is not done here: maud and plotters do it wherever text enters markup.

use reports_record::shown;

/// Longest name that is shown in full, characters.
const NAME: usize = 80;

/// Longest passage (a reason, a line of stderr, a remark) that is shown in full, characters.
const PASSAGE: usize = 600;

/// A name: of a cell, a contender, a check.
#[must_use]
pub fn name(text: &str) -> String {
    within(text, NAME)
}

/// A passage of prose: a reason, a finding, a remark.
#[must_use]
pub fn passage(text: &str) -> String {
    within(text, PASSAGE)
}

/// At most `limit` characters of `text`, escaped by [`shown`], with a note of how much was left out.
#[must_use]
pub fn within(text: &str, limit: usize) -> String {
    shown(text, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_megabyte_is_cut_and_counted() {
        let shown = name(&"x".repeat(1 << 20));
        assert!(shown.ends_with("… and 1048496 bytes more"), "{shown}");
        assert!(shown.len() < 200);
    }

    #[test]
    fn marks_that_turn_text_around_become_visible() {
        assert_eq!(name("a\u{202E}b\u{2067}\u{0}"), "a\\u{202e}b\\u{2067}\\0");
    }

    #[test]
    fn ordinary_text_of_any_script_is_untouched() {
        for text in ["wait=10ms/c=64", "השהיה", "<script>\"'&"] {
            assert_eq!(name(text), text);
        }
    }
}

//! Text from a record, made fit to be shown: bounded in length, without characters that rearrange a line.
//!
//! Escaping for HTML is not done here: maud and plotters do it wherever text enters markup.

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

/// At most `limit` characters of `text`, with a note of how much was left out.
///
/// Reads no further than it shows, except to count: a megabyte costs one pass and no copy.
#[must_use]
pub fn within(text: &str, limit: usize) -> String {
    let mut characters = text.chars();
    let mut shown: String = characters.by_ref().take(limit).flat_map(visible).collect();
    match characters.count() {
        0 => {}
        left_out => shown.push_str(&format!("… ({left_out} characters more)")),
    }
    shown
}

/// The character itself, or its escape where it would act on the text around it instead of being seen.
fn visible(character: char) -> impl Iterator<Item = char> {
    let escaped = acts_on_its_surroundings(character).then(|| character.escape_unicode());
    let plain = escaped.is_none().then_some(character);
    escaped.into_iter().flatten().chain(plain)
}

/// Control characters, and the marks by which the Unicode Bidirectional Algorithm (UAX #9, §2) is steered.
fn acts_on_its_surroundings(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_megabyte_is_cut_and_counted() {
        let shown = name(&"x".repeat(1 << 20));
        assert!(shown.ends_with("… (1048496 characters more)"), "{shown}");
        assert!(shown.len() < 200);
    }

    #[test]
    fn marks_that_turn_text_around_become_visible() {
        assert_eq!(name("a\u{202E}b\u{2067}\u{0}"), "a\\u{202e}b\\u{2067}\\u{0}");
    }

    #[test]
    fn ordinary_text_of_any_script_is_untouched() {
        for text in ["wait=10ms/c=64", "השהיה", "<script>\"'&"] {
            assert_eq!(name(text), text);
        }
    }
}

//! Words for a shell.

use std::borrow::Cow;

/// `word` as a POSIX shell takes it for one word and nothing else: for commands that a person may copy.
#[must_use]
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_word_stays_and_anything_else_is_quoted() {
        for plain in ["reports/runs/2026-01-02", "--rate=2k/s", "a@b:80"] {
            assert_eq!(shell_word(plain), plain);
        }
        for (word, quoted) in [("", "''"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("$HOME", "'$HOME'")] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}

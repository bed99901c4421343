//! Foreign text, made fit to be shown.

/// Text of others for a terminal, a page or an error: one line, every character visible, at most `limit` characters of it.
///
/// This is the one place that escapes and cuts what a server, a file, a contender or another process says; use it wherever
/// such text is shown. The result is a single line that no terminal obeys:
///
/// - Control characters, line breaks, and characters that are invisible or change the reading direction become `\n`, `\r`,
///   `\t` or `\u{1b}`.
/// - Bytes that are not UTF-8 become `\xff`.
/// - Quotes and backslashes stay as they are, so that text which was escaped before is not escaped again.
/// - Text beyond `limit` characters, counted after escaping, is replaced by `… and N bytes more`. An escape is never cut in
///   two.
///
/// Reads no more of `foreign` than it shows, and needs memory for that alone.
#[must_use]
pub fn shown(foreign: impl AsRef<[u8]>, limit: usize) -> String {
    let bytes = foreign.as_ref();
    let (mut text, mut length, mut rest) = (String::new(), 0, bytes.len());
    for (piece, taken) in bytes.utf8_chunks().flat_map(pieces) {
        length += piece.chars().count();
        if length > limit {
            let unit = if rest == 1 { "byte" } else { "bytes" };
            return format!("{text}… and {rest} {unit} more");
        }
        text += &piece;
        rest -= taken;
    }
    text
}

/// Each character or broken byte of `chunk`, escaped, with its length in bytes.
fn pieces(chunk: std::str::Utf8Chunk<'_>) -> impl Iterator<Item = (String, usize)> {
    let characters = chunk.valid().chars().map(|character| (escaped(character), character.len_utf8()));
    characters.chain(chunk.invalid().iter().map(|byte| (format!("\\x{byte:02x}"), 1)))
}

fn escaped(character: char) -> String {
    if matches!(character, '\'' | '"' | '\\') || is_blank(character) {
        return character.into();
    }
    // Marks that combine with a letter are escaped only at the start of a text: a letter before it keeps them.
    format!("x{character}").escape_debug().skip(1).collect()
}

/// Blanks that keep their line: no-break spaces, which figures have, are among them.
fn is_blank(character: char) -> bool {
    character.is_whitespace() && !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_is_shown_as_it_is() {
        for text in
            ["", "hello", "it's \"quoted\"", "a\\n", "5\u{a0}µs → ok", "e\u{301}", "日本", "שָׁלוֹם", "สวัสดี"]
        {
            assert_eq!(shown(text, 100), text);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_or_hide_is_escaped() {
        for (text, expected) in [
            (&b"\x1b[2J\x07"[..], r"\u{1b}[2J\u{7}"),
            (b"one\r\ntwo\tthree\0", r"one\r\ntwo\tthree\0"),
            (b"\xff\xc3", r"\xff\xc3"),
            ("\u{9b}31m\u{202e}\u{200b}\u{2028}".as_bytes(), r"\u{9b}31m\u{202e}\u{200b}\u{2028}"),
        ] {
            assert_eq!(shown(text, 100), expected);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_two_characters_and_says_by_how_much() {
        assert_eq!(shown("abcdef", 6), "abcdef");
        assert_eq!(shown("abcdef", 5), "abcde… and 1 byte more");
        assert_eq!(shown("a\x1bbc", 6), "a… and 3 bytes more");
        assert_eq!(shown("äöü", 2), "äö… and 2 bytes more");
        assert_eq!(shown(vec![b'x'; 1_000_000], 3), "xxx… and 999997 bytes more");
    }

    proptest! {
        #[test]
        fn any_bytes_make_one_bounded_line_without_controls(bytes in proptest::collection::vec(any::<u8>(), 0..300), limit in 0usize..200) {
            let line = shown(&bytes, limit);
            prop_assert!(line.chars().all(|character| !character.is_control()), "{line:?}");
            prop_assert!(line.chars().count() <= limit + "… and 300 bytes more".chars().count());
        }

        #[test]
        fn what_was_shown_is_shown_as_it_is(bytes in proptest::collection::vec(any::<u8>(), 0..99)) {
            let once = shown(&bytes, usize::MAX);
            prop_assert_eq!(shown(&once, usize::MAX), once);
        }
    }
}

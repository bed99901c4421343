//! Extensions that may follow a chunk's size (RFC 9112 §7.1.1).

/// Whether `text` is a list of extensions, empty or not: `;name`, `;name=value` or `;name="value"` each, with blanks
/// beside the semicolons and the equals signs.
pub(crate) fn are_extensions(mut text: &[u8]) -> bool {
    while !text.is_empty() {
        match extension(text) {
            Some(rest) => text = rest,
            None => return false,
        }
    }
    true
}

/// The bytes after the first extension; `None` if there is none.
fn extension(text: &[u8]) -> Option<&[u8]> {
    let name = without_blanks(without_blanks(text).strip_prefix(b";")?);
    let rest = token(name)?;
    match without_blanks(rest).strip_prefix(b"=") {
        Some(value) => {
            let value = without_blanks(value);
            value.strip_prefix(b"\"").map_or_else(|| token(value), quoted)
        }
        None => Some(rest),
    }
}

fn without_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &text[blanks..]
}

/// The bytes after a token of at least one character.
fn token(text: &[u8]) -> Option<&[u8]> {
    let fits = |byte: &&u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let length = text.iter().take_while(fits).count();
    (length > 0).then(|| &text[length..])
}

/// The bytes after a quoted string whose opening quote has been taken off.
fn quoted(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', escaped, rest @ ..] | [escaped, rest @ ..] if is_text(*escaped) => rest,
            _ => return None,
        };
    }
}

/// Blanks, visible characters and bytes past ASCII.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_have_names_and_may_have_values() {
        for text in
            ["", ";a", ";a=b", " ; a = b", ";a;b", "\t;\ta;b=c", ";a=\"\"", ";a=\"b;c d\\\"e\u{e4}\" ;f"]
        {
            assert!(are_extensions(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_extension_is_refused() {
        for text in [
            " ",
            ";a ",
            ";",
            "; ",
            ";;a",
            ";a;",
            "a",
            ";a b",
            ";a=",
            ";a= ",
            ";=b",
            ";a=b c",
            ";a=\"b",
            ";a=\"b\"c",
            ";a\"b\"",
            ";a=\"\\",
            ";a=\"\x01\"",
            ";\u{e4}",
            ";a=\0",
            ";a,b",
            "\x0b;a",
        ] {
            assert!(!are_extensions(text.as_bytes()), "{text:?}");
        }
    }
}

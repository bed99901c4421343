//! Where a section of lines ends: a head, or the trailers of a chunked body.

use servers_contract::limits::HEAD_LIMIT;

/// Why a section has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endless {
    /// A line feed without a carriage return: httparse would take it for a line's end; others may not, and disagree
    /// on where the section ends.
    BareLineFeed,
    /// It is longer than a head may be.
    TooLong,
}

/// Finds the blank line that ends a section; returns the section's length, or `None` while the end has not arrived.
///
/// `scanned` is where the last call on the same bytes left off. What a section is refused for depends on its bytes
/// alone, not on how they were split: nothing is parsed before the end is known.
pub(crate) fn end(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, Endless> {
    let within = &bytes[..bytes.len().min(HEAD_LIMIT)];
    while let Some(offset) = within[*scanned..].iter().position(|byte| *byte == b'\n') {
        let line_end = *scanned + offset;
        *scanned = line_end + 1;
        if line_end == 0 || within[line_end - 1] != b'\r' {
            return Err(Endless::BareLineFeed);
        }
        if line_end == 1 || within[..=line_end].ends_with(b"\r\n\r\n") {
            return Ok(Some(line_end + 1));
        }
    }
    *scanned = within.len();
    if within.len() < HEAD_LIMIT { Ok(None) } else { Err(Endless::TooLong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_with_its_blank_line_however_it_arrives() {
        for (section, length) in [("\r\n", 2), ("a: b\r\n\r\nc", 8), ("a\r\nb\r\n\r\n", 8)] {
            let bytes = section.as_bytes();
            assert_eq!(end(bytes, &mut 0), Ok(Some(length)), "{section:?}");
            let mut scanned = 0;
            for cut in 0..length {
                assert_eq!(end(&bytes[..cut], &mut scanned), Ok(None), "{section:?} {cut}");
            }
            assert_eq!(end(bytes, &mut scanned), Ok(Some(length)), "{section:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_is_no_line_end_and_a_section_has_a_limit() {
        for section in ["a\n\n", "a\r\nb: c\n\r\n", "\n", "a\r\n\n"] {
            assert_eq!(end(section.as_bytes(), &mut 0), Err(Endless::BareLineFeed), "{section:?}");
        }
        assert_eq!(end(&b"a: b\r\n".repeat(HEAD_LIMIT), &mut 0), Err(Endless::TooLong));
    }
}

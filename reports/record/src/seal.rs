//! Checksums around what is written, so that a file that was altered is noticed.
//!
//! CRC-32 (IEEE) finds every change of up to 32 neighbouring bits, so any single altered byte. It is no signature: it
//! tells damage, not intent. The envelope is compared byte by byte rather than parsed, so that nothing in it can change
//! unnoticed either; to other JSON readers it is an ordinary object.

/// A sealed line is `{"crc32":"` + eight hex digits + `","line":` + the line's JSON + `}`.
const LINE_HEAD: &[u8] = b"{\"crc32\":\"";
const LINE_NECK: &[u8] = b"\",\"line\":";
const LINE_TAIL: &[u8] = b"}";

/// A sealed document begins so, with eight hex digits next: those of the text with eight zeros in their place.
const DOCUMENT_HEAD: &[u8] = b"{\n  \"crc32\": \"";
const UNSEALED: &[u8] = b"00000000";

const DIGITS: usize = UNSEALED.len();

/// Characters of a foreign line that a message quotes.
const QUOTED: usize = 40;

/// `json`, which has to be one line, as a sealed line without its line end.
pub(crate) fn seal_line(json: &[u8]) -> Vec<u8> {
    let digits = hex(crc32fast::hash(json));
    [LINE_HEAD, digits.as_bytes(), LINE_NECK, json, LINE_TAIL].concat()
}

/// Whether a text without its blanks begins as a sealed line or document does.
pub(crate) fn begins_sealed(bare: &[u8]) -> bool {
    // Without blanks, both have the same head.
    bare.starts_with(LINE_HEAD)
}

/// Whether `text` begins as a sealed line does, as far as it goes.
pub(crate) fn begins_line(text: &[u8]) -> bool {
    text.starts_with(LINE_HEAD) || LINE_HEAD.starts_with(text)
}

/// The JSON that [`seal_line`] was given.
///
/// # Errors
/// What is wrong with `text`, and from where that is likely to come.
pub(crate) fn unseal_line(text: &[u8]) -> Result<&[u8], String> {
    let Some(rest) = text.strip_prefix(LINE_HEAD) else { return Err(foreign(text)) };
    let opened = rest.split_at_checked(DIGITS);
    let parts = opened.and_then(|(digits, rest)| Some((digits, rest.strip_prefix(LINE_NECK)?)));
    let Some((digits, json)) = parts.and_then(|(digits, rest)| Some((digits, rest.strip_suffix(LINE_TAIL)?)))
    else {
        return Err(format!("torn or altered: {} bytes without the end that every line has", text.len()));
    };
    let found = hex(crc32fast::hash(json));
    if found.as_bytes() != digits {
        let expected = String::from_utf8_lossy(digits);
        return Err(format!(
            "altered or torn: its checksum is {found}, expected {}",
            expected.escape_debug()
        ));
    }
    Ok(json)
}

/// `json`, which has to begin with [`unsealed`]'s member, with its checksum there.
pub(crate) fn seal_document(mut json: Vec<u8>) -> Vec<u8> {
    let digits = hex(crc32fast::hash(&json));
    let place = DOCUMENT_HEAD.len()..DOCUMENT_HEAD.len() + DIGITS;
    assert!(json.starts_with(DOCUMENT_HEAD) && &json[place.clone()] == UNSEALED, "not made to be sealed");
    json[place].copy_from_slice(digits.as_bytes());
    json
}

/// The value of the member `crc32` before [`seal_document`].
pub(crate) fn unsealed() -> &'static str {
    "00000000"
}

/// What a document's seal says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seal {
    /// The text is the one that was written.
    Whole,
    /// There is none: another program or version wrote it, or its beginning was altered.
    Absent,
    /// The text is not the one that was written.
    Broken {
        /// Checksum of the text as it is.
        found: String,
        /// Checksum that was written into it.
        expected: String,
    },
}

/// Looks at the seal of `text`.
pub(crate) fn check_document(text: &[u8]) -> Seal {
    let parts = text.strip_prefix(DOCUMENT_HEAD).and_then(|rest| rest.split_at_checked(DIGITS));
    let Some((digits, rest)) = parts else { return Seal::Absent };
    let mut hasher = crc32fast::Hasher::new();
    [DOCUMENT_HEAD, UNSEALED, rest].iter().for_each(|part| hasher.update(part));
    let found = hex(hasher.finalize());
    if found.as_bytes() == digits {
        return Seal::Whole;
    }
    Seal::Broken { found, expected: String::from_utf8_lossy(digits).escape_debug().to_string() }
}

fn hex(checksum: u32) -> String {
    format!("{checksum:08x}")
}

/// What a line without the envelope's beginning most likely is.
fn foreign(text: &[u8]) -> String {
    if text.starts_with(&[0]) {
        return format!(
            "{} bytes that begin with NUL: the machine probably lost power while this was written",
            text.len()
        );
    }
    if text.starts_with(b"{\"kind\":") {
        return "without a checksum: an older version wrote it (schema 1); use the version that wrote it"
            .into();
    }
    let beginning = String::from_utf8_lossy(&text[..text.len().min(QUOTED)]);
    format!(
        "not a line of a run's record: it begins with \"{}\", expected {{\"crc32\":\"…",
        beginning.escape_debug()
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_altered_byte_of_a_line_is_noticed(
            json in proptest::collection::vec(any::<u8>(), 0..300),
            place in any::<prop::sample::Index>(),
            change in 1..=255_u8,
        ) {
            let mut line = seal_line(&json);
            prop_assert_eq!(unseal_line(&line), Ok(json.as_slice()));
            let place = place.index(line.len());
            line[place] ^= change;
            prop_assert!(unseal_line(&line).is_err());
        }

        #[test]
        fn any_altered_byte_of_a_document_is_noticed(
            members in "[ -~]{0,200}",
            place in any::<prop::sample::Index>(),
            change in 1..=255_u8,
        ) {
            let json = [DOCUMENT_HEAD, UNSEALED, b"\",\n", members.as_bytes()].concat();
            let mut text = seal_document(json);
            prop_assert_eq!(check_document(&text), Seal::Whole);
            let place = place.index(text.len());
            text[place] ^= change;
            prop_assert_ne!(check_document(&text), Seal::Whole);
        }

        #[test]
        fn any_text_is_refused_or_sealed(text in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(unseal_line(&text).is_err());
            prop_assert_eq!(check_document(&text), Seal::Absent);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let line = seal_line(b"{}");
        for (text, expected) in [
            (&line[..line.len() - 2], "torn or altered"),
            (&line[..line.len() - 1], "altered or torn: its checksum"),
            (b"{\"kind\":\"trial\"}".as_slice(), "an older version wrote it"),
            (&[0; 4096], "lost power"),
            (b"\x7fELF\x02", "it begins with \"\\u{7f}ELF\\u{2}\""),
            (b"[1, 2]", "it begins with \"[1, 2]\""),
        ] {
            let reason = unseal_line(text).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }
}

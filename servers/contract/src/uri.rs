//! The characters of a URI (RFC 3986).

/// Whether `text` is made of what a path, a query and a scheme with an authority may hold; a `%` starts two
/// hexadecimal digits.
///
/// No `#`: a fragment is never sent. No byte past ASCII, no quote, backslash or other character that has to be encoded.
pub(crate) fn is_path_and_query(text: &str) -> bool {
    made_of(text, |byte| IN_PATH[usize::from(byte)])
}

/// Whether `text` is a host's name (`reg-name`): no delimiter of an authority, a path or a query.
pub(crate) fn is_registered_name(text: &str) -> bool {
    made_of(text, |byte| IN_PATH[usize::from(byte)] && !b":@/?".contains(&byte))
}

/// Whether `text` is a scheme, such as `http`.
pub(crate) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Unreserved characters, the delimiters that may stand in a path or a query, and `%`. A table, since every byte of
/// every target is looked up.
const IN_PATH: [bool; 256] = {
    let mut table = [false; 256];
    let others = b"-._~!$&'()*+,;=:@/?%";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] |= byte.is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

fn made_of(text: &str, fits: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    if !bytes.iter().all(|byte| fits(*byte)) {
        return false;
    }
    let encoded =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    bytes.iter().enumerate().all(|(at, byte)| *byte != b'%' || encoded(at))
}

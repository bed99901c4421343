//! Replies as another parser reads them: httparse, and the rules of RFC 9112, §6.3, written down once more.
//!
//! For tests and fuzzing, which hold the reader here to it: what one takes for a whole reply, the other reads alike.

use httparse::{Header, ParserConfig, Response, Status};

/// Status, length of the body and bytes after it of the reply to a GET at the beginning of `bytes`; `None` when it is not whole or
/// not one.
pub(crate) fn read(bytes: &[u8]) -> Option<(u16, u64, usize)> {
    let mut rest = bytes;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 200];
        let mut response = Response::new(&mut headers);
        let parsed = config().parse_response(&mut response, rest);
        let Ok(Status::Complete(length)) = parsed else { return None };
        let status = response.code?;
        rest = &rest[length..];
        if (100..200).contains(&status) {
            continue;
        }
        let (body, taken) = match status {
            204 | 304 => (0, 0),
            _ if has(response.headers, "transfer-encoding") => chunked(rest)?,
            _ => {
                let length = value(response.headers, "content-length")?;
                let length = length.split(|byte| *byte == b',').next()?.trim_ascii();
                let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
                (length as u64, length)
            }
        };
        return Some((status, body, rest.len().checked_sub(taken)?));
    }
}

fn config() -> ParserConfig {
    let mut config = ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    config.allow_multiple_spaces_in_response_status_delimiters(true);
    config
}

fn has(headers: &[Header<'_>], name: &str) -> bool {
    value(headers, name).is_some()
}

fn value<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// Length of the data in chunks, and of all that is chunks and trailers.
fn chunked(bytes: &[u8]) -> Option<(u64, usize)> {
    let (mut data, mut taken) = (0, 0);
    loop {
        // httparse reads 15 digits at most; zeros before them mean nothing.
        let is_zero_before_digit = |two: &&[u8]| two[0] == b'0' && two[1].is_ascii_hexdigit();
        taken += bytes.get(taken..)?.windows(2).take_while(is_zero_before_digit).count();
        let rest = bytes.get(taken..)?;
        let (line, size) = match httparse::parse_chunk_size(rest) {
            Ok(Status::Complete(found)) => found,
            _ => return None,
        };
        taken += line;
        if size == 0 {
            break;
        }
        data += size;
        taken = taken.checked_add(usize::try_from(size).ok()?)?;
        if bytes.get(taken..taken.checked_add(2)?)? != b"\r\n" {
            return None;
        }
        taken += 2;
    }
    // Trailers have the form of a head's fields: read as those of a reply of its own.
    let head = b"HTTP/1.1 200 OK\r\n";
    let trailers = [head, bytes.get(taken..)?].concat();
    let mut headers = [httparse::EMPTY_HEADER; 200];
    match config().parse_response(&mut Response::new(&mut headers), &trailers) {
        Ok(Status::Complete(length)) => Some((data, taken + length - head.len())),
        _ => None,
    }
}

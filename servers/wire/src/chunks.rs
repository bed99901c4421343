//! A chunked body, unpacked where it lies.

use servers_contract::{
    Framing, Refusal,
    limits::{BODY_LIMIT, HEADERS_LIMIT},
};

use crate::{
    extension,
    section::{self, Endless},
};

/// How far a chunked body has been unpacked. Data is moved down over the framing between it, so that at the end the
/// body lies in one piece; positions count from the body's first byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunks {
    /// Everything before has been looked at.
    read: usize,
    /// Everything before is body.
    written: usize,
    step: Step,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// At the line with a chunk's size.
    #[default]
    Size,
    /// So many bytes of a chunk are left.
    Data(usize),
    /// At the line end after a chunk's data.
    DataEnd,
    /// After the last chunk; so many bytes of the trailers hold no end.
    Trailers(usize),
    /// All of it is there.
    Done,
}

/// Longest line with a chunk's size and extensions: what Node.js and hyper allow is 16 KiB, what anyone sends is 20.
const SIZE_LINE_LIMIT: usize = 256;

impl Chunks {
    /// Goes on with what has arrived; `true` once the body is complete.
    pub(crate) fn advance(&mut self, bytes: &mut [u8]) -> Result<bool, Refusal> {
        loop {
            let rest = &bytes[self.read..];
            match self.step {
                Step::Size => match line(rest, SIZE_LINE_LIMIT, CHUNK)? {
                    Some(line) => {
                        let size = size(line)?;
                        if size > BODY_LIMIT - self.written {
                            return Err(Refusal::BodyTooLarge);
                        }
                        self.step = if size == 0 { Step::Trailers(0) } else { Step::Data(size) };
                        self.read += line.len() + 2;
                    }
                    None => return Ok(false),
                },
                Step::Data(left) => {
                    let here = left.min(rest.len());
                    if here == 0 {
                        return Ok(false);
                    }
                    bytes.copy_within(self.read..self.read + here, self.written);
                    self.read += here;
                    self.written += here;
                    self.step = if here == left { Step::DataEnd } else { Step::Data(left - here) };
                }
                Step::DataEnd => match line(rest, 2, CHUNK)? {
                    Some([]) => {
                        self.step = Step::Size;
                        self.read += 2;
                    }
                    Some(_) => return Err(CHUNK),
                    None => return Ok(false),
                },
                Step::Trailers(scanned) => match trailers(rest, scanned)? {
                    Trailers::End(length) => {
                        self.step = Step::Done;
                        self.read += length;
                    }
                    Trailers::Scanned(scanned) => {
                        self.step = Step::Trailers(scanned);
                        return Ok(false);
                    }
                },
                Step::Done => return Ok(true),
            }
        }
    }

    /// Closes the gap between the body so far and what has not been looked at; returns that gap's width.
    ///
    /// Keeps memory to the size of the body, however much framing comes with it.
    pub(crate) fn close_gap(&mut self, bytes: &mut [u8]) -> usize {
        let gap = self.read - self.written;
        bytes.copy_within(self.read.., self.written);
        self.read = self.written;
        gap
    }

    /// Bytes of body so far; all of them once [`Chunks::advance`] said so.
    pub(crate) fn length(&self) -> usize {
        self.written
    }
}

const CHUNK: Refusal = Refusal::Framing(Framing::Chunk);

/// The line at the front without its CRLF; `None` while its end has not arrived. Longer than `limit` with its CRLF,
/// it is `too_long`, and a bare LF is no line end.
fn line(bytes: &[u8], limit: usize, too_long: Refusal) -> Result<Option<&[u8]>, Refusal> {
    let within = &bytes[..bytes.len().min(limit)];
    match within.iter().position(|byte| *byte == b'\n') {
        Some(end) => within[..end].strip_suffix(b"\r").map(Some).ok_or(CHUNK),
        None if within.len() == limit => Err(too_long),
        None => Ok(None),
    }
}

/// A chunk's size: hexadecimal digits, then nothing or extensions, which are ignored.
fn size(line: &[u8]) -> Result<usize, Refusal> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, extensions) = line.split_at(digits);
    if digits.is_empty() || !extension::are_extensions(extensions) {
        return Err(CHUNK);
    }
    // Only hexadecimal digits, so ASCII; what does not fit is too large later.
    let text = str::from_utf8(digits).map_err(|_| CHUNK)?;
    Ok(usize::from_str_radix(text, 16).unwrap_or(usize::MAX))
}

/// How far the trailers have been looked at.
enum Trailers {
    /// To their end, after this many bytes.
    End(usize),
    /// This many bytes hold no end.
    Scanned(usize),
}

/// Looks for the end of the trailers. They have to be fields like those of a head, since another reader may take what
/// is not for the next request; what they say is of no use to any endpoint.
fn trailers(bytes: &[u8], mut scanned: usize) -> Result<Trailers, Refusal> {
    let end = section::end(bytes, &mut scanned).map_err(|endless| match endless {
        Endless::BareLineFeed => CHUNK,
        Endless::TooLong => Refusal::HeadTooLarge,
    })?;
    let Some(end) = end else { return Ok(Trailers::Scanned(scanned)) };
    let mut fields = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
    match httparse::parse_headers(&bytes[..end], &mut fields) {
        Ok(httparse::Status::Complete((length, _))) if length == end => Ok(Trailers::End(end)),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::HeadTooLarge),
        Ok(_) | Err(_) => Err(CHUNK),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use servers_contract::limits::HEAD_LIMIT;

    /// The body and how many bytes followed it; `None` while incomplete.
    fn unpack(text: &str) -> Result<Option<(String, usize)>, Refusal> {
        let mut bytes = text.as_bytes().to_vec();
        let mut chunks = Chunks::default();
        if !chunks.advance(&mut bytes)? {
            return Ok(None);
        }
        let gap = chunks.close_gap(&mut bytes);
        let body = String::from_utf8(bytes[..chunks.length()].to_vec()).unwrap();
        Ok(Some((body, bytes.len() - gap - chunks.length())))
    }

    #[test]
    fn chunks_with_extensions_and_trailers_are_joined() {
        for (text, body, left) in [
            ("0\r\n\r\n", "", 0),
            ("5\r\nhello\r\n0\r\n\r\n", "hello", 0),
            (
                "2;name=value\r\nab\r\n00a ; x\r\n0123456789\r\n000\r\nx: y\r\nz: 1\r\n\r\nGET",
                "ab0123456789",
                3,
            ),
            ("1\r\n\n\r\n0\r\n\r\n", "\n", 0),
        ] {
            assert_eq!(unpack(text), Ok(Some((body.to_owned(), left))), "{text:?}");
        }
    }

    #[test]
    fn an_incomplete_body_waits_for_more() {
        let text = "5;x\r\nhello\r\n0\r\nx: y\r\n\r\n";
        for cut in 0..text.len() {
            assert_eq!(unpack(&text[..cut]), Ok(None), "{cut}");
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for text in [
            "\r\n",
            "+5\r\n",
            "0x5\r\n",
            "-1\r\n",
            " 5\r\n",
            "5 5\r\n",
            "g\r\n",
            "5\n",
            "5\r\nhelloX\r\n",
            "5\r\nhello\n0",
            "5;a\rb\r\n",
            "5;\0\r\n",
            "5;\r\n",
            "5 \r\n",
            "5;a b\r\n",
            "0\r\nx: a\rb\r\n\r\n",
            "0\r\nx: a\0\r\n\r\n",
            "0\r\nx\r\n\r\n",
            "0\r\n: a\r\n\r\n",
            "0\r\nx : a\r\n\r\n",
            "0\r\nx: a\r\n b\r\n\r\n",
            "0\r\nx: a\n\r\n",
            "0\r\nGET /hello HTTP/1.1\r\nhost: a\r\n\r\n",
        ] {
            assert_eq!(unpack(text), Err(CHUNK), "{text:?}");
        }
        assert_eq!(unpack(&"0".repeat(SIZE_LINE_LIMIT)), Err(CHUNK));
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_arrives() {
        for size in ["100001", "ffffffffffffffff", "fffffffffffffffffffffff"] {
            assert_eq!(unpack(&format!("{size}\r\n")), Err(Refusal::BodyTooLarge), "{size}");
        }
        let full = format!("100000\r\n{}\r\n1\r\n", "x".repeat(BODY_LIMIT));
        assert_eq!(unpack(&full), Err(Refusal::BodyTooLarge));
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(HEAD_LIMIT));
        assert_eq!(unpack(&trailers), Err(Refusal::HeadTooLarge));
        let trailers = format!("0\r\n{}\r\n", "a: b\r\n".repeat(HEADERS_LIMIT + 1));
        assert_eq!(unpack(&trailers), Err(Refusal::HeadTooLarge));
    }
}

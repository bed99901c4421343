//! The one request that a measurement repeats.

use reports_record::shown;

use crate::Url;
use crate::reply::is_token_byte;

/// Most of a wrong method or header that its error shows, characters.
const SHOWN: usize = 80;

/// Header fields that frame the request; a second opinion on them would be request smuggling.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Methods whose requests have a body by their meaning, so that the lack of one is said: strict servers answer 411 otherwise
/// (RFC 9110, §8.6).
const WITH_BODY: [&str; 3] = ["POST", "PUT", "PATCH"];

/// A request in full, made once: the hot path only copies its bytes to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    url: Url,
    method: String,
    bytes: Vec<u8>,
    /// Whether it says that its connection ends with it.
    is_closing: bool,
}

/// Why a request cannot be sent as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not an HTTP token, or `CONNECT`, whose reply has no end.
    #[error(
        "method \"{found}\": expected an HTTP method such as GET or POST (CONNECT is not one that can be measured)",
        found = shown(.0, SHOWN)
    )]
    Method(String),
    /// Not `name: value`.
    #[error(
        "header \"{found}\": expected 'name: value', a name of letters, digits and -, a value without line breaks",
        found = shown(.0, SHOWN)
    )]
    Header(String),
    /// A field that the load generator sets itself.
    #[error(
        "header \"{found}\": expected none that frames the body (its length is added from the body)",
        found = shown(.0, SHOWN)
    )]
    Framing(String),
}

impl Request {
    /// A GET of `url` without further headers.
    #[must_use]
    pub fn get(url: &Url) -> Self {
        Self::assemble(url, "GET", &[], None)
    }

    /// `method url` with `headers` (each `name: value`; `host` replaces the URL's) and `body`.
    ///
    /// A body, even an empty one, brings a `content-length`; so does a POST, PUT or PATCH without one, whose length is 0.
    ///
    /// # Errors
    /// When a part would not be sent as it was typed.
    pub fn new(
        url: &Url,
        method: &str,
        headers: &[String],
        body: Option<&[u8]>,
    ) -> Result<Self, RequestError> {
        if !is_token(method) || method == "CONNECT" {
            return Err(RequestError::Method(method.to_owned()));
        }
        let headers = headers.iter().map(|header| split_header(header)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::assemble(url, method, &headers, body))
    }

    fn assemble(url: &Url, method: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Self {
        let mut head = format!("{method} {} HTTP/1.1\r\n", url.target());
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("host: {}\r\n", url.authority());
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if body.is_some() || WITH_BODY.contains(&method) {
            head += &format!("content-length: {}\r\n", body.map_or(0, <[u8]>::len));
        }
        head += "\r\n";
        let bytes = [head.as_bytes(), body.unwrap_or_default()].concat();
        let is_closing = headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("connection")
                && value.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"))
        });
        Self { url: url.clone(), method: method.to_owned(), bytes, is_closing }
    }

    /// The same, saying that the connection ends with it; unchanged if it speaks of its connection already.
    #[must_use]
    pub(crate) fn closing(&self) -> Self {
        let line = self.bytes.windows(2).position(|two| two == b"\r\n").map_or(0, |end| end + 2);
        let head = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(line);
        let head = String::from_utf8_lossy(&self.bytes[..head]).to_ascii_lowercase();
        if head.contains("\r\nconnection:") {
            return self.clone();
        }
        let (first, rest) = self.bytes.split_at(line);
        Self { bytes: [first, b"connection: close\r\n", rest].concat(), is_closing: true, ..self.clone() }
    }

    /// Whether it says that its connection ends with it: nothing may be sent after it (RFC 9112, §9.6).
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Where it goes.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its method, as given.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Head and body as they go over the wire.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether sending it twice is no different from sending it once, so that a lost one may be sent again.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

fn split_header(header: &str) -> Result<(&str, &str), RequestError> {
    let wrong = || RequestError::Header(header.to_owned());
    let (name, value) = header.split_once(':').ok_or_else(wrong)?;
    let value = value.trim_matches([' ', '\t']);
    if !is_token(name) || value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
        return Err(wrong());
    }
    if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
        return Err(RequestError::Framing(header.to_owned()));
    }
    Ok((name, value))
}

/// RFC 9110, §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        "http://127.0.0.1:8080/echo".parse().unwrap()
    }

    #[test]
    fn a_body_brings_its_length() {
        let request =
            Request::new(&url(), "POST", &["Content-Type: text/plain".into()], Some(b"hello")).unwrap();
        assert_eq!(
            request.bytes(),
            b"POST /echo HTTP/1.1\r\nhost: 127.0.0.1:8080\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello"
        );
    }

    #[test]
    fn a_method_that_may_have_a_body_says_that_it_has_none() {
        for (method, says) in [
            ("POST", true),
            ("PUT", true),
            ("PATCH", true),
            ("GET", false),
            ("HEAD", false),
            ("DELETE", false),
        ] {
            let request = Request::new(&url(), method, &[], None).unwrap();
            let head = String::from_utf8(request.bytes().into()).unwrap();
            assert_eq!(head.contains("\r\ncontent-length: 0\r\n"), says, "{head}");
        }
    }

    #[test]
    fn a_given_host_replaces_the_urls() {
        let request = Request::new(&url(), "GET", &["Host: example.org".into()], None).unwrap();
        assert_eq!(request.bytes(), b"GET /echo HTTP/1.1\r\nHost: example.org\r\n\r\n");
    }

    #[test]
    fn the_last_request_of_a_connection_says_so_once() {
        let request = Request::new(&url(), "POST", &[], Some(b"connection: x\r\n\r\n")).unwrap();
        assert!(request.closing().bytes().starts_with(b"POST /echo HTTP/1.1\r\nconnection: close\r\nhost: "));
        assert_eq!(request.closing().bytes().len(), request.bytes().len() + 19);
        assert!(request.closing().is_closing() && !request.is_closing());
        let own = Request::new(&url(), "GET", &["Connection: x-own".into()], None).unwrap();
        assert_eq!(own.closing(), own);
    }

    #[test]
    fn a_close_among_other_options_in_any_field_ends_the_connection() {
        for (headers, is_closing) in [
            (&["connection: close"][..], true),
            (&["Connection: x, CLOSE ,keep-alive"], true),
            (&["connection: keep-alive", "connection: Close"], true),
            (&["connection: closed"], false),
            (&["x-connection: close"], false),
            (&[], false),
        ] {
            let headers: Vec<String> = headers.iter().map(|header| (*header).into()).collect();
            assert_eq!(Request::new(&url(), "GET", &headers, None).unwrap().is_closing(), is_closing);
        }
    }

    #[test]
    fn what_would_break_out_of_its_place_is_refused() {
        for header in ["x", ": y", "x y: z", "x: a\r\nb: c", "x: \0", "x\n: y"] {
            let made = Request::new(&url(), "GET", &[header.into()], None);
            assert_eq!(made, Err(RequestError::Header(header.into())));
        }
        for header in ["Content-Length: 5", "transfer-encoding: chunked"] {
            let made = Request::new(&url(), "POST", &[header.into()], None);
            assert_eq!(made, Err(RequestError::Framing(header.into())));
        }
        for method in ["", "GE T", "GET\r\n", "CONNECT", "(x)"] {
            assert_eq!(Request::new(&url(), method, &[], None), Err(RequestError::Method(method.into())));
        }
    }

    #[test]
    fn only_what_changes_nothing_is_sent_again() {
        let of = |method| Request::new(&url(), method, &[], None).unwrap().is_repeatable();
        assert!(of("GET") && of("HEAD"));
        assert!(!of("POST") && !of("PUT") && !of("DELETE"));
    }
}

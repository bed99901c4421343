//! What a parsed head says about the request's size and its body, judged more strictly than the library does.

use servers_contract::limits::{BODY_LIMIT, HEAD_LIMIT, HEADERS_LIMIT, TARGET_LIMIT};
use servers_contract::{Framing, Refusal, is_host};
use tiny_http::Request;

/// The body that a head announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    /// This many bytes, at most [`BODY_LIMIT`].
    Length(usize),
    /// Chunks, of a size that nobody knows yet.
    Chunks,
}

/// What is judged of a head.
pub(crate) struct Head<'a> {
    /// Length of the request line, its line end included.
    line: usize,
    target: usize,
    is_1_0: bool,
    fields: &'a [(&'a str, &'a str)],
}

/// Judges a request's head.
///
/// # Errors
/// The refusal that the contract has for it: too large, or ambiguous about where the request ends.
pub(crate) fn announced(request: &Request) -> Result<Announced, Refusal> {
    let fields: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .map(|header| (header.field.as_str().as_str(), header.value.as_str()))
        .collect();
    let target = request.url().len();
    let line = request.method().as_str().len() + " ".len() + target + " HTTP/1.1\r\n".len();
    judge(&Head { line, target, is_1_0: *request.http_version() <= (1, 0), fields: &fields })
}

fn judge(head: &Head<'_>) -> Result<Announced, Refusal> {
    if head.target > TARGET_LIMIT {
        return Err(Refusal::TargetTooLong);
    }
    if head.fields.len() > HEADERS_LIMIT || size(head) > HEAD_LIMIT {
        return Err(Refusal::HeadTooLarge);
    }
    if !head.fields.iter().all(|(name, value)| is_token(name) && is_text(value)) {
        return Err(Refusal::Framing(Framing::Head));
    }
    // RFC 9112 §3.2: a proxy may have chosen by the other one, or by another part of its value.
    match values(head, "host") {
        (None, _) if head.is_1_0 => {}
        (Some(host), false) if is_host(host.as_bytes()) => {}
        _ => return Err(Refusal::Framing(Framing::Host)),
    }
    let framing = match (values(head, "content-length"), values(head, "transfer-encoding")) {
        ((None, _), (None, _)) => Ok(Announced::Length(0)),
        ((Some(length), false), (None, _)) => return length_of(length),
        ((None, _), (Some(coding), false)) if coding.eq_ignore_ascii_case("chunked") && !head.is_1_0 => {
            // Beside `connection: upgrade` the library decodes no chunks: it hands the body over as it came.
            if upgrades(head) { Err(Framing::Coding) } else { Ok(Announced::Chunks) }
        }
        ((Some(_), true), (None, _)) => Err(Framing::TwoLengths),
        ((Some(_), _), (Some(_), _)) => Err(Framing::LengthAndCoding),
        ((None, _), (Some(_), _)) => Err(Framing::Coding),
    };
    framing.map_err(Refusal::Framing)
}

/// Whether the library takes the request for an upgrade: it looks for the word in the first field only.
fn upgrades(head: &Head<'_>) -> bool {
    values(head, "connection").0.is_some_and(|options| options.to_ascii_lowercase().contains("upgrade"))
}

/// Whether a name is one: the library takes the empty one, and any character of ASCII in it.
fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// Whether a value holds no control characters: the library ends a line at CR LF only, so that a lone CR or LF, or a
/// NUL, ends up in it.
fn is_text(value: &str) -> bool {
    value.bytes().all(|byte| !byte.is_ascii_control() || byte == b'\t')
}

/// Bytes of the head as if each field were written `name: value`: the library drops the blanks around a value.
fn size(head: &Head<'_>) -> usize {
    let field = |(name, value): &(&str, &str)| name.len() + ": ".len() + value.len() + "\r\n".len();
    head.line + head.fields.iter().map(field).sum::<usize>() + "\r\n".len()
}

/// The first value of a field (name in lower case), and whether there are more.
fn values<'a>(head: &Head<'a>, name: &str) -> (Option<&'a str>, bool) {
    let mut values = head.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    (values.next().map(|(_, value)| *value), values.next().is_some())
}

fn length_of(value: &str) -> Result<Announced, Refusal> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Framing(Framing::Length));
    }
    match value.parse() {
        Ok(length) if length <= BODY_LIMIT => Ok(Announced::Length(length)),
        // More digits than a usize holds are too many bytes as well.
        _ => Err(Refusal::BodyTooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: (&str, &str) = ("host", "a");

    /// With a host before these fields.
    fn judged(fields: &[(&str, &str)]) -> Result<Announced, Refusal> {
        judged_as_they_are(&[&[HOST], fields].concat())
    }

    fn judged_as_they_are(fields: &[(&str, &str)]) -> Result<Announced, Refusal> {
        judge(&Head { line: "GET / HTTP/1.1\r\n".len(), target: 1, is_1_0: false, fields })
    }

    #[test]
    fn plain_bodies_are_announced() {
        assert_eq!(judged(&[]), Ok(Announced::Length(0)));
        assert_eq!(judged(&[("content-LENGTH", "007")]), Ok(Announced::Length(7)));
        assert_eq!(judged(&[("Transfer-Encoding", "Chunked")]), Ok(Announced::Chunks));
        assert_eq!(judged(&[("x", "tab\tand blank")]), Ok(Announced::Length(0)));
    }

    #[test]
    fn ambiguous_framing_is_refused_for_its_own_reason() {
        let (length, coding) = (("content-length", "5"), ("transfer-encoding", "chunked"));
        let cases: [(&[(&str, &str)], Framing); 14] = [
            (&[length, length], Framing::TwoLengths),
            (&[length, coding], Framing::LengthAndCoding),
            (&[coding, coding], Framing::Coding),
            (&[("transfer-encoding", "gzip, chunked")], Framing::Coding),
            (&[("content-length", "+5")], Framing::Length),
            (&[("content-length", "5, 5")], Framing::Length),
            (&[("content-length", "0x5")], Framing::Length),
            (&[("content-length", "")], Framing::Length),
            (&[("x", "a\rb")], Framing::Head),
            (&[("x", "a\0b")], Framing::Head),
            (&[("Host", "a")], Framing::Host),
            (&[("connection", "Upgrade"), coding], Framing::Coding),
            (&[("", "a")], Framing::Head),
            (&[("x\0", "a")], Framing::Head),
        ];
        for (fields, framing) in cases {
            assert_eq!(judged(fields), Err(Refusal::Framing(framing)), "{fields:?}");
        }
        let old = Head { line: 0, target: 1, is_1_0: true, fields: &[coding] };
        assert_eq!(judge(&old), Err(Refusal::Framing(Framing::Coding)));
    }

    #[test]
    fn one_host_is_needed_in_1_1_and_it_is_a_host_in_any_version() {
        let refused = Err(Refusal::Framing(Framing::Host));
        assert_eq!(judged_as_they_are(&[]), refused);
        assert_eq!(judged_as_they_are(&[("host", "a b")]), refused);
        assert_eq!(judged_as_they_are(&[("host", "user@a")]), refused);
        assert_eq!(judged_as_they_are(&[("host", "")]), Ok(Announced::Length(0)));
        let old = |fields| judge(&Head { line: 0, target: 1, is_1_0: true, fields });
        assert_eq!(old(&[]), Ok(Announced::Length(0)));
        assert_eq!(old(&[("host", "a/b")]), refused);
    }

    #[test]
    fn what_is_at_a_limit_passes_and_what_is_past_it_does_not() {
        let limit = BODY_LIMIT.to_string();
        assert_eq!(judged(&[("content-length", &limit)]), Ok(Announced::Length(BODY_LIMIT)));
        for length in [(BODY_LIMIT + 1).to_string(), "9".repeat(40)] {
            assert_eq!(judged(&[("content-length", &length)]), Err(Refusal::BodyTooLarge));
        }
        assert!(judged(&[("x", "y"); HEADERS_LIMIT - 1]).is_ok());
        assert_eq!(judged(&[("x", "y"); HEADERS_LIMIT]), Err(Refusal::HeadTooLarge));
        let bare = size(&Head { line: 16, target: 1, is_1_0: false, fields: &[HOST, ("x", "")] });
        let padding = "a".repeat(HEAD_LIMIT - bare + 1);
        assert!(judged(&[("x", &padding[1..])]).is_ok());
        assert_eq!(judged(&[("x", &padding)]), Err(Refusal::HeadTooLarge));
        let long = Head { line: 0, target: TARGET_LIMIT + 1, is_1_0: false, fields: &[] };
        assert_eq!(judge(&long), Err(Refusal::TargetTooLong));
    }
}

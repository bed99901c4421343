//! Why a request was not served, and the one text that every contender gives for it.

use crate::{Endpoint, Parameter, Reply, limits};

/// A request that is answered with an error instead of its endpoint's reply.
///
/// `Display` is the reply's text: one line, without what the client sent, so that no escaping rule has to be
/// repeated in another language and nothing hostile is reflected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A required parameter was not given.
    #[error("missing parameter {}: expected {}", .0.name(), .0.grammar())]
    Missing(Parameter),
    /// A value is malformed or out of range.
    #[error("bad parameter {}: expected {}", .0.name(), .0.grammar())]
    Invalid(Parameter),
    /// A parameter was given twice.
    #[error("parameter {} given twice: expected it once", .0.name())]
    Duplicate(Parameter),
    /// The endpoint takes no such parameter.
    #[error("unknown parameter: {} takes {}", .0.path(), list(*.0))]
    UnknownParameter(Endpoint),
    /// No endpoint has this path.
    #[error("unknown path: expected one of {}", paths())]
    UnknownPath,
    /// The endpoint answers another method.
    #[error("wrong method: {} answers {}", .0.path(), .0.method())]
    WrongMethod(Endpoint),
    /// The body is larger than [`limits::BODY_LIMIT`].
    #[error("body too large: at most {} bytes", limits::BODY_LIMIT)]
    BodyTooLarge,
    /// The target is longer than [`limits::TARGET_LIMIT`].
    #[error("target too long: at most {} bytes", limits::TARGET_LIMIT)]
    TargetTooLong,
    /// The head is larger than [`limits::HEAD_LIMIT`] or has more fields than [`limits::HEADERS_LIMIT`].
    #[error("head too large: at most {} bytes and {} fields", limits::HEAD_LIMIT, limits::HEADERS_LIMIT)]
    HeadTooLarge,
    /// Where the request ends cannot be told for certain.
    #[error("bad request: {0}")]
    Framing(Framing),
    /// The request did not arrive in time.
    #[error("request time-out: the head or the body took too long")]
    TooSlow,
    /// A handler panicked; the contender lives on.
    #[error("internal error: the handler panicked, see the contender's stderr")]
    Panicked,
    /// The guardrail: a blocking call was about to hold the event loop.
    #[error(
        "blocking call on the event loop: sleep in {} would stop every request of this loop; \
         await it (leave out blocking=1), hand it to a pool, or start the contender with --allow-blocking",
        .0.path()
    )]
    Guardrail(Endpoint),
    /// The contender was started without an upstream.
    #[error("no upstream: start the contender with --upstream ADDRESS")]
    NoUpstream,
    /// The upstream refused a connection, ended one, or answered something else.
    #[error("upstream failed: expected its answer to what it was asked")]
    UpstreamFailed,
    /// The upstream did not answer in time.
    #[error("upstream late: no answer in time")]
    UpstreamLate,
    /// No room for another connection.
    #[error("too many connections: try again later")]
    Busy,
}

/// What makes a request's framing ambiguous or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Framing {
    /// The request line or a header field is not HTTP/1.1: a space before the colon, NUL, a bare CR or LF, …
    #[error("malformed head")]
    Head,
    /// The target has none of the forms of RFC 9112 §3.2, or not the one that the method takes.
    #[error("malformed target")]
    Target,
    /// HTTP/1.1 without a `host`, or any version with two or with a value that is not a host.
    #[error("expected one host, without blanks, user info or path")]
    Host,
    /// `content-length` is not plain digits.
    #[error("content-length is not a whole number")]
    Length,
    /// More than one `content-length`, even if they agree.
    #[error("more than one content-length")]
    TwoLengths,
    /// Both `content-length` and `transfer-encoding`.
    #[error("content-length together with transfer-encoding")]
    LengthAndCoding,
    /// A `transfer-encoding` other than a single `chunked`, or one in HTTP/1.0.
    #[error("unsupported transfer-encoding")]
    Coding,
    /// A chunk's size line, its end or the trailers are malformed or too long.
    #[error("malformed chunk")]
    Chunk,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::Missing(_)
            | Refusal::Invalid(_)
            | Refusal::Duplicate(_)
            | Refusal::UnknownParameter(_) => 400,
            Refusal::Framing(_) => 400,
            Refusal::UnknownPath => 404,
            Refusal::WrongMethod(_) => 405,
            Refusal::TooSlow => 408,
            Refusal::BodyTooLarge => 413,
            Refusal::TargetTooLong => 414,
            Refusal::HeadTooLarge => 431,
            Refusal::Panicked | Refusal::Guardrail(_) => 500,
            Refusal::NoUpstream | Refusal::UpstreamFailed => 502,
            Refusal::Busy => 503,
            Refusal::UpstreamLate => 504,
        }
    }

    /// Whether the connection must close after the reply, because where the next request begins is unknown
    /// or because there is no room for it.
    pub fn closes(&self) -> bool {
        matches!(
            self,
            Refusal::Framing(_)
                | Refusal::BodyTooLarge
                | Refusal::TargetTooLong
                | Refusal::HeadTooLarge
                | Refusal::TooSlow
                | Refusal::Busy
        )
    }

    /// The reply: the text and a newline.
    pub fn reply(&self) -> Reply {
        let allow = match self {
            Refusal::WrongMethod(endpoint) => Some(endpoint.method()),
            _ => None,
        };
        Reply { status: self.status(), allow, close: self.closes(), ..Reply::text(format!("{self}\n")) }
    }
}

fn list(endpoint: Endpoint) -> String {
    match endpoint.parameters() {
        [] => "none".to_owned(),
        parameters => parameters.iter().map(|parameter| parameter.name()).collect::<Vec<_>>().join(", "),
    }
}

fn paths() -> String {
    Endpoint::ALL.map(Endpoint::path).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_refusal() -> Vec<Refusal> {
        let mut all = vec![
            Refusal::UnknownPath,
            Refusal::BodyTooLarge,
            Refusal::TargetTooLong,
            Refusal::HeadTooLarge,
            Refusal::TooSlow,
            Refusal::Panicked,
            Refusal::NoUpstream,
            Refusal::UpstreamFailed,
            Refusal::UpstreamLate,
            Refusal::Busy,
        ];
        for endpoint in Endpoint::ALL {
            all.extend([
                Refusal::UnknownParameter(endpoint),
                Refusal::WrongMethod(endpoint),
                Refusal::Guardrail(endpoint),
            ]);
            for parameter in endpoint.parameters().iter().copied() {
                all.extend([
                    Refusal::Missing(parameter),
                    Refusal::Invalid(parameter),
                    Refusal::Duplicate(parameter),
                ]);
            }
        }
        for framing in [
            Framing::Head,
            Framing::Target,
            Framing::Host,
            Framing::Length,
            Framing::TwoLengths,
            Framing::LengthAndCoding,
            Framing::Coding,
            Framing::Chunk,
        ] {
            all.push(Refusal::Framing(framing));
        }
        all
    }

    #[test]
    fn every_refusal_is_one_line_of_plain_text_with_an_error_status() {
        for refusal in every_refusal() {
            let reply = refusal.reply();
            let text = std::str::from_utf8(&reply.body).unwrap();
            assert!(text.is_ascii() && text.ends_with('\n') && text.lines().count() == 1, "{text:?}");
            assert!((400..=599).contains(&reply.status), "{refusal:?}");
        }
    }

    #[test]
    fn a_bad_parameter_is_named_with_its_range() {
        assert_eq!(
            Refusal::Invalid(Parameter::Ms).to_string(),
            "bad parameter ms: expected a decimal from 0 to 60000 with at most 3 digits after the point"
        );
        assert_eq!(
            Refusal::UnknownParameter(Endpoint::Wait).to_string(),
            "unknown parameter: /wait takes ms, blocking"
        );
        assert_eq!(
            Refusal::UnknownParameter(Endpoint::Hello).to_string(),
            "unknown parameter: /hello takes none"
        );
    }

    #[test]
    fn a_wrong_method_is_told_which_one_is_allowed() {
        assert_eq!(Refusal::WrongMethod(Endpoint::Echo).reply().allow, Some("POST"));
        assert_eq!(Refusal::WrongMethod(Endpoint::Wait).reply().allow, Some("GET"));
    }
}

//! A parsed head, judged by the contract: its limits are lower than the framework's fixed ones, its rules on
//! hosts stricter.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::{Method, Version};
use servers_contract::limits::{BODY_LIMIT, HEAD_LIMIT, HEADERS_LIMIT, TARGET_LIMIT};
use servers_contract::{Framing, Refusal, is_host};

/// The target as the client sent it, but for a fragment: the framework's parser drops that.
pub(crate) fn target(request: &HttpRequest) -> Cow<'_, str> {
    match request.uri().path_and_query() {
        Some(target) if request.uri().scheme().is_none() => Cow::Borrowed(target.as_str()),
        // An absolute target, or an authority alone.
        _ => Cow::Owned(request.uri().to_string()),
    }
}

/// How the framework hands the body over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// It ends by itself.
    Whole,
    /// Everything that ever comes on the connection: an upgrade, of which this many bytes are the request's body.
    Endless(usize),
}

/// Judges the head, and the size of the body that it announces.
///
/// # Errors
/// The refusal for what is too large, or for a host that is none. Ambiguous framing has been refused by the framework's
/// parser.
pub(crate) fn judge(request: &HttpRequest) -> Result<Body, Refusal> {
    let target = target(request).len();
    if target > TARGET_LIMIT {
        return Err(Refusal::TargetTooLong);
    }
    // As if each field were written `name: value`: the parser drops the blanks around a value.
    let field = |(name, value): (&str, &[u8])| name.len() + ": ".len() + value.len() + "\r\n".len();
    let fields = request.headers().iter().map(|(name, value)| field((name.as_str(), value.as_bytes())));
    let line = request.method().as_str().len() + " ".len() + target + " HTTP/1.1\r\n".len();
    if request.headers().len() > HEADERS_LIMIT || line + fields.sum::<usize>() + "\r\n".len() > HEAD_LIMIT {
        return Err(Refusal::HeadTooLarge);
    }
    match request.headers().get("host") {
        None if request.version() < Version::HTTP_11 => {}
        Some(host) if is_host(host.as_bytes()) => {}
        _ => return Err(Refusal::Framing(Framing::Host)),
    }
    match announced(request).unwrap_or(0) {
        length if length > BODY_LIMIT as u64 => Err(Refusal::BodyTooLarge),
        length if is_endless(request) => Ok(Body::Endless(length as usize)),
        _ => Ok(Body::Whole),
    }
}

/// Whether the framework takes the request for an upgrade, although nothing here is upgraded: a WebSocket without chunks,
/// or a CONNECT without a length.
fn is_endless(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let upgrade = headers.get_all("upgrade").filter_map(|value| value.to_str().ok());
    let is_socket = upgrade.map(str::trim).any(|protocol| protocol.eq_ignore_ascii_case("websocket"));
    let is_tunnel = request.method() == Method::CONNECT && announced(request).unwrap_or(0) == 0;
    !headers.contains_key("transfer-encoding") && (is_socket || is_tunnel)
}

/// The length of the body, where the head tells it. The parser has made sure that it is a number.
fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get("content-length")?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn judged(request: TestRequest) -> Result<Body, Refusal> {
        judge(&request.insert_header(("host", "a")).to_http_request())
    }

    #[test]
    fn what_is_at_a_limit_passes_and_what_is_past_it_does_not() {
        let length =
            |length: usize| TestRequest::post().insert_header(("content-length", length.to_string()));
        assert_eq!(judged(length(BODY_LIMIT)), Ok(Body::Whole));
        assert_eq!(judged(length(BODY_LIMIT + 1)), Err(Refusal::BodyTooLarge));
        let target = |length: usize| TestRequest::with_uri(&format!("/{}", "a".repeat(length - 1)));
        assert_eq!(judged(target(TARGET_LIMIT)), Ok(Body::Whole));
        assert_eq!(judged(target(TARGET_LIMIT + 1)), Err(Refusal::TargetTooLong));
        let bare = "GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n".len();
        let padded = |head: usize| TestRequest::get().insert_header(("x", "a".repeat(head - bare)));
        assert_eq!(judged(padded(HEAD_LIMIT)), Ok(Body::Whole));
        assert_eq!(judged(padded(HEAD_LIMIT + 1)), Err(Refusal::HeadTooLarge));
        let fields =
            |count| (0..count).fold(TestRequest::get(), |request, _| request.append_header(("x", "y")));
        assert_eq!(judged(fields(HEADERS_LIMIT - 1)), Ok(Body::Whole));
        assert_eq!(judged(fields(HEADERS_LIMIT)), Err(Refusal::HeadTooLarge));
    }

    #[test]
    fn a_host_that_is_none_is_refused_in_any_version() {
        let judged = |request: TestRequest| judge(&request.to_http_request());
        let refused = Err(Refusal::Framing(Framing::Host));
        assert_eq!(judged(TestRequest::get()), refused);
        assert_eq!(judged(TestRequest::get().insert_header(("host", "a b"))), refused);
        assert_eq!(judged(TestRequest::get().version(Version::HTTP_10)), Ok(Body::Whole));
        assert_eq!(
            judged(TestRequest::get().version(Version::HTTP_10).insert_header(("host", "a/b"))),
            refused
        );
    }

    #[test]
    fn what_the_framework_takes_for_an_upgrade_has_only_the_body_that_it_announces() {
        let socket = || TestRequest::post().insert_header(("upgrade", "WebSocket"));
        assert_eq!(judged(socket()), Ok(Body::Endless(0)));
        assert_eq!(judged(socket().insert_header(("content-length", "5"))), Ok(Body::Endless(5)));
        assert_eq!(judged(socket().insert_header(("transfer-encoding", "chunked"))), Ok(Body::Whole));
        assert_eq!(judged(TestRequest::get().insert_header(("upgrade", "h2c"))), Ok(Body::Whole));
        assert_eq!(judged(TestRequest::with_uri("a:80").method(Method::CONNECT)), Ok(Body::Endless(0)));
    }

    #[test]
    fn a_target_is_told_as_it_was_sent() {
        for uri in ["/hello?a", "*", "http://a/hello?b", "a:80"] {
            assert_eq!(target(&TestRequest::with_uri(uri).to_http_request()), uri);
        }
    }
}

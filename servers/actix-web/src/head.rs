//! Whether a parsed head is within the contract's limits, which are lower than the framework's fixed ones.

use actix_web::HttpRequest;
use servers_contract::Refusal;
use servers_contract::limits::{BODY_LIMIT, HEAD_LIMIT, HEADERS_LIMIT, TARGET_LIMIT};

/// Path and query as the client sent them.
pub(crate) fn target(request: &HttpRequest) -> &str {
    // Without either there is only the authority of a CONNECT, which is no path of the contract.
    request.uri().path_and_query().map_or("", |target| target.as_str())
}

/// Judges the size of the head and of the body that it announces.
///
/// # Errors
/// The refusal for whichever is too large. Ambiguous framing has been refused by the framework's parser.
pub(crate) fn within_limits(request: &HttpRequest) -> Result<(), Refusal> {
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
    match announced(request) {
        Some(length) if length > BODY_LIMIT as u64 => Err(Refusal::BodyTooLarge),
        _ => Ok(()),
    }
}

/// The length of the body, where the head tells it. The parser has made sure that it is a number.
fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get("content-length")?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn judged(request: TestRequest) -> Result<(), Refusal> {
        within_limits(&request.to_http_request())
    }

    #[test]
    fn what_is_at_a_limit_passes_and_what_is_past_it_does_not() {
        let length =
            |length: usize| TestRequest::post().insert_header(("content-length", length.to_string()));
        assert_eq!(judged(length(BODY_LIMIT)), Ok(()));
        assert_eq!(judged(length(BODY_LIMIT + 1)), Err(Refusal::BodyTooLarge));
        let target = |length: usize| TestRequest::with_uri(&format!("/{}", "a".repeat(length - 1)));
        assert_eq!(judged(target(TARGET_LIMIT)), Ok(()));
        assert_eq!(judged(target(TARGET_LIMIT + 1)), Err(Refusal::TargetTooLong));
        let bare = "GET / HTTP/1.1\r\nx: \r\n\r\n".len();
        let padded = |head: usize| TestRequest::get().insert_header(("x", "a".repeat(head - bare)));
        assert_eq!(judged(padded(HEAD_LIMIT)), Ok(()));
        assert_eq!(judged(padded(HEAD_LIMIT + 1)), Err(Refusal::HeadTooLarge));
        let fields =
            |count| (0..count).fold(TestRequest::get(), |request, _| request.append_header(("x", "y")));
        assert_eq!(judged(fields(HEADERS_LIMIT)), Ok(()));
        assert_eq!(judged(fields(HEADERS_LIMIT + 1)), Err(Refusal::HeadTooLarge));
    }
}

//! Requests at and beyond what a contender accepts: at a limit they are answered, one past it refused.

use servers_contract::limits::{BODY_LIMIT, HEAD_LIMIT, HEADERS_LIMIT, TARGET_LIMIT};
use servers_contract::{Refusal, Reply};

use crate::case::{Case, End, Expected, request};

/// Header fields that [`request`] writes by itself: `host`.
const OWN_FIELDS: usize = 1;

pub(super) fn cases() -> Vec<Case> {
    let accepted = [
        accepted("limit: the largest head", head_of(HEAD_LIMIT), Reply::hello()),
        accepted("limit: the most fields", fields(HEADERS_LIMIT), Reply::hello()),
        accepted("limit: the longest target", target_of(TARGET_LIMIT), Refusal::UnknownPath.reply()),
    ];
    let refused = [
        refused("limit: a head too large", head_of(HEAD_LIMIT + 1), Refusal::HeadTooLarge),
        refused("limit: too many fields", fields(HEADERS_LIMIT + 1), Refusal::HeadTooLarge),
        refused("limit: a target too long", target_of(TARGET_LIMIT + 1), Refusal::TargetTooLong),
        refused("limit: a body announced too large", announced(BODY_LIMIT + 1), Refusal::BodyTooLarge),
        refused("limit: a body of chunks too large", chunks(BODY_LIMIT + 1), Refusal::BodyTooLarge),
    ];
    accepted.into_iter().chain(refused.into_iter().flatten()).collect()
}

fn accepted(name: &str, sent: Vec<u8>, reply: Reply) -> Case {
    Case::single(name.to_owned(), sent, Expected::Exactly(reply), End::Open)
}

fn refused(name: &str, sent: Vec<u8>, refusal: Refusal) -> [Case; 2] {
    Case::refused_and_closed(name, sent, Expected::Exactly(refusal.reply()))
}

/// A head of exactly `length` bytes, blank line included.
fn head_of(length: usize) -> Vec<u8> {
    let bare = request("GET", "/hello", &[("x-padding", "")], b"").len();
    request("GET", "/hello", &[("x-padding", &"a".repeat(length - bare))], b"")
}

fn fields(count: usize) -> Vec<u8> {
    request("GET", "/hello", &vec![("x-field", "a"); count - OWN_FIELDS], b"")
}

fn target_of(length: usize) -> Vec<u8> {
    request("GET", &format!("/{}", "a".repeat(length - 1)), &[], b"")
}

/// A head that announces a body of `length` bytes, of which none comes.
fn announced(length: usize) -> Vec<u8> {
    request("POST", "/echo", &[("content-length", &length.to_string())], b"")
}

/// A whole body of `length` bytes in two chunks: only after the first is it too large.
fn chunks(length: usize) -> Vec<u8> {
    let head = request("POST", "/echo", &[("transfer-encoding", "chunked")], b"");
    let first = format!("{:x}\r\n{}\r\n", length - 1, "a".repeat(length - 1));
    [&head[..], first.as_bytes(), b"1\r\na\r\n0\r\n\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_targets_have_the_length_asked_for() {
        assert_eq!(head_of(HEAD_LIMIT).len(), HEAD_LIMIT);
        assert_eq!(fields(HEADERS_LIMIT).split(|byte| *byte == b'\n').count(), HEADERS_LIMIT + 3);
        assert_eq!(
            target_of(TARGET_LIMIT).split(|byte| *byte == b' ').nth(1).map(<[u8]>::len),
            Some(TARGET_LIMIT)
        );
    }
}

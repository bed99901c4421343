//! What a correct reply is.

use std::sync::OnceLock;

use reports_record::OutcomeKind;

use crate::reply::Reply;

/// What a correct reply is. By default: any status from 200 to 299, any body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expect {
    /// The status; `None` for any from 200 to 299.
    pub status: Option<u16>,
    /// The body.
    pub body: ExpectBody,
}

/// What a correct body is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ExpectBody {
    /// Any; bodies are counted, not looked at.
    #[default]
    Any,
    /// The same as the first reply's.
    Same,
    /// This one.
    Exactly(Vec<u8>),
}

/// A body's length and CRC-32 (IEEE): 1 in 4 billion wrong bodies of the right length passes.
///
/// Not a cryptographic digest: a server under test is not an adversary, and this one costs some 0.1 ns a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BodyDigest {
    pub(crate) bytes: u64,
    pub(crate) crc32: u32,
}

/// Judges replies; one for all threads of a measurement, so that "the same as the first" has one first.
#[derive(Debug)]
pub(crate) struct Judge {
    status: Option<u16>,
    /// `None`: bodies are not looked at. Empty: the first reply fills it.
    reference: Option<OnceLock<BodyDigest>>,
}

impl Judge {
    pub(crate) fn new(expect: &Expect) -> Self {
        let reference = match &expect.body {
            ExpectBody::Any => None,
            ExpectBody::Same => Some(OnceLock::new()),
            ExpectBody::Exactly(body) => {
                Some(OnceLock::from(BodyDigest { bytes: body.len() as u64, crc32: crc32fast::hash(body) }))
            }
        };
        Self { status: expect.status, reference }
    }

    /// Whether bodies have to be digested at all.
    pub(crate) fn looks_at_bodies(&self) -> bool {
        self.reference.is_some()
    }

    /// `Ok`, `WrongStatus` or `WrongBody`.
    pub(crate) fn judge(&self, reply: &Reply) -> OutcomeKind {
        let right_status = match self.status {
            Some(status) => reply.status == status,
            None => (200..300).contains(&reply.status),
        };
        if !right_status {
            return OutcomeKind::WrongStatus;
        }
        match &self.reference {
            Some(reference) if *reference.get_or_init(|| reply.body) != reply.body => OutcomeKind::WrongBody,
            _ => OutcomeKind::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &[u8]) -> Reply {
        let body = BodyDigest { bytes: body.len() as u64, crc32: crc32fast::hash(body) };
        Reply { status, keep_alive: true, body }
    }

    #[test]
    fn any_success_is_right_by_default() {
        let judge = Judge::new(&Expect::default());
        assert_eq!(judge.judge(&reply(204, b"")), OutcomeKind::Ok);
        assert_eq!(judge.judge(&reply(500, b"")), OutcomeKind::WrongStatus);
        assert_eq!(judge.judge(&reply(302, b"")), OutcomeKind::WrongStatus);
    }

    #[test]
    fn an_exact_expectation_is_held_to_status_and_body() {
        let judge = Judge::new(&Expect { status: Some(404), body: ExpectBody::Exactly(b"gone".into()) });
        assert_eq!(judge.judge(&reply(404, b"gone")), OutcomeKind::Ok);
        assert_eq!(judge.judge(&reply(404, b"g0ne")), OutcomeKind::WrongBody);
        assert_eq!(judge.judge(&reply(200, b"gone")), OutcomeKind::WrongStatus);
    }

    #[test]
    fn the_first_right_status_gives_the_reference_body() {
        let judge = Judge::new(&Expect { status: None, body: ExpectBody::Same });
        assert_eq!(judge.judge(&reply(503, b"starting")), OutcomeKind::WrongStatus);
        assert_eq!(judge.judge(&reply(200, b"one")), OutcomeKind::Ok);
        assert_eq!(judge.judge(&reply(200, b"two")), OutcomeKind::WrongBody);
        assert_eq!(judge.judge(&reply(200, b"one")), OutcomeKind::Ok);
    }
}

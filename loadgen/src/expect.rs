//! What a correct reply is.

use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, OnceLock};

use reports_record::OutcomeKind;

use crate::reply::{Look, Reply};
use crate::{BodySha256, Statuses};

/// What a correct reply is. By default: any status from 200 to 299, any body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expect {
    /// The statuses that are right.
    pub status: Statuses,
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
    /// The one with this digest. Bodies are held to it until one is right, and then to that one's length and CRC-32, which
    /// cost a tenth of hashing.
    Sha256(BodySha256),
}

/// In words.
impl Display for Expect {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "status {}, ", self.status)?;
        match &self.body {
            ExpectBody::Any => write!(f, "any body"),
            ExpectBody::Same => write!(f, "the same body as the first"),
            ExpectBody::Exactly(body) => {
                write!(f, "a body of {} bytes with CRC-32 {:08x}", body.len(), crc32fast::hash(body))
            }
            ExpectBody::Sha256(digest) => write!(f, "a body with {digest}"),
        }
    }
}

/// A body's length and CRC-32 (IEEE): 1 in 4 billion wrong bodies of the right length passes.
///
/// Not a cryptographic digest: a server under test is not an adversary, and this one costs some 0.1 ns a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BodyDigest {
    pub(crate) bytes: u64,
    pub(crate) crc32: u32,
}

/// Which body is right, when only its SHA-256 is known beforehand.
#[derive(Debug)]
pub(crate) struct Proof {
    expected: BodySha256,
    /// The digest of the first body that was right.
    right: OnceLock<BodyDigest>,
}

impl Proof {
    /// Whether no body was right so far, so that the next has to be hashed.
    pub(crate) fn is_open(&self) -> bool {
        self.right.get().is_none()
    }

    pub(crate) fn is_expected(&self, sha256: [u8; 32]) -> bool {
        self.expected.0 == sha256
    }

    fn accepts(&self, reply: &Reply) -> bool {
        match reply.proven {
            Some(true) => *self.right.get_or_init(|| reply.body) == reply.body,
            Some(false) => false,
            None => self.right.get() == Some(&reply.body),
        }
    }
}

/// Judges replies; one for all threads of a measurement, so that "the same as the first" has one first.
#[derive(Debug)]
pub(crate) struct Judge {
    status: Statuses,
    body: JudgeBody,
}

#[derive(Debug)]
enum JudgeBody {
    Any,
    /// Empty: the first reply fills it.
    Reference(OnceLock<BodyDigest>),
    Proof(Arc<Proof>),
}

impl Judge {
    pub(crate) fn new(expect: &Expect) -> Self {
        let body = match &expect.body {
            ExpectBody::Any => JudgeBody::Any,
            ExpectBody::Same => JudgeBody::Reference(OnceLock::new()),
            ExpectBody::Exactly(body) => {
                let digest = BodyDigest { bytes: body.len() as u64, crc32: crc32fast::hash(body) };
                JudgeBody::Reference(OnceLock::from(digest))
            }
            ExpectBody::Sha256(expected) => {
                JudgeBody::Proof(Arc::new(Proof { expected: *expected, right: OnceLock::new() }))
            }
        };
        Self { status: expect.status, body }
    }

    /// How bodies have to be looked at for it.
    pub(crate) fn look(&self) -> Look {
        match &self.body {
            JudgeBody::Any => Look::Count,
            JudgeBody::Reference(_) => Look::Digest,
            JudgeBody::Proof(proof) => Look::Prove(proof.clone()),
        }
    }

    /// `Ok`, `WrongStatus` or `WrongBody`.
    pub(crate) fn judge(&self, reply: &Reply) -> OutcomeKind {
        if !self.status.contains(reply.status) {
            return OutcomeKind::WrongStatus;
        }
        let is_right = match &self.body {
            JudgeBody::Any => true,
            JudgeBody::Reference(reference) => *reference.get_or_init(|| reply.body) == reply.body,
            JudgeBody::Proof(proof) => proof.accepts(reply),
        };
        if is_right { OutcomeKind::Ok } else { OutcomeKind::WrongBody }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::reply::ReplyParser;

    fn reply(status: u16, body: &[u8]) -> Reply {
        let body = BodyDigest { bytes: body.len() as u64, crc32: crc32fast::hash(body) };
        Reply { status, keep_alive: true, body, proven: None, surplus: 0 }
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
        let judge =
            Judge::new(&Expect { status: Statuses::only(404), body: ExpectBody::Exactly(b"gone".into()) });
        assert_eq!(judge.judge(&reply(404, b"gone")), OutcomeKind::Ok);
        assert_eq!(judge.judge(&reply(404, b"g0ne")), OutcomeKind::WrongBody);
        assert_eq!(judge.judge(&reply(200, b"gone")), OutcomeKind::WrongStatus);
    }

    #[test]
    fn the_first_right_status_gives_the_reference_body() {
        let judge = Judge::new(&Expect { body: ExpectBody::Same, ..Expect::default() });
        assert_eq!(judge.judge(&reply(503, b"starting")), OutcomeKind::WrongStatus);
        assert_eq!(judge.judge(&reply(200, b"one")), OutcomeKind::Ok);
        assert_eq!(judge.judge(&reply(200, b"two")), OutcomeKind::WrongBody);
        assert_eq!(judge.judge(&reply(200, b"one")), OutcomeKind::Ok);
    }

    #[test]
    fn a_body_is_hashed_until_one_is_right_and_then_held_to_its_digest() {
        // printf hello | sha256sum
        let hello =
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".parse().unwrap();
        let judge = Judge::new(&Expect { body: ExpectBody::Sha256(hello), ..Expect::default() });
        let mut parser = ReplyParser::new(false, judge.look(), Rc::default());
        let mut judged = |status: &str, body: &str| {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n");
            let reply = parser.feed(format!("{head}{body}").as_bytes()).unwrap().unwrap();
            (judge.judge(&reply), reply.proven)
        };
        assert_eq!(judged("200", "hallo"), (OutcomeKind::WrongBody, Some(false)));
        assert_eq!(judged("200", ""), (OutcomeKind::WrongBody, Some(false)));
        assert_eq!(judged("500", "hello"), (OutcomeKind::WrongStatus, Some(true)));
        assert_eq!(judged("200", "hello"), (OutcomeKind::Ok, Some(true)));
        assert_eq!(judged("200", "hello"), (OutcomeKind::Ok, None));
        assert_eq!(judged("200", "hallo"), (OutcomeKind::WrongBody, None));
        assert_eq!(judged("200", ""), (OutcomeKind::WrongBody, None));
    }

    #[test]
    fn a_body_that_was_under_way_when_another_was_proven_is_judged_by_its_hash() {
        let hello =
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".parse().unwrap();
        let judge = Judge::new(&Expect { body: ExpectBody::Sha256(hello), ..Expect::default() });
        let head: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
        let mut parsers = [(); 2].map(|()| ReplyParser::new(false, judge.look(), Rc::default()));
        parsers.iter_mut().for_each(|parser| assert_eq!(parser.feed(head), Ok(None)));
        let [right, wrong] = parsers.each_mut();
        assert_eq!(judge.judge(&right.feed(b"hello").unwrap().unwrap()), OutcomeKind::Ok);
        assert_eq!(judge.judge(&wrong.feed(b"hallo").unwrap().unwrap()), OutcomeKind::WrongBody);
    }

    #[test]
    fn it_is_told_in_words() {
        let told = |body| Expect { status: Statuses::only(404), body }.to_string();
        assert_eq!(Expect::default().to_string(), "status 2xx, any body");
        assert_eq!(told(ExpectBody::Same), "status 404, the same body as the first");
        assert_eq!(
            told(ExpectBody::Exactly(b"hello".into())),
            "status 404, a body of 5 bytes with CRC-32 3610a686"
        );
    }
}

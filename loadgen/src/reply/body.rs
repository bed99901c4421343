//! A reply's body as it comes: counted, digested, never kept.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::expect::{BodyDigest, Proof};

/// How bodies are looked at.
#[derive(Debug, Clone)]
pub(crate) enum Look {
    /// Only counted.
    Count,
    /// Digested, too.
    Digest,
    /// And hashed, until one is proven right: from then on its digest does.
    Prove(Arc<Proof>),
}

/// One body after another.
#[derive(Debug)]
pub(super) struct Body {
    digests: bool,
    pub(super) bytes: u64,
    crc: crc32fast::Hasher,
    /// What hashing takes: on the heap and out of the way, for hardly any body is hashed.
    proving: Option<Box<Proving>>,
}

#[derive(Debug)]
struct Proving {
    proof: Arc<Proof>,
    sha: Sha256,
    /// Whether the body that is under way is hashed.
    is_on: bool,
}

impl Body {
    pub(super) fn new(look: Look) -> Self {
        let digests = !matches!(look, Look::Count);
        let proving = match look {
            Look::Count | Look::Digest => None,
            Look::Prove(proof) => Some(Box::new(Proving { proof, sha: Sha256::new(), is_on: false })),
        };
        Self { digests, bytes: 0, crc: crc32fast::Hasher::new(), proving }
    }

    /// A body is to come.
    #[inline]
    pub(super) fn begin(&mut self) {
        if let Some(proving) = &mut self.proving {
            proving.is_on = proving.proof.is_open();
        }
    }

    #[inline]
    pub(super) fn take(&mut self, part: &[u8]) {
        self.bytes += part.len() as u64;
        if self.digests {
            self.crc.update(part);
            if let Some(proving) = &mut self.proving {
                proving.take(part);
            }
        }
    }

    /// What it was, and, if it was hashed, whether it was the right one.
    #[inline]
    pub(super) fn finish(&mut self) -> (BodyDigest, Option<bool>) {
        // Not a fresh one, which would ask again what the CPU can.
        let crc32 = if self.digests { self.crc.clone().finalize() } else { 0 };
        self.crc.reset();
        let proven = self.proving.as_mut().and_then(|proving| proving.finish());
        (BodyDigest { bytes: std::mem::take(&mut self.bytes), crc32 }, proven)
    }
}

impl Proving {
    #[cold]
    fn take(&mut self, part: &[u8]) {
        if self.is_on {
            self.sha.update(part);
        }
    }

    #[cold]
    fn finish(&mut self) -> Option<bool> {
        self.is_on.then(|| self.proof.is_expected(self.sha.finalize_reset().into()))
    }
}

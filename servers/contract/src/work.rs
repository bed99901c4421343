//! The CPU work of `/cpu` and `/mixed`: one function, whoever calls it.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest; prints as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 32]);

/// Where the chain starts: 32 zero bytes, which every language can write down.
pub const SEED: Digest = Digest([0; 32]);

/// Hashes the previous digest, `rounds` times, starting from [`SEED`]; no round gives the seed itself.
///
/// Each round depends on the last, so that neither a compiler nor a wide core can take a short cut. One round is
/// one SHA-256 block: 0.1 to 0.3 µs, by whether the core has SHA instructions.
pub fn chain(rounds: u32) -> Digest {
    let mut digest = SEED;
    for _ in 0..rounds {
        digest = Digest(Sha256::digest(digest.0).into());
    }
    digest
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_is_plain_sha256() {
        assert_eq!(chain(0).to_string(), "0".repeat(64));
        // From `head -c 32 /dev/zero | sha256sum`, and that digest hashed again.
        assert_eq!(chain(1).to_string(), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
        assert_eq!(chain(2).to_string(), "2b32db6c2c0a6235fb1397e8225ea85e0f0e6e8c7b126d0016ccbde0e667151e");
    }
}

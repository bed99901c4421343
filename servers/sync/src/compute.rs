//! Computing on the thread that asked.

use servers_contract::work::{self, Digest};

/// The chain of `rounds` hashes, computed here and now.
pub(crate) fn compute(rounds: u32) -> Digest {
    work::chain(rounds)
}

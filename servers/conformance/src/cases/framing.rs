//! Each request of the table of ambiguous ones: refused, and the connection ended.
//!
//! Any status 4xx will do, since a stack's own parser may speak first; but the connection must end, because
//! nobody can know where the next request begins.

use crate::case::{Case, Expected};
use crate::framing::{AMBIGUOUS, Ambiguous};

pub(super) fn cases() -> Vec<Case> {
    let case = |row: &Ambiguous| {
        Case::refused_and_closed(&format!("framing: {}", row.what), row.bytes(), Expected::Refusal)
    };
    AMBIGUOUS.iter().flat_map(case).collect()
}

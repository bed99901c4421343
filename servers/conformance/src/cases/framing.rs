//! Each request of the table of ambiguous ones: refused, and the connection ended; and each rule of the protocol.
//!
//! Any status 4xx will do, since a stack's own parser may speak first; but the connection must end, because
//! nobody can know where the next request begins.

use std::net::SocketAddr;
use std::time::Duration;

use crate::case::{Case, Expected};
use crate::connection::shortened;
use crate::finding::Finding;
use crate::framing::{AMBIGUOUS, Ambiguous, Delivery, RULES, Rule, answer};

pub(super) fn cases() -> Vec<Case> {
    let case = |row: &Ambiguous| {
        Case::refused_and_closed(&format!("framing: {}", row.what), row.bytes(), Expected::Refusal)
    };
    AMBIGUOUS.iter().flat_map(case).collect()
}

/// The name of a rule's case.
fn name(rule: &Rule) -> String {
    format!("rule: {}", rule.what)
}

/// Names of the rules' cases.
pub(crate) fn rules() -> impl Iterator<Item = String> {
    RULES.iter().map(name)
}

/// Judges every rule at `address`; `patience` bounds each wait.
pub(crate) fn judge_rules(
    address: SocketAddr,
    patience: Duration,
) -> impl Iterator<Item = (String, Result<(), Finding>)> {
    RULES.iter().map(move |rule| {
        let cell = answer(rule.sent, address, patience, Delivery::Whole).to_string();
        let judged = match rule.right.holds(&cell) {
            true => Ok(()),
            false => Err(Finding::new(shortened(rule.sent), rule.right.describe(), cell)),
        };
        (name(rule), judged)
    })
}

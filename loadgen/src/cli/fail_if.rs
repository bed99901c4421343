//! What is said of a measurement that is as it must not be.

use loadgen::Condition;
use reports_record::Measurement;

/// A sentence for each of `conditions` that holds of `measurement`, or of which it cannot tell.
pub(crate) fn broken(conditions: &[Condition], measurement: &Measurement) -> Vec<String> {
    let sentence = |condition: &Condition| {
        let judged = condition.judge(measurement);
        match judged.holds() {
            Some(false) => None,
            Some(true) => Some(format!("--fail-if '{condition}' holds: {judged}")),
            None => {
                Some(format!("--fail-if '{condition}' cannot be told, and counts as if it held: {judged}"))
            }
        }
    };
    conditions.iter().filter_map(sentence).collect()
}

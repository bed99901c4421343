//! The certificate of a whole: no better than any of its parts.

use reports_record::{Certificate, Check};

use super::Part;

/// Each check as it was where it was worst, with the part that it comes from.
pub(super) fn worst(parts: &[Part]) -> Certificate {
    let mut worst: Vec<(Check, &str)> = Vec::new();
    for Part { name, measurement } in parts {
        for check in &measurement.certificate.checks {
            match worst.iter_mut().find(|(known, _)| known.name == check.name) {
                None => worst.push((check.clone(), name)),
                Some(known) if known.0.status < check.status => *known = (check.clone(), name),
                Some(_) => {}
            }
        }
    }
    let of = parts.len();
    let named = |(check, name): (Check, &str)| Check {
        finding: format!("worst of {of}, {name}: {}", check.finding),
        ..check
    };
    Certificate::from_checks(worst.into_iter().map(named).collect())
}

//! Checks that decide whether a measurement is made again.

use reports_record::{Certificate, CheckStatus};

/// Checks of figures that no contender can move: what the machine took from everybody, and from the client. Rounds that are
/// left out, and trials that are made again, are so by these alone. A check whose excuse grows with the reply time (*pace*,
/// *arrivals*, *achieved*), or that looks at the replies (*stationarity*) or at what they cost the client (*headroom*), would
/// let a contender choose which of its trials count.
pub(crate) const BEYOND_CONTENDERS: [&str; 3] = ["steal", "cpu_wait", "gap"];

/// Whether the machine spoilt a measurement, by figures that no contender can move.
///
/// What else failed is not asked: that may follow from the same cause, and is the contender's to move.
#[must_use]
pub fn is_beyond_contenders(certificate: &Certificate) -> bool {
    let failed = certificate.checks.iter().filter(|check| check.status == CheckStatus::Fail);
    failed.map(|check| check.name.as_str()).any(|name| BEYOND_CONTENDERS.contains(&name))
}

#[cfg(test)]
mod tests {
    use reports_record::Check;

    use super::*;

    fn check(name: &str, status: CheckStatus) -> Check {
        Check {
            name: name.to_owned(),
            status,
            figure: Some(f64::from(status == CheckStatus::Fail)),
            bound: 0.5,
            unit: "share".to_owned(),
            finding: format!("{status:?}"),
            remedy: None,
            explained_by: None,
        }
    }

    #[test]
    fn no_check_that_a_contender_can_move_has_a_trial_made_again() {
        for name in [
            "pace",
            "achieved",
            "arrivals",
            "headroom",
            "replies",
            "errors",
            "pairing",
            "connections",
            "stationarity",
            "little",
            "parts",
            "account",
            "server_count",
            "server_cpu",
        ] {
            assert!(!is_beyond_contenders(&failed(&[name])), "{name}");
        }
        assert!(!is_beyond_contenders(&failed(&[])));
    }

    /// Of two copies under the same steal, the slower one fails other checks besides: both are made again, or neither.
    #[test]
    fn what_else_failed_does_not_decide_whether_a_trial_is_made_again() {
        for machine in BEYOND_CONTENDERS {
            for others in [&[][..], &["stationarity"], &["errors", "little"], &["pace", "arrivals"]] {
                assert!(
                    is_beyond_contenders(&failed(&[others, &[machine]].concat())),
                    "{machine} {others:?}"
                );
            }
        }
    }

    /// A certificate in which these checks failed.
    fn failed(names: &[&str]) -> Certificate {
        Certificate::from_checks(names.iter().map(|name| check(name, CheckStatus::Fail)).collect())
    }
}

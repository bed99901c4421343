//! The certificate of a phase that was measured in slices.

use reports_record::{Certificate, Check, CheckStatus, Measurement};

/// Checks that count and balance: one slice that does not pass is one too many.
const FACTS: [&str; 7] = ["replies", "errors", "pairing", "connections", "bystanders", "parts", "account"];

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

/// Each check over all slices: facts as they were at their worst, statistics as they stood in the middle slice.
///
/// A statistic's bound is made for a window of a second. In one of many short windows it is beyond by chance far more often,
/// and a figure in the middle of the slices is beyond only if half of them are. Where another slice was worse, the finding
/// says so.
pub(super) fn of(slices: &[&Measurement]) -> Certificate {
    let Some(first) = slices.first() else { return Certificate::from_checks(Vec::new()) };
    let names = first.certificate.checks.iter().map(|check| check.name.as_str());
    let of_one = |name: &str| {
        let checks = slices.iter().flat_map(|slice| &slice.certificate.checks);
        over_slices(name, checks.filter(|check| check.name == name).collect())
    };
    Certificate::from_checks(names.filter_map(of_one).collect())
}

/// One check of all slices as one.
fn over_slices(name: &str, mut checks: Vec<&Check>) -> Option<Check> {
    checks.sort_by(|one, other| {
        let figure = |check: &Check| check.figure.unwrap_or(f64::NEG_INFINITY);
        one.status.cmp(&other.status).then(figure(one).total_cmp(&figure(other)))
    });
    let worst = *checks.last()?;
    let (which, chosen) =
        if FACTS.contains(&name) { ("worst", worst) } else { ("middle", checks[checks.len() / 2]) };
    let worse = match worst.status > chosen.status {
        true => format!(" (in the worst of them: {})", worst.finding),
        false => String::new(),
    };
    let finding = format!("{which} of {} slices: {}{worse}", checks.len(), chosen.finding);
    Some(Check { finding, ..chosen.clone() })
}

#[cfg(test)]
mod tests {
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

    fn over(name: &str, statuses: &[CheckStatus]) -> Check {
        let checks: Vec<Check> = statuses.iter().map(|status| check(name, *status)).collect();
        over_slices(name, checks.iter().collect()).unwrap()
    }

    #[test]
    fn a_fact_is_taken_at_its_worst_and_a_statistic_in_the_middle() {
        use CheckStatus::{Fail, Pass};
        assert_eq!(over("account", &[Pass, Fail, Pass, Pass]).status, Fail);
        let pace = over("pace", &[Pass, Fail, Pass, Pass]);
        assert_eq!(pace.status, Pass);
        assert_eq!(pace.finding, "middle of 4 slices: Pass (in the worst of them: Fail)");
        assert_eq!(over("pace", &[Fail, Pass, Fail, Pass]).status, Fail);
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

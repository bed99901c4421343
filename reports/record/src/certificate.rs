//! A measurement's own evidence that it may be believed.

use serde::{Deserialize, Serialize};

/// The checks of one measurement and what follows from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The worst of the checks.
    pub verdict: CertificateVerdict,
    /// Every check that was made, passed or not.
    pub checks: Vec<Check>,
}

/// Whether a measurement may be believed. An invalid one never feeds a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CertificateVerdict {
    /// Every check that applies passed.
    #[serde(rename = "valid")]
    Valid,
    /// Believable, but something deserves a look.
    #[serde(rename = "valid, with warnings")]
    ValidWithWarnings,
    /// Not to be used.
    #[serde(rename = "invalid")]
    Invalid,
}

impl std::fmt::Display for CertificateVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::ValidWithWarnings => "valid, with warnings",
            Self::Invalid => "invalid",
        })
    }
}

/// What one check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// The check has nothing to look at in this measurement.
    NotApplicable,
    /// Within its bound.
    Pass,
    /// Outside its bound, but the measurement stands.
    Warn,
    /// Outside its bound; the measurement does not stand.
    Fail,
}

/// One check: a figure, the bound it is held to, and what to do when it is outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Stable name, e.g. `pace`.
    pub name: String,
    /// What was found.
    pub status: CheckStatus,
    /// The figure; `None` where the check does not apply.
    pub figure: Option<f64>,
    /// The bound that the figure was held to, in the same unit.
    pub bound: f64,
    /// Unit of figure and bound, e.g. `us` or `ratio`.
    pub unit: String,
    /// The finding in one sentence, blame included where there is any.
    pub finding: String,
    /// What to change, in one sentence; `None` when the check passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Name of the check that found the cause of this one's finding; `None` where it stands for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_by: Option<String>,
}

/// Name of the runner's check that tells who limited a closed loop.
///
/// A warning there means: the client did, and the throughput is a lower bound of what the server can do.
pub const BOTTLENECK: &str = "bottleneck";

/// Name of the check that says whether the client had time left.
const HEADROOM: &str = "headroom";

impl Certificate {
    /// Whether the client limited the closed loop, so that its throughput is a lower bound.
    #[must_use]
    pub fn is_client_limited(&self) -> bool {
        self.checks.iter().any(|check| check.name == BOTTLENECK && check.status >= CheckStatus::Warn)
    }

    /// Whether nothing failed but *headroom*: the client had no time left, so that the throughput of a closed loop is a lower bound of what
    /// the server can do, and says nothing wrong of it.
    #[must_use]
    pub fn is_bound_by_client(&self) -> bool {
        let mut failed = self.checks.iter().filter(|check| check.status == CheckStatus::Fail).peekable();
        failed.peek().is_some() && failed.all(|check| check.name == HEADROOM)
    }

    /// The certificate that follows from `checks`.
    #[must_use]
    pub fn from_checks(checks: Vec<Check>) -> Self {
        let verdict = match checks.iter().map(|check| check.status).max() {
            Some(CheckStatus::Fail) => CertificateVerdict::Invalid,
            Some(CheckStatus::Warn) => CertificateVerdict::ValidWithWarnings,
            _ => CertificateVerdict::Valid,
        };
        Self { verdict, checks }
    }

    /// The check to look at first: the first of the worst ones that stands for itself, or the cause that the worst one follows
    /// from; `None` when nothing warned.
    #[must_use]
    pub fn culprit(&self) -> Option<&Check> {
        let worst =
            self.checks.iter().map(|check| check.status).max().filter(|worst| *worst >= CheckStatus::Warn)?;
        let mut worst = self.checks.iter().filter(|check| check.status == worst).peekable();
        let first = *worst.peek()?;
        worst.find(|check| check.explained_by.is_none()).or_else(|| self.cause_of(first)).or(Some(first))
    }

    /// The check that found the cause of what `check` found.
    fn cause_of(&self, check: &Check) -> Option<&Check> {
        let cause = check.explained_by.as_deref()?;
        self.checks.iter().find(|other| other.name == cause)
    }

    /// The same evidence with one more check; the verdict follows.
    #[must_use]
    pub fn with(mut self, check: Check) -> Self {
        self.checks.push(check);
        Self::from_checks(self.checks)
    }

    /// Whether the measurement may feed a verdict.
    #[must_use]
    pub fn is_believable(&self) -> bool {
        self.verdict != CertificateVerdict::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: CheckStatus) -> Check {
        Check {
            name: "pace".into(),
            status,
            figure: Some(1.0),
            bound: 2.0,
            unit: "us".into(),
            finding: String::new(),
            remedy: None,
            explained_by: None,
        }
    }

    #[test]
    fn the_culprit_stands_for_itself_or_is_the_cause_of_the_worst_finding() {
        use CheckStatus::{Fail, Pass, Warn};
        let culprit = |all: &[(&str, CheckStatus, Option<&str>)]| {
            let of = |&(name, status, cause): &(&str, CheckStatus, Option<&str>)| Check {
                name: name.into(),
                explained_by: cause.map(Into::into),
                ..check(status)
            };
            let certificate = Certificate::from_checks(all.iter().map(of).collect());
            certificate.culprit().map(|check| check.name.clone())
        };
        let symptom = ("pace", Fail, Some("cpu_wait"));
        assert_eq!(culprit(&[symptom, ("cpu_wait", Warn, None)]).as_deref(), Some("cpu_wait"));
        assert_eq!(
            culprit(&[symptom, ("cpu_wait", Warn, None), ("errors", Fail, None)]).as_deref(),
            Some("errors")
        );
        assert_eq!(culprit(&[("pace", Warn, None), ("errors", Warn, None)]).as_deref(), Some("pace"));
        // A cause that is not there, as a file of others may have it, is not looked for in vain.
        assert_eq!(culprit(&[symptom]).as_deref(), Some("pace"));
        assert_eq!(culprit(&[("pace", Pass, None)]), None);
    }

    #[test]
    fn the_worst_check_decides() {
        use CheckStatus::{Fail, NotApplicable, Pass, Warn};
        let verdict =
            |all: &[CheckStatus]| Certificate::from_checks(all.iter().copied().map(check).collect()).verdict;
        assert_eq!(verdict(&[NotApplicable, Pass]), CertificateVerdict::Valid);
        assert_eq!(verdict(&[Pass, Warn]), CertificateVerdict::ValidWithWarnings);
        assert_eq!(verdict(&[Fail, Warn, Pass]), CertificateVerdict::Invalid);
    }

    #[test]
    fn a_client_without_time_left_bounds_a_throughput_unless_something_else_failed() {
        use CheckStatus::{Fail, Pass, Warn};
        let is_bound = |all: &[(&str, CheckStatus)]| {
            let of = |&(name, status): &(&str, CheckStatus)| Check { name: name.into(), ..check(status) };
            Certificate::from_checks(all.iter().map(of).collect()).is_bound_by_client()
        };
        assert!(is_bound(&[("headroom", Fail), ("cpu_wait", Warn), ("replies", Pass)]));
        assert!(!is_bound(&[("headroom", Fail), ("errors", Fail)]) && !is_bound(&[("errors", Fail)]));
        assert!(!is_bound(&[("headroom", Warn)]), "it is believable as it is");
    }

    #[test]
    fn one_more_failed_check_invalidates() {
        let certificate = Certificate::from_checks(vec![check(CheckStatus::Pass)]);
        assert!(certificate.is_believable());
        assert!(!certificate.with(check(CheckStatus::Fail)).is_believable());
    }
}

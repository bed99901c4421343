//! The evidence that a measurement may be believed, check by check.
//!
//! Each check looks at one thing and gives a figure, the bound it is held to, a finding and, outside the bound, a
//! remedy. Bounds are constants beside their check, each with its reason. `blame` says which finding follows from which.

mod blame;
mod client;
mod connections;
mod kept;
mod schedule;
mod server;
pub(crate) mod slices;
mod steadiness;
#[cfg(test)]
mod tests;

use reports_record::{Certificate, Check, CheckStatus};
use reports_terminal::decimals_beside;
pub(crate) use schedule::ACHIEVED_BOUND;
pub use server::TOLERATED_ERRORS;

use crate::evidence::Evidence;

/// Every check, in the order that they are worth reading.
pub(crate) fn draw(evidence: &Evidence<'_>) -> Certificate {
    let checks = vec![
        schedule::pace(evidence),
        schedule::plan(evidence),
        schedule::achieved(evidence),
        schedule::arrivals(evidence),
        client::headroom(evidence),
        client::cpu_wait(evidence),
        client::steal(evidence),
        client::gap(evidence),
        server::replies(evidence),
        server::errors(evidence),
        server::pairing(evidence),
        connections::connections(evidence),
        server::bystanders(evidence),
        steadiness::window(evidence),
        steadiness::stationarity(evidence),
        kept::little(evidence),
        kept::parts(evidence),
        kept::account(evidence),
    ];
    let client = blame::Client {
        threads: &evidence.occupied,
        alone_was_behind: schedule::is_achieved_but_for_delays(evidence),
        stood_still: client::stood_still(evidence),
    };
    Certificate::from_checks(blame::explain(checks, &client))
}

/// A check's name, and the unit of its figure and bound.
#[derive(Clone, Copy)]
struct About {
    name: &'static str,
    unit: &'static str,
    /// Up to here the check passes (or from here, where more is better).
    bound: f64,
}

impl About {
    /// The check with nothing to look at, and why.
    fn not_applicable(self, why: &str) -> Check {
        self.found(CheckStatus::NotApplicable, None, why.into(), "")
    }

    /// The check with what it found; the remedy is kept only where it is needed.
    fn found(self, status: CheckStatus, figure: Option<f64>, finding: String, remedy: &str) -> Check {
        let needs_remedy = matches!(status, CheckStatus::Warn | CheckStatus::Fail);
        Check {
            name: self.name.into(),
            status,
            figure,
            bound: self.bound,
            unit: self.unit.into(),
            finding,
            remedy: needs_remedy.then(|| remedy.into()),
            explained_by: None,
        }
    }
}

/// Passes up to `pass`, warns up to `warn`, fails beyond; what is no number fails.
fn grade(figure: f64, pass: f64, warn: f64) -> CheckStatus {
    if figure <= pass {
        CheckStatus::Pass
    } else if figure <= warn {
        CheckStatus::Warn
    } else {
        CheckStatus::Fail
    }
}

fn percent(share: f64) -> String {
    percent_beside(share, &[])
}

/// A share in percent, on the same side of each of `bounds` as it lies.
fn percent_beside(share: f64, bounds: &[f64]) -> String {
    let percent = share * 100.0;
    let decimals = bounds.iter().map(|bound| decimals_beside(percent, bound * 100.0, 1)).max().unwrap_or(1);
    format!("{percent:.decimals$} %")
}

//! What a measurement must not be like.

use anyhow::{Context as _, bail};
use clap::{ArgAction, Args};
use loadgen::{Condition, Load};

/// What a measurement must not be like.
#[derive(Debug, Clone, Args)]
pub(crate) struct FailIfFlags {
    /// End with exit code 1 if this holds, such as 'response_time_p99 > 20ms' or 'error_rate > 0.1%'; may be given more than once
    ///
    /// Figures: response_time, service_time, lateness, connection_wait, connect and first_byte, each with _p50, _p90, _p95,
    /// _p99, _p99_9, _p99_99, _mean or _max, the first two with any percentile, such as _p97.5 (p99 alone is
    /// response_time_p99; a closed loop has service times only); error_rate; goodput and achieved_rate (/s, k/s);
    /// achieved_of_offered (%); cpu_per_request. With <, <=, > or >=. A sentence on stderr says which
    /// condition held and by how much. One that cannot be decided, usually for lack of samples, counts as if it held.
    #[arg(long, value_name = "CONDITION", action = ArgAction::Append)]
    fail_if: Vec<Condition>,
}

impl FailIfFlags {
    /// The conditions, each about a figure that measurements of `load` have.
    pub(crate) fn conditions(&self, load: &Load) -> anyhow::Result<Vec<Condition>> {
        for condition in &self.fail_if {
            condition.ensure_in(load).with_context(|| format!("--fail-if '{condition}'"))?;
            if condition.is_impossible() {
                bail!(
                    "--fail-if '{condition}': no measurement is like that, so that it would never fail one"
                );
            }
        }
        Ok(self.fail_if.clone())
    }
}

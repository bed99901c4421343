//! What a load generator says it did, read from what it prints.

use anyhow::{Context as _, ensure};
use benches::bench::metered::Metered;
use benches::bench::oha;
use reports_record::Measurement;
use reports_terminal::talk;

use crate::peer::Peer;

/// What it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Answer {
    pub(crate) replies: f64,
    pub(crate) rate_per_s: f64,
}

impl Answer {
    /// Reads what `peer` printed.
    ///
    /// # Errors
    /// When it failed, or its report is not as it always is.
    pub(crate) fn read(peer: Peer, metered: Metered) -> anyhow::Result<Self> {
        let answer = match peer {
            Peer::Loadgen => loadgen(&metered)?,
            Peer::Oha => {
                let metered = metered.successful()?;
                let found = oha::read(&metered.output, metered.cost)?;
                Self { replies: found.replies as f64, rate_per_s: found.rate_per_s }
            }
            _ => text(peer, &metered.successful()?.output)?,
        };
        ensure!(answer.replies > 0.0, "{} got no reply", peer.name());
        Ok(answer)
    }
}

fn text(peer: Peer, output: &str) -> anyhow::Result<Answer> {
    let (replies, rate) = match peer {
        Peer::Wrk => (before(output, " requests in "), after(output, "Requests/sec:")),
        Peer::H2load => (before(output, " succeeded,"), before(output, " req/s,")),
        Peer::Ab => (after(output, "Complete requests:"), after(output, "Requests per second:")),
        _ => (after(output, "[200]"), after(output, "Requests/sec:")),
    };
    let shown = || format!("cannot read the report of {}: {output}", peer.name());
    Ok(Answer { replies: replies.with_context(shown)?, rate_per_s: rate.with_context(shown)? })
}

/// The number that follows `label`.
fn after(output: &str, label: &str) -> Option<f64> {
    output.split_once(label)?.1.split_whitespace().next()?.parse().ok()
}

/// The number that `label` follows.
fn before(output: &str, label: &str) -> Option<f64> {
    output.split_once(label)?.0.split_whitespace().last()?.parse().ok()
}

fn loadgen(metered: &Metered) -> anyhow::Result<Answer> {
    let measured: Measurement = serde_json::from_str(&metered.output)
        .with_context(|| format!("cannot read loadgen's report (it last said: {})", metered.last_said))?;
    if !measured.certificate.is_believable() {
        // Its cost is known all the same.
        talk!("peers: loadgen says not to believe its times: {}", metered.last_said);
    }
    Ok(Answer { replies: measured.answered_in_all as f64, rate_per_s: measured.achieved_rate_per_s })
}

//! oha, which tells response times only: against a server that answers at once, lateness and the way there and back.

use std::time::Duration;

use benches::bench::oha;
use benches::bench::place::Place;
use benches::bench::scripted::{Script, Scripted};
use benches::root;
use reports_terminal::talk;

use crate::CONNECTIONS;
use crate::lateness::Lateness;

/// `None` when it is not installed, which is said.
pub(crate) fn measure(place: &Place, rate: u32, window: Duration) -> anyhow::Result<Option<Lateness>> {
    let Some(program) = oha::find(&root::find()?) else {
        talk!("pacing: oha is not installed ({} does that): it is left out", oha::INSTALLED_BY);
        return Ok(None);
    };
    let server = Scripted::start(Script::AtOnce, &place.split.contender)?;
    let asked = oha::Asked { rate: Some(f64::from(rate)), connections: CONNECTIONS, window };
    let found = oha::run(&program, &asked, &server.url()?, &place.split.client, place.interrupt())?;
    server.stop()?;
    Ok(Some(Lateness {
        client: "oha (response time)",
        p50_us: found.p50_s.map(|time| time * 1e6),
        p99_us: found.p99_s.map(|time| time * 1e6),
        promises: false,
        disturbed: None,
        involuntary_switches: Some(found.cost.involuntary_switches),
        steal: None,
        cpu: (found.cost.user_us + found.cost.system_us) as f64 / 1e6 / window.as_secs_f64(),
        spinning: None,
    }))
}

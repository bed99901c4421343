//! The open loop: what a client that should be on time adds to the times it measures.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use benches::bench::metered;
use benches::bench::oha;
use benches::bench::table::Table;
use loadgen::Rate;
use reports_record::Measurement;
use reports_terminal::talk;

use crate::field::Field;
use crate::flags::Flags;
use crate::peer::Peer;
use crate::spread::Spread;

/// More than are ever in flight at rates that a client can keep.
const CONNECTIONS: u32 = 64;

/// Beyond a turn, what starting, connecting and draining may take.
const SLACK: Duration = Duration::from_secs(20);

/// Who paces, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pacer {
    Spin,
    Timer,
    Oha,
}

impl Pacer {
    const ALL: [Self; 3] = [Self::Spin, Self::Timer, Self::Oha];

    fn name(self) -> &'static str {
        match self {
            Self::Spin => "loadgen --pacing spin",
            Self::Timer => "loadgen --pacing timer",
            Self::Oha => "oha --latency-correction",
        }
    }
}

/// What one turn came to; times in microseconds, from the start each client intended.
#[derive(Debug, Clone, Copy)]
struct Turn {
    pacer: Pacer,
    p50_us: f64,
    p99_us: f64,
    rate_per_s: f64,
    cpu_per_request_us: f64,
}

/// All rounds; what an interrupt cut off is missing.
pub(crate) fn table(field: &Field, flags: &Flags, rate: Rate) -> anyhow::Result<Table> {
    talk!(
        "peers: {} rounds of {} s each; wrk2 is in no package and so not here",
        flags.rounds(),
        flags.turn().as_secs()
    );
    let mut turns = Vec::new();
    for round in 0..flags.rounds() {
        let mut order = Pacer::ALL;
        if round % 2 == 1 {
            order.reverse();
        }
        for pacer in order {
            if field.place.interrupt().is_raised() {
                break;
            }
            match turn(field, flags, rate, pacer) {
                Ok(Some(turn)) => turns.push(turn),
                // Missing, as was said.
                Ok(None) => {}
                Err(error) => talk!("peers: {}: left out of this round: {error:#}", pacer.name()),
            }
        }
    }
    let mut table =
        Table::new(["client", "response p50, µs", "response p99, µs", "requests/s", "CPU per request, µs"]);
    for pacer in Pacer::ALL {
        let of = |figure: fn(&Turn) -> f64| {
            Spread::of(turns.iter().filter(|turn| turn.pacer == pacer).map(figure).collect())
        };
        let (Some(p50), Some(p99), Some(rate), Some(cpu)) = (
            of(|turn| turn.p50_us),
            of(|turn| turn.p99_us),
            of(|turn| turn.rate_per_s),
            of(|turn| turn.cpu_per_request_us),
        ) else {
            continue;
        };
        let times = |spread: Spread| format!("{:.0} ({:.0}–{:.0})", spread.median, spread.least, spread.most);
        table.push([
            pacer.name().to_owned(),
            times(p50),
            times(p99),
            format!("{:.0}", rate.median),
            cpu.ratio(),
        ]);
    }
    Ok(table)
}

fn turn(field: &Field, flags: &Flags, rate: Rate, pacer: Pacer) -> anyhow::Result<Option<Turn>> {
    let peer = if pacer == Pacer::Oha { Peer::Oha } else { Peer::Loadgen };
    let Some(client) = field.clients.iter().find(|client| client.peer == peer) else { return Ok(None) };
    let turn = match pacer {
        Pacer::Oha => by_oha(field, flags, rate, &client.program)?,
        Pacer::Spin => by_loadgen(field, flags, rate, pacer, "spin", &client.program)?,
        Pacer::Timer => by_loadgen(field, flags, rate, pacer, "timer", &client.program)?,
    };
    Ok(Some(turn))
}

fn by_oha(field: &Field, flags: &Flags, rate: Rate, program: &Path) -> anyhow::Result<Turn> {
    let asked = oha::Asked { rate: Some(rate.get()), connections: CONNECTIONS, window: flags.turn() };
    let found = oha::run(program, &asked, &field.url()?, &field.place.split.client, field.place.interrupt())?;
    let cpu_us = (found.cost.user_us + found.cost.system_us) as f64;
    Ok(Turn {
        pacer: Pacer::Oha,
        p50_us: found.p50_s.context("it has no median")? * 1e6,
        p99_us: found.p99_s.context("it has no 99th percentile")? * 1e6,
        rate_per_s: found.rate_per_s,
        cpu_per_request_us: cpu_us / found.replies as f64,
    })
}

fn by_loadgen(
    field: &Field,
    flags: &Flags,
    rate: Rate,
    pacer: Pacer,
    pacing: &str,
    program: &Path,
) -> anyhow::Result<Turn> {
    let (rate, connections) = (format!("{}/s", rate.get()), CONNECTIONS.to_string());
    let (program, turn) = (program.display().to_string(), format!("{}s", flags.turn().as_secs()));
    let url = field.url()?.to_string();
    let command = [&program, "--rate", &rate, "--pacing", pacing, "-c", &connections, "-d", &turn];
    let command: Vec<String> =
        command.into_iter().chain(["--expect-same-body", "--json", "-", &url]).map(str::to_owned).collect();
    let metered =
        metered::run(&command, &field.place.split.client, flags.turn() + SLACK, field.place.interrupt())?;
    let measured: Measurement = serde_json::from_str(&metered.output)
        .with_context(|| format!("cannot read its report (it last said: {})", metered.last_said))?;
    let times = measured.response_time_us.context("an open loop has response times")?;
    let cpu_us = (metered.cost.user_us + metered.cost.system_us) as f64;
    Ok(Turn {
        pacer,
        p50_us: times.p50.context("too few requests for a median")?,
        p99_us: times.p99.context("too few requests for a 99th percentile")?,
        rate_per_s: measured.achieved_rate_per_s,
        cpu_per_request_us: cpu_us / measured.answered_in_all as f64,
    })
}

//! The closed loop: what a request costs each client, how many it gets answered, and the memory that takes.

use benches::bench::metered::{self, Metered};
use benches::bench::table::Table;
use reports_terminal::talk;

use crate::answer::Answer;
use crate::field::{Field, Installed};
use crate::flags::Flags;
use crate::peer::Peer;
use crate::spread::Spread;

/// Beyond a turn, what starting, connecting and reporting may take.
const SLACK: std::time::Duration = std::time::Duration::from_secs(20);

/// What one turn of one client came to.
#[derive(Debug, Clone, Copy)]
struct Turn {
    peer: Peer,
    round: u32,
    cpu_per_request_us: f64,
    rate_per_s: f64,
    peak_mib: f64,
}

/// All rounds at every number of connections; what an interrupt cut off is missing.
pub(crate) fn table(field: &Field, flags: &Flags) -> anyhow::Result<Table> {
    let mut table = Table::new([
        "connections",
        "client",
        "CPU per request",
        "÷ wrk's",
        "requests/s",
        "÷ wrk's",
        "peak memory",
        "÷ wrk's",
    ]);
    let turns = u32::try_from(flags.connections().len() * field.clients.len())? * flags.rounds();
    talk!("peers: {turns} turns of {} s; Ctrl-C prints what there is", flags.turn().as_secs());
    for &connections in flags.connections() {
        let turns = rounds(field, flags, connections)?;
        for client in &field.clients {
            if let Some(row) = row(&turns, client.peer, connections) {
                table.push(row);
            }
        }
    }
    Ok(table)
}

fn rounds(field: &Field, flags: &Flags, connections: u32) -> anyhow::Result<Vec<Turn>> {
    let mut turns = Vec::new();
    for round in 0..flags.rounds() {
        talk!("peers: {connections} connections, round {} of {}", round + 1, flags.rounds());
        let mut order: Vec<&Installed> = field.clients.iter().collect();
        // Forwards and backwards in turn: what drifts within a round cancels over two.
        if round % 2 == 1 {
            order.reverse();
        }
        for client in order {
            if field.place.interrupt().is_raised() {
                return Ok(turns);
            }
            match turn(field, flags, client, connections, round) {
                Ok(turn) => turns.push(turn),
                Err(error) => talk!("peers: {}: left out of this round: {error:#}", client.peer.name()),
            }
        }
    }
    Ok(turns)
}

fn turn(
    field: &Field,
    flags: &Flags,
    client: &Installed,
    connections: u32,
    round: u32,
) -> anyhow::Result<Turn> {
    let peer = client.peer;
    let command = peer.command(&client.program, connections, flags.turn(), &field.url()?);
    let metered =
        metered::run(&command, &field.place.split.client, flags.turn() + SLACK, field.place.interrupt())?;
    let Metered { cost, .. } = metered;
    let answer = Answer::read(peer, metered)?;
    Ok(Turn {
        peer,
        round,
        // Of the whole process, from start to end: what it costs to be told these figures.
        cpu_per_request_us: (cost.user_us + cost.system_us) as f64 / answer.replies,
        rate_per_s: answer.rate_per_s,
        peak_mib: cost.peak_kib as f64 / 1024.0,
    })
}

/// `None` when it had no turn.
fn row(turns: &[Turn], peer: Peer, connections: u32) -> Option<Vec<String>> {
    let of = |figure: fn(&Turn) -> f64| {
        let own = || turns.iter().filter(|turn| turn.peer == peer);
        let median = Spread::of(own().map(figure).collect())?.median;
        let ratios = own().filter_map(|own| {
            let wrk = turns.iter().find(|turn| turn.peer == Peer::Wrk && turn.round == own.round)?;
            Some(figure(own) / figure(wrk))
        });
        let ratio = Spread::of(ratios.collect()).map_or_else(|| "–".to_owned(), Spread::ratio);
        Some((median, ratio))
    };
    let (cpu, cpu_ratio) = of(|turn| turn.cpu_per_request_us)?;
    let (rate, rate_ratio) = of(|turn| turn.rate_per_s)?;
    let (memory, memory_ratio) = of(|turn| turn.peak_mib)?;
    Some(vec![
        connections.to_string(),
        peer.name().to_owned(),
        format!("{cpu:.2} µs"),
        cpu_ratio,
        format!("{rate:.0}"),
        rate_ratio,
        format!("{memory:.1} MiB"),
        memory_ratio,
    ])
}

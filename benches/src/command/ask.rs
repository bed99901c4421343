//! `crossover ask`: one case, this project's pairs, about a minute.

mod like;
mod rounds;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use loadgen::{Rate, parse_span};
use reports_record::{Definition, Role};
use reports_terminal::talk;
use servers_contract::Call;

use self::rounds::Rounds;
use super::contest::{self, Hall};
use crate::contest::{Entrant, Rates, Source};
use crate::field::Field;
use crate::host::Host;
use crate::signals::Signals;
use crate::{experiment, root};

/// Shares of a pair's weaker contender's capacity that are asked unless a rate is given.
const SHARES: [f64; 3] = [0.1, 0.4, 0.7];

/// The experiment whose pairs are asked.
const EXPERIMENT: &str = "quick";

/// The arguments of `crossover ask`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How long a request waits for something else, such as a database
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    wait: Duration,
    /// CPU time that your own code takes for a request
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    cpu: Duration,
    /// Connections that are open at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,
    /// The rate that the service has to serve, such as 500/s [default: three shares of what the weaker one serves]
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Ask one pair only [default: both]
    #[arg(long)]
    pair: Option<PairName>,
    /// About how long to measure
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = within)]
    within: Duration,
    /// Measure nothing: work it out from the cells of this run
    #[arg(long, value_name = "DIR", conflicts_with_all = ["within", "json", "anyway"])]
    like: Option<PathBuf>,
    /// Print everything as JSON on stdout; the answer goes to stderr
    #[arg(long)]
    json: bool,
    /// Measure although another run measures on the same CPUs
    #[arg(long)]
    anyway: bool,
}

/// A pair of contenders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PairName {
    /// The two that differ in nothing but the model
    Control,
    /// The two that are taken off the shelf
    Stock,
}

impl PairName {
    fn is(self, role: Role) -> bool {
        role == if self == Self::Control { Role::Control } else { Role::Stock }
    }
}

fn time(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::ZERO..=Duration::from_secs(10)))
}

fn within(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::from_secs(1)..=Duration::from_secs(24 * 3600)))
}

/// Asks about one case and prints what was found; gives the exit code.
///
/// # Errors
/// When the contenders cannot be built, started or asked, the run of `--like` not be read, or the output not be written.
pub fn ask(arguments: Arguments) -> anyhow::Result<i32> {
    match &arguments.like {
        Some(folder) => like::ask(&arguments, folder),
        None => measure(&arguments),
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<i32> {
    let signals = Signals::install()?;
    let root = root::find()?;
    let definition = definition(arguments)?;
    let split = Host::of(&definition)?.split;
    let field = Field::build(&root, &definition)?;
    if signals.interrupt().is_raised() {
        return Ok(signals.exit_code());
    }
    let mut notes = Vec::new();
    let rounds = if arguments.cpu.is_zero() {
        0
    } else {
        let launch = field.launch(&definition.pairs[0].sync, &[])?;
        let calibrated = Rounds::of(arguments.cpu, &launch)?;
        talk!("{}", calibrated.tell());
        notes.push(calibrated.tell());
        calibrated.rounds
    };
    let call = call(arguments.wait, rounds)?;
    let entrant = |name: &String| {
        let source = Source::Own { launch: Box::new(field.launch(name, &[])?), call };
        anyhow::Ok(Entrant { name: name.clone(), source })
    };
    let pairs = definition.pairs.iter().map(|pair| [&pair.sync, &pair.awaiting].map(entrant));
    let contests = pairs
        .map(|[sync, awaiting]| Ok(vec![sync?, awaiting?]))
        .collect::<anyhow::Result<Vec<Vec<Entrant>>>>()?;
    let rates = match arguments.rate {
        Some(rate) => Rates::Given(vec![rate]),
        None => Rates::Shares(SHARES.to_vec()),
    };
    let hall = Hall {
        connections: arguments.connections,
        split,
        seed: definition.seed,
        within: arguments.within,
        anyway: arguments.anyway,
    };
    notes.extend(ceiling(arguments));
    contest::hold(contests, &rates, false, hall, &signals)?.tell(arguments.json, &[], &notes)?;
    Ok(if signals.interrupt().is_raised() { signals.exit_code() } else { 0 })
}

/// The pairs that are asked, and what they get of this machine.
fn definition(arguments: &Arguments) -> anyhow::Result<Definition> {
    let mut definition = experiment::load(EXPERIMENT).context("the experiment whose pairs are asked")?;
    definition.pairs.retain(|pair| arguments.pair.is_none_or(|wanted| wanted.is(pair.role)));
    ensure!(!definition.pairs.is_empty(), "the experiment {EXPERIMENT} has no such pair");
    definition.duplicate.of.clone_from(&definition.pairs[0].awaiting);
    definition.duplicate.name = format!("{}-again", definition.duplicate.of);
    definition.predictions.clear();
    definition.cells.truncate(1);
    definition.cells[0].connections = arguments.connections;
    Ok(definition)
}

/// The call that waits and computes so.
fn call(wait: Duration, rounds: u32) -> anyhow::Result<Call> {
    let ms = wait.as_secs_f64() * 1e3;
    let target = match (wait.is_zero(), rounds) {
        (true, 0) => "/hello".to_owned(),
        (true, rounds) => format!("/cpu?rounds={rounds}"),
        (false, 0) => format!("/wait?ms={ms}"),
        (false, rounds) => format!("/mixed?ms={ms}&rounds={rounds}"),
    };
    Call::parse("GET", &target).map_err(|refusal| anyhow::anyhow!("{target}: {refusal}"))
}

/// The most that waiting and the case's own CPU time leave on one core, whoever serves it.
fn ceiling(arguments: &Arguments) -> Option<String> {
    let show = |rate: f64| crate::contest::Metric::Throughput.show(rate);
    let (wait, cpu) = (arguments.wait.as_secs_f64(), arguments.cpu.as_secs_f64());
    if wait + cpu == 0.0 {
        return None;
    }
    let connections = f64::from(arguments.connections) / (wait + cpu);
    let told = format!("ARITHMETIC: {} connections end at {}", arguments.connections, show(connections));
    Some(if cpu == 0.0 {
        format!("{told}, whoever serves them; more of them, or a shorter wait, may change the answer")
    } else if connections < 1.0 / cpu {
        format!("{told}, before a core does at {}; more connections may change the answer", show(1.0 / cpu))
    } else {
        format!(
            "{told}, and a core at {} at most; a second core changes more than the choice",
            show(1.0 / cpu)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_becomes_the_call_that_waits_and_computes_so() {
        let ms = Duration::from_micros(1_500);
        let target = |wait, rounds| call(wait, rounds).unwrap().target();
        assert_eq!(target(Duration::ZERO, 0), "/hello");
        assert_eq!(target(ms, 0), "/wait?ms=1.500");
        assert_eq!(target(Duration::ZERO, 7), "/cpu?rounds=7");
        assert_eq!(target(ms, 7), "/mixed?ms=1.500&rounds=7");
    }
}

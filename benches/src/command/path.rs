//! `crossover path`: the stages of a request through each contender of the control pair.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use clap::Args;
use loadgen::{Rate, parse_span};
use reports_record::{Cell, Definition, Folder, REQUEST_PATH, RequestPath, Role, SCHEMA};
use reports_render::request_path as words;
use reports_terminal::{print, talk};
use servers_contract::Call;

use super::contest::claim;
use crate::field::Field;
use crate::host::Host;
use crate::progress::{Progress, minutes};
use crate::request_path::{Contestant, Setting};
use crate::signals::Signals;
use crate::{experiment, root};

/// The experiment whose control pair is measured.
const EXPERIMENT: &str = "quick";

/// Time of a measurement besides its span: start, warm-up and end.
const BESIDES: Duration = Duration::from_secs(1);

/// The arguments of `crossover path`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A run's folder, which gets path.json and a page that shows it [default: the path is printed and not kept]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// How long a request waits in its handler
    #[arg(long, value_name = "TIME", default_value = "10ms", value_parser = wait)]
    wait: Duration,
    /// Connections that are open at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// The offered rate; one that both contenders can serve
    #[arg(long, value_name = "RATE", default_value = "2k/s")]
    rate: Rate,
    /// How long each measurement takes
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = span)]
    span: Duration,
    /// How often each contender is measured with probes, and as often without
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    turns: u32,
    /// Print everything as JSON on stdout
    #[arg(long)]
    json: bool,
    /// Measure although another run measures on the same CPUs
    #[arg(long)]
    anyway: bool,
}

fn wait(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::ZERO..=Duration::from_secs(1)))
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::from_millis(100)..=Duration::from_secs(60)))
}

/// Measures the path, prints it and, with a run, keeps it there and writes the run's page; gives the exit code.
///
/// # Errors
/// When there is no such run, when a contender cannot be built, started, measured or stopped, and when the output cannot be written.
pub fn path(arguments: &Arguments) -> anyhow::Result<i32> {
    let signals = Signals::install()?;
    let folder = arguments.run.as_ref().map(Folder::open);
    if let Some(folder) = &folder {
        // Before minutes are spent on it.
        folder.run()?;
        folder.beside::<RequestPath>(REQUEST_PATH)?;
    }
    let root = root::find()?;
    let definition = definition(arguments)?;
    let split = Host::of(&definition)?.split;
    let _claim = claim(&split, arguments.anyway)?;
    let field = Field::build(&root, &definition)?;
    let measured = measure(arguments, &definition, &field, &signals)?;
    let Some(path) = measured else { return Ok(signals.exit_code()) };
    let mut page = String::new();
    if let Some(folder) = &folder {
        folder.write_beside(REQUEST_PATH, &path)?;
        page = format!("{}\n", reports_render::write(folder.path())?.display());
    }
    if arguments.json {
        let mut document = serde_json::to_vec_pretty(&path).context("cannot write JSON")?;
        document.push(b'\n');
        talk!("{}{}", words::table(&path), page.trim_end());
        print(document).context("cannot write to stdout")?;
    } else {
        print(format!("{}{page}", words::table(&path))).context("cannot write to stdout")?;
    }
    Ok(0)
}

/// The control pair and its one cell.
fn definition(arguments: &Arguments) -> anyhow::Result<Definition> {
    let mut definition = experiment::load(EXPERIMENT).context("the experiment whose pair is measured")?;
    definition.pairs.retain(|pair| pair.role == Role::Control);
    ensure!(!definition.pairs.is_empty(), "the experiment {EXPERIMENT} has no control pair");
    definition.duplicate.of.clone_from(&definition.pairs[0].awaiting);
    definition.duplicate.name = format!("{}-again", definition.duplicate.of);
    definition.predictions.clear();
    definition.phases.wait_spread = 0.0;
    let wait_ms = arguments.wait.as_secs_f64() * 1e3;
    definition.cells = vec![Cell {
        name: format!("wait={wait_ms}ms/c={}", arguments.connections),
        family: "wait".to_owned(),
        method: "GET".to_owned(),
        target: format!("/wait?ms={wait_ms}"),
        wait_ms,
        rounds: 0,
        bytes: 0,
        flags: Vec::new(),
        connections: arguments.connections,
        load: None,
    }];
    Ok(definition)
}

/// All turns; `None` where a signal ended them.
fn measure(
    arguments: &Arguments,
    definition: &Definition,
    field: &Field,
    signals: &Signals,
) -> anyhow::Result<Option<RequestPath>> {
    let measured_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let cell = &definition.cells[0];
    let pair = &definition.pairs[0];
    let setting = Setting {
        field,
        cell,
        phases: &definition.phases,
        rate: arguments.rate,
        span: arguments.span,
        seed: definition.seed,
        interrupt: signals.interrupt(),
    };
    let mut contestants = [Contestant::new(&pair.sync, "sync"), Contestant::new(&pair.awaiting, "async")];
    let within = 4 * arguments.turns * (arguments.span + BESIDES);
    talk!("{} and {} with probes and without, about {}", pair.sync, pair.awaiting, minutes(within));
    let mut progress = Progress::of(2 * arguments.turns as usize, within);
    for turn in 0..u64::from(arguments.turns) {
        // A B, then B A: what drifts meets both, and so it is with the probes.
        let probes_first = turn % 2 == 1;
        if turn > 0 {
            contestants.reverse();
        }
        for contestant in &mut contestants {
            progress.show("measurements", "with probes and without");
            let turned = contestant.turn(&setting, probes_first, turn);
            if signals.interrupt().is_raised() {
                return Ok(None);
            }
            turned?;
            progress.step();
        }
    }
    progress.clear();
    if arguments.turns.is_multiple_of(2) {
        contestants.reverse();
    }
    let call = Call::parse(&cell.method, &cell.target)
        .map_err(|refusal| anyhow::anyhow!("{}: {refusal}", cell.target))?;
    let wait_us = cell.wait_ms * 1e3;
    let contenders = contestants.into_iter().map(|one| one.path(call.endpoint().name(), wait_us));
    Ok(Some(RequestPath {
        schema: SCHEMA,
        command: command(arguments),
        measured_at,
        environment: field.environment(),
        target: cell.target.clone(),
        wait_us,
        connections: cell.connections,
        rate_per_s: arguments.rate.get(),
        turns: arguments.turns,
        span_s: arguments.span.as_secs_f64(),
        contenders: contenders.collect::<anyhow::Result<_>>()?,
    }))
}

/// The command that measures the same again.
fn command(arguments: &Arguments) -> String {
    let Arguments { wait, connections, rate, span, turns, .. } = arguments;
    let time = |time: &Duration| format!("{}ms", time.as_secs_f64() * 1e3);
    format!(
        "cargo crossover path --wait {} --connections {connections} --rate {rate} --span {} --turns {turns}",
        time(wait),
        time(span)
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn read(words: &[&str]) -> Result<Arguments, clap::Error> {
        Line::try_parse_from([&["path"], words].concat()).map(|line| line.arguments)
    }

    #[test]
    fn the_command_that_is_told_measures_the_same_again() {
        let asked =
            read(&["--wait", "1.5ms", "--connections", "8", "--rate", "500/s", "--turns", "2"]).unwrap();
        let told = command(&asked);
        let words: Vec<&str> = told.split(' ').skip(3).collect();
        let again = read(&words).unwrap_or_else(|error| panic!("{told}: {error}"));
        assert_eq!(format!("{asked:?}"), format!("{again:?}"));
    }

    #[test]
    fn the_control_pair_alone_is_measured_in_one_cell() {
        let definition = definition(&read(&["--wait", "0s", "--connections", "3"]).unwrap()).unwrap();
        assert_eq!(definition.pairs.len(), 1);
        assert_eq!(definition.cells.len(), 1);
        let cell = &definition.cells[0];
        assert_eq!((cell.target.as_str(), cell.connections, cell.wait_ms), ("/wait?ms=0", 3, 0.0));
    }
}

//! `crossover ask`: one case, this project's pairs, about a minute.

mod like;
mod rounds;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use loadgen::{Rate, parse_span};
use reports_record::{Definition, Role};
use reports_terminal::{counted, talk};
use servers_contract::Call;

use self::rounds::Rounds;
use super::contest::{self, Hall, Occasion};
use crate::contest::{Entrant, Metric, Rates, Source};
use crate::field::Field;
use crate::host::Host;
use crate::signals::Signals;
use crate::{experiment, root};

/// Shares of a pair's weaker contender's capacity that are asked unless a rate is given.
const SHARES: [f64; 3] = [0.1, 0.4, 0.7];

/// Contenders of a pair, which take turns; pairs are held in turn.
const SIDES: u64 = 2;

/// The experiment whose pairs are asked.
const EXPERIMENT: &str = "quick";

/// The arguments of `crossover ask`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How long a request waits for something else, such as a database
    #[arg(long, value_name = "TIME", value_parser = time)]
    wait: Option<Duration>,
    /// CPU time that your own code takes for a request
    #[arg(long, value_name = "TIME", value_parser = time)]
    cpu: Option<Duration>,
    /// Connections that are open at once [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: Option<u32>,
    /// The rate that the service has to serve, such as 500/s [default: three shares of what the weaker one serves]
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Ask one pair only [default: control and stock]
    #[arg(long)]
    pair: Option<PairName>,
    /// About how long to measure
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = within)]
    within: Duration,
    /// Measure nothing: work it out from the cells of this run
    #[arg(long, value_name = "DIR", conflicts_with_all = ["within", "json", "anyway", "runs"])]
    like: Option<PathBuf>,
    /// Folder that gets the folder of record and page [default: reports/runs in the project]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Print everything as JSON on stdout; the answer goes to stderr
    #[arg(long)]
    json: bool,
    /// Measure although another run measures on the same CPUs; the page says so
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
    /// The same with the blocking library used as its documentation shows
    Documented,
}

impl PairName {
    fn role(self) -> Role {
        match self {
            Self::Control => Role::Control,
            Self::Stock => Role::Stock,
            Self::Documented => Role::Documented,
        }
    }

    /// Whether a pair of this role is asked: the one that is `wanted`, or one of the two that are unless told otherwise.
    fn asks(wanted: Option<Self>, role: Role) -> bool {
        wanted.map_or(role != Role::Documented, |wanted| wanted.role() == role)
    }
}

fn time(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::ZERO..=Duration::from_secs(10)))
}

fn within(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::from_secs(1)..=Duration::from_secs(24 * 3600)))
}

/// The case that is asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Question {
    wait: Duration,
    cpu: Duration,
    connections: u32,
    rate: Option<Rate>,
}

impl Question {
    /// The case of `arguments`, which have to name a part of it: a case that is not asked for gets no answer.
    fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let Arguments { wait, cpu, connections, rate, .. } = arguments;
        ensure!(
            wait.is_some() || cpu.is_some() || connections.is_some(),
            "no case is given: expected one or more of --wait, --cpu and --connections, such as --wait 20ms --cpu 1ms --connections 200"
        );
        let (wait, cpu) = (wait.unwrap_or_default(), cpu.unwrap_or_default());
        Ok(Self { wait, cpu, connections: connections.unwrap_or(CONNECTIONS), rate: *rate })
    }

    /// The case in words, as a page's title.
    fn title(&self) -> String {
        let time = |time: Duration| Metric::CpuPerRequest.show(time.as_secs_f64() * 1e6);
        let parts = [
            (!self.wait.is_zero()).then(|| format!("{} of waiting", time(self.wait))),
            (!self.cpu.is_zero()).then(|| format!("{} of CPU", time(self.cpu))),
            Some(counted(self.connections.into(), "connection")),
            self.rate.map(|rate| rate.to_string()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("Threads or async: {}?", parts.join(", "))
    }
}

/// Connections of a case that names none: those of most cells of the experiment.
const CONNECTIONS: u32 = 64;

/// Asks about one case, prints what was found and writes its page; gives the exit code.
///
/// # Errors
/// When no case is given, the contenders cannot be built, started or asked, the run of `--like` not be read, or the output
/// not be written.
pub fn ask(arguments: Arguments) -> anyhow::Result<i32> {
    let question = Question::of(&arguments)?;
    match &arguments.like {
        Some(folder) => like::ask(&question, arguments.pair, folder),
        None => {
            let signals = Signals::install()?;
            signals.conclude(measure(&arguments, question, &signals))
        }
    }
}

fn measure(arguments: &Arguments, question: Question, signals: &Signals) -> anyhow::Result<i32> {
    let root = root::find()?;
    let definition = definition(arguments.pair, question)?;
    let split = Host::of(&definition)?.split;
    let runs = Occasion::runs(arguments.runs.clone(), &root);
    let claim = contest::prepare(&runs, SIDES, question.connections, &split, arguments.anyway)?;
    let field = Field::build(&root, &definition)?;
    if signals.interrupt().is_raised() {
        return Ok(signals.exit_code());
    }
    let mut remarks: Vec<String> = contest::crowded(claim.as_ref()).into_iter().collect();
    let rounds = if question.cpu.is_zero() {
        0
    } else {
        let launch = field.launch(&definition.pairs[0].sync, &[])?;
        let calibrated = Rounds::of(question.cpu, &launch)?;
        talk!("{}", calibrated.tell());
        remarks.push(calibrated.tell());
        calibrated.rounds
    };
    let call = call(question.wait, rounds)?;
    let entrant = |name: &String| {
        let source = Source::Own { launch: Box::new(field.launch(name, &[])?), call };
        anyhow::Ok(Entrant { name: name.clone(), source })
    };
    let pairs = definition.pairs.iter().map(|pair| [&pair.sync, &pair.awaiting].map(entrant));
    let contests = pairs
        .map(|[sync, awaiting]| Ok(vec![sync?, awaiting?]))
        .collect::<anyhow::Result<Vec<Vec<Entrant>>>>()?;
    let rates = match question.rate {
        Some(rate) => Rates::Given(vec![rate]),
        None => Rates::Shares(SHARES.to_vec()),
    };
    let hall = Hall {
        connections: question.connections,
        split,
        // Programs of this project, compiled beforehand: the first requests find them as the last ones do.
        warm_up: Duration::ZERO,
        seed: definition.seed,
        within: arguments.within,
        _claim: claim,
    };
    remarks.extend(ceiling(question));
    remarks.extend(drawn_waits(question));
    let occasion = Occasion { name: "ask", question: question.title(), remarks, runs, place: root };
    contest::hold(contests, &rates, false, hall, occasion, signals)?.tell(arguments.json, &[])?;
    Ok(0)
}

/// The pairs that are asked, and what they get of this machine.
fn definition(pair: Option<PairName>, question: Question) -> anyhow::Result<Definition> {
    let mut definition = experiment::load(EXPERIMENT).context("the experiment whose pairs are asked")?;
    definition.pairs.retain(|of| PairName::asks(pair, of.role));
    ensure!(!definition.pairs.is_empty(), "the experiment {EXPERIMENT} has no such pair");
    definition.duplicate.of.clone_from(&definition.pairs[0].awaiting);
    definition.duplicate.name = format!("{}-again", definition.duplicate.of);
    definition.predictions.clear();
    definition.cells.truncate(1);
    definition.cells[0].connections = question.connections;
    // It has no block of its own, in which a duplicate would be alive besides.
    definition.phases.slices = None;
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
fn ceiling(question: Question) -> Option<String> {
    let show = |rate: f64| Metric::Throughput.show(rate);
    let (wait, cpu) = (question.wait.as_secs_f64(), question.cpu.as_secs_f64());
    if wait + cpu == 0.0 {
        return None;
    }
    let connections = f64::from(question.connections) / (wait + cpu);
    let told = format!("ARITHMETIC: {} connections end at {}", question.connections, show(connections));
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

/// A sentence on the response times that are told where each request has a wait of its own.
fn drawn_waits(question: Question) -> Option<String> {
    (!question.wait.is_zero()).then(|| {
        format!(
            "Waits are drawn around {wait}. A response time is that of a request that waits {wait}: the time beyond each request's \
             own wait, and {wait}.",
            wait = Metric::ResponseTimeP50.show(question.wait.as_secs_f64() * 1e6)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_told_by_the_parts_that_it_has() {
        let ms = Duration::from_millis;
        let rate = Rate::per_second(500.0).unwrap();
        let title =
            |wait, cpu, rate| Question { wait: ms(wait), cpu: ms(cpu), connections: 200, rate }.title();
        assert_eq!(
            title(20, 1, Some(rate)),
            format!("Threads or async: 20.0 ms of waiting, 1.00 ms of CPU, 200 connections, {}?", rate)
        );
        assert_eq!(title(0, 0, None), "Threads or async: 200 connections?");
    }

    #[test]
    fn each_pair_of_the_experiment_can_be_asked_and_two_are_unless_told_otherwise() {
        let question = Question { wait: Duration::ZERO, cpu: Duration::ZERO, connections: 3, rate: None };
        let asked = |pair| -> Vec<Role> {
            let definition = definition(pair, question).unwrap();
            assert_eq!((definition.cells[0].connections, definition.phases.slices), (3, None));
            assert_eq!(definition.duplicate.of, definition.pairs[0].awaiting);
            definition.pairs.iter().map(|pair| pair.role).collect()
        };
        assert_eq!(asked(None), [Role::Control, Role::Stock]);
        for pair in [PairName::Control, PairName::Stock, PairName::Documented] {
            assert_eq!(asked(Some(pair)), [pair.role()]);
        }
    }

    #[test]
    fn a_case_that_waits_says_whose_response_times_it_tells() {
        let remark = |ms| {
            let wait = Duration::from_millis(ms);
            drawn_waits(Question { wait, cpu: Duration::ZERO, connections: 64, rate: None })
        };
        assert_eq!(remark(0), None);
        assert!(remark(20).unwrap().starts_with("Waits are drawn around 20.0 ms. "), "{:?}", remark(20));
    }

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

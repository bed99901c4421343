//! Searches for a capacity, as asked by flags.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use loadgen::capacity::{Answer, Finding, Search, Verdict, doubled_connections, judge, judge_doubled};
use loadgen::{Client, Crew, Interrupt, Load, Progress, Rate, StartError, show_span};
use reports_record::{CapacityFinding, CapacityReport, CapacityTrial, Measurement, SCHEMA};
use reports_terminal::{counted, print, talk};

use super::{INVALID, NONE_IN_RANGE, NOT_STARTED, UNWRITTEN, VALID, complain};
use crate::cli::capacity_plan::SearchPlan;
use crate::cli::flags::capacity::CapacityFlags;
use crate::cli::live::LiveProgress;
use crate::cli::output::Output;
use crate::cli::patience::unless_interrupted;
use crate::cli::rates::Rates;
use crate::cli::search_log::{SearchLog, recorded};
use crate::cli::signals::Signals;

/// How often a pause looks at the interrupt.
const PAUSE_TICK: Duration = Duration::from_millis(20);

/// Searches, writes what was found, and tells by its exit code what the answer comes to.
pub(crate) fn run(flags: &CapacityFlags) -> ExitCode {
    let interrupt = Interrupt::default();
    let signals = match Signals::watch(&interrupt).context("could not watch for signals") {
        Ok(signals) => signals,
        Err(error) => return complain(&error, NOT_STARTED),
    };
    let flags = flags.clone();
    let begun = unless_interrupted(&interrupt, move || Hunt::begin(&flags));
    let (mut hunt, json) = match begun.context("interrupted before anything was sent").flatten() {
        Ok(begun) => begun,
        Err(error) => return complain(&error, signals.exit_code().unwrap_or(NOT_STARTED)),
    };
    let hunted = hunt.go_on(&interrupt);
    let answer = hunt.search.answer();
    let code = match (&hunted, signals.exit_code()) {
        (_, Some(signalled)) => signalled,
        (Err(_), None) if hunt.trials.is_empty() => NOT_STARTED,
        (Err(_), None) => INVALID,
        (Ok(()), None) => code_of(&answer),
    };
    // What is known is told, whatever cut the search off.
    let told = if hunt.trials.is_empty() { Ok(()) } else { hunt.report(&answer, json.as_ref()) };
    let failed = [hunted.err().map(|error| (error, code)), told.err().map(|error| (error, UNWRITTEN))];
    failed
        .into_iter()
        .flatten()
        .map(|(error, code)| complain(&error, code))
        .last()
        .unwrap_or(ExitCode::from(code))
}

fn code_of(answer: &Answer) -> u8 {
    match answer.finding() {
        Finding::Between { .. } | Finding::AboveRange => VALID,
        Finding::BelowRange => NONE_IN_RANGE,
        Finding::ClientLimited { .. } | Finding::CannotTell { .. } => INVALID,
    }
}

/// A search under way.
struct Hunt {
    plan: SearchPlan,
    search: Search,
    trials: Vec<CapacityTrial>,
    log: SearchLog,
}

impl Hunt {
    fn begin(flags: &CapacityFlags) -> anyhow::Result<(Self, Option<Output>)> {
        let plan = flags.plan()?;
        let json = flags.json()?;
        let mut search = Search::new(plan.range)?;
        let (mut log, lines) = flags.log()?;
        let trials = log.resume(lines, &plan.record(), &mut search)?;
        Ok((Self { plan, search, trials, log }, json))
    }

    /// One trial after another, until nothing more is asked, time is up, or the interrupt is raised.
    fn go_on(&mut self, interrupt: &Interrupt) -> anyhow::Result<()> {
        talk!("{}", self.plan.announcement());
        if !self.trials.is_empty() {
            talk!("going on after {} of the log", counted(self.trials.len() as u64, "trial"));
        }
        let end = Instant::now() + self.plan.at_most;
        let mut is_first = true;
        while let Some((rate, trial)) = self.search.next() {
            if !is_first {
                pause(self.plan.settle, interrupt);
            }
            is_first = false;
            if interrupt.is_raised() {
                return Ok(());
            }
            if Instant::now() + self.plan.longest(rate) > end {
                let longest = show_span(self.plan.longest(rate));
                talk!("time is up: a trial at {rate} may take {longest}, more than is left");
                return Ok(());
            }
            let Some(made) = self.make((rate, trial), end, interrupt)? else { return Ok(()) };
            // Told even where the log cannot take it.
            let logged = self.log.push(&made);
            self.trials.push(made);
            logged?;
        }
        Ok(())
    }

    /// Makes a trial and has the search take it; `None` when it was interrupted. Where it is in doubt for having too few connections, it
    /// is made once more with twice as many, if that ends by `end`.
    fn make(
        &mut self,
        (rate, trial): (Rate, u32),
        end: Instant,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Option<CapacityTrial>> {
        let load = self.plan.load(rate, trial);
        let made = self.measure(&load, &self.plan.crew, interrupt);
        let Some(measurement) = made.with_context(|| format!("could not make a trial at {rate}"))? else {
            return Ok(None);
        };
        let objectives = &self.plan.objectives;
        let has_time = Instant::now() + self.plan.longest(rate) <= end;
        let twice = doubled_connections(objectives, &measurement).filter(|_| has_time);
        let (verdict, reason) = match twice {
            None => judge(objectives, &measurement),
            Some(connections) => {
                talk!(
                    "{:>12}  trial {}  once more, with {}",
                    rate.to_string(),
                    trial + 1,
                    counted(connections.into(), "connection")
                );
                pause(self.plan.settle, interrupt);
                let crew = Crew { connections, ..self.plan.crew.clone() };
                match self.measure(&load, &crew, interrupt) {
                    Ok(Some(doubled)) => judge_doubled(objectives, &measurement, &doubled),
                    Ok(None) => return Ok(None),
                    Err(error) => {
                        let (verdict, reason) = judge(objectives, &measurement);
                        (verdict, format!("{reason}; with {connections} it could not be tried: {error:#}"))
                    }
                }
            }
        };
        self.search.take(rate, verdict)?;
        let (kept, doubt) = recorded(verdict);
        let name = match verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Unsure(_) => "unsure",
        };
        talk!("{:>12}  trial {}  {name:6}  {reason}", rate.to_string(), trial + 1);
        Ok(Some(CapacityTrial { rate_per_s: rate.get(), trial, verdict: kept, doubt, reason, measurement }))
    }

    /// What `load` finds over fresh connections; `None` when it was interrupted.
    fn measure(
        &self,
        load: &Load,
        crew: &Crew,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Option<Measurement>> {
        let connected = Client::connect(load.request.url(), crew, self.plan.priming.as_ref(), interrupt);
        let mut client = match connected {
            Err(StartError::Interrupted) => return Ok(None),
            connected => connected?,
        };
        let mut line = LiveProgress::new(load, crew.connections);
        let measured = client.measure(load, interrupt, &mut |progress: &Progress| line.show(progress));
        line.clear();
        Ok(Some(measured?).filter(|measurement| measurement.complete))
    }

    /// Data on stdout: table and answer, or with `--json -` the JSON and nothing else. The answer comes in any case.
    fn report(&self, answer: &Answer, json: Option<&Output>) -> anyhow::Result<()> {
        let asked = self.plan.asked();
        let written = json.map_or(Ok(()), |json| json.write_json(&self.record(answer)));
        let told = if json.is_some_and(Output::is_stdout) {
            talk!("capacity with {asked}: {answer}");
            Ok(())
        } else {
            let table = Rates { search: &self.search, trials: &self.trials };
            let text = format!("{table}\ncapacity with {asked}: {answer}");
            print(format!("{text}\n"))
                .context("could not write the answer to stdout")
                .inspect_err(|_| talk!("{text}"))
        };
        written.and(told)
    }

    fn record(&self, answer: &Answer) -> CapacityReport {
        CapacityReport {
            schema: SCHEMA,
            plan: self.plan.record(),
            finding: match answer.finding() {
                Finding::Between { .. } => CapacityFinding::Between,
                Finding::AboveRange => CapacityFinding::AboveRange,
                Finding::BelowRange => CapacityFinding::BelowRange,
                Finding::ClientLimited { .. } => CapacityFinding::ClientLimited,
                Finding::CannotTell { .. } => CapacityFinding::CannotTell,
            },
            passed_per_s: answer.passed().map(Rate::get),
            failed_per_s: answer.failed().map(Rate::get),
            answer: answer.to_string(),
            complete: answer.is_finished(),
            trials: self.trials.clone(),
        }
    }
}

/// Waits, unless the interrupt is raised.
fn pause(length: Duration, interrupt: &Interrupt) {
    let end = Instant::now() + length;
    while Instant::now() < end && !interrupt.is_raised() {
        sleep(PAUSE_TICK.min(end.saturating_duration_since(Instant::now())));
    }
}

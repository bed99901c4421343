//! `crossover run` and `crossover resume`: from an experiment to a page.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail};
use reports_record::{
    ContenderRecord, Definition, Ending, Environment, Folder, FolderError, Line, Run, SCHEMA, TrialLog,
    shell_word,
};
use reports_terminal::{counted, print, talk};

use super::{check, cores, namesakes};
use crate::conditions::Conditions;
use crate::cpu_claim::CpuClaim;
use crate::cpus::Split;
use crate::field::Field;
use crate::host::Host;
use crate::remaining::Done;
use crate::runner::{Outcome, Runner};
use crate::signals::Signals;
use crate::soundness::Soundness;
use crate::{budget, cpus, estimate, machine, program, progress, root};

/// Exit code when trials could not be measured.
const FAILED: i32 = 1;

/// Exit code when every trial was measured, and still nothing can be judged.
const UNJUDGED: i32 = 3;

/// Builds, measures and writes the page of a new run; gives the exit code.
///
/// # Errors
/// When it could not start, or a result could not be written.
pub fn run(
    name: &str,
    runs: Option<PathBuf>,
    budget: Option<Duration>,
    anyway: bool,
    numbers_of_cores: &[u32],
) -> anyhow::Result<i32> {
    let definition = check::load(name, check::contenders()?.as_ref())?;
    let signals = Signals::install()?;
    if let Some(budget) = budget {
        ensure_first_look(&definition, budget)?;
    }
    if !numbers_of_cores.is_empty() {
        return cores::run(name, &definition, numbers_of_cores, runs, budget, anyway, &signals);
    }
    let command = with_budget(format!("cargo crossover run {}", shell_word(name)), budget);
    Ok(measure(definition, command, runs, budget, anyway, &signals)?.0)
}

/// A command line with the budget that was given.
pub(super) fn with_budget(command: String, budget: Option<Duration>) -> String {
    let Some(budget) = budget else { return command };
    format!("{command} --budget {}", humantime::format_duration(budget).to_string().replace(' ', ""))
}

/// Makes sure that `budget` is likely to carry the blocks before the first look: a run that ends earlier judges nothing.
fn ensure_first_look(definition: &Definition, budget: Duration) -> anyhow::Result<()> {
    let first = definition.duplicate_blocks();
    let until_first = Definition { blocks: first, looks: Vec::new(), ..definition.clone() };
    let needed = estimate::duration(&until_first);
    let calibrated = estimate::duration(&Definition { blocks: 0, ..until_first });
    anyhow::ensure!(
        needed <= budget,
        "--budget {} is too short: the first verdicts come after {}, which take about {} at {:.1} s each after {:.0} s of \
         calibration; give a budget of {} or more, or an experiment with fewer cells",
        humantime::format_duration(budget),
        counted(first.into(), "block"),
        progress::minutes(needed),
        (needed - calibrated).as_secs_f64() / f64::from(first.max(1)),
        calibrated.as_secs_f64(),
        humantime::format_duration(Duration::from_secs(60 * needed.as_secs().div_ceil(60)))
    );
    Ok(())
}

/// Builds, measures and writes the page of a new run that `command` asked for; gives the exit code and the run's folder,
/// if it came to one.
///
/// # Errors
/// As [`run`].
pub(super) fn measure(
    definition: Definition,
    command: String,
    runs: Option<PathBuf>,
    budget: Option<Duration>,
    anyway: bool,
    signals: &Signals,
) -> anyhow::Result<(i32, Option<Folder>)> {
    let begun = Instant::now();
    let root = root::find()?;
    warn_of_one_cpu()?;
    let (_claim, shared) = claim_cpus(&definition, anyway)?;
    let Some(field) = build(&root, &definition, signals)? else { return Ok((signals.exit_code(), None)) };
    announce(&definition);
    let busy = warn_of_busy_cpus(&field);
    let described = describe(command, definition, &field);
    let Some(mut run) = unless_interrupted(described, signals)? else {
        return Ok((signals.exit_code(), None));
    };
    run.environment.remarks.extend(shared.into_iter().chain(busy));
    let folder = create(&runs.unwrap_or_else(|| root.join(root::RUNS)), &mut run)?;
    let left = budget.map(|budget| budget.saturating_sub(begun.elapsed()));
    let code = finish(&folder, folder.append()?, &run, &field, left, signals)?;
    Ok((code, Some(folder)))
}

/// The folder of `run` below `runs`, which has the run's name, with a number if another has it already.
fn create(runs: &Path, run: &mut Run) -> anyhow::Result<Folder> {
    let is_taken = |error: &FolderError| matches!(error, FolderError::Io { cause, .. } if cause.kind() == ErrorKind::AlreadyExists);
    let id = run.id.clone();
    Ok(namesakes::make(&id, is_taken, |name| {
        name.clone_into(&mut run.id);
        Folder::create(runs.join(name), run)
    })?)
}

/// Asked before the runner binds itself to the client's CPU.
fn warn_of_one_cpu() -> anyhow::Result<()> {
    if let [only] = cpus::allowed()?[..] {
        talk!(
            "warning: only CPU {only} may be used, so client and contender share it: every figure includes the \
             client's own work, and the page says so; allow two CPUs (taskset, cpuset, the machine's size) for an \
             answer to rely on, and see `cargo crossover doctor`"
        );
    }
    Ok(())
}

/// Makes sure that no other run measures on the same CPUs; with `anyway` one that does is only told of. Gives the claim, to
/// be held until the run ends, and what the page has to say.
fn claim_cpus(definition: &Definition, anyway: bool) -> anyhow::Result<(Option<CpuClaim>, Option<String>)> {
    let Split { client, contender } = Host::of(definition)?.split;
    match CpuClaim::of(client.into_iter().chain(contender)) {
        Ok(claim) => Ok((Some(claim), None)),
        Err(error) if anyway => {
            talk!("warning: {error:#}");
            Ok((
                None,
                Some("another run measured on the same CPUs: each spoilt the other's figures".to_owned()),
            ))
        }
        Err(error) => Err(error),
    }
}

/// Looks, before anything is measured, whether others use the CPUs that this run will; gives what the page has to say.
fn warn_of_busy_cpus(field: &Field) -> Option<String> {
    let busy = machine::busy_cpus(LOOK);
    let own = field.cpus();
    let taken: Vec<String> = busy
        .into_iter()
        .filter(|(cpu, share)| own.contains(cpu) && *share > TAKEN)
        .map(|(cpu, share)| format!("CPU {cpu} was {:.0} % busy", share * 100.0))
        .collect();
    if taken.is_empty() {
        return None;
    }
    let told = format!("other processes used the run's CPUs before it began: {}", taken.join(", "));
    talk!(
        "warning: {told}; stop what else runs here, or expect trials that are spoilt and verdicts that cannot tell"
    );
    Some(told)
}

/// How long the CPUs are looked at before a run, and the share of one that others may use unmentioned.
const LOOK: Duration = Duration::from_millis(300);
const TAKEN: f64 = 0.5;

/// Goes on with the run in `folder`; gives the exit code.
///
/// # Errors
/// When it cannot go on there (no run, somebody else's at the moment, other programs than it began with), or a result
/// could not be written.
pub fn resume(folder: PathBuf, anyway: bool) -> anyhow::Result<i32> {
    let folder = Folder::open(folder);
    let run = folder.run()?;
    // Held from here on: a second runner must not start contenders beside those that the first one measures.
    let log = folder.append()?;
    if let Some(failed) = failed_if_complete(&folder, &run.definition)? {
        talk!("{} is complete already; nothing is measured again", folder.path().display());
        return conclude(&folder, &run.definition, Outcome::Complete { failed }, None);
    }
    let budget = budget::left(&folder.lines()?.0);
    let root = root::find()?;
    warn_of_one_cpu()?;
    let (_claim, _) = claim_cpus(&run.definition, anyway)?;
    let signals = Signals::install()?;
    let Some(field) = build(&root, &run.definition, &signals)? else { return Ok(signals.exit_code()) };
    let records = unless_interrupted(field.records(), &signals)?;
    let Some(records) = records else { return Ok(signals.exit_code()) };
    same_conditions(&folder, &run, &records, &field.environment())?;
    finish(&folder, log, &run, &field, budget, &signals)
}

/// Characters of a difference that are shown: both values of it come from outside.
const DIFFERENCE: usize = 400;

/// Makes sure that nothing has changed since the run began that its figures depend on: trials made under other conditions
/// would be another experiment's.
fn same_conditions(
    folder: &Folder,
    run: &Run,
    contenders: &[ContenderRecord],
    environment: &Environment,
) -> anyhow::Result<()> {
    let (lines, _) = folder.lines()?;
    let began = lines.iter().find_map(|line| if let Line::Beginning(it) = line { Some(it) } else { None });
    let runner = program::own_sha256()?;
    let then = Conditions {
        contenders: &run.contenders,
        environment: &run.environment,
        runner_sha256: began.map(|began| began.runner_sha256.as_str()),
    };
    let now = Conditions { contenders, environment, runner_sha256: Some(&runner) };
    let differences = then.differences(&now);
    if differences.is_empty() {
        return Ok(());
    }
    let listed: String = differences
        .iter()
        .map(|difference| format!("\n  {}", reports_record::shown(difference, DIFFERENCE)))
        .collect();
    bail!(
        "cannot go on with {}: it began under other conditions, and what is measured now would not compare:{listed}\n\
         restore them (check out the commit that it began with, allow the same CPUs), or begin a new run",
        folder.path().display()
    )
}

/// How many trials of a run failed that has ended with every planned trial on record; `None` for any other.
fn failed_if_complete(folder: &Folder, definition: &Definition) -> anyhow::Result<Option<usize>> {
    let (lines, _) = folder.lines()?;
    let ended = matches!(lines.last(), Some(Line::Ending(Ending { complete: true, .. })));
    let done = Done::of(lines);
    Ok(done.failed_if_complete(definition).filter(|_| ended))
}

/// The contenders, built; `None` when a signal came meanwhile, which ends the build too.
fn build(root: &Path, definition: &Definition, signals: &Signals) -> anyhow::Result<Option<Field>> {
    unless_interrupted(Field::build(root, definition), signals)
}

/// What came of a preparation; `None` when a signal came meanwhile, which may well be why it failed.
fn unless_interrupted<T>(prepared: anyhow::Result<T>, signals: &Signals) -> anyhow::Result<Option<T>> {
    if signals.interrupt().is_raised() {
        talk!("interrupted before anything was measured");
        return Ok(None);
    }
    prepared.map(Some)
}

fn finish(
    folder: &Folder,
    log: TrialLog,
    run: &Run,
    field: &Field,
    budget: Option<Duration>,
    signals: &Signals,
) -> anyhow::Result<i32> {
    match Runner::new(folder, log, run, field, signals)?.within(budget).run() {
        Ok(outcome) => conclude(folder, &run.definition, outcome, Some(signals)),
        Err(error) => {
            // What was measured before is shown all the same; why it stopped matters more than why it cannot be.
            let _ = reports_render::write(folder.path());
            Err(error.context(format!(
                "the run stopped, what was measured is kept, and `{}` goes on",
                to_resume(folder)
            )))
        }
    }
}

/// The command that goes on with the run in `folder`, as a shell takes it.
fn to_resume(folder: &Folder) -> String {
    format!("cargo crossover resume {}", shell_word(&folder.path().display().to_string()))
}

/// Writes the page, says what is missing, and gives the exit code.
fn conclude(
    folder: &Folder,
    definition: &Definition,
    outcome: Outcome,
    signals: Option<&Signals>,
) -> anyhow::Result<i32> {
    let page =
        reports_render::write(folder.path()).context("the results are kept, the page is not written")?;
    let code = match outcome {
        Outcome::Complete { failed } => {
            let is_judged = told_soundness(folder, definition)?;
            if failed > 0 {
                talk!("{} failed; the page lists each with its reason", counted(failed as u64, "trial"));
                FAILED
            } else if is_judged {
                0
            } else {
                talk!("nothing can be judged: no comparison has a block in which both sides may be believed");
                UNJUDGED
            }
        }
        Outcome::Interrupted { left } => {
            talk!(
                "interrupted with {} to go; `{}` goes on",
                counted(left as u64, "trial"),
                to_resume(folder)
            );
            signals.map_or(1, Signals::exit_code)
        }
    };
    index(folder);
    tell_answer(folder);
    if let Err(error) = print(format!("{}\n", page.display())) {
        talk!("crossover: cannot write the page's path, {}, to stdout: {error}", page.display());
        return Ok(code.max(1));
    }
    Ok(code)
}

/// Brings the index of the folder that holds this run up to date. A run is worth no less without it.
fn index(folder: &Folder) {
    let Some(runs) = folder.path().parent() else { return };
    match reports_render::update_index(runs) {
        Ok(index) => talk!("all runs: {}", index.display()),
        Err(error) => talk!("warning: the index of runs is not up to date: {error:#}"),
    }
}

/// Columns of a terminal that sentences are wrapped to.
const COLUMNS: usize = 80;

/// The page's answer, and how many questions are undecided for which reason, in the page's words. A record that cannot be read was
/// told of before.
fn tell_answer(folder: &Folder) {
    for sentence in reports_render::answer_of(folder.path()).unwrap_or_default() {
        for line in textwrap::wrap(&format!("{}. {}", sentence.lead, sentence.text), COLUMNS) {
            talk!("{line}");
        }
    }
    if let Ok(Some(undecided)) = reports_render::undecided_of(folder.path()) {
        textwrap::wrap(&undecided, COLUMNS).iter().for_each(|line| talk!("{line}"));
    }
}

/// Reports how many trials may not be believed; returns whether anything can be judged.
fn told_soundness(folder: &Folder, definition: &Definition) -> anyhow::Result<bool> {
    let Soundness { measured, unbelievable, has_comparison } = Soundness::of(definition, &folder.lines()?.0);
    if unbelievable > 0 {
        let trials = counted(measured as u64, "measured trial");
        talk!("{unbelievable} of {trials} may not be believed; the page says why");
    }
    Ok(has_comparison)
}

fn announce(definition: &Definition) {
    talk!(
        "{}: {}, {}, seed {}; about {}, Ctrl-C keeps what is there",
        definition.name,
        counted(definition.cells.len() as u64, "cell"),
        counted(definition.blocks.into(), "block"),
        definition.seed,
        progress::minutes(estimate::duration(definition))
    );
}

fn describe(command: String, definition: Definition, field: &Field) -> anyhow::Result<Run> {
    let started_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    Ok(Run {
        schema: SCHEMA,
        id: format!("{}-{}", started_at.replace(':', "").trim_end_matches('Z'), definition.name),
        command: field.hide(&command),
        started_at,
        contenders: field.records()?,
        environment: field.environment(),
        definition,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_begin_in_one_second_have_a_folder_each_and_its_name() {
        let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published/2026-11-22-grid");
        let run = Folder::open(published).run().unwrap();
        let runs = tempfile::tempdir().unwrap();
        let ids: Vec<String> = (0..3)
            .map(|_| {
                let folder = create(runs.path(), &mut run.clone()).unwrap();
                let id = folder.run().unwrap().id;
                assert_eq!(folder.path().file_name().unwrap().to_str(), Some(id.as_str()));
                id
            })
            .collect();
        assert_eq!(ids, [run.id.clone(), format!("{}-2", run.id), format!("{}-3", run.id)]);
    }

    #[test]
    fn a_budget_that_carries_no_look_is_refused_with_one_that_does() {
        for name in ["quick", "grid"] {
            let definition = crate::experiment::load(name).unwrap();
            let refused = ensure_first_look(&definition, Duration::from_secs(60)).unwrap_err().to_string();
            let first = format!(
                "--budget 1m is too short: the first verdicts come after {} blocks, which take about ",
                definition.looks[0]
            );
            assert!(refused.starts_with(&first), "{refused}");
            let named = refused.split("give a budget of ").nth(1).unwrap().split(" or more").next().unwrap();
            assert!(
                ensure_first_look(&definition, humantime::parse_duration(named).unwrap()).is_ok(),
                "{named}"
            );
        }
    }

    #[test]
    fn a_hint_can_be_copied_into_a_shell() {
        assert_eq!(to_resume(&Folder::open("my runs/1")), "cargo crossover resume 'my runs/1'");
    }
}

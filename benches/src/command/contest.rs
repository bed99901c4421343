//! The contests of `compare` and `ask`: held, their findings told, and kept with a page.

mod folder;
mod sheet;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail, ensure};
use loadgen::show_span;
use nix::sys::resource::{Resource, getrlimit};
use reports_record::{Environment, SCHEMA, shell_word, shown};
use reports_terminal::{counted, print, talk};
use serde::Serialize;

use crate::contest::{
    Block, Contest, Course, EXTENSION, End, Entrant, Examined, FailIf, Findings, Metric, Rates, Setting,
    table, words,
};
use crate::cpu_claim::CpuClaim;
use crate::cpus::{self, Split};
use crate::field::raise_descriptor_limit;
use crate::host::OWN_DESCRIPTORS;
use crate::places::Places;
use crate::progress::{Progress, minutes};
use crate::signals::Signals;
use crate::{machine, root};

/// Columns of the answer.
const COLUMNS: usize = 80;

/// Most of a note that is shown, characters.
const NOTE: usize = 1_000;

/// Where contests are held, and for how long.
#[derive(Debug)]
pub(super) struct Hall {
    /// Connections to each entrant.
    pub(super) connections: u32,
    /// CPUs of the client, and of the servers.
    pub(super) split: Split,
    /// How long each entrant is asked after each of its starts before anything of it counts.
    pub(super) warm_up: Duration,
    /// Seed of orders and schedules.
    pub(super) seed: u64,
    /// About how long it takes.
    pub(super) within: Duration,
    /// The CPUs, claimed by [`prepare`]; `None` where another run has them all the same.
    pub(super) _claim: Option<CpuClaim>,
}

/// The asking, as a contest's record and page tell it, and the place of both.
#[derive(Debug, Clone)]
pub(super) struct Occasion {
    /// The subcommand.
    pub(super) name: &'static str,
    /// The question, in one line.
    pub(super) question: String,
    /// Remarks on all contests; a sentence each.
    pub(super) remarks: Vec<String>,
    /// The folder that relative paths of the command are meant from, and whose commit counts.
    pub(super) place: PathBuf,
    /// The folder that gets the contest's own.
    pub(super) runs: PathBuf,
}

impl Occasion {
    /// The folder of contests: `given`, that of the project, or outside it one below `place`.
    pub(super) fn runs(given: Option<PathBuf>, place: &Path) -> PathBuf {
        given.unwrap_or_else(|| match root::find() {
            Ok(root) => root.join(root::RUNS),
            Err(_) => place.join(OUTSIDE_RUNS),
        })
    }
}

/// Where contests are kept outside the project unless told otherwise.
const OUTSIDE_RUNS: &str = "crossover-runs";

/// Contests that were held.
#[derive(Debug)]
pub(super) struct Held {
    runs: PathBuf,
    name: &'static str,
    document: Document,
}

/// Everything that was found, as JSON has it.
#[derive(Debug, Serialize)]
struct Document {
    /// [`SCHEMA`] at the time of writing.
    schema: u32,
    /// The command that asks it again.
    command: String,
    /// The question.
    question: String,
    /// When it began, RFC 3339, UTC.
    started_at: String,
    /// Connections to each entrant.
    connections: u32,
    /// How long each entrant was asked after each of its starts before anything of it counted, seconds.
    warm_up_s: f64,
    /// Seed of orders and schedules.
    seed: u64,
    /// CPUs of the client, and of the servers.
    client_cpus: Vec<u32>,
    server_cpus: Vec<u32>,
    /// How long it took, seconds.
    took_s: f64,
    environment: Environment,
    /// Remarks on all contests; a sentence each.
    remarks: Vec<String>,
    contests: Vec<ContestDocument>,
}

#[derive(Debug, Serialize)]
struct ContestDocument {
    /// Each entrant's name and origin.
    entrants: Vec<String>,
    /// The answer in sentences, by entrant but the first.
    answers: Vec<Vec<String>>,
    findings: Findings,
    blocks: Vec<Block>,
    notes: Vec<String>,
    /// The entrant that answered wrong too often to be compared.
    unfit: Option<String>,
}

/// Makes sure, before anything is built, that this many servers can be compared here, and claims the CPUs: a build would spoil the
/// figures of a run that measures on them.
///
/// # Errors
/// When no folder can be made below `runs`, descriptors do not suffice, or another run has the CPUs and that is not wanted `anyway`.
pub(super) fn prepare(
    runs: &Path,
    servers: u64,
    connections: u32,
    split: &Split,
    anyway: bool,
) -> anyhow::Result<Option<CpuClaim>> {
    folder::ensure_writable(runs)?;
    raise_descriptor_limit(ensure_descriptors(servers, connections)?)?;
    claim(split, anyway)
}

/// The remark of a contest without a claim on its CPUs.
pub(super) fn crowded(claim: Option<&CpuClaim>) -> Option<String> {
    claim
        .is_none()
        .then(|| "Another run measured on the same CPUs: each spoilt the other's figures.".to_owned())
}

/// Holds contests, a block of each in turn, until all are over or the time is.
///
/// # Errors
/// When a contest cannot be calibrated, or its first blocks all fail for the same reason.
pub(super) fn hold(
    contests: Vec<Vec<Entrant>>,
    rates: &Rates,
    same_body: bool,
    hall: Hall,
    occasion: Occasion,
    signals: &Signals,
) -> anyhow::Result<Held> {
    let began = Instant::now();
    let started_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let split = &hall.split;
    // Read before this program binds itself to the client's CPU.
    let environment = environment(&occasion.place, split)?;
    if split.is_shared() {
        talk!("warning: client and servers share one CPU: every figure includes the client's own work");
    }
    cpus::bind(&split.client)?;
    let setting = Setting {
        contests: u32::try_from(contests.len()).unwrap_or(u32::MAX),
        connections: hall.connections,
        client_cpus: &split.client,
        server_cpus: &split.contender,
        warm_up: hall.warm_up,
        seed: hall.seed,
        interrupt: signals.interrupt(),
    };
    let titles: Vec<Vec<String>> =
        contests.iter().map(|entrants| entrants.iter().map(Entrant::title).collect()).collect();
    let mut calibrated = Vec::new();
    for entrants in contests {
        talk!("calibrating {}", titles[calibrated.len()].join(", "));
        calibrated.push(Contest::calibrate(entrants, rates, same_body, hall.within, &setting)?);
    }
    for contest in &calibrated {
        let rates: Vec<String> =
            contest.rates().iter().map(|rate| Metric::Throughput.show(rate.get())).collect();
        talk!(
            "{}, at most {}{}{}, seed {}; about {}, Ctrl-C keeps what is there",
            counted(hall.connections.into(), "connection"),
            counted(contest.most_blocks() as u64, "block"),
            if rates.is_empty() { String::new() } else { format!(", at {}", rates.join(" and ")) },
            if hall.warm_up.is_zero() {
                String::new()
            } else {
                format!(", after {} of warm-up", show_span(hall.warm_up))
            },
            hall.seed,
            minutes(hall.within)
        );
        if let Some(too_short) = contest.too_short() {
            talk!("warning: {too_short}");
        }
    }
    // A calibration that was slow leaves at least half of the time to measure.
    let left = hall.within.saturating_sub(began.elapsed()).max(hall.within / 2);
    measure(&mut calibrated, left, &setting)?;
    let contests = calibrated.into_iter().zip(titles).map(|(contest, entrants)| {
        let findings = contest.findings(&setting);
        let others = 1..findings.names.len();
        let mut notes: Vec<String> = words::ranking(&findings).into_iter().chain(contest.notes()).collect();
        if let Some(looked) = findings.looks.iter().rev().find(|look| **look <= findings.blocks)
            && *looked < findings.blocks
            && findings.all.iter().any(|finding| finding.end == End::Open)
        {
            notes.push(format!(
                "{} followed the last planned look at {looked} and did not count",
                counted((findings.blocks - looked) as u64, "block")
            ));
        }
        ContestDocument {
            entrants,
            answers: others.map(|entrant| words::answer(&findings, entrant)).collect(),
            blocks: contest.blocks().to_vec(),
            // An early end leaves few blocks, and is told by its own exit code.
            unfit: contest.unfit().filter(|_| !findings.is_interrupted),
            findings,
            notes,
        }
    });
    let document = Document {
        schema: SCHEMA,
        command: command(&occasion.place),
        question: occasion.question,
        started_at,
        connections: hall.connections,
        warm_up_s: hall.warm_up.as_secs_f64(),
        seed: hall.seed,
        client_cpus: split.client.clone(),
        server_cpus: split.contender.clone(),
        took_s: began.elapsed().as_secs_f64(),
        environment,
        remarks: occasion.remarks,
        contests: contests.collect(),
    };
    Ok(Held { runs: occasion.runs, name: occasion.name, document })
}

fn environment(place: &Path, split: &Split) -> anyhow::Result<Environment> {
    let (descriptors, _) = getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the descriptor limit")?;
    Ok(machine::environment(place, split, descriptors))
}

/// The limit of descriptors, which suffices for this many connections to each server of a contest.
///
/// # Errors
/// When it does not, or cannot be read.
fn ensure_descriptors(servers: u64, connections: u32) -> anyhow::Result<u64> {
    let (_, limit) = getrlimit(Resource::RLIMIT_NOFILE).context("cannot read the descriptor limit")?;
    within_limit(servers, connections, limit)?;
    Ok(limit)
}

fn within_limit(servers: u64, connections: u32, limit: u64) -> anyhow::Result<()> {
    let needed = servers * u64::from(connections) + OWN_DESCRIPTORS;
    ensure!(
        needed <= limit,
        "--connections {connections}: {servers} servers that take turns need {needed} descriptors in all, the limit is {limit}; ask with \
         {} or fewer, or raise the limit with `ulimit -Hn`",
        limit.saturating_sub(OWN_DESCRIPTORS) / servers.max(1)
    );
    Ok(())
}

/// The command that asks the same again, without this machine's folders.
fn command(place: &Path) -> String {
    let words = std::env::args_os().skip(1).map(|word| shell_word(&word.to_string_lossy()).into_owned());
    let program = if root::find().is_ok() { "cargo crossover" } else { "crossover" };
    let command = [program.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
    Places::of(place).hide(&command)
}

/// A block of each contest in turn.
fn measure(contests: &mut [Contest], within: Duration, setting: &Setting<'_>) -> anyhow::Result<()> {
    let began = Instant::now();
    let most = contests.iter().map(Contest::most_blocks).max().unwrap_or(0);
    let mut progress = Progress::of(most * contests.len(), within);
    let mut longest = Duration::ZERO;
    loop {
        let mut is_over = true;
        for contest in &mut *contests {
            // The next block has to fit, but for those without which there is no verdict.
            let time = if contest.has_enough() { within } else { within * EXTENSION };
            if began.elapsed() + longest > time || setting.interrupt.is_raised() {
                continue;
            }
            progress.show("blocks", &format!("{} measured", contest.blocks().len()));
            let block_began = Instant::now();
            if contest.block(setting)? == Course::Open {
                is_over = false;
                longest = longest.max(block_began.elapsed());
            }
            progress.step();
        }
        if is_over {
            progress.clear();
            return Ok(());
        }
    }
}

pub(super) fn claim(split: &Split, anyway: bool) -> anyhow::Result<Option<CpuClaim>> {
    match CpuClaim::of(split.client.iter().chain(&split.contender).copied()) {
        Ok(claim) => Ok(Some(claim)),
        Err(error) if anyway => {
            talk!("warning: {error:#}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

impl Held {
    /// Prints what was found, as JSON with `json`, and last the path of its page; gives whether a condition is met.
    ///
    /// # Errors
    /// When record and page cannot be written, or stdout; and after all of it, unless a condition is met or the contests were
    /// interrupted: when an entrant answered wrong, and when a condition, or everything, could not be judged.
    pub(super) fn tell(&self, json: bool, conditions: &[FailIf]) -> anyhow::Result<bool> {
        let mut text = String::new();
        let paragraph = |text: &mut String, line: &str| {
            *text += &textwrap::fill(line, COLUMNS);
            text.push('\n');
        };
        for contest in &self.document.contests {
            for (answer, entrant) in contest.answers.iter().zip(1..) {
                answer.iter().for_each(|line| paragraph(&mut text, &shown(line, usize::MAX)));
                text += &table::table(&contest.findings, entrant)
                    .map_or_else(String::new, |table| format!("\n{table}\n"));
            }
            contest
                .notes
                .iter()
                .for_each(|note| paragraph(&mut text, &format!("note: {}", shown(note, NOTE))));
        }
        self.document.remarks.iter().for_each(|line| paragraph(&mut text, line));
        let findings: Vec<&Findings> =
            self.document.contests.iter().map(|contest| &contest.findings).collect();
        let told = conditions.iter().flat_map(|condition| findings.iter().flat_map(|of| condition.tell(of)));
        told.for_each(|line| paragraph(&mut text, &shown(line, usize::MAX)));
        let mut document = serde_json::to_vec_pretty(&self.document).context("cannot write JSON")?;
        document.push(b'\n');
        // Findings are told even where they cannot be kept.
        let page = self.keep(&document);
        let path = page.as_ref().map(|page| page.display().to_string()).unwrap_or_default();
        if json {
            talk!("{}", text.trim_end());
            talk!("{path}");
            print(document).context("cannot write to stdout")?;
        } else {
            print(format!("{text}{path}\n")).context("cannot write to stdout")?;
        }
        page?;
        let examined: Vec<(&FailIf, Examined)> =
            conditions.iter().map(|condition| (condition, condition.examine(&findings))).collect();
        if examined.iter().any(|(_, examined)| *examined == Examined::Met) {
            return Ok(true);
        }
        if findings.iter().any(|findings| findings.is_interrupted) {
            return Ok(false);
        }
        if let Some(unfit) = self.document.contests.iter().find_map(|contest| contest.unfit.as_deref()) {
            bail!("{unfit}");
        }
        if let Some((condition, _)) = examined.iter().find(|(_, examined)| *examined == Examined::Unjudged) {
            bail!("{}", condition.unjudged());
        }
        ensure!(
            findings.iter().any(|findings| findings.has_judged()),
            "nothing could be judged: no question has as many sound blocks as a verdict needs; the notes say why, and --within gives \
             more time"
        );
        Ok(false)
    }

    /// Writes record and page; gives the page's path.
    fn keep(&self, document: &[u8]) -> anyhow::Result<PathBuf> {
        let page = reports_render::contest::page(&sheet::sheet(&self.document));
        let began = self.document.started_at.replace(':', "");
        let id = format!("{}-{}", began.trim_end_matches('Z'), self.name);
        folder::write(&self.runs, &id, document, &page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contest_beside_another_run_says_so_on_its_page() {
        assert!(crowded(None).unwrap().starts_with("Another run measured on the same CPUs"));
        assert_eq!(crowded(CpuClaim::of([]).ok().as_ref()), None);
    }

    #[test]
    fn connections_to_all_servers_that_take_turns_are_held_against_the_limit_of_descriptors() {
        assert!(within_limit(3, 6_645, 20_000).is_ok());
        let error = within_limit(3, 7_000, 20_000).unwrap_err().to_string();
        assert_eq!(
            error,
            "--connections 7000: 3 servers that take turns need 21064 descriptors in all, the limit is 20000; ask with 6645 or fewer, or \
             raise the limit with `ulimit -Hn`"
        );
        assert!(within_limit(3, 6_646, 20_000).is_err());
    }
}

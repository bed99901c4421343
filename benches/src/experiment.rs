//! Experiments as data: an experiment file, read, checked, and its matrix multiplied out.

mod file;
mod matrix;
mod problems;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use loadgen::Load;
use reports_record::{
    Cell, Definition, Duplicate, MOST_LEVELS, Pair, Phase, Phases, Prediction, SliceRounds, open_regular,
    shown,
};
use servers_conformance::contenders::Contenders;
use servers_contract::Model;
use toml::Spanned;

use self::file::ExperimentFile;
use self::problems::Problems;
use crate::drawn;

/// Experiments that come with the program, by name.
pub const EMBEDDED: [(&str, &str); 10] = [
    ("quick", include_str!("../experiments/quick.toml")),
    ("grid", include_str!("../experiments/grid.toml")),
    ("nagle", include_str!("../experiments/nagle.toml")),
    ("smoke", include_str!("../experiments/smoke.toml")),
    ("aa", include_str!("../experiments/aa.toml")),
    ("herd", include_str!("../experiments/herd.toml")),
    ("sensitivity", include_str!("../experiments/sensitivity.toml")),
    ("soaked", include_str!("../experiments/soaked.toml")),
    ("spinning", include_str!("../experiments/spinning.toml")),
    ("upstream", include_str!("../experiments/upstream.toml")),
];

/// Blocks that a file may ask for.
const BLOCKS: RangeInclusive<u32> = 1..=Definition::MOST_BLOCKS;

/// Fewest blocks that a look can judge.
const MIN_BLOCKS: u32 = reports_stats::effect::MIN_BLOCKS as u32;

/// Rounds of slices that a file may ask for in one block.
const ROUNDS: RangeInclusive<u32> = 1..=100;

/// Most trials that a file may ask for.
const TRIALS: u64 = Definition::MOST_TRIALS;

/// Largest file that is read; the largest that comes with the program has a hundredth of it.
const FILE_BYTES: usize = 1 << 20;

/// Longest name of a contender or an experiment, letters: files and folders are named after them.
const NAME: usize = 60;

/// Longest question or claim, characters.
const SENTENCE: usize = 1_000;

/// The experiment of this name, or in the file of this path, resolved. Whether there are such contenders is not asked.
///
/// # Errors
/// When there is no such experiment, or the file is not one: the message names the file and the line.
pub fn load(name_or_path: &str) -> anyhow::Result<Definition> {
    load_for(name_or_path, None)
}

/// As [`load`], but also refuses what `contenders` cannot play: names they do not know, and those on the wrong side.
///
/// # Errors
/// As [`load`].
pub fn load_for(name_or_path: &str, contenders: Option<&Contenders>) -> anyhow::Result<Definition> {
    if let Some((name, text)) = EMBEDDED.iter().find(|(name, _)| *name == name_or_path) {
        return resolve(name, text, contenders).with_context(|| format!("experiment {name}"));
    }
    let path = Path::new(name_or_path);
    let told = shown(name_or_path, SENTENCE);
    if path.extension().is_none_or(|extension| extension != "toml") {
        let names: Vec<_> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        bail!("no experiment \"{told}\"; expected one of {} or a path to a .toml file", names.join(", "));
    }
    let text = read(path).with_context(|| format!("cannot read experiment {told}"))?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("experiment");
    resolve(name, &text, contenders).with_context(|| format!("experiment {told}"))
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a file that is too large from one that just fits.
    open_regular(path)?.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() <= FILE_BYTES,
        "line {}: the file is larger than {FILE_BYTES} bytes from here on; an experiment is much smaller",
        problems::line(&bytes, FILE_BYTES)
    );
    String::from_utf8(bytes).map_err(|error| {
        let line = problems::line(error.as_bytes(), error.utf8_error().valid_up_to());
        anyhow!("line {line}: it is not text in UTF-8; save it as such")
    })
}

/// Multiplies out the matrix of an experiment file and checks that it can be run.
fn resolve(name: &str, text: &str, contenders: Option<&Contenders>) -> anyhow::Result<Definition> {
    let file: ExperimentFile = toml::from_str(text).map_err(|error| problems::unreadable(text, &error))?;
    let mut problems = Problems::default();
    if !is_file_name(name) {
        problems.add_to_all(format!(
            "name {name:?}: expected at most {NAME} letters, digits, '-' and '_' only, for it names a folder"
        ));
    }
    check_blocks(&file, &mut problems);
    check_rounds(&file, &mut problems);
    check_sentences(&file, &mut problems);
    let cells = matrix::cells(&file.workload, file.phases.timeout.get_ref().0, &mut problems);
    check_longest_waits(&file, &cells, &mut problems);
    check_names(&file, &mut problems);
    if let Some(contenders) = contenders {
        check_contenders(&file, contenders, &mut problems);
    }
    let trials = trials(&file, cells.len());
    problems.expect(trials <= TRIALS, file.blocks.span(), || {
        format!("{trials} trials; expected at most {TRIALS}, lower blocks or shorten the lists")
    });
    let definition = Definition {
        name: name.to_owned(),
        question: file.question.get_ref().clone(),
        blocks: *file.blocks.get_ref(),
        looks: file.looks.get_ref().clone(),
        seed: file.seed,
        contender_cpus: *file.contender_cpus.get_ref(),
        client_cpus: *file.client_cpus.get_ref(),
        client_spins: file.client_spins,
        soaker: file.soaker,
        phases: phases(&file.phases, &mut problems),
        pairs: file.pair.iter().map(|table| pair(table, &cells, &mut problems)).collect(),
        duplicate: Duplicate {
            of: file.duplicate.of.get_ref().clone(),
            name: file.duplicate.name.get_ref().clone(),
        },
        predictions: predictions(&file, &cells, &mut problems),
        cells,
    };
    problems.into_result(text)?;
    Ok(definition)
}

/// The reason and the remedy where a `where` fits nothing.
const SELECTS_NONE: &str =
    "selects no cell; name an endpoint, wait_ms, rounds, bytes, flags or connections of a [[workload]]";

fn is_file_name(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn pair(table: &file::PairTable, cells: &[Cell], problems: &mut Problems) -> Pair {
    let selected = table.selection.as_ref().map(|selection| {
        let names = selection.get_ref().names(cells);
        problems.expect(!names.is_empty() || cells.is_empty(), selection.span(), || {
            format!("the {} pair: its `where` {SELECTS_NONE}", table.role.get_ref().name())
        });
        names
    });
    Pair {
        cells: selected.unwrap_or_default(),
        role: *table.role.get_ref(),
        sync: table.sync.get_ref().clone(),
        awaiting: table.awaiting.get_ref().clone(),
        slices: table.slices.as_ref().map(|slices| *slices.get_ref()),
    }
}

/// Rounds in their range, and those of a pair only where there are slices.
fn check_rounds(file: &ExperimentFile, problems: &mut Problems) {
    let of_pairs =
        file.pair.iter().filter_map(|pair| Some((pair.role.get_ref().name(), pair.slices.as_ref()?)));
    for (role, slices) in of_pairs.clone() {
        problems.expect(file.phases.slices.is_some(), slices.span(), || {
            format!("slices of the {role} pair change nothing: phases.slices is missing, so each contender is measured alone")
        });
    }
    let of_all = file.phases.slices.iter().map(|slices| ("phases.slices".to_owned(), slices));
    for (name, slices) in
        of_all.chain(of_pairs.map(|(role, slices)| (format!("slices of the {role} pair"), slices)))
    {
        let SliceRounds { closed, open } = *slices.get_ref();
        problems.expect([closed, open].iter().all(|rounds| ROUNDS.contains(rounds)), slices.span(), || {
            let (fewest, most) = (ROUNDS.start(), ROUNDS.end());
            format!("{name} must have {fewest} to {most} rounds of each loop, not {closed} and {open}")
        });
    }
}

/// Trials that the file asks for; saturates.
fn trials(file: &ExperimentFile, cells: usize) -> u64 {
    let contenders = file.pair.len() as u64 * 2 + 1;
    (cells as u64).saturating_mul(contenders).saturating_mul(u64::from(*file.blocks.get_ref()))
}

fn check_blocks(file: &ExperimentFile, problems: &mut Problems) {
    let blocks = *file.blocks.get_ref();
    problems.expect(BLOCKS.contains(&blocks), file.blocks.span(), || {
        format!("blocks must be {} to {}, not {blocks}", BLOCKS.start(), BLOCKS.end())
    });
    problems.expect(blocks == 1 || blocks.is_multiple_of(2), file.blocks.span(), || {
        format!("blocks must be even (every second block reverses the order of the one before), not {blocks}")
    });
    for (key, cpus) in [("contender_cpus", &file.contender_cpus), ("client_cpus", &file.client_cpus)] {
        problems.expect(*cpus.get_ref() >= 1, cpus.span(), || format!("{key} must be at least 1"));
    }
    let looks = file.looks.get_ref();
    let ascend = looks.windows(2).all(|pair| pair[0] < pair[1])
        && looks.first().is_none_or(|&first| first >= MIN_BLOCKS);
    problems.expect(ascend && looks.last().is_none_or(|&last| last == blocks), file.looks.span(), || {
        format!(
            "looks must ascend from {MIN_BLOCKS}, the fewest blocks that give a verdict, to blocks, which is {blocks}; not {looks:?}"
        )
    });
}

/// A drawn wait has to end in time too, before what is in flight behind a window is cut off, and be one that contenders take.
fn check_longest_waits(file: &ExperimentFile, cells: &[Cell], problems: &mut Problems) {
    let spread = *file.phases.wait_spread.get_ref();
    let [timeout, grace] = [&file.phases.timeout, &file.phases.grace].map(|span| span.get_ref().0);
    let limit = timeout.min(grace).min(servers_contract::limits::WAIT_MAX);
    let Some(cell) = cells.iter().max_by(|a, b| a.wait_ms.total_cmp(&b.wait_ms)) else { return };
    if !drawn::SPREAD.contains(&spread) || spread == 0.0 {
        return;
    }
    let longest = drawn::longest(Duration::from_secs_f64(cell.wait_ms / 1e3), spread);
    problems.expect(longest < limit, file.phases.wait_spread.span(), || {
        format!(
            "cell {:?}: its longest drawn wait, {}, is not below {} (phases.timeout, phases.grace, and the longest wait that \
             contenders take); lower phases.wait_spread, or raise phases.timeout or phases.grace",
            cell.name,
            humantime::format_duration(longest),
            humantime::format_duration(limit)
        )
    });
}

/// Sentences are shown in full.
fn check_sentences(file: &ExperimentFile, problems: &mut Problems) {
    let claims = file.prediction.iter().map(|table| ("claim", &table.get_ref().claim, table.span()));
    let question = ("question", file.question.get_ref(), file.question.span());
    for (key, sentence, at) in claims.chain([question]) {
        problems.expect(sentence.chars().count() <= SENTENCE, at, || {
            format!("{key} of {} characters; expected at most {SENTENCE}", sentence.chars().count())
        });
    }
}

fn phases(file: &file::PhasesTable, problems: &mut Problems) -> Phases {
    let open_loads = file.open_load.get_ref().all().to_vec();
    for load in &open_loads {
        problems.expect(*load > 0.0 && *load <= 1.0, file.open_load.span(), || {
            format!("phases.open_load must be above 0 and at most 1, not {load}")
        });
    }
    problems.expect((1..=MOST_LEVELS).contains(&open_loads.len()), file.open_load.span(), || {
        format!("phases.open_load must hold 1 to {MOST_LEVELS} rate levels, not {}", open_loads.len())
    });
    problems.expect(open_loads.windows(2).all(|pair| pair[0] < pair[1]), file.open_load.span(), || {
        "phases.open_load must ascend: list each rate level once, the lowest first".to_owned()
    });
    let wait_spread = *file.wait_spread.get_ref();
    problems.expect(drawn::SPREAD.contains(&wait_spread), file.wait_spread.span(), || {
        format!(
            "phases.wait_spread must be {} to {}, the coefficient of variation of the waits, not {wait_spread}",
            drawn::SPREAD.start(),
            drawn::SPREAD.end()
        )
    });
    let mut seconds = |name: &str, span: &Spanned<file::Span>, range: RangeInclusive<Duration>| {
        let duration = span.get_ref().0;
        problems.expect(range.contains(&duration), span.span(), || {
            let [shortest, longest] =
                [range.start(), range.end()].map(|&end| humantime::format_duration(end));
            format!(
                "phases.{name} must be {shortest} to {longest}, not {}",
                humantime::format_duration(duration)
            )
        });
        duration.as_secs_f64()
    };
    let mut phase = |name: &str, phase: &file::PhaseTable, shortest: Duration| Phase {
        warm_up_s: seconds(&format!("{name}.warm_up"), &phase.warm_up, Load::MARGIN),
        duration_s: seconds(&format!("{name}.duration"), &phase.duration, shortest..=*Load::WINDOW.end()),
    };
    let alone = *Load::WINDOW.start();
    Phases {
        closed: phase("closed", &file.closed, alone),
        open: phase("open", &file.open, alone),
        open_loads,
        calibration: phase("calibration", &file.calibration, Load::SLICE),
        slices: file.slices.as_ref().map(|slices| *slices.get_ref()),
        timeout_s: seconds("timeout", &file.timeout, Load::TIMEOUT),
        grace_s: seconds("grace", &file.grace, Load::MARGIN),
        wait_spread,
    }
}

fn predictions(file: &ExperimentFile, cells: &[Cell], problems: &mut Problems) -> Vec<Prediction> {
    let mut predictions = Vec::new();
    for table in &file.prediction {
        let prediction = table.get_ref();
        let has_pair = file.pair.iter().any(|pair| *pair.role.get_ref() == prediction.pair);
        problems.expect(has_pair, table.span(), || {
            format!(
                "prediction {:?} is about the {} pair, which the file does not have",
                prediction.claim,
                prediction.pair.name()
            )
        });
        let names = prediction.selection.names(cells);
        // Without cells, something else is wrong with the file.
        problems.expect(!names.is_empty() || cells.is_empty(), table.span(), || {
            format!("prediction {:?}: its `where` {SELECTS_NONE}", prediction.claim)
        });
        predictions.push(Prediction {
            claim: prediction.claim.clone(),
            pair: prediction.pair,
            metric: prediction.metric,
            cells: names,
            expects: prediction.expects,
        });
    }
    predictions
}

/// Every name stands for one process, every role for one pair, and the duplicate doubles one that is there. Two pairs may
/// share a contender, which then stands on the same side of both.
fn check_names(file: &ExperimentFile, problems: &mut Problems) {
    if file.pair.is_empty() {
        problems.add_to_all("at least one [[pair]] is needed");
    }
    let mut roles = Vec::new();
    for pair in &file.pair {
        let role = *pair.role.get_ref();
        problems.expect(!roles.contains(&role), pair.role.span(), || {
            format!("a {} pair is listed twice; expected one pair of each role", role.name())
        });
        roles.push(role);
    }
    let of = file.duplicate.of.get_ref();
    let sides = || file.pair.iter().flat_map(|pair| [&pair.sync, &pair.awaiting]);
    problems.expect(sides().any(|side| side.get_ref() == of), file.duplicate.of.span(), || {
        format!("duplicate.of {of:?} is in no [[pair]]")
    });
    for pair in &file.pair {
        let is_turned = |other: &file::PairTable| other.sync.get_ref() == pair.awaiting.get_ref();
        problems.expect(!file.pair.iter().any(is_turned), pair.awaiting.span(), || {
            format!("contender {:?} stands on both sides", pair.awaiting.get_ref())
        });
    }
    let duplicate = &file.duplicate.name;
    problems.expect(!sides().any(|side| side.get_ref() == duplicate.get_ref()), duplicate.span(), || {
        format!("contender {:?} is named twice; the duplicate needs a name of its own", duplicate.get_ref())
    });
    for name in sides().chain([duplicate]) {
        problems.expect(is_file_name(name.get_ref()), name.span(), || {
            let name = shown(name.get_ref(), NAME);
            format!("contender \"{name}\": expected at most {NAME} letters, digits, '-' and '_' only")
        });
    }
}

/// There are such contenders, and each stands on the side that its model belongs to.
fn check_contenders(file: &ExperimentFile, contenders: &Contenders, problems: &mut Problems) {
    let known: Vec<_> = contenders.iter().map(|contender| contender.name.as_str()).collect();
    for pair in &file.pair {
        for (name, side, model) in
            [(&pair.sync, "sync", Model::Sync), (&pair.awaiting, "async", Model::Async)]
        {
            match contenders.get(name.get_ref()) {
                None => problems.add(
                    name.span(),
                    format!("no contender {:?}; expected one of {}", name.get_ref(), known.join(", ")),
                ),
                Some(contender) => problems.expect(contender.model == model, name.span(), || {
                    format!("{:?} stands on the {side} side, but is none", name.get_ref())
                }),
            }
        }
    }
    check_flags(file, contenders, problems);
    let name = &file.duplicate.name;
    problems.expect(contenders.get(name.get_ref()).is_none(), name.span(), || {
        format!(
            "duplicate.name {:?} is another contender's; give the duplicate a name of its own",
            name.get_ref()
        )
    });
}

/// Every contender knows the flags that it would be started with.
fn check_flags(file: &ExperimentFile, contenders: &Contenders, problems: &mut Problems) {
    let names: BTreeSet<_> =
        file.pair.iter().flat_map(|pair| [pair.sync.get_ref(), pair.awaiting.get_ref()]).collect();
    let named = || names.iter().filter_map(|name| contenders.get(name));
    for workload in &file.workload {
        for text in &workload.get_ref().flags {
            let flags: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            for contender in named() {
                if let Some(refusal) = contender.refusal_of(&flags) {
                    let reason =
                        format!("contender {:?} would not start with {text:?}: {refusal}", contender.name);
                    problems.add(workload.span(), reason);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use reports_record::Role;

    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", resolve("test", text, None).unwrap_err())
    }

    fn quick() -> &'static str {
        EMBEDDED[0].1
    }

    #[test]
    fn every_embedded_experiment_resolves() {
        for (name, _) in EMBEDDED {
            let definition = load(name).unwrap();
            assert_eq!(definition.name, name);
            assert!(!definition.cells.is_empty());
        }
    }

    #[test]
    fn quick_asks_for_three_waits_by_three_connections_and_two_more() {
        let definition = load("quick").unwrap();
        assert_eq!(definition.cells.len(), 11);
        assert!(definition.blocks >= 6);
        assert!(definition.cells.iter().any(|cell| cell.name == "wait=10ms/c=512"));
    }

    #[test]
    fn grid_maps_six_waits_by_six_connections_and_sweeps_past_saturation() {
        let definition = load("grid").unwrap();
        let waits = definition.cells.iter().filter(|cell| cell.family == "wait").count();
        assert_eq!(waits, 36);
        let sweep: Vec<_> = definition.cells.iter().filter(|cell| cell.is_sweep()).collect();
        assert!(sweep.iter().any(|cell| cell.load > Some(1.0)));
        assert_eq!(sweep[3].name, "mixed=1ms+100/c=128/load=55%");
        assert_eq!(sweep[3].workload(), "mixed=1ms+100/c=128");
    }

    #[test]
    fn upstream_asks_the_same_wait_of_a_timer_and_of_a_socket() {
        let definition = load("upstream").unwrap();
        let cells: Vec<_> = definition.cells.iter().map(|cell| (&*cell.name, &*cell.target)).collect();
        let both = [("wait=10ms/c=64", "/wait?ms=10"), ("upstream=10ms/c=64", "/upstream?ms=10")];
        assert!(both.iter().all(|cell| cells.contains(cell)), "{cells:?}");
        let text = EMBEDDED[9].1;
        assert!(
            error(&text.replace("endpoint = \"upstream\"\nwait_ms = [10]", "endpoint = \"upstream\""))
                .contains("wait_ms")
        );
        let workload = "[[workload]]\nendpoint = \"upstream\"\n";
        let own = format!("{workload}flags = [\"--upstream=127.0.0.1:1\"]\n");
        assert!(error(&text.replace(workload, &own)).contains("set by the runner"));
    }

    #[test]
    fn nagle_sets_the_option_both_ways_for_every_size() {
        let definition = load("nagle").unwrap();
        let cell = &definition.cells[1];
        assert_eq!((cell.name.as_str(), cell.bytes), ("payload=256B/c=8/nodelay=false", 256));
        assert_eq!(cell.flags, ["--nodelay=false"]);
        assert_eq!(definition.predictions[0].cells.len(), 3);
    }

    #[test]
    fn what_no_contender_could_be_started_or_asked_with_is_refused() {
        let nagle = EMBEDDED[2].1;
        assert!(
            error(&nagle.replace("\"--nodelay=false\"]\nconn", "\"--listen=1\"]\nconn")).contains("runner")
        );
        assert!(error(&nagle.replace("\"--nodelay=false\"]\nconn", "\"rm\"]\nconn")).contains("flags"));
        assert!(error(&nagle.replace("bytes = [256,", "bytes = [2000000,")).contains("bytes"));
        let grid = EMBEDDED[1].1;
        assert!(error(&grid.replace("load = [0.1,", "load = [-0.1,")).contains("load"));
    }

    #[test]
    fn waits_are_drawn_where_the_file_says_so_and_only_within_their_range() {
        assert_eq!(load("quick").unwrap().phases.wait_spread, 0.5);
        assert_eq!(load("grid").unwrap().phases.wait_spread, 0.5);
        assert_eq!(load("herd").unwrap().phases.wait_spread, 0.0);
        let drawn = |spread: &str| quick().replace("wait_spread = 0.5", &format!("wait_spread = {spread}"));
        for spread in ["-0.1", "1.1", "nan"] {
            let message = error(&drawn(spread));
            assert!(
                message.contains("phases.wait_spread must be 0 to 1") && message.contains("line"),
                "{message}"
            );
        }
        assert!(
            resolve("test", &quick().replace("wait_spread = 0.5\n", ""), None).unwrap().phases.wait_spread
                == 0.0
        );
    }

    #[test]
    fn a_drawn_wait_that_could_never_end_in_time_is_refused() {
        for (key, value) in [("timeout", "2s"), ("grace", "500ms")] {
            let text = quick().replace(&format!("{key} = \"{value}\""), &format!("{key} = \"20ms\""));
            let message = error(&text);
            assert!(message.contains("wait=10ms") && message.contains("longest drawn wait"), "{message}");
            assert!(resolve("test", &text.replace("wait_spread = 0.5", "wait_spread = 0.0"), None).is_ok());
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = quick().replace("blocks = 10", "blocks = 10\nblokcs = 7");
        let message = error(&text);
        assert!(message.contains("blokcs") && message.contains("line"), "{message}");
    }

    #[test]
    fn odd_blocks_a_missing_cell_and_a_doubled_name_are_refused() {
        assert!(error(&quick().replace("blocks = 10", "blocks = 7")).contains("even"));
        assert!(
            error(&quick().replace("connections = [8, 64, 512]", "connections = []")).contains("connections")
        );
        assert!(error(&quick().replace("tokio-tasks-again", "std-threads")).contains("named twice"));
        assert!(
            error(&quick().replace("wait_ms = [10], connections = [8, 64]", "wait_ms = [11]"))
                .contains("selects no cell")
        );
    }

    #[test]
    fn two_pairs_may_share_a_contender_on_one_side_in_cells_of_their_own() {
        let definition = load("quick").unwrap();
        let [stock, documented] = [Role::Stock, Role::Documented]
            .map(|role| definition.pairs.iter().find(|pair| pair.role == role).unwrap());
        assert_eq!((documented.awaiting.as_str(), stock.cells.len()), (stock.awaiting.as_str(), 0));
        assert_eq!(documented.cells, ["wait=0ms/c=64", "wait=1ms/c=64"]);
        let turned = quick().replace("sync = \"tiny-http-pool\"", "sync = \"actix-web\"");
        assert!(error(&turned).contains("\"actix-web\" stands on both sides"), "{}", error(&turned));
        let nowhere = quick().replace("wait_ms = [0, 1], connections = [64]", "wait_ms = [7]");
        let message = error(&nowhere);
        assert!(message.contains("the documented pair: its `where` selects no cell"), "{message}");
    }

    #[test]
    fn looks_ascend_to_the_last_block_from_what_a_verdict_needs() {
        for looks in ["[8, 6, 12]", "[6, 8]", "[2, 12]", "[6, 6, 12]", "[6, 12, 14]"] {
            let message = error(&quick().replace("looks = [6, 8, 10]", &format!("looks = {looks}")));
            assert!(message.contains("looks must ascend from 6") && message.contains("line"), "{message}");
        }
        let own = error(&quick().replace("closed = 2, open = 3", "closed = 2, open = 1001"));
        assert!(own.contains("slices of the control pair must have 1 to"), "{own}");
        let alone = error(&quick().replace("slices = { closed = 1, open = 1 }\n", ""));
        assert!(alone.contains("slices of the control pair change nothing"), "{alone}");
        let rounds = error(&quick().replace("closed = 1, open = 1", "closed = 0, open = 1"));
        assert!(rounds.contains("1 to 100 rounds"), "{rounds}");
        let once = quick().replace("looks = [6, 8, 10]\n", "");
        assert_eq!(resolve("test", &once, None).unwrap().duplicate_blocks(), 10);
    }

    #[test]
    fn a_name_that_leaves_its_folder_is_refused() {
        assert!(resolve("../x", quick(), None).is_err());
        assert!(format!("{:#}", load("nonsense").unwrap_err()).contains("quick"));
    }
}

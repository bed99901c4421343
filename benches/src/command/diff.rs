//! `crossover diff`: what changed between two runs, by ratios, and what cannot be compared.

use std::path::Path;

use anyhow::Context as _;
use reports_record::{Cell, Definition, Ending, Folder, Line, Metric, Run, shown};
use reports_render::analysis::Analysis;
use reports_render::analysis::comparison::Comparison;
use reports_render::analysis::contrast::Kind;
use reports_render::analysis::subject::Subject;
use reports_render::{FAVOURS_ASYNC, number};
use reports_stats::evidence::MARGIN;
use reports_stats::verdict::Verdict;
use reports_terminal::{counted, print};

use crate::conditions::Conditions;

/// Columns of the prose.
const COLUMNS: usize = 80;

/// Most of a name or a difference that is shown, characters.
const SHOWN: usize = 200;

/// Most names in one list.
const NAMED: usize = 6;

/// Prints how the ratios of two runs differ; gives the exit code.
///
/// # Errors
/// When a run cannot be read, or the output not be written.
pub fn diff(one: &Path, other: &Path) -> anyhow::Result<i32> {
    let read = |path: &Path| -> anyhow::Result<(Run, Vec<Line>)> {
        let folder = Folder::open(path);
        Ok((folder.run()?, folder.lines()?.0))
    };
    let ((run_a, lines_a), (run_b, lines_b)) = (read(one)?, read(other)?);
    let (a, b) = (Analysis::of(&run_a, &lines_a), Analysis::of(&run_b, &lines_b));
    print(tell(&a, &b)).context("cannot write to stdout")?;
    Ok(0)
}

/// One ratio async ÷ sync of a run, with the interval of its logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figure {
    ratio: f64,
    interval: (f64, f64),
    verdict: Verdict,
}

impl Figure {
    /// `None` where there are too few blocks for an interval: a change could not be told from noise.
    fn of(comparison: &Comparison<'_>) -> Option<Self> {
        let interval = comparison.interval()?;
        let (ratio, verdict) = (comparison.ratio()?, comparison.verdict);
        Some(Self { ratio, interval: (interval.lo, interval.hi), verdict })
    }
}

/// What became of a ratio from one run to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// The other side wins now.
    TurnedRound,
    /// It moved by more than both intervals allow for.
    Moved,
    /// Nothing beyond what noise does.
    None,
}

impl Change {
    fn of(one: Figure, other: Figure) -> Self {
        use Verdict::{AsyncWins, SyncWins};
        if matches!((one.verdict, other.verdict), (AsyncWins, SyncWins) | (SyncWins, AsyncWins)) {
            return Self::TurnedRound;
        }
        let half = |figure: Figure| (figure.interval.1 / figure.interval.0).ln() / 2.0;
        let moved = (other.ratio / one.ratio).ln().abs();
        // The half-width of the difference of two independent means, as far as both are normal.
        let noise = half(one).hypot(half(other));
        if moved > noise && moved > MARGIN { Self::Moved } else { Self::None }
    }
}

/// A ratio that both runs have.
struct Row {
    name: String,
    one: Figure,
    other: Figure,
}

/// Everything that two runs have in common, and what they have not.
#[derive(Default)]
struct Difference {
    rows: Vec<Row>,
    /// What is not comparable, and why.
    apart: Vec<String>,
}

impl Difference {
    fn of(a: &Analysis<'_>, b: &Analysis<'_>) -> Self {
        let mut found = Self::default();
        let (of_a, of_b) = (&a.run.definition, &b.run.definition);
        if of_a.contender_cpus != of_b.contender_cpus {
            found.apart.push(format!(
                "contenders had {} CPUs in the first run and {} in the second: no ratio is compared",
                of_a.contender_cpus, of_b.contender_cpus
            ));
            return found;
        }
        found.apart.extend(waits_apart(Spreads::of(a), Spreads::of(b)));
        found.cells(a, b);
        let levels = |loads: &[f64], others: &[f64]| -> Vec<String> {
            let only = loads.iter().filter(|load| !others.contains(load));
            only.map(|load| format!("{} %", number::plain(load * 100.0))).collect()
        };
        for (which, only) in [
            ("first", levels(&of_a.phases.open_loads, &of_b.phases.open_loads)),
            ("second", levels(&of_b.phases.open_loads, &of_a.phases.open_loads)),
        ] {
            if !only.is_empty() {
                found.apart.push(format!("only the {which} run has the rate level {}", list(&only)));
            }
        }
        found
    }

    fn cells(&mut self, a: &Analysis<'_>, b: &Analysis<'_>) {
        let judged = |analysis: &Analysis<'_>| -> Vec<Cell> {
            analysis.verdicts.judged_cells().map(|(_, cell)| cell.clone()).collect()
        };
        let (cells_a, cells_b) = (judged(a), judged(b));
        for (which, ones, others) in [("first", &cells_a, &cells_b), ("second", &cells_b, &cells_a)] {
            let only: Vec<String> = ones
                .iter()
                .filter(|cell| !others.iter().any(|other| are_twins(cell, ones, other, others)))
                .map(|cell| shown(&cell.name, SHOWN))
                .collect();
            if !only.is_empty() {
                self.apart.push(format!("only the {which} run has {}", list(&only)));
            }
        }
        for kind in Kind::OF_PAIRS {
            match (a.verdicts.contrast(kind), b.verdicts.contrast(kind), same_pair(a, kind, b)) {
                (Some(_), _, Some(same)) => self.pair((a, kind, &cells_a), (b, same, &cells_b)),
                (Some(_), Some(_), None) => {
                    self.apart.push(format!("the {} is not of the same contenders", kind.title()));
                }
                (Some(_), None, None) => {
                    self.apart.push(format!("only the first run has the {}", kind.title()))
                }
                (None, Some(_), _) if same_pair(b, kind, a).is_none() => {
                    self.apart.push(format!("only the second run has the {}", kind.title()));
                }
                (None, ..) => {}
            }
        }
    }

    /// The ratios of one pair of contenders, which has a role and some cells in either run.
    fn pair(&mut self, (a, kind, cells_a): OfRun<'_, '_>, (b, same_kind, cells_b): OfRun<'_, '_>) {
        let mut without = 0;
        let (spreads_a, spreads_b) = (Spreads::of(a), Spreads::of(b));
        for subject in Subject::all(&a.run.definition) {
            let Some(same) = same_subject(subject, a, b) else { continue };
            for comparison in a.verdicts.about(kind, subject) {
                let cell = &a.run.definition.cells[comparison.cell];
                if cell.wait_ms > 0.0 && spreads_a.behind(subject.metric) != spreads_b.behind(subject.metric)
                {
                    continue;
                }
                for twin in b.verdicts.about(same_kind, same) {
                    let other = &b.run.definition.cells[twin.cell];
                    if !are_twins(cell, cells_a, other, cells_b) {
                        continue;
                    }
                    let (Some(one), Some(other_figure)) = (Figure::of(comparison), Figure::of(twin)) else {
                        without += 1;
                        continue;
                    };
                    let names = names_of(cell, other);
                    let name = format!("{names}, {}, {}", kind.title(), subject.title(a.verdicts.levels));
                    self.rows.push(Row { name, one, other: other_figure });
                }
            }
        }
        if without > 0 {
            self.apart.push(format!(
                "too few blocks in one of the runs: {} of the {}",
                counted(without, "ratio"),
                kind.title()
            ));
        }
    }
}

/// Coefficients of variation of the waits that requests asked for; `None` where none waits. In lock step and out of it are two loads.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spreads {
    closed: Option<f64>,
    open: Option<f64>,
}

impl Spreads {
    fn of(analysis: &Analysis<'_>) -> Self {
        let waits = analysis.verdicts.judged_cells().any(|(_, cell)| cell.wait_ms > 0.0);
        let closed = waits.then_some(analysis.run.definition.phases.wait_spread);
        Self { closed, open: analysis.open_wait_spread() }
    }

    /// The spread of the loop that a metric is asked of; `None` where waits do not matter to it.
    fn behind(self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Throughput => self.closed,
            Metric::Memory => None,
            _ => self.open,
        }
    }
}

/// The ratios that waits of another spread keep apart, each with the reason.
fn waits_apart(one: Spreads, other: Spreads) -> Vec<String> {
    let told = |spread: f64| {
        if spread == 0.0 {
            "alike for all requests".to_owned()
        } else {
            format!("drawn (coefficient of variation {})", number::plain(spread))
        }
    };
    let loops = [
        (
            "the closed loop",
            one.closed,
            other.closed,
            "throughput",
            "connections that wait equally long march in step",
        ),
        (
            "the open loops",
            one.open,
            other.open,
            "CPU time and no response time",
            "requests that wait equally long end in bunches, which tasks serve together",
        ),
    ];
    let apart = loops.into_iter().filter_map(|(which, one, other, what, why)| {
        let (one, other) = one.zip(other).filter(|(one, other)| one != other)?;
        Some(format!(
            "waits of {which} were {} in the first run and {} in the second, and {why}: no {what} of a cell that waits is compared",
            told(one),
            told(other)
        ))
    });
    apart.collect()
}

/// The caveat of the runs whose open loops favour async, with the runs that it is about; `None` where it is about neither.
fn favours_async(a: &Analysis<'_>, b: &Analysis<'_>) -> Option<String> {
    let which = match (a.favours_async(), b.favours_async()) {
        (true, true) => "both runs",
        (true, false) => "the first run",
        (false, true) => "the second run",
        (false, false) => return None,
    };
    Some(format!("About {which}: {}", FAVOURS_ASYNC.replace('\u{a0}', " ")))
}

/// The role of the same two contenders in another run, which may be another one there.
fn same_pair(a: &Analysis<'_>, kind: Kind, b: &Analysis<'_>) -> Option<Kind> {
    let one = a.verdicts.contrast(kind)?;
    let is_same = |other: &Kind| {
        let other = b.verdicts.contrast(*other);
        other.is_some_and(|other| (one.sync, one.awaiting) == (other.sync, other.awaiting))
    };
    Kind::OF_PAIRS.into_iter().find(is_same)
}

/// A run, a pair's kind in it, and its judged cells.
type OfRun<'r, 'a> = (&'r Analysis<'a>, Kind, &'r [Cell]);

/// The same subject in another run: the same metric, at the same share of the weaker contender's capacity.
fn same_subject(subject: Subject, a: &Analysis<'_>, b: &Analysis<'_>) -> Option<Subject> {
    if !subject.metric.is_at_a_rate() {
        return Some(subject);
    }
    let load = a.verdicts.levels.get(subject.level)?;
    let level = b.verdicts.levels.iter().position(|other| other == load)?;
    Some(Subject { level, ..subject })
}

/// Whether two cells of two runs, which hold `ones` and `others`, are to be compared: both ask the same, and start contenders with the
/// same flags, or with flags that the other run asks this under nowhere.
fn are_twins(one: &Cell, ones: &[Cell], other: &Cell, others: &[Cell]) -> bool {
    fn asked(cell: &Cell) -> (&str, &str, u32) {
        (&cell.method, &cell.target, cell.connections)
    }
    let has = |cells: &[Cell], like: &Cell| {
        cells.iter().any(|cell| (asked(cell), &cell.flags) == (asked(like), &like.flags))
    };
    asked(one) == asked(other) && (one.flags == other.flags || (!has(others, one) && !has(ones, other)))
}

/// The name that two cells share, or both names.
fn names_of(one: &Cell, other: &Cell) -> String {
    let [name, twin] = [one, other].map(|cell| shown(&cell.name, SHOWN));
    if name == twin { name } else { format!("{name} beside {twin}") }
}

/// Settings of the machine and of the client that differ between two experiments.
fn settings_apart(one: &Definition, other: &Definition) -> Vec<String> {
    let which = |of_one: bool| if of_one { "first" } else { "second" };
    [
        (
            (one.soaker, other.soaker),
            "a program of idle priority (the soaker) kept the contenders' CPUs from halting",
        ),
        (
            (one.client_spins, other.client_spins),
            "the client spun before each intended start and did not sleep",
        ),
        (
            (one.phases.slices.is_some(), other.phases.slices.is_some()),
            "contenders took turns in slices, and were not measured one after another,",
        ),
    ]
    .into_iter()
    .filter(|((one, other), _)| one != other)
    .map(|((one, _), what)| format!("{what} in the {} run alone", which(one)))
    .collect()
}

/// Sentences on the runs themselves, without which their difference is read wrongly.
fn about_the_runs(a: &Analysis<'_>, b: &Analysis<'_>) -> Vec<String> {
    let mut told = Vec::new();
    let of = |run: &Run| (run.id.clone(), run.started_at.clone());
    if of(a.run) == of(b.run) {
        told.push(format!("Both are one run, {}.", shown(&a.run.id, SHOWN)));
    } else if b.run.started_at < a.run.started_at {
        told.push("The second run is the older one.".to_owned());
    }
    for (which, analysis) in [("first", a), ("second", b)] {
        if !matches!(analysis.ending, Some(Ending { complete: true, .. })) {
            told.push(format!(
                "The {which} run is not complete: it was interrupted, or goes on. What it lacks is not compared."
            ));
        }
    }
    told
}

fn tell(a: &Analysis<'_>, b: &Analysis<'_>) -> String {
    let difference = Difference::of(a, b);
    let count = |wanted: Change| {
        difference.rows.iter().filter(|row| Change::of(row.one, row.other) == wanted).count()
    };
    let (moved, turned) = (count(Change::Moved), count(Change::TurnedRound));
    let mut text = String::new();
    let mut paragraph = |line: &str| {
        text += &textwrap::fill(line, COLUMNS);
        text.push('\n');
    };
    paragraph(&match difference.rows.len() {
        0 => "The two runs have no ratio in common.".to_owned(),
        all => format!(
            "Of {all} ratios async ÷ sync that both runs have, {} changed beyond noise and 5 %, and {turned} have another \
             winner. By chance alone about one in twenty moves beyond its noise.",
            moved + turned
        ),
    });
    about_the_runs(a, b).iter().for_each(|sentence| paragraph(sentence));
    let changed = difference.rows.iter().filter(|row| Change::of(row.one, row.other) != Change::None);
    for row in changed {
        let figure = |figure: Figure| {
            format!(
                "×{} ({}–{}), {}",
                number::plain(figure.ratio),
                number::plain(figure.interval.0),
                number::plain(figure.interval.1),
                figure.verdict
            )
        };
        paragraph(&format!("- {}: {}; then {}", row.name, figure(row.one), figure(row.other)));
    }
    let conditions = |run: &'_ Run| -> (Vec<reports_record::ContenderRecord>, reports_record::Environment) {
        (run.contenders.clone(), run.environment.clone())
    };
    let ((contenders_a, environment_a), (contenders_b, environment_b)) =
        (conditions(a.run), conditions(b.run));
    let then = Conditions { contenders: &contenders_a, environment: &environment_a, runner_sha256: None };
    let now = Conditions { contenders: &contenders_b, environment: &environment_b, runner_sha256: None };
    let mut conditions = settings_apart(&a.run.definition, &b.run.definition);
    conditions.extend(then.differences(&now));
    if !conditions.is_empty() {
        paragraph("Measured under other conditions, which may be what changed:");
        conditions.iter().for_each(|one| paragraph(&format!("- {}", shown(one, 2 * SHOWN))));
    }
    if let Some(caveat) = favours_async(a, b) {
        paragraph(&caveat);
    }
    if !difference.apart.is_empty() {
        paragraph("Not comparable:");
        difference.apart.iter().for_each(|one| paragraph(&format!("- {one}")));
    }
    text
}

/// A list of a few names, and how many more there are.
fn list(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use reports_record::Role;

    use super::super::published::{published, with_drawn_waits, with_one_wait};
    use super::*;

    fn figure(ratio: f64, factor: f64, verdict: Verdict) -> Figure {
        Figure { ratio, interval: (ratio / factor, ratio * factor), verdict }
    }

    #[test]
    fn a_ratio_has_changed_when_noise_and_margin_do_not_explain_it() {
        use Verdict::{AsyncWins, CannotTell, SyncWins};
        let change = |one: (f64, f64, Verdict), other: (f64, f64, Verdict)| {
            Change::of(figure(one.0, one.1, one.2), figure(other.0, other.1, other.2))
        };
        assert_eq!(change((1.2, 1.02, AsyncWins), (1.5, 1.02, AsyncWins)), Change::Moved);
        // Within √2 × ln 1.2: noise.
        assert_eq!(change((1.2, 1.2, AsyncWins), (1.5, 1.2, AsyncWins)), Change::None);
        // Certain, and too small to matter.
        assert_eq!(change((1.20, 1.001, AsyncWins), (1.24, 1.001, AsyncWins)), Change::None);
        assert_eq!(change((1.2, 2.0, AsyncWins), (0.8, 2.0, SyncWins)), Change::TurnedRound);
        assert_eq!(change((1.2, 2.0, AsyncWins), (0.8, 2.0, CannotTell)), Change::None);
    }

    #[test]
    fn a_run_against_itself_has_not_changed_and_against_another_it_says_what_is_apart() {
        let (quick, grid) = (published("2026-11-28-quick"), published("2026-11-22-grid"));
        let (a, b) = (Analysis::of(&quick.0, &quick.1), Analysis::of(&grid.0, &grid.1));
        // Lines break where they are full.
        let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let same = in_one_line(&tell(&a, &a));
        assert!(same.contains("0 changed beyond noise and 5 %, and 0 have another"), "{same}");
        assert!(!same.contains("Not comparable: - only") && !same.contains("other conditions"), "{same}");
        assert!(same.contains(&format!("Both are one run, {}.", quick.0.id)), "{same}");
        let other = tell(&a, &b);
        let flat = in_one_line(&other);
        assert!(flat.contains("Not comparable:") && flat.contains("only the second run has"), "{other}");
        assert!(
            flat.contains("The second run is the older one.") && !flat.contains("not complete"),
            "{other}"
        );
        let swapped = in_one_line(&tell(&b, &a));
        assert!(!swapped.contains("the older one"), "{swapped}");
        for (which, told) in [("first", &flat), ("second", &swapped)] {
            let only = format!("only the {which} run has the {}", Kind::Documented.title());
            assert!(told.contains(&only), "{told}");
        }
        // The older run's closed loops went in lock step.
        let difference = Difference::of(&a, &b);
        let throughputs: Vec<&str> = difference
            .rows
            .iter()
            .map(|row| row.name.as_str())
            .filter(|name| name.contains("throughput"))
            .collect();
        assert!(
            throughputs.iter().all(|name| name.starts_with("wait=0ms") || name.starts_with("cpu=")),
            "{throughputs:?}"
        );
        assert!(other.lines().all(|line| line.chars().count() <= 80 || !line.contains(' ')), "{other}");
    }

    /// As `sensitivity`, `soaked` and `spinning` are to `quick`: the same questions, a pair in another role, flags of their own, and a
    /// machine or a client that is set otherwise.
    #[test]
    fn cells_are_found_by_what_they_ask_and_what_was_set_otherwise_is_named() {
        let (quick, mut varied) = (published("2026-11-28-quick"), published("2026-11-28-quick"));
        let (name, slack) = ("wait=1ms/c=64", "wait=1ms/c=64/timer-slack=1ns");
        let definition = &mut varied.0.definition;
        (definition.soaker, definition.client_spins, definition.phases.slices) = (true, true, None);
        let cell = definition.cells.iter_mut().find(|cell| cell.name == name).unwrap();
        (cell.name, cell.flags) = (slack.to_owned(), vec!["--timer-slack=1ns".to_owned()]);
        definition.pairs.retain(|pair| pair.role != Role::Stock);
        definition.pairs.iter_mut().filter(|pair| pair.role == Role::Documented).for_each(|pair| {
            pair.role = Role::Stock;
            pair.cells.iter_mut().filter(|cell| *cell == name).for_each(|cell| *cell = slack.to_owned());
        });
        for line in &mut varied.1 {
            let Line::Trial(trial) = line else { continue };
            if trial.cell == name {
                trial.cell = slack.to_owned();
            }
        }
        let (a, b) = (Analysis::of(&quick.0, &quick.1), Analysis::of(&varied.0, &varied.1));
        for (one, other, both) in
            [(&a, &b, format!("{name} beside {slack}, ")), (&b, &a, format!("{slack} beside {name}, "))]
        {
            let difference = Difference::of(one, other);
            let of = |kind: Kind| {
                let is_of = |row: &&Row| row.name.starts_with(&both) && row.name.contains(kind.title());
                difference.rows.iter().filter(is_of).count()
            };
            assert!(of(Kind::Control) > 0, "{:?}", difference.apart);
            assert!(of(Kind::Documented) + of(Kind::Stock) > 0, "{:?}", difference.apart);
            assert!(
                !difference.apart.iter().any(|apart| apart.contains("only the")),
                "{:?}",
                difference.apart
            );
        }
        let told = tell(&a, &b).split_whitespace().collect::<Vec<_>>().join(" ");
        for what in ["(the soaker) kept", "the client spun"] {
            assert!(told.contains(what), "{told}");
        }
        assert!(told.contains("in the second run alone") && told.contains("in slices"), "{told}");
        assert!(told.contains("one after another, in the first run alone"), "{told}");
    }

    /// Where the other run asks under the same flags too, cells of other flags are no twins.
    #[test]
    fn cells_of_the_same_flags_come_before_those_of_others() {
        let nagle = crate::experiment::load("nagle").unwrap().cells;
        let [yes, no] = ["true", "false"].map(|value| {
            let name = format!("payload=256B/c=8/nodelay={value}");
            nagle.iter().find(|cell| cell.name == name).unwrap()
        });
        assert!(are_twins(yes, &nagle, yes, &nagle) && !are_twins(yes, &nagle, no, &nagle));
        let plain = Cell { flags: Vec::new(), name: "payload=256B/c=8".to_owned(), ..yes.clone() };
        let alone = [plain.clone()];
        assert!(are_twins(&plain, &alone, yes, &nagle) && are_twins(no, &nagle, &plain, &alone));
        let more = Cell { connections: 9, ..plain.clone() };
        assert!(!are_twins(&more, std::slice::from_ref(&more), yes, &nagle));
    }

    #[test]
    fn a_run_that_was_cut_off_is_told_as_not_complete() {
        let (whole, mut cut) = (published("2026-11-28-quick"), published("2026-11-28-quick"));
        cut.1.truncate(cut.1.len() / 2);
        let (a, b) = (Analysis::of(&whole.0, &whole.1), Analysis::of(&cut.0, &cut.1));
        assert!(tell(&a, &b).contains("The second run is not complete: it was interrupted, or goes on."));
        assert!(tell(&b, &a).contains("The first run is not complete"));
    }

    #[test]
    fn a_ratio_of_fewer_than_six_blocks_is_not_compared() {
        let grid = published("2026-11-28-grid");
        let analysis = Analysis::of(&grid.0, &grid.1);
        let verdicts = &analysis.verdicts;
        let about = |subject| Kind::OF_PAIRS.into_iter().flat_map(move |kind| verdicts.about(kind, subject));
        let few: Vec<&Comparison<'_>> = Subject::all(&grid.0.definition)
            .into_iter()
            .flat_map(about)
            .filter(|comparison| comparison.ratio().is_some() && comparison.pairs().len() < 6)
            .collect();
        assert!(few.len() > 10, "{}", few.len());
        assert!(few.iter().all(|comparison| Figure::of(comparison).is_none()));
    }

    #[test]
    fn a_run_whose_open_loops_drew_waits_is_not_compared_at_a_rate_with_one_whose_did_not() {
        let (old, new) =
            (with_one_wait(published("2026-11-28-quick")), with_drawn_waits(published("2026-11-28-quick")));
        let (old, new) = (Analysis::of(&old.0, &old.1), Analysis::of(&new.0, &new.1));
        let in_one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let caveat = FAVOURS_ASYNC.replace('\u{a0}', " ");
        for (a, b, waits, about) in [
            (&old, &new, "alike for all requests in the first run and drawn", "About the first run: "),
            (
                &new,
                &old,
                "drawn (coefficient of variation 0.500) in the first run and alike",
                "About the second run: ",
            ),
        ] {
            let rows = Difference::of(a, b).rows;
            let waiting = |row: &&Row| !row.name.starts_with("wait=0ms") && !row.name.starts_with("cpu=");
            let of_waiting: Vec<&str> = rows.iter().filter(waiting).map(|row| row.name.as_str()).collect();
            assert!(!of_waiting.is_empty());
            assert!(
                of_waiting.iter().all(|name| name.contains("throughput") || name.contains("memory")),
                "{of_waiting:?}"
            );
            assert!(rows.iter().any(|row| row.name.starts_with("wait=0ms") && row.name.contains("CPU")));
            let told = in_one_line(tell(a, b));
            assert!(told.contains(&format!("waits of the open loops were {waits}")), "{told}");
            assert!(
                told.contains("no CPU time and no response time of a cell that waits is compared"),
                "{told}"
            );
            assert!(told.contains(&format!("{about}{caveat}")), "{told}");
        }
        assert!(in_one_line(tell(&old, &old)).contains(&format!("About both runs: {caveat}")));
        let both = in_one_line(tell(&new, &new));
        assert!(!both.contains("favours async") && !both.contains("waits of the"), "{both}");
        for one in [&old, &new] {
            assert!(Difference::of(one, one).rows.len() > Difference::of(&old, &new).rows.len());
        }
    }

    #[test]
    fn nothing_is_said_of_waits_where_nothing_waits_in_one_of_the_runs() {
        let [drawn, mut without] = [(); 2].map(|()| with_drawn_waits(published("2026-11-28-quick")));
        let definition = &mut without.0.definition;
        definition.phases.wait_spread = 0.0;
        definition.predictions.clear();
        definition.cells.retain(|cell| cell.wait_ms == 0.0);
        definition.pairs.iter_mut().for_each(|pair| pair.cells.retain(|cell| cell.starts_with("wait=0ms")));
        let (a, b) = (Analysis::of(&drawn.0, &drawn.1), Analysis::of(&without.0, &without.1));
        for (one, other) in [(&a, &b), (&b, &a)] {
            let difference = Difference::of(one, other);
            assert!(!difference.rows.is_empty());
            let apart = difference.apart.join(" ");
            assert!(!apart.contains("waits of the"), "{apart}");
        }
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names: Vec<String> = (0..9).map(|number| number.to_string()).collect();
        assert_eq!(list(&names), "0, 1, 2, 3, 4, 5 and 3 more");
        assert_eq!(list(&names[..2]), "0, 1");
    }
}

//! `crossover run --cores`: one experiment for several numbers of CPUs, shown together.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use reports_record::{Definition, Line, Metric, Run, shell_word, shown};
use reports_render::analysis::Analysis;
use reports_render::analysis::comparison::Comparison;
use reports_render::analysis::contrast::Kind;
use reports_render::number;
use reports_terminal::talk;

use super::run::{measure, with_budget};
use crate::cpus::{self, Cores, Split};
use crate::doctor::Readings;
use crate::signals::Signals;

/// Characters of a cell's name that are shown.
const NAME: usize = 60;

/// Measures `definition` once for each number of CPUs, a run each, and shows the ratios together; gives the exit code of
/// the first run that was not in order.
///
/// # Errors
/// When this machine has too few CPUs for one of the numbers, before anything is built, and as a single run.
pub(super) fn run(
    name: &str,
    definition: &Definition,
    numbers: &[u32],
    runs: Option<PathBuf>,
    budget: Option<Duration>,
    anyway: bool,
    signals: &Signals,
) -> anyhow::Result<i32> {
    let allowed = cpus::allowed()?;
    let siblings = Readings::of("/".as_ref(), allowed.clone()).siblings;
    let axis = axis(definition, numbers);
    let refusals = refusals(&axis, &Cores::of(&allowed, siblings.as_deref()));
    ensure!(refusals.is_empty(), "{}", refusals.join("\n"));
    let mut measured: Vec<(u32, Run, Vec<Line>)> = Vec::new();
    let mut exit_code = 0;
    for one in axis {
        // The run before has bound this process to the CPUs of its client.
        cpus::bind(&allowed)?;
        let number = one.contender_cpus;
        let command = format!("cargo crossover run {} --cores {number}", shell_word(name));
        let (code, folder) =
            measure(one, with_budget(command, budget), runs.clone(), budget, anyway, signals)?;
        exit_code = if exit_code == 0 { code } else { exit_code };
        if let Some(folder) = folder {
            measured.push((number, folder.run()?, folder.lines()?.0));
        }
        if signals.interrupt().is_raised() {
            break;
        }
    }
    let analyses: Vec<(u32, Analysis<'_>)> =
        measured.iter().map(|(number, run, lines)| (*number, Analysis::of(run, lines))).collect();
    talk!("{}", together(&analyses));
    Ok(exit_code)
}

/// The experiment for each number of the contender's CPUs. The client gets as many, for a request takes about as much of it,
/// and no fewer than the experiment says.
fn axis(definition: &Definition, numbers: &[u32]) -> Vec<Definition> {
    let of = |&number: &u32| Definition {
        name: format!("{}-{number}-cpus", definition.name),
        contender_cpus: number,
        client_cpus: definition.client_cpus.max(number),
        ..definition.clone()
    };
    numbers.iter().map(of).collect()
}

/// The reasons why a machine with these cores cannot run some of the experiments.
fn refusals(axis: &[Definition], cores: &Cores) -> Vec<String> {
    let refusal = |one: &Definition| {
        let split = Split::of(cores, one.contender_cpus, one.client_cpus);
        split.err().map(|error| format!("--cores {}: {error}", one.contender_cpus))
    };
    axis.iter().filter_map(refusal).collect()
}

/// Every cell of every pair with its throughput, a row for each number of CPUs.
fn together(analyses: &[(u32, Analysis<'_>)]) -> String {
    let mut text = "requests per second, async ÷ sync (95 %), by the contender's CPUs".to_owned();
    let Some((_, first)) = analyses.first() else { return "nothing was measured".to_owned() };
    for kind in Kind::OF_PAIRS {
        for comparison in first.verdicts.about(kind, Metric::Throughput) {
            let name = shown(&first.verdicts.cells[comparison.cell].name, NAME);
            text += &format!("\n  {name}, {}", kind.title());
            for (number, analysis) in analyses {
                if let Some(found) = analysis.verdicts.at(kind, Metric::Throughput, comparison.cell) {
                    text += &format!("\n    {number:>3}  {}", row(found));
                }
            }
        }
    }
    text
}

fn row(comparison: &Comparison<'_>) -> String {
    let ratio = number::ratio_within(comparison.ratio(), comparison.interval());
    let sides = comparison.sides().map_or_else(String::new, |(sync, awaiting)| {
        format!("  {} ÷ {}", number::rate(awaiting.middle), number::rate(sync.middle))
    });
    format!("{ratio}{sides}  {}", comparison.verdict)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use reports_record::Folder;

    use super::*;
    use crate::experiment;

    /// A simulated machine of `cores` cores with two hardware threads each.
    fn machine(cores: u32) -> Cores {
        let allowed: Vec<u32> = (0..2 * cores).collect();
        let siblings: Vec<Vec<u32>> =
            allowed.iter().map(|cpu| vec![cpu % cores, cpu % cores + cores]).collect();
        Cores::of(&allowed, Some(&siblings))
    }

    #[test]
    fn each_number_is_a_plan_of_its_own_with_as_many_cpus_for_the_client() {
        let quick = experiment::load("quick").unwrap();
        let axis = axis(&quick, &[1, 2, 4, 8]);
        let cpus: Vec<(u32, u32)> = axis.iter().map(|one| (one.contender_cpus, one.client_cpus)).collect();
        assert_eq!(cpus, [(1, 1), (2, 2), (4, 4), (8, 8)]);
        assert_eq!(axis[2].name, "quick-4-cpus");
        assert!(axis.iter().all(|one| one.cells == quick.cells && one.seed == quick.seed));
        for cores in [16, 64] {
            assert_eq!(refusals(&axis, &machine(cores)), [""; 0]);
        }
    }

    #[test]
    fn numbers_that_a_machine_lacks_are_refused_with_the_arithmetic_all_at_once() {
        let axis = axis(&experiment::load("quick").unwrap(), &[1, 2, 4, 8]);
        let refused = refusals(&axis, &Cores::of(&[0, 1], None));
        assert_eq!(refused.len(), 3);
        let said = "--cores 2: the contender asks for 2 CPUs and the client for 2, this process may use 2";
        assert!(refused[0].starts_with(said), "{refused:?}");
        // Eight CPUs of each side are four cores of two threads: this machine has seven cores in all.
        let refused = refusals(&axis, &machine(7));
        assert!(refused.len() == 1 && refused[0].starts_with("--cores 8: "), "{refused:?}");
    }

    #[test]
    fn ratios_of_several_numbers_of_cpus_stand_together_by_cell() {
        let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published/2026-11-28-quick");
        let folder = Folder::open(published);
        let (run, (lines, _)) = (folder.run().unwrap(), folder.lines().unwrap());
        let text = together(&[(1, Analysis::of(&run, &lines)), (4, Analysis::of(&run, &lines))]);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[1], "  wait=0ms/c=8, control pair");
        assert!(rows[2].starts_with("      1  ×") && rows[3].starts_with("      4  ×"), "{text}");
        assert_eq!(rows[2][8..], rows[3][8..]);
        // A name and two ratios for each of 11 cells of two pairs, and of 2 cells of the documented one.
        assert_eq!(rows.len(), 1 + 3 * (2 * 11 + 2));
    }
}

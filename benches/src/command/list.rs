//! `crossover list`: what there is, what it asks, and how long that takes.

use anyhow::Context as _;
use reports_record::{Definition, shown};
use reports_terminal::{counted, print};

use crate::progress::minutes;
use crate::remaining::names_in;
use crate::{estimate, experiment};

/// Prints an experiment's cells and time, or every embedded experiment on a line.
///
/// # Errors
/// When there is no such experiment, or its file is refused.
pub fn list(name: Option<&str>) -> anyhow::Result<i32> {
    let text = match name {
        Some(name) => describe(&experiment::load(name)?),
        None => experiment::EMBEDDED
            .iter()
            .map(|(name, _)| Ok(summarise(&experiment::load(name)?)))
            .collect::<anyhow::Result<String>>()?,
    };
    print(text).context("cannot write to stdout")?;
    Ok(0)
}

fn summarise(definition: &Definition) -> String {
    let time = minutes(estimate::duration(definition));
    format!("{:<8} about {time:<7} {}\n", definition.name, question(definition))
}

/// Longest name and question that are shown in full, characters: what a file may have, and escapes.
const NAME: usize = 400;
const QUESTION: usize = 2_000;

fn question(definition: &Definition) -> String {
    shown(&definition.question, QUESTION)
}

/// Its question, cells, pairs, trials and time.
pub(super) fn describe(definition: &Definition) -> String {
    let mut text = format!("{}: {}\n\ncells\n", definition.name, question(definition));
    for cell in &definition.cells {
        let (name, target) = (shown(&cell.name, NAME), shown(&cell.target, NAME));
        text += &format!("  {name:<24} {target} over {}\n", counted(cell.connections.into(), "connection"));
    }
    text += "\npairs (sync against async)\n";
    for pair in &definition.pairs {
        let cells = match pair.cells.len() {
            0 => String::new(),
            selected => format!(", in {}", counted(selected as u64, "cell")),
        };
        text += &format!("  {:<10} {} against {}{cells}\n", pair.role.name(), pair.sync, pair.awaiting);
    }
    let duplicate = &definition.duplicate;
    text += &format!("  {:<10} {} against itself, as {}\n", "A/A", duplicate.of, duplicate.name);
    let sides: usize = definition.cells.iter().map(|cell| names_in(definition, cell).len() + 1).sum();
    text += &format!(
        "\n{} with {sides} contenders in all, in {}: {}, about {} once the contenders are built\n",
        counted(definition.cells.len() as u64, "cell"),
        counted(definition.blocks.into(), "block"),
        counted((sides * definition.blocks as usize) as u64, "trial"),
        minutes(estimate::duration(definition))
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_and_the_time_are_told() {
        let definition = experiment::load("quick").unwrap();
        let text = describe(&definition);
        for cell in &definition.cells {
            assert!(text.contains(&cell.name), "{text}");
        }
        assert!(text.contains("570 trials") && text.contains("about 6m"), "{text}");
    }
}

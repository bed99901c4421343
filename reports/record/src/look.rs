//! Looks at a run under way, and what they ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Definition, LOOPS, Line, Role};

/// A look at a run after some of its blocks: what was decided or hopeless then is measured no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Blocks that were measured by then.
    pub after: u32,
    /// What ended with it; what had ended before is not named again.
    pub stopped: Vec<Stopped>,
}

/// One loop of one pair in one cell that is measured no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The cell's name.
    pub cell: String,
    /// The pair.
    pub pair: Role,
    /// The loop's name, one of [`LOOPS`].
    #[serde(rename = "loop")]
    pub loop_name: String,
    /// Why.
    pub why: StopReason,
}

/// Why a loop is measured no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All that is asked of it has a win or a tie.
    Decided,
    /// What has none is unlikely to get one from the blocks that are left.
    Hopeless,
    /// The run's time was over.
    Budget,
}

/// After how many blocks the loops of each pair and cell ended, by the looks of a run.
#[derive(Debug, Clone, Default)]
pub struct Stops(BTreeMap<(String, Role, usize), (u32, StopReason)>);

impl Stops {
    /// What the looks among `lines` ended. The first look at a loop counts.
    #[must_use]
    pub fn of(lines: &[Line]) -> Self {
        let mut stops = Self::default();
        for line in lines {
            if let Line::Look(look) = line {
                stops.note(look);
            }
        }
        stops
    }

    /// Takes in one more look.
    pub fn note(&mut self, look: &Look) {
        for Stopped { cell, pair, loop_name, why } in &look.stopped {
            let Some(index) = LOOPS.iter().position(|name| name == loop_name) else { continue };
            self.0.entry((cell.clone(), *pair, index)).or_insert((look.after, *why));
        }
    }

    /// Why, and after how many blocks, a loop ended (0 the closed one, then the open ones by level); `None` if it did not.
    #[must_use]
    pub fn ended(&self, cell: &str, pair: Role, one: usize) -> Option<(u32, StopReason)> {
        self.0.get(&(cell.to_owned(), pair, one)).copied()
    }

    /// Blocks of a loop that were or will be measured.
    #[must_use]
    pub fn planned(&self, definition: &Definition, cell: &str, pair: Role, one: usize) -> u32 {
        self.ended(cell, pair, one).map_or(definition.blocks, |(after, _)| after.min(definition.blocks))
    }

    /// The loops of a pair that are measured in a cell's block: 0 the closed one, then the open ones by level.
    #[must_use]
    pub fn loops(&self, definition: &Definition, cell: &str, pair: Role, block: u32) -> Vec<usize> {
        let all = 0..=definition.phases.open_loads.len();
        all.filter(|&one| block < self.planned(definition, cell, pair, one)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_ends_with_the_first_look_that_names_it() {
        let stopped = |why| Stopped { cell: "a".into(), pair: Role::Control, loop_name: "open".into(), why };
        let look = |after, why| Line::Look(Look { after, stopped: vec![stopped(why)] });
        let stops = Stops::of(&[look(8, StopReason::Decided), look(12, StopReason::Budget)]);
        assert_eq!(stops.ended("a", Role::Control, 1), Some((8, StopReason::Decided)));
        assert_eq!(stops.ended("a", Role::Control, 0), None);
        assert_eq!(stops.ended("a", Role::Stock, 1), None);
    }
}

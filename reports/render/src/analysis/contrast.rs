//! Which two contenders are held against each other, and in what order.

use reports_record::{Cell, Definition, Role};

/// Two contenders and the reason to compare them; ratios are always `awaiting` ÷ `sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contrast<'a> {
    /// Why.
    pub kind: Kind,
    /// The contender that blocks; in an A/A contrast the original.
    pub sync: &'a str,
    /// The contender that awaits; in an A/A contrast the duplicate.
    pub awaiting: &'a str,
}

/// Why two contenders are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// They differ in nothing but the I/O model.
    Control,
    /// They are what a user would pick off the shelf.
    Stock,
    /// The same with a library used as its documentation shows.
    Documented,
    /// They are one and the same: any win is a false one.
    Repeat,
}

impl Kind {
    /// Those of pairs, in the order that reports list them.
    pub const OF_PAIRS: [Self; 3] = [Self::Control, Self::Stock, Self::Documented];

    /// The name used on screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Control => "control pair",
            Self::Stock => "stock pair",
            Self::Documented => "documented pair",
            Self::Repeat => "A/A",
        }
    }
}

impl From<Role> for Kind {
    fn from(role: Role) -> Self {
        match role {
            Role::Control => Self::Control,
            Role::Stock => Self::Stock,
            Role::Documented => Self::Documented,
        }
    }
}

impl Contrast<'_> {
    /// Whether the two are compared in a cell.
    #[must_use]
    pub fn is_in(self, definition: &Definition, cell: &Cell) -> bool {
        let pair = definition.pairs.iter().find(|pair| Kind::from(pair.role) == self.kind);
        pair.is_none_or(|pair| pair.is_in(cell))
    }
}

/// Every contrast of a definition: its pairs in order, then the contender against its double.
#[must_use]
pub fn contrasts(definition: &Definition) -> Vec<Contrast<'_>> {
    let pairs = definition.pairs.iter().map(|pair| Contrast {
        kind: pair.role.into(),
        sync: &pair.sync,
        awaiting: &pair.awaiting,
    });
    let duplicate = &definition.duplicate;
    let repeat = Contrast { kind: Kind::Repeat, sync: &duplicate.of, awaiting: &duplicate.name };
    pairs.chain([repeat]).collect()
}

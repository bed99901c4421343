//! Which two contenders are held against each other, and in what order.

use reports_record::{Definition, Role};

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
    /// They are one and the same: any win is a false one.
    Repeat,
}

impl Kind {
    /// The name used on screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Control => "control pair",
            Self::Stock => "stock pair",
            Self::Repeat => "A/A",
        }
    }
}

impl From<Role> for Kind {
    fn from(role: Role) -> Self {
        match role {
            Role::Control => Self::Control,
            Role::Stock => Self::Stock,
        }
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

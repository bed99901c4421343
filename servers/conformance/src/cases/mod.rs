//! The cases of the suite, by group.

mod connections;
mod endpoints;
pub(crate) mod framing;
mod limits;
mod refusals;

use crate::case::Case;
use crate::evidence;

/// Every case that is one exchange on one connection, in the order they are judged.
pub(crate) fn exchanges() -> Vec<Case> {
    [endpoints::cases(), refusals::cases(), limits::cases(), connections::cases(), framing::cases()].concat()
}

/// The names of all cases, those of the rules and of [`evidence`] included.
pub(crate) fn names() -> impl Iterator<Item = String> {
    exchanges().into_iter().map(|case| case.name).chain(framing::rules()).chain(evidence::names())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_cases_share_a_name() {
        let names: Vec<String> = names().collect();
        let unique: BTreeSet<&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    }
}

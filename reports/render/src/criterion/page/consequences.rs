//! The consequences for a server: a sentence for each kind of group, beside its ratios.

use maud::{Markup, html};

use crate::criterion::pairs::Pair;
use crate::criterion::quantity::ratio;
use crate::label;
use crate::page::table::Table;

/// Groups that share a consequence.
struct Kind<'p> {
    so_what: &'p str,
    pairs: Vec<&'p Pair<'p>>,
}

/// Nothing where no group has a consequence.
pub(super) fn markup(pairs: &[Pair<'_>]) -> Markup {
    let kinds = kinds(pairs);
    if kinds.is_empty() {
        return html! {};
    }
    let head = ["groups", "async ÷ sync", "so what for a server"];
    let mut table = Table::new("The largest differences of one operation first", &head, 3);
    table.prose = true;
    for Kind { so_what, pairs } in &kinds {
        let stem = stem(pairs);
        let each = |pair: &&Pair<'_>| {
            let rest = pair.group()[stem.len()..].trim_start_matches('/');
            let found = pair.ratio().map_or_else(String::new, |found| format!("{}, ", ratio(found)));
            let which = if rest.is_empty() { String::new() } else { format!("{}: ", label::name(rest)) };
            format!("{which}{found}{}", pair.verdict())
        };
        let ratios = pairs.iter().map(each).collect::<Vec<_>>().join("; ");
        // Groups that share a consequence need not share the beginning of their names.
        let groups = if stem.is_empty() { "several".to_owned() } else { label::name(stem) };
        table.push(vec![groups, ratios, label::passage(so_what)]);
    }
    html! {
        section #so-what aria-labelledby="so-what-title" {
            h2 id="so-what-title" { "So what for a server?" }
            // Its sentences wrap: nothing is ever wider than the page.
            (table.bare())
        }
    }
}

fn kinds<'p>(pairs: &'p [Pair<'p>]) -> Vec<Kind<'p>> {
    let mut kinds: Vec<Kind<'p>> = Vec::new();
    for pair in pairs.iter().filter(|pair| !pair.rounds.so_what.is_empty()) {
        let so_what = pair.rounds.so_what.as_str();
        match kinds.iter_mut().find(|kind| kind.so_what == so_what) {
            Some(kind) => kind.pairs.push(pair),
            None => kinds.push(Kind { so_what, pairs: vec![pair] }),
        }
    }
    // Nanoseconds and bytes have no common order: times come first.
    let size = |kind: &Kind<'_>| {
        let largest =
            kind.pairs.iter().filter_map(|pair| pair.difference()).map(f64::abs).fold(0.0, f64::max);
        (kind.pairs[0].rounds.unit == reports_record::BenchUnit::Nanoseconds, largest)
    };
    kinds.sort_by(|one, other| {
        let ((one_is_time, one), (other_is_time, other)) = (size(one), size(other));
        other_is_time.cmp(&one_is_time).then(other.total_cmp(&one))
    });
    kinds
}

/// The parts of the name that all these groups begin with, at least the first one.
fn stem<'p>(pairs: &[&'p Pair<'p>]) -> &'p str {
    let (first, rest) = (pairs[0].group(), &pairs[1..]);
    let shared = |end: &usize| {
        let name = &first[..*end];
        let begins = |pair: &&Pair<'_>| {
            pair.group().strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        rest.iter().all(begins)
    };
    let mut ends = first.match_indices('/').map(|(end, _)| end).chain([first.len()]);
    ends.rfind(shared).map_or("", |end| &first[..end])
}

#[cfg(test)]
mod tests {
    use reports_record::BenchRounds;

    use super::*;
    use crate::criterion::pairs::{judged, tests::group_named};

    fn stems(names: &[&str]) -> String {
        let groups: Vec<BenchRounds> = names.iter().map(|name| group_named(name)).collect();
        let pairs = judged(&groups);
        stem(&pairs.iter().collect::<Vec<_>>()).to_owned()
    }

    #[test]
    fn groups_are_named_by_the_parts_that_they_share() {
        assert_eq!(stems(&["connections/1", "connections/16"]), "connections");
        assert_eq!(stems(&["lock/in_turn/one_cpu", "lock/in_turn/two_cpus"]), "lock/in_turn");
        assert_eq!(stems(&["hand_over/one_cpu"]), "hand_over/one_cpu");
        // Half a part is none, and groups without a common part have no common name.
        assert_eq!(stems(&["lock/in", "lock/in_turn"]), "lock");
        assert_eq!(stems(&["cancel", "time_out"]), "");
    }

    #[test]
    fn groups_with_one_consequence_are_one_kind() {
        let named =
            |name: &str, so_what: &str| BenchRounds { so_what: so_what.to_owned(), ..group_named(name) };
        let groups = [
            named("a/1", "It matters."),
            named("b", "It does not."),
            named("a/2", "It matters."),
            named("c", ""),
        ];
        let pairs = judged(&groups);
        let found: Vec<(&str, usize)> =
            kinds(&pairs).iter().map(|kind| (kind.so_what, kind.pairs.len())).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.contains(&("It matters.", 2)) && found.contains(&("It does not.", 1)), "{found:?}");
    }
}

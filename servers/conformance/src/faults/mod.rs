//! What a contender must survive: each fault is staged against a fresh process of it, and judged.
//!
//! A fault starts the contender's program itself, with the flags that it needs: short time-outs, few connections, a
//! lowered limit. A contender that refuses such a flag has nothing to set there, which is a finding. Nothing measures
//! how fast a contender is: bounds are many times what is waited for.

mod burst;
mod descriptors;
mod ending;
mod limits;
mod many;
mod oversized;
mod panics;
mod pipelining;
mod reader;
mod slow;
mod staged;
mod threads;

use crate::contenders::Contender;
use crate::finding::Finding;
use crate::report::{Outcome, Report};
use staged::Stage;

type Judge = fn(&Stage) -> Result<(), Finding>;

/// The faults by name, in the order they are staged.
const FAULTS: [(&str, Judge); 20] = [
    ("fault: a head a byte at a time", slow::head),
    ("fault: a second head a byte at a time", slow::second_head),
    ("fault: a body a byte at a time", slow::body),
    ("fault: chunks a byte at a time", slow::chunks),
    ("fault: a connection that says nothing", slow::silence),
    ("fault: a connection that says nothing more", slow::idleness),
    ("fault: a reader that takes nothing", reader::takes_nothing),
    ("fault: a reader that takes a little", reader::takes_a_little),
    ("fault: a head without end", oversized::head),
    ("fault: a target without end", oversized::target),
    ("fault: a body without end", oversized::body),
    ("fault: 64 requests in one piece", pipelining::many),
    ("fault: a handler that panics", panics::handler),
    ("fault: more connections than the bound", many::beyond_the_bound),
    ("fault: descriptors run out, and it does not spin", descriptors::no_spinning),
    ("fault: descriptors run out, and it recovers", descriptors::recovers),
    ("fault: threads run out", threads::none_left),
    ("fault: a first burst of 64 connections", burst::first),
    ("fault: SIGTERM under load", ending::under_load),
    ("fault: SIGTERM with idle connections", ending::with_idle_connections),
];

/// The names of all faults.
pub(crate) fn names() -> impl Iterator<Item = String> {
    FAULTS.iter().map(|(name, _)| (*name).to_owned())
}

/// Stages every fault against the program that `command` starts, each in a process of its own, one after another.
///
/// Takes 10 to 30 s. Those that `contender` is known to fail are listed among its exceptions, by the fault's name. A
/// program that cannot be started at all fails every fault.
pub fn stage(contender: &Contender, command: &[String]) -> Report {
    let stage = Stage::new(command);
    let options = contender.options("");
    let outcome = |(name, judge): &(&str, Judge)| {
        let outcome = Outcome::of(judge(&stage), options.reason(name));
        ((*name).to_owned(), outcome)
    };
    Report { outcomes: FAULTS.iter().map(outcome).collect() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_faults_share_a_name() {
        assert_eq!(names().collect::<BTreeSet<_>>().len(), FAULTS.len());
    }
}

//! Whether the entries of a list can be run and compared.

use std::collections::BTreeSet;

use crate::cases;
use crate::contenders::{Contender, Flag, Role};
use crate::faults;

/// Whether entry `index` of `list` can be run and compared; otherwise what is expected.
pub(super) fn validate(list: &[&Contender], index: usize) -> Result<(), String> {
    let contender = list[index];
    named(contender)?;
    if list[..index].iter().any(|earlier| earlier.name == contender.name) {
        return Err("the name is taken by an earlier entry; give it another".to_owned());
    }
    runnable(contender)?;
    compared(list, contender)?;
    inherits(list, contender)?;
    excepted(contender)
}

/// Longest name: files and folders are named after it.
const NAME: usize = 60;

fn named(contender: &Contender) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_short = (1..=NAME).contains(&contender.name.len());
    if !is_short || contender.name.starts_with('-') || !contender.name.bytes().all(fits) {
        return Err(format!(
            "a name is made of letters, digits and \"-\", {NAME} at most, and does not begin with \"-\""
        ));
    }
    Ok(())
}

fn runnable(contender: &Contender) -> Result<(), String> {
    if contender.binary.is_some() && contender.build.is_some() {
        return Err("`binary` is built by cargo and `build` by itself: give only one".to_owned());
    }
    if contender.run.is_empty() || contender.build.as_ref().is_some_and(Vec::is_empty) {
        return Err("a command needs at least a program".to_owned());
    }
    for entry in contender.flags.iter().flatten() {
        if Flag::parse(entry).is_none() {
            return Err(format!("`flags`: {entry:?} is not a flag such as \"--backlog N\" or \"--verbose\""));
        }
    }
    let run = contender.run.join(" ");
    if run.contains("{binary}") && contender.binary.is_none() {
        return Err("`run` uses {binary}, so `binary` is needed".to_owned());
    }
    if !run.contains("{listen}") {
        return Err("`run` must tell the program where to listen, by {listen}".to_owned());
    }
    if run.replace("{binary}", "").replace("{listen}", "").contains(['{', '}']) {
        return Err("`run` knows only the placeholders {binary} and {listen}".to_owned());
    }
    Ok(())
}

fn compared(list: &[&Contender], contender: &Contender) -> Result<(), String> {
    let find = |name: &str| {
        list.iter().find(|other| other.name == name).ok_or(format!("no contender is called {name:?}"))
    };
    if let Some(name) = &contender.pair {
        let pair = find(name)?;
        let mutual = pair.pair.as_ref() == Some(&contender.name);
        if !mutual || pair.model == contender.model || pair.role != contender.role {
            return Err(format!(
                "its pair {name:?} must name it back, with the other model and the same role"
            ));
        }
    }
    if let Some(name) = &contender.control {
        let control = find(name)?;
        let fits = control.role == Role::Control && control.model == contender.model;
        if contender.role == Role::Control || !fits {
            return Err(format!("its control {name:?} must be a control of the same model, for a stock one"));
        }
    }
    Ok(())
}

/// The entry whose exceptions are taken over is there, has exceptions of its own only, and runs the same program.
fn inherits(list: &[&Contender], contender: &Contender) -> Result<(), String> {
    let Some(name) = &contender.exceptions_of else { return Ok(()) };
    match list.iter().find(|other| other.name == *name) {
        Some(other)
            if other.exceptions_of.is_none()
                && other.binary.is_some()
                && other.binary == contender.binary =>
        {
            Ok(())
        }
        _ => Err(format!(
            "`exceptions_of` = {name:?} must name an entry with the same `binary` and exceptions of its own"
        )),
    }
}

fn excepted(contender: &Contender) -> Result<(), String> {
    if contender.exceptions.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<String> = cases::names().chain(faults::names()).collect();
    let mut listed = BTreeSet::new();
    for exception in &contender.exceptions {
        if exception.reason.trim().is_empty() {
            return Err("an exception needs a reason".to_owned());
        }
        for case in &exception.cases {
            if !known.contains(case) {
                return Err(format!("no conformance case is called {case:?}"));
            }
            if !listed.insert(case) {
                return Err(format!("the case {case:?} is excepted twice"));
            }
        }
    }
    Ok(())
}

//! `crossover check`: would this experiment run, and if not, on which line does it go wrong.

use anyhow::Context as _;
use reports_record::Definition;
use reports_terminal::{print, talk};
use servers_conformance::contenders::Contenders;

use super::list::describe;
use crate::host::Host;
use crate::{experiment, root};

/// Prints what each experiment would measure, or on stderr why it is refused, and goes on with the next; gives 2 when
/// any is refused, be it for itself or for what this machine has. Builds, starts and measures nothing.
///
/// # Errors
/// When the list of contenders cannot be read.
pub fn check(experiments: &[String]) -> anyhow::Result<i32> {
    let contenders = contenders()?;
    if contenders.is_none() {
        talk!("outside the project: whether there are such contenders is not checked");
    }
    let mut code = 0;
    for name in experiments {
        match load(name, contenders.as_ref()) {
            Ok(definition) => print(describe(&definition)).context("cannot write to stdout")?,
            Err(error) => {
                talk!("crossover: {error:#}");
                code = 2;
            }
        }
    }
    Ok(code)
}

/// The experiment of this name or path, if it is right in itself and this machine can run it: all that can be judged
/// before anything is built.
pub(super) fn load(name: &str, contenders: Option<&Contenders>) -> anyhow::Result<Definition> {
    let definition = experiment::load_for(name, contenders)?;
    Host::of(&definition).with_context(|| format!("experiment {name}"))?;
    Ok(definition)
}

/// The project's contenders; `None` outside a project.
pub(super) fn contenders() -> anyhow::Result<Option<Contenders>> {
    let Ok(root) = root::find() else { return Ok(None) };
    Ok(Some(Contenders::load(&root.join(root::CONTENDERS))?))
}

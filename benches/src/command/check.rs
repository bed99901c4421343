//! `crossover check`: would this experiment run, and if not, on which line does it go wrong.

use std::io::{self, Write as _};

use servers_conformance::contenders::Contenders;

use super::list::describe;
use crate::{experiment, root};

/// Prints what each experiment would measure, or on stderr why it is refused, and goes on with the next; gives 2 when
/// any is refused. Builds and measures nothing.
///
/// # Errors
/// When the list of contenders cannot be read.
pub fn check(experiments: &[String]) -> anyhow::Result<i32> {
    let contenders = contenders()?;
    if contenders.is_none() {
        eprintln!("outside the project: whether there are such contenders is not checked");
    }
    let mut code = 0;
    for name in experiments {
        match experiment::load_for(name, contenders.as_ref()) {
            // A closed pipe is the reader's wish, not an error.
            Ok(definition) => drop(io::stdout().write_all(describe(&definition).as_bytes())),
            Err(error) => {
                eprintln!("crossover: {error:#}");
                code = 2;
            }
        }
    }
    Ok(code)
}

/// The project's contenders; `None` outside a project.
pub(super) fn contenders() -> anyhow::Result<Option<Contenders>> {
    let Ok(root) = root::find() else { return Ok(None) };
    Ok(Some(Contenders::load(&root.join(root::CONTENDERS))?))
}

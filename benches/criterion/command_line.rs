//! The command line's mistakes that criterion would pass over in silence, or answer with a panic.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::bail;
use benches::bench::started;

use crate::session::Invocation;

/// Criterion's flags that ask for results instead of measuring.
const ASK_ONLY: [&str; 3] = ["--list", "--load-baseline", "--profile-time"];

/// Refuses a baseline that no bench has.
///
/// # Errors
/// When `--baseline`, `-b` or `--load-baseline` names one that is not below `results`.
pub(crate) fn check_baseline(arguments: &[String], results: &Path) -> anyhow::Result<()> {
    for flags in [&["--baseline", "-b"][..], &["--load-baseline"]] {
        let Some(name) = flags.iter().find_map(|flag| value(arguments, flag)) else { continue };
        let saved = baselines(results);
        if !saved.contains(name) {
            let known: Vec<&str> = saved.iter().map(String::as_str).collect();
            let known = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
            bail!(
                "cannot compare with baseline {name:?}, expected one that was saved ({known}): save it with \
                 --save-baseline {name}"
            );
        }
    }
    Ok(())
}

/// Refuses a filter that matches no bench.
///
/// # Errors
/// When no bench was asked for, though the command line asks for measurements.
pub(crate) fn check_that_something_ran(arguments: &[String], invocation: &Invocation) -> anyhow::Result<()> {
    // `cargo test NAME` hands the name of a test to every target.
    if asks_only(arguments) || !invocation.is_idle() || !started::by_cargo_bench(arguments) {
        return Ok(());
    }
    let filters = filters(arguments).collect::<Vec<_>>().join(" ");
    bail!("cannot find a bench by {filters:?}, expected part of a name: cargo bench -- --list shows them all")
}

/// Whether each bench is called too few times for several passes: in a test, with `--quick`, and where nothing is measured.
pub(crate) fn is_short(arguments: &[String]) -> bool {
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    !started::by_cargo_bench(arguments) || flag("--quick") || flag("--test") || asks_only(arguments)
}

fn asks_only(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| ASK_ONLY.iter().any(|flag| argument.starts_with(flag)))
}

/// Whether the command line asks for benches or tests by name.
pub(crate) fn has_filter(arguments: &[String]) -> bool {
    filters(arguments).next().is_some()
}

/// The arguments that are neither flags nor their values; criterion and libtest join a flag's value by an equals sign or give
/// it next, and only the former can be told without knowing every flag.
fn filters(arguments: &[String]) -> impl Iterator<Item = &str> {
    arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with('-'))
}

/// The value of `flag`, behind it or after an equals sign.
fn value<'a>(arguments: &'a [String], flag: &str) -> Option<&'a str> {
    let mut all = arguments.iter();
    while let Some(argument) = all.next() {
        if argument == flag {
            return all.next().map(String::as_str);
        }
        if let Some(value) = argument.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value);
        }
    }
    None
}

/// Every saved baseline: criterion keeps them beside the latest results of each bench, two folders below `results`.
fn baselines(results: &Path) -> BTreeSet<String> {
    let folders = |path: &Path| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let saved =
        folders(results).into_iter().flat_map(|group| folders(&group)).flat_map(|bench| folders(&bench));
    let own = ["new", "change", "report"];
    saved
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .filter(|name| !own.contains(&name.as_str()))
        .collect()
}

//! Every flag there is, by the help, and whether a test has it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) fn stdout(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that `--help` lists, but for the one that prints it.
pub(crate) fn commands() -> Vec<String> {
    let help = stdout(&["--help"]);
    let list = help.split_once("\nCommands:\n").unwrap().1.split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<_> = names.filter(|name| !name.is_empty() && *name != "help").map(String::from).collect();
    assert!(names.contains(&"capacity".into()) && names.contains(&"man".into()), "{names:?}");
    names
}

/// The long flags that the help of `command` explains, each on a line of its own, less far in than what is said of it.
fn flags(command: &[&str]) -> BTreeSet<String> {
    let help = stdout(&[command, &["--help"]].concat());
    let lines = help.lines().filter_map(|line| {
        let (indent, line) = line.split_at(line.len() - line.trim_start().len());
        if indent.len() > 6 {
            return None;
        }
        let long =
            line.strip_prefix("--").or_else(|| line.strip_prefix('-')?.get(1..)?.strip_prefix(", --"))?;
        Some(format!("--{}", long.split([' ', '=', '[']).next()?))
    });
    lines.collect()
}

pub(crate) fn all_flags() -> BTreeSet<String> {
    let mut all = flags(&[]);
    assert!(all.len() > 25 && all.contains("--rate") && all.contains("--connections"), "{all:?}");
    for command in commands() {
        all.extend(flags(&[command.as_str()]));
    }
    assert!(all.contains("--objective"), "{all:?}");
    all
}

/// Whether `text` has `flag`, and not only one that begins so.
pub(crate) fn names(text: &str, flag: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-');
    text.match_indices(flag).any(|(at, _)| !goes_on(&text[at + flag.len()..]))
}

/// What tests say, this one's own words not included.
fn test_sources(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            test_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("suite/flags.rs")
        {
            let text = fs::read_to_string(&path).unwrap();
            let is_test = path.components().any(|part| part.as_os_str() == "suite")
                || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
            let tests = if is_test {
                Some(text.as_str())
            } else {
                text.split_once("#[cfg(test)]\nmod tests {").map(|two| two.1)
            };
            sources.push_str(tests.unwrap_or_default());
        }
    }
}

#[test]
fn every_flag_that_help_names_occurs_in_a_test() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    ["src", "tests"].into_iter().for_each(|folder| test_sources(&crate_folder.join(folder), &mut sources));
    assert!(sources.len() > 100_000, "{} bytes of tests", sources.len());
    let untested: Vec<_> = all_flags().into_iter().filter(|flag| !names(&sources, flag)).collect();
    assert!(untested.is_empty(), "in no test: {untested:?}");
    let untested: Vec<_> =
        commands().into_iter().filter(|name| !sources.contains(&format!("\"{name}\""))).collect();
    assert!(untested.is_empty(), "in no test: {untested:?}");
}

#[test]
fn a_flag_is_not_found_in_one_that_begins_alike() {
    assert!(names("[\"--rate\", \"5/s\"]", "--rate") && names("--rate=5/s", "--rate"));
    assert!(!names("--rates --rate-limit", "--rate"));
}

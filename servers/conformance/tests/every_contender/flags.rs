//! The flags that the list of contenders promises to experiments.

use std::collections::BTreeSet;
use std::process::Command;

use super::{BINARY, contender};

/// Flags that no experiment may set: the runner's own, one that would measure beyond loopback, one that injects faults, one
/// that reads the clock where nothing judged may, and those that only print.
const NOT_FOR_EXPERIMENTS: [&str; 8] =
    ["--listen", "--name", "--upstream", "--allow-remote", "--panic-on", "--stages", "--help", "--version"];

/// A flag that the entry's own command gives already would be given twice.
#[test]
fn the_list_names_every_flag_that_its_help_does_but_those_of_its_command() {
    let help = Command::new(BINARY).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let flag = |line: &str| {
        let mut words = line.split_whitespace().skip_while(|word| !word.starts_with("--"));
        let name = words.next()?;
        let value = words.next().and_then(|word| word.strip_prefix('<')?.strip_suffix('>'));
        Some(value.map_or(name.to_owned(), |value| format!("{name} {value}")))
    };
    let told: BTreeSet<String> = help
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .filter_map(flag)
        .filter(|flag| {
            let name = flag.split(' ').next().unwrap();
            !NOT_FOR_EXPERIMENTS.contains(&name) && !contender().run.iter().any(|part| part == name)
        })
        .collect();
    let listed: BTreeSet<String> = contender().flags.unwrap().into_iter().collect();
    assert_eq!(listed, told);
    assert!(listed.len() > 4, "{listed:?}");
}

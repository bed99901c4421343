//! The committed list of contenders is true, and lists that are not are refused with their line.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use servers_conformance::contenders::{Contenders, ContendersError};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn committed() -> Contenders {
    Contenders::load(&repository().join("servers/contenders.toml")).unwrap()
}

/// Versions of the package `name` in the lock file; more than one if several are linked.
fn locked(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let lock: toml::Table = text.parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    let named = packages.filter(|package| package["name"].as_str() == Some(name));
    named.map(|package| package["version"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_stated_version_is_the_one_that_is_linked() {
    let mut compared = 0;
    for contender in committed().iter().filter(|contender| contender.binary.is_some()) {
        let stated: Vec<String> = contender.version.iter().cloned().collect();
        assert_eq!(locked(&contender.stack), stated, "version of {} in {}", contender.stack, contender.name);
        compared += stated.len();
    }
    assert!(compared > 0, "no version was compared");
}

#[test]
fn every_binary_exists() {
    for contender in committed().iter() {
        let Some(binary) = &contender.binary else { continue };
        let folder = binary.strip_prefix("server-").unwrap();
        let manifest = repository().join("servers").join(folder).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
        let binaries = manifest["bin"].as_array().unwrap();
        assert!(binaries.iter().any(|known| known["name"].as_str() == Some(binary)), "{}", contender.name);
    }
}

#[test]
fn one_cargo_command_builds_all_binaries() {
    let contenders = committed();
    let commands = contenders.build_commands(contenders.iter());
    assert_eq!(commands.len(), 1);
    let binaries = commands[0].iter().filter(|part| *part == "--bin").count();
    let distinct: BTreeSet<_> = contenders.iter().filter_map(|contender| contender.binary.as_ref()).collect();
    assert_eq!(binaries, distinct.len());
    assert!(
        !commands[0].iter().any(|part| part == "--package"),
        "features would be unified over that package alone"
    );
    assert_eq!(contenders.build_commands([]), Vec::<Vec<String>>::new());
}

const FOREIGN: &str = r#"
cargo_build = ["cargo", "build"]

[[contender]]
name = "foreign"
model = "sync"
role = "stock"
stack = "http.server"
run = ["python3", "serve.py", "--listen", "{listen}"]
"#;

#[test]
fn a_program_that_cargo_does_not_build_needs_only_its_command() {
    let contenders = Contenders::parse(FOREIGN, "list").unwrap();
    let foreign = contenders.get("foreign").unwrap();
    let listen: SocketAddr = "127.0.0.1:81".parse().unwrap();
    assert_eq!(
        foreign.command(Path::new("bin"), listen),
        ["python3", "serve.py", "--listen", "127.0.0.1:81"]
    );
    assert_eq!(contenders.build_commands(contenders.iter()), Vec::<Vec<String>>::new());
}

#[test]
fn a_binary_is_found_in_the_folder_of_binaries() {
    let tiny = committed().get("tiny-http").unwrap().clone();
    let listen: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let command = tiny.command(Path::new("target/release"), listen);
    assert_eq!(command, ["target/release/server-tiny-http", "--listen", "127.0.0.1:0"]);
}

/// Parses `FOREIGN` with one replacement and gives the error's text.
fn refused(from: &str, to: &str) -> String {
    let text = FOREIGN.replace(from, to);
    assert_ne!(text, FOREIGN, "{from:?} is not in the list");
    Contenders::parse(&text, "list").expect_err(to).to_string()
}

#[test]
fn a_wrong_entry_is_refused_with_its_line_and_what_is_expected() {
    let cases = [
        ("stack =", "stacks =", "unknown field `stacks`"),
        ("model = \"sync\"\n", "", "missing field `model`"),
        ("\"sync\"", "\"both\"", "unknown variant `both`"),
        ("\"foreign\"", "\"../x\"", "a name is made of letters"),
        ("\"foreign\"", "\"\"", "a name is made of letters"),
        (" \"{listen}\"", "", "{listen}"),
        ("\"serve.py\"", "\"{script}\"", "only the placeholders"),
        ("\"serve.py\"", "\"{binary}\"", "`binary` is needed"),
        ("stack =", "pair = \"nobody\"\nstack =", "no contender is called \"nobody\""),
        ("stack =", "control = \"foreign\"\nstack =", "must be a control of the same model"),
        ("stack =", "binary = \"x\"\nbuild = [\"make\"]\nstack =", "give only one"),
        ("stack =", "build = []\nstack =", "at least a program"),
        ("stack =", "exceptions_of = \"nobody\"\nstack =", "must name an entry with the same `binary`"),
        ("stack =", "exceptions_of = \"foreign\"\nstack =", "must name an entry with the same `binary`"),
        (
            "stack =",
            "exceptions = [{ cases = [\"no such\"], reason = \"x\" }]\nstack =",
            "no conformance case",
        ),
        ("stack =", "exceptions = [{ cases = [], reason = \" \" }]\nstack =", "needs a reason"),
    ];
    for (from, to, expected) in cases {
        let error = refused(from, to);
        assert!(error.contains(expected) && error.contains("line "), "{to}: {error}");
    }
}

#[test]
fn a_second_entry_of_the_same_name_is_refused_where_it_begins() {
    let entry = &FOREIGN[FOREIGN.find("[[").unwrap()..];
    let text = format!("{FOREIGN}\n{entry}");
    match Contenders::parse(&text, "list").unwrap_err() {
        ContendersError::Entry { line, name, reason, .. } => {
            assert_eq!((line, name.as_str()), (11, "foreign"));
            assert!(reason.contains("taken"), "{reason}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_pair_must_be_mutual_and_of_the_other_model() {
    let rival = |model: &str, pair: &str| {
        let entry = &FOREIGN[FOREIGN.find("[[").unwrap()..];
        let entry = entry.replace("\"foreign\"", "\"rival\"").replace("\"sync\"", model);
        let first = FOREIGN.replace("stack =", "pair = \"rival\"\nstack =");
        let text = format!("{first}{}", entry.replace("stack =", &format!("{pair}stack =")));
        Contenders::parse(&text, "list").map(|contenders| contenders.iter().count())
    };
    assert_eq!(rival("\"async\"", "pair = \"foreign\"\n").unwrap(), 2);
    assert!(rival("\"sync\"", "pair = \"foreign\"\n").unwrap_err().to_string().contains("must name it back"));
    assert!(rival("\"async\"", "").unwrap_err().to_string().contains("must name it back"));
}

#[test]
fn a_program_listed_twice_keeps_its_exceptions() {
    let contenders = committed();
    let [spawn, pool] = ["tiny-http", "tiny-http-pool"].map(|name| contenders.get(name).unwrap());
    assert!(!spawn.exceptions.is_empty());
    assert_eq!(pool.exceptions, spawn.exceptions);
    assert_eq!(pool.binary, spawn.binary);
}

#[test]
fn the_controls_answer_every_request_of_the_document_alike() {
    let document = std::fs::read_to_string(repository().join("docs/FRAMING.md")).unwrap();
    let mut compared = 0;
    let mut places: Option<[usize; 2]> = None;
    for line in document.lines() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let place = |name: &str| cells.iter().position(|cell| cell.trim_matches([' ', '|']) == name);
        match (places, place("std-threads").zip(place("tokio-tasks"))) {
            (_, Some((one, other))) => places = Some([one, other]),
            (Some([one, other]), None) if line.starts_with("| ") => {
                assert_eq!(
                    cells[one].trim_matches([' ', '|']),
                    cells[other].trim_matches([' ', '|']),
                    "{line}"
                );
                compared += 1;
            }
            _ => places = None,
        }
    }
    assert!(compared > 100, "only {compared} rows were compared");
}

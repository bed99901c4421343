//! docs/EVIDENCE.md: every check and figure has its row, and every test that a row names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use loadgen::Load;
use serde_json::Value;

use super::server::{HELLO, Server};
use super::{load, measure};

/// The rows of the table between two markers, as cells.
fn table(marker: &str) -> Vec<Vec<&'static str>> {
    let text = include_str!("../../../docs/EVIDENCE.md");
    let table = text.split(&format!("<!-- {marker} -->")).nth(1).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The text of every Rust source below a folder.
fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

fn measured() -> Value {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let settle = Some(Duration::from_secs(1));
    let load = Load { churn: Some(2), settle, ..load(&server.url("/"), Duration::from_millis(200)) };
    serde_json::to_value(measure(&load, 1)).unwrap()
}

#[test]
fn every_check_has_its_row_in_order() {
    let measured = measured();
    let checks = measured["certificate"]["checks"].as_array().unwrap();
    let checks: Vec<&str> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    let rows = table("checks");
    let named: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(named, checks, "left: docs/EVIDENCE.md; right: the certificate");
    assert!(rows.iter().all(|row| row.len() == 6 && row.iter().all(|cell| !cell.is_empty())), "{rows:?}");
}

#[test]
fn every_figure_has_its_row() {
    // What a measurement says besides figures.
    let others = ["schema", "plan", "addresses", "certificate", "complete", "histograms", "wrong_replies"];
    let measured = measured();
    let figures: BTreeSet<&str> = measured.as_object().unwrap().keys().map(String::as_str).collect();
    let rows = table("figures");
    let named: BTreeSet<&str> =
        rows.iter().flat_map(|row| names(row[0])).map(|name| name.split('.').next().unwrap()).collect();
    let missing: Vec<&&str> =
        figures.iter().filter(|name| !named.contains(*name) && !others.contains(name)).collect();
    assert!(missing.is_empty(), "without a row in docs/EVIDENCE.md: {missing:?}");
    assert!(named.is_subset(&figures), "no such figures: {:?}", named.difference(&figures));
}

#[test]
fn every_test_that_a_row_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    ["src", "tests"].iter().for_each(|folder| sources(&root.join(folder), &mut text));
    for row in [table("checks"), table("figures")].concat() {
        let tests: Vec<&str> = names(row.last().unwrap()).collect();
        assert!(!tests.is_empty(), "{row:?} names no test");
        let gone: Vec<&&str> =
            tests.iter().filter(|name| !text.contains(&format!("fn {name}() {{"))).collect();
        assert!(gone.is_empty(), "{}: no such tests: {gone:?}", row[0]);
    }
}

//! The picker's answers: the arithmetic's, on the published pages, in a list that `scripts/browser` holds the script to as well.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::{env, fs};

use reports_record::{Folder, Role};
use reports_render::analysis::Analysis;
use reports_render::analysis::arithmetic::{Arithmetic, Case, headline};
use serde_json::{Value, json};

/// Connections, wait in ms, CPU in ms, requests per second.
const CASES: [(u32, f64, f64, Option<f64>); 15] = [
    (200, 20.0, 1.0, None),
    (5_000, 50.0, 0.05, Some(100.0)),
    (64, 0.0, 5.0, None),
    (8, 10.0, 2.0, Some(30.0)),
    (64, 10.0, 0.0, Some(800.0)),
    (1, 0.0, 0.0, None),
    (512, 1.0, 0.0, None),
    (512, 1.0, 0.0, Some(20_000.0)),
    (8, 10.0, 0.0, None),
    (8, 10.0, 0.0, Some(900.0)),
    (100_000, 0.2, 0.001, Some(1e7)),
    (33, 3.0, 0.3, Some(2_000.0)),
    (512, 1.0, 0.0, Some(40_000.0)),
    (64, 0.0, 1.0, Some(965.0)),
    (512, 10.0, 0.0, Some(8_000.0)),
];

/// With `BLESS=1` the list is written instead of compared.
#[test]
fn the_list_of_cases_is_what_the_arithmetic_says_of_the_published_runs() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut runs: Vec<_> =
        fs::read_dir(manifest.join("../published")).unwrap().map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    let mut found = Vec::new();
    for path in &runs {
        let folder = Folder::open(path);
        let (run, (lines, _)) = (folder.run().unwrap(), folder.lines().unwrap());
        let arithmetic = Arithmetic::of(&Analysis::of(&run, &lines));
        for (index, pair) in run.definition.pairs.iter().enumerate() {
            for (connections, wait_ms, cpu_ms, rate_per_s) in CASES {
                let case = Case { connections, wait_ms, cpu_ms, rate_per_s, cores: arithmetic.cores };
                let outlook = arithmetic.outlook(case, pair).unwrap();
                let names = match pair.role {
                    Role::Control => ["threads", "async"],
                    _ => [pair.sync.as_str(), pair.awaiting.as_str()],
                };
                let both = [outlook.sync, outlook.awaiting];
                let costs: Vec<Value> =
                    both.iter().map(|one| one.at_rate.map_or(Value::Null, |at| digits(at.cost_us))).collect();
                found.push(json!({
                    "run": path.file_name().unwrap().to_str(),
                    "case": format!("{connections},{wait_ms},{cpu_ms},{},{index}", rate_per_s.map_or_else(String::new, |rate| rate.to_string())),
                    "conclusion": outlook.conclusion(),
                    "headline": headline(&outlook, names),
                    "is_outside": !arithmetic.beyond(&case, pair).is_empty(),
                    "limits": both.map(|one| digits(one.limit_per_s)),
                    "costs": costs,
                    "memory": both.map(|one| one.memory_mib.map_or(Value::Null, digits)),
                }));
            }
        }
    }
    let text: String = found.iter().map(|line| format!("{line}\n")).collect();
    let golden = manifest.join("tests/golden/cases.jsonl");
    if env::var_os("BLESS").is_some() {
        fs::write(&golden, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&golden).unwrap() == text,
        "the arithmetic says something else now: `BLESS=1 cargo test -p reports-render --test case`, and run the tests of \
         scripts/browser, which hold the page's script to the same list"
    );
}

/// Five digits: the page's data have six.
fn digits(value: f64) -> Value {
    json!(format!("{value:.4e}").parse::<f64>().unwrap())
}

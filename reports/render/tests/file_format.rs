//! The lines of a run are what docs/FORMATS.md says, field by field.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::collections::{BTreeMap, BTreeSet};

use reports_record::{
    Beginning, CostSource, Line, Look, RequestCpu, Role, Slice, StopReason, Stopped, TrialOutcome,
};
use serde_json::Value;
use synthetic::{Fate, World, cell, definition, lines, run};

type Fields = BTreeMap<String, BTreeSet<String>>;

/// The rows of the table between the markers: an object, and the names of its fields.
fn documented() -> Fields {
    let formats = include_str!("../../../docs/FORMATS.md");
    let table = formats.split("<!-- trials-jsonl -->").nth(1).expect("the table between two markers");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let names =
            |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        (names(cells[1]).remove(0), names(cells[2]).into_iter().collect())
    })
    .collect()
}

fn note(found: &mut Fields, object: &str, value: &Value) {
    let fields = value.as_object().unwrap_or_else(|| panic!("{object} is an object: {value}"));
    found.entry(object.to_owned()).or_default().extend(fields.keys().cloned());
}

#[test]
fn every_field_of_a_line_is_documented_and_every_documented_field_occurs() {
    let run = run(definition(vec![cell("wait", 0.0, 0, 8)], 2));
    let fate = |_: &_, _: &str, block| if block == 1 { Fate::Failed } else { Fate::Measured };
    let mut found = Fields::new();
    let began = Beginning {
        began_at: "2026-01-02T03:04:05Z".into(),
        runner_sha256: "0".repeat(64),
        budget_s: Some(600.0),
    };
    let stopped = Stopped {
        cell: "a".into(),
        pair: Role::Control,
        loop_name: "closed".into(),
        why: StopReason::Decided,
    };
    let look = Look { after: 8, stopped: vec![stopped] };
    let begun = [Line::Beginning(began), Line::Look(look)].into_iter();
    for mut line in begun.chain(lines(&run, &World { fate, ..World::plausible() })) {
        if let Line::Trial(trial) = &mut line
            && let TrialOutcome::Measured(measured) = &mut trial.outcome
        {
            let slice = Slice {
                round: 0,
                number: 1,
                goodput_per_s: 1.0,
                answered: 1,
                cpu_us: None,
                time_us_p50: None,
                is_left_out: true,
            };
            measured.open[0].slices = vec![slice];
            measured.levels = vec![0];
            trial.machine_speed = Some(500.0);
            let cost = &mut measured.open[0].cost;
            (cost.cpu_source, cost.switches_source) = (CostSource::Kernel, CostSource::Kernel);
        }
        if let Line::Calibration(calibration) = &mut line {
            calibration.failure = Some("refused".into());
            calibration.cpu = Some(RequestCpu { server_us: 8.0, client_us: 7.0 });
        }
        let line = serde_json::to_value(line).unwrap();
        note(&mut found, line["kind"].as_str().unwrap(), &line);
        for stopped in line["stopped"].as_array().into_iter().flatten() {
            note(&mut found, "stopped", stopped);
        }
        let outcome = &line["outcome"];
        if let Some(failed) = outcome.get("failed") {
            note(&mut found, "outcome.failed", failed);
        }
        if let Some(measured) = outcome.get("measured") {
            note(&mut found, "outcome.measured", measured);
            note(&mut found, "resources", &measured["resources"]);
            for one in [&measured["closed"], &measured["open"][0]] {
                note(&mut found, "loop", one);
                note(&mut found, "cost", &one["cost"]);
                for slice in one["slices"].as_array().into_iter().flatten() {
                    note(&mut found, "slices", slice);
                }
            }
        }
    }
    assert_eq!(found, documented(), "left: in the file; right: in docs/FORMATS.md");
}

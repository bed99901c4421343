//! Cases that were not measured, worked out from whole runs.

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::path::Path;

use reports_record::{Folder, Role};
use reports_render::analysis::Analysis;
use reports_render::analysis::arithmetic::{Arithmetic, Case, Conclusion};
use synthetic::{World, cell, definition, grid_cells, lines, quick_cells, run};

fn case(connections: u32, wait_ms: f64, cpu_ms: f64) -> Case {
    Case { connections, wait_ms, cpu_ms, rate_per_s: None, cores: 1 }
}

#[test]
fn costs_of_a_made_up_run_come_back_and_its_own_cells_fit() {
    let run = run(definition(grid_cells(&[0.0, 1.0, 10.0], &[8, 64, 512]), 6));
    let world = World { noise: 0.0, ..World::equal() };
    let lines = lines(&run, &world);
    let found = Arithmetic::of(&Analysis::of(&run, &lines));
    // Rounds cost nothing in that world, so that cells with rounds have no cost of their own to tell and are left out.
    assert_eq!(found.round_us, None);
    assert_eq!(found.contenders.len(), 4);
    assert!(found.contenders.iter().all(|costs| costs.points.len() == 9), "{found:?}");
    let points = found.contenders.iter().flat_map(|costs| &costs.points);
    assert!(points.clone().all(|point| (point.saturated_us - 12.0).abs() < 0.1), "{found:?}");
    let pair = &run.definition.pairs[0];
    let outlook = found.outlook(case(200, 20.0, 1.0), pair).unwrap();
    // 1 ÷ (1 ms + 12 µs) = 988.
    assert!((outlook.sync.limit_per_s - 988.1).abs() < 1.0, "{outlook:?}");
    assert_eq!(outlook.conclusion(), Conclusion::EitherComputes);
    // That world lets a reply take 90 µs beyond its wait and its work, which the arithmetic does not know: by hand, the worst
    // is 1 ms on 8 connections, (1,000 + 90 + 12) ÷ (1,000 + 12).
    let fit = found.fit(pair).unwrap();
    assert!((fit.all_within - 1102.0 / 1012.0).abs() < 1e-3, "{fit:?}");
}

#[test]
fn a_wait_on_a_socket_says_nothing_of_cases_that_wait_on_a_timer() {
    let cells = vec![cell("wait", 10.0, 0, 64), cell("upstream", 10.0, 0, 64), cell("upstream", 1.0, 0, 8)];
    let run = run(definition(cells, 6));
    let lines = lines(&run, &World::plausible());
    let found = Arithmetic::of(&Analysis::of(&run, &lines));
    for costs in &found.contenders {
        let names: Vec<&str> = costs.points.iter().map(|point| point.name).collect();
        assert_eq!(names, ["wait=10ms/c=64"]);
    }
}

#[test]
fn rounds_are_told_from_what_the_server_adds() {
    let run = run(definition(quick_cells(), 6));
    let world = World { noise: 0.0, ..World::plausible() };
    let lines = lines(&run, &world);
    let found = Arithmetic::of(&Analysis::of(&run, &lines));
    assert!((found.round_us.unwrap() - 0.35).abs() < 0.01, "{found:?}");
    let threads = &found.contenders[0];
    let cpu = threads.points.iter().find(|point| point.name == "cpu/c=64").unwrap();
    let hello = threads.points.iter().find(|point| point.name == "wait=0ms/c=64").unwrap();
    assert!((cpu.cpu_ms - 0.105).abs() < 0.002 && (cpu.saturated_us - hello.saturated_us).abs() < 1.5);
}

/// The published runs, and the bound that their own cells keep: half of them within a quarter. The pair of the documented tiny_http has few
/// cells of its own, and is told with its own fit: within a half.
#[test]
fn the_published_runs_fit_their_own_cells() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../published");
    let mut runs = 0;
    for entry in std::fs::read_dir(published).unwrap() {
        let folder = Folder::open(entry.unwrap().path());
        let (Ok(run), Ok((lines, _))) = (folder.run(), folder.lines()) else { continue };
        let found = Arithmetic::of(&Analysis::of(&run, &lines));
        for pair in &run.definition.pairs {
            let fit = found.fit(pair).unwrap();
            let bound = if pair.role == Role::Documented { 1.5 } else { 1.25 };
            assert!(fit.half_within < bound, "{}: {fit:?}", run.id);
            let pick = found.outlook(case(200, 20.0, 1.0), pair).unwrap();
            if pair.role == Role::Control {
                assert_eq!(pick.conclusion(), Conclusion::EitherComputes, "{}: {pick:?}", run.id);
            }
        }
        runs += 1;
    }
    assert!(runs >= 2, "{runs}");
}

//! The answer's sentences follow from the verdict table.

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use reports_record::{Cell, Line, Measured, Metric, Run, ServerCost, TrialOutcome};
use reports_render::analysis::Analysis;
use reports_render::analysis::contrast::Kind;
use reports_render::analysis::crossovers::by_rate;
use reports_render::answer::{Sentence, answer};
use reports_stats::verdict::Verdict;
use synthetic::{Fate, World, definition, lines, quick_cells, run};

fn quick(blocks: u32) -> Run {
    run(definition(quick_cells(), blocks))
}

fn answered(run: &Run, record: &[Line]) -> Vec<Sentence> {
    answer(&Analysis::of(run, record).verdicts)
}

/// How many cells that count have this verdict, straight from the table.
fn counted(analysis: &Analysis<'_>, kind: Kind, metric: Metric, verdict: Verdict) -> usize {
    let comparisons = analysis.verdicts.about(kind, metric);
    comparisons.filter(|one| one.verdict == verdict && !one.is_by_construction()).count()
}

#[test]
fn async_wins_everywhere_is_said_so() {
    let world = World {
        work_us: |_, contender| {
            if contender == "std-threads" || contender == "tiny-http" { 2_000.0 } else { 1_000.0 }
        },
        ..World::equal()
    };
    let cells =
        quick_cells().into_iter().filter(|cell| cell.wait_ms == 0.0 || cell.connections == 512).collect();
    let run = run(definition(cells, 6));
    let sentences = answered(&run, &lines(&run, &world));
    assert_eq!(sentences.len(), 4);
    assert!(sentences[0].text.contains("async wins in all 6 cells"), "{}", sentences[0].text);
    assert!(sentences[0].text.contains("Async gains most at "), "{}", sentences[0].text);
    assert!(!sentences[0].text.contains("Sync gains"), "{}", sentences[0].text);
    assert!(sentences[3].text.contains("async wins in all 6 cells"), "{}", sentences[3].text);
}

#[test]
fn a_tie_everywhere_is_said_so_and_names_no_winner() {
    let run = quick(6);
    let sentences = answered(&run, &lines(&run, &World::equal()));
    assert!(sentences[0].text.contains("they tie in all 5 cells"), "{}", sentences[0].text);
    assert!(sentences[0].text.contains("6 more are bound by connections ÷ wait"), "{}", sentences[0].text);
    assert!(sentences.iter().all(|one| !one.text.contains("wins") && !one.text.contains("gains")));
}

#[test]
fn noise_is_called_undecided_and_never_a_tie() {
    let run = quick(6);
    let record = lines(&run, &World { noise: 0.3, ..World::equal() });
    let analysis = Analysis::of(&run, &record);
    assert_eq!(counted(&analysis, Kind::Control, Metric::Throughput, Verdict::Tie), 0);
    let text = &answer(&analysis.verdicts)[0].text;
    assert!(text.contains("the data cannot tell in all 5 cells") && !text.contains("tie"), "{text}");
}

#[test]
fn every_count_in_the_answer_is_one_of_the_table() {
    let run = quick(6);
    for seed in 0..5 {
        let record = lines(&run, &World { seed, noise: 0.03, ..World::plausible() });
        let analysis = Analysis::of(&run, &record);
        let sentences = answer(&analysis.verdicts);
        for (sentence, kind) in [(&sentences[0], Kind::Control), (&sentences[3], Kind::Stock)] {
            for (verdict, words) in [
                (Verdict::AsyncWins, "async wins in "),
                (Verdict::SyncWins, "sync wins in "),
                (Verdict::Tie, "they tie in "),
                (Verdict::CannotTell, "the data cannot tell in "),
            ] {
                let expected = counted(&analysis, kind, Metric::Throughput, verdict);
                // "async wins" ends in what "sync wins" begins with.
                let said = sentence.text.replace("async wins in ", "ASYNC ");
                let words = if verdict == Verdict::AsyncWins { "ASYNC " } else { words };
                let count = said.split_once(words).map(|(_, rest)| {
                    let rest = rest.strip_prefix("all ").unwrap_or(rest);
                    rest.chars()
                        .take_while(char::is_ascii_digit)
                        .collect::<String>()
                        .parse::<usize>()
                        .unwrap()
                });
                assert_eq!(count.unwrap_or(0), expected, "seed {seed}, {verdict}: {}", sentence.text);
            }
        }
    }
}

#[test]
fn the_largest_win_of_the_table_is_the_one_named() {
    let run = quick(6);
    let record = lines(&run, &World::plausible());
    let analysis = Analysis::of(&run, &record);
    let size = |cell: usize| {
        let comparison = analysis.verdicts.at(Kind::Control, Metric::Throughput, cell).unwrap();
        (comparison.verdict == Verdict::AsyncWins).then(|| comparison.ratio().unwrap())
    };
    let cells = 0..run.definition.cells.len();
    let largest =
        cells.max_by(|one, other| size(*one).unwrap_or(0.0).total_cmp(&size(*other).unwrap_or(0.0)));
    let name = &run.definition.cells[largest.unwrap()].name;
    let text = &answer(&analysis.verdicts)[0].text;
    assert!(text.contains(&format!("Async gains most at {name}: +")), "{text}");
}

/// Every measured trial of `record`, with its cell's wait in microseconds.
fn change(run: &Run, record: &mut [Line], with: impl Fn(f64, &str, &mut Measured)) {
    for line in record {
        let Line::Trial(trial) = line else { continue };
        let cell =
            run.definition.cells.iter().find(|cell| cell.name == trial.cell).expect("a cell of the run");
        if let TrialOutcome::Measured(measured) = &mut trial.outcome {
            with(cell.wait_ms * 1e3, &trial.contender, measured);
        }
    }
}

/// In lock step one wake-up serves a herd: there async costs half, and at the offered rate a third more.
#[test]
fn cost_is_judged_at_the_offered_rate_and_not_in_the_saturated_loop() {
    let run = quick(8);
    let mut record = lines(&run, &World::equal());
    change(&run, &mut record, |_, contender, measured| {
        let times = |cost: &mut ServerCost, factor: f64| {
            cost.cpu_user_us = (cost.cpu_user_us as f64 * factor) as u64;
            cost.cpu_system_us = (cost.cpu_system_us as f64 * factor) as u64;
        };
        if contender.starts_with("tokio-tasks") {
            times(&mut measured.closed.as_mut().expect("no sweep").cost, 0.5);
            times(&mut measured.open[0].cost, 1.35);
        }
    });
    let analysis = Analysis::of(&run, &record);
    let score = analysis.verdicts.score(Kind::Control, Metric::CpuPerRequest);
    assert_eq!((score.sync_wins, score.cells()), (11, 11), "{score:?}");
}

/// Threads cost less at a tenth of the load, tasks at seven tenths: neither answer alone would be true.
#[test]
fn a_cost_that_changes_sides_along_the_rate_is_told_as_a_crossover() {
    let mut run = quick(8);
    run.definition.phases.open_loads = vec![0.1, 0.7];
    let mut record = lines(&run, &World::equal());
    change(&run, &mut record, |_, contender, measured| {
        let mut busy = measured.open[0].clone();
        busy.measurement.offered_rate_per_s = busy.measurement.offered_rate_per_s.map(|rate| rate * 7.0);
        measured.open.push(busy);
        if contender.starts_with("tokio-tasks") {
            for (open, factor) in measured.open.iter_mut().zip([1.35, 0.7]) {
                open.cost.cpu_user_us = (open.cost.cpu_user_us as f64 * factor) as u64;
                open.cost.cpu_system_us = (open.cost.cpu_system_us as f64 * factor) as u64;
            }
        }
    });
    let analysis = Analysis::of(&run, &record);
    let rows = by_rate(&analysis.verdicts, &analysis.grid, Kind::Control, Metric::CpuPerRequest);
    assert_eq!(rows.len(), 11);
    assert!(rows.iter().all(|row| row.changes().starts_with("sync wins → async wins between ")));
    let text = &answer(&analysis.verdicts)[1].text;
    assert!(
        text.starts_with("At 10.0\u{a0}% load sync wins in all 11 cells; at 70.0\u{a0}% load async wins"),
        "{text}"
    );
}

/// 10.1 against 10.2 ms of a wait of 10 ms is 0.1 against 0.2 ms: no tie.
#[test]
fn response_times_are_judged_less_the_wait_that_both_must_wait() {
    let run = quick(8);
    let mut record = lines(&run, &World::equal());
    change(&run, &mut record, |wait_us, contender, measured| {
        let times = measured.open[0].measurement.response_time_us.as_mut().expect("an open loop");
        times.p50 = Some(wait_us + if contender.starts_with("tokio-tasks") { 200.0 } else { 100.0 });
    });
    let analysis = Analysis::of(&run, &record);
    for comparison in analysis.verdicts.about(Kind::Control, Metric::ResponseTimeP50) {
        assert_eq!(comparison.verdict, Verdict::SyncWins, "cell {}", comparison.cell);
        assert!((comparison.ratio().unwrap() - 2.0).abs() < 1e-9, "cell {}", comparison.cell);
    }
}

#[test]
fn without_a_believable_trial_there_is_no_answer() {
    let run = quick(6);
    let sentences = answered(&run, &lines(&run, &World { fate: |_, _, _| Fate::Failed, ..World::equal() }));
    assert_eq!(sentences.len(), 1);
    assert_eq!(sentences[0].lead, "No answer");
    assert!(!sentences[0].text.contains("win"));
}

#[test]
fn one_block_decides_nothing_however_large_the_difference() {
    let run = quick(1);
    let record = lines(&run, &World::plausible());
    let analysis = Analysis::of(&run, &record);
    let sentences = answer(&analysis.verdicts);
    assert_eq!(sentences.len(), 1);
    assert_eq!(sentences[0].lead, "Too short for verdicts");
    for kind in [Kind::Control, Kind::Stock] {
        for metric in Metric::ALL {
            assert!(analysis.verdicts.about(kind, metric).all(|one| one.verdict == Verdict::CannotTell));
        }
    }
}

#[test]
fn a_missing_contender_leaves_its_pair_without_a_verdict() {
    let run = quick(6);
    let mut record = lines(&run, &World::plausible());
    record.retain(|line| !matches!(line, Line::Trial(trial) if trial.contender == "actix-web"));
    let analysis = Analysis::of(&run, &record);
    assert_eq!(analysis.verdicts.score(Kind::Stock, Metric::Throughput).decided(), 0);
    assert!(analysis.verdicts.score(Kind::Control, Metric::Throughput).decided() > 0);
    let sentences = answer(&analysis.verdicts);
    assert!(sentences[3].text.contains("the data cannot tell in all "), "{}", sentences[3].text);
}

#[test]
fn an_experiment_with_one_pair_answers_for_that_pair() {
    for (left, lead) in [(0, "The I/O model alone"), (1, "CPU per request")] {
        let mut run = quick(6);
        run.definition.pairs = vec![run.definition.pairs.remove(left)];
        let sentences = answered(&run, &lines(&run, &World::plausible()));
        assert_eq!(sentences.len(), 3);
        assert!(sentences[0].lead.starts_with(lead), "{}", sentences[0].lead);
    }
}

#[test]
fn a_win_counts_although_connections_bind() {
    // Both bounds are the connections', yet one contender waits half as long again.
    let slow_cell = |cell: &Cell, contender: &str| {
        if cell.wait_ms == 10.0 && cell.connections == 8 && contender == "std-threads" { 900.0 } else { 12.0 }
    };
    let run = quick(6);
    let record = lines(&run, &World { work_us: slow_cell, ..World::equal() });
    let analysis = Analysis::of(&run, &record);
    let cell = run.definition.cells.iter().position(|cell| cell.name == "wait=10ms/c=8").unwrap();
    let comparison = analysis.verdicts.at(Kind::Control, Metric::Throughput, cell).unwrap();
    assert!(comparison.connections_bind);
    assert_eq!(comparison.verdict, Verdict::AsyncWins);
    assert!(!comparison.is_by_construction());
    let tied = analysis.verdicts.at(Kind::Stock, Metric::Throughput, cell).unwrap();
    assert!(tied.connections_bind && tied.is_by_construction());
}

#[test]
fn a_pair_of_unlike_loads_is_not_compared() {
    let run = quick(6);
    let mut record = lines(&run, &World::equal());
    for line in &mut record {
        let Line::Trial(trial) = line else { continue };
        let reports_record::TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        if trial.contender == "tokio-tasks" {
            let offered = &mut measured.open[0].measurement.offered_rate_per_s;
            *offered = offered.map(|rate| rate * 1.1);
        }
    }
    let analysis = Analysis::of(&run, &record);
    let score = analysis.verdicts.score(Kind::Control, Metric::ResponseTimeP99);
    assert_eq!(score.invalid, run.definition.cells.len());
}

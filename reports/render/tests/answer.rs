//! The answer's sentences follow from the verdict table.

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use reports_record::{Cell, Line, Measured, Metric, Pair, Role, Run, ServerCost, TrialOutcome};
use reports_render::analysis::Analysis;
use reports_render::analysis::amount::Amount;
use reports_render::analysis::comparison::Remaining;
use reports_render::analysis::contrast::Kind;
use reports_render::analysis::crossovers::by_rate;
use reports_render::analysis::decomposition::cost_parts;
use reports_render::analysis::sweep::{Step, sweeps};
use reports_render::answer::{Sentence, answer, headline};
use reports_render::export::{crossovers_csv, verdicts_csv};
use reports_render::figure::decision_map::word;
use reports_stats::verdict::Verdict;
use synthetic::{Fate, World, definition, grid_cells, lines, quick_cells, run};

fn quick(blocks: u32) -> Run {
    run(definition(quick_cells(), blocks))
}

fn answered(run: &Run, record: &[Line]) -> Vec<Sentence> {
    answer(&Analysis::of(run, record))
}

/// How many cells that count have this verdict, straight from the table.
fn counted(analysis: &Analysis<'_>, kind: Kind, metric: Metric, verdict: Verdict) -> usize {
    let comparisons = analysis.verdicts.about(kind, metric);
    comparisons.filter(|one| one.verdict == verdict && !one.is_by_construction()).count()
}

/// The part of the answer with this lead.
fn part<'s>(sentences: &'s [Sentence], lead: &str) -> &'s str {
    let found = sentences.iter().find(|sentence| sentence.lead == lead);
    &found.unwrap_or_else(|| panic!("no part {lead:?} in {sentences:?}")).text
}

/// Without cells that their connections limit.
fn free_cells() -> Vec<Cell> {
    quick_cells().into_iter().filter(|cell| cell.wait_ms == 0.0).collect()
}

fn costly(contenders: &'static [&'static str]) -> impl Fn(&Cell, &str) -> f64 {
    |_, contender| if contenders.contains(&contender) { 2_000.0 } else { 1_000.0 }
}

#[test]
fn one_side_everywhere_is_said_in_one_sentence() {
    let run = run(definition(free_cells(), 6));
    let world = World {
        work_us: |cell, contender| costly(&["std-threads", "tiny-http"])(cell, contender),
        ..World::equal()
    };
    let record = lines(&run, &world);
    let sentences = answered(&run, &record);
    assert_eq!(sentences.len(), 5);
    let text = part(&sentences, "Capacity");
    assert!(text.starts_with("Async served "), "{text}");
    assert!(
        text.ends_with(" times as many requests per second as threads in all 4 combinations measured."),
        "{text}"
    );
    assert!(part(&sentences, "Off the shelf").starts_with("Actix-web served "));
    assert!(headline(&Analysis::of(&run, &record)).starts_with("async serves up to 2.0"));
    let turned = World {
        work_us: |cell, contender| {
            costly(&["tokio-tasks", "tokio-tasks-again", "actix-web"])(cell, contender)
        },
        ..World::equal()
    };
    let record = lines(&run, &turned);
    let text = part(&answered(&run, &record), "Capacity").to_owned();
    assert!(text.starts_with("Threads served ") && text.contains("as async in all 4 combinations"), "{text}");
    assert!(headline(&Analysis::of(&run, &record)).starts_with("threads serve up to 2.0"));
}

#[test]
fn the_sentence_on_the_library_rests_on_its_documented_form_which_has_rows_of_its_own() {
    let mut definition = definition(free_cells(), 6);
    let some: Vec<String> = definition.cells[..2].iter().map(|cell| cell.name.clone()).collect();
    definition.pairs.push(Pair {
        role: Role::Documented,
        sync: "std-threads".into(),
        awaiting: "actix-web".into(),
        slices: None,
        cells: some.clone(),
    });
    let run = run(definition);
    let world =
        World { work_us: |cell, contender| costly(&["tiny-http"])(cell, contender), ..World::equal() };
    let record = lines(&run, &world);
    let analysis = Analysis::of(&run, &record);
    assert_eq!(counted(&analysis, Kind::Stock, Metric::Throughput, Verdict::AsyncWins), 4);
    assert!(part(&answer(&analysis), "Off the shelf").starts_with("Both served the same within 5"));
    let compared: Vec<&str> = analysis
        .verdicts
        .about(Kind::Documented, Metric::Throughput)
        .map(|comparison| analysis.verdicts.cells[comparison.cell].name.as_str())
        .collect();
    assert_eq!(compared, some);
    // Both of its contenders stand in other pairs too, and are measured once for all.
    assert_eq!(analysis.grid.planned(), analysis.grid.made());
    let page = reports_render::page(&run, &record, &[]);
    assert!(
        page.contains("documented pair, throughput (more is better): std-threads (sync) against actix-web")
    );
    assert!(page.contains("documented-") && !page.contains("not planned"));
}

#[test]
fn a_tie_everywhere_is_said_so_and_names_no_winner() {
    let run = run(definition(free_cells(), 6));
    let record = lines(&run, &World::equal());
    let sentences = answered(&run, &record);
    assert_eq!(
        part(&sentences, "Capacity"),
        "Both served the same within 5\u{a0}% in all 4 combinations measured."
    );
    assert_eq!(headline(&Analysis::of(&run, &record)), "both serve the same");
    assert!(sentences.iter().all(|one| !one.text.contains("times as many") && !one.text.contains("less CPU per request than")));
}

/// A tenth of 0.3 ms beyond 10 ms is a hundredth of what a user waits.
#[test]
fn waiting_is_told_beyond_the_wait_that_a_request_asks_for_where_one_does() {
    let says = |cells: Vec<Cell>| {
        let run = run(definition(cells, 6));
        let sentences = answered(&run, &lines(&run, &World::plausible()));
        part(&sentences, "Waiting at a rate").ends_with(" The wait that a request asks for is left out.")
    };
    assert!(says(quick_cells()) && !says(free_cells()));
}

#[test]
fn places_that_connections_limit_are_told_apart_from_ties() {
    let run = quick(6);
    let text = part(&answered(&run, &lines(&run, &World::equal())), "Capacity").to_owned();
    assert_eq!(
        text,
        "Neither served more requests per second in any of the 11 combinations measured. In 6 the connections were the limit, \
         not the server. In 5 both served the same within 5\u{a0}%."
    );
}

#[test]
fn noise_is_called_undecided_and_never_a_tie() {
    let run = run(definition(free_cells(), 6));
    let record = lines(&run, &World { noise: 0.3, ..World::equal() });
    let analysis = Analysis::of(&run, &record);
    assert_eq!(counted(&analysis, Kind::Control, Metric::Throughput, Verdict::Tie), 0);
    assert_eq!(
        part(&answer(&analysis), "Capacity"),
        "The run could not tell who served more requests per second in any of the 4 combinations measured."
    );
    assert_eq!(headline(&analysis), "this run could not tell");
}

#[test]
fn a_run_of_one_combination_counts_nothing() {
    let run = run(definition(free_cells()[..1].to_vec(), 6));
    let told = |world: &World| part(&answered(&run, &lines(&run, world)), "Capacity").to_owned();
    assert_eq!(
        told(&World { noise: 0.3, ..World::equal() }),
        "The run could not tell who served more requests per second in the one combination measured."
    );
    assert_eq!(
        told(&World::equal()),
        "Both served the same within 5\u{a0}% in the one combination measured."
    );
}

/// Threads are cheaper on few connections, tasks on many.
#[test]
fn wins_of_both_sides_are_told_with_their_places() {
    let work = |cell: &Cell, contender: &str| {
        let is_sync = contender == "std-threads";
        if is_sync == (cell.connections > 64) { 20.0 } else { 12.0 }
    };
    let cells = quick_cells().into_iter().filter(|cell| cell.wait_ms == 0.0 && cell.rounds == 0).collect();
    let run = run(definition(cells, 6));
    let record = lines(&run, &World { work_us: work, ..World::equal() });
    let text = part(&answered(&run, &record), "Capacity").to_owned();
    assert!(
        text.contains(
            " in one of the 3 combinations measured, with 512 connections or more. Threads served "
        ),
        "{text}"
    );
    assert!(text.ends_with(" times as many in 2, all with 64 connections or fewer."), "{text}");
    assert!(headline(&Analysis::of(&run, &record)).starts_with("it depends: async serves up to 1.6"));
}

/// The client had no time left in all blocks of one side but two. Left out, the other two would be too few; as lower bounds they can bear out
/// that this side wins, and nothing else. Memory is no throughput, and stands.
#[test]
fn blocks_whose_client_had_no_time_left_are_lower_bounds_and_stay() {
    let bound = |_: &Cell, contender: &str, block: u32| match contender {
        "tokio-tasks" if block > 1 => Fate::WithoutHeadroom,
        _ => Fate::Measured,
    };
    let score_of = |work_us: fn(&Cell, &str) -> f64, fate, metric| {
        let run = run(definition(free_cells(), 8));
        let record = lines(&run, &World { work_us, fate, ..World::equal() });
        let analysis = Analysis::of(&run, &record);
        let evidence = &analysis.evidence;
        let score = analysis.verdicts.score(Kind::Control, metric);
        (score.async_wins, score.cannot_tell, score.lacking, evidence.measured - evidence.believable)
    };
    let costly_threads: fn(&Cell, &str) -> f64 = |_, name| if name == "std-threads" { 20.0 } else { 10.0 };
    let costly_tasks: fn(&Cell, &str) -> f64 = |_, name| if name == "std-threads" { 10.0 } else { 20.0 };
    let equal: fn(&Cell, &str) -> f64 = |_, _| 12.0;
    assert_eq!(score_of(costly_threads, bound, Metric::Throughput), (4, 0, 0, 0));
    for work_us in [costly_tasks, equal] {
        assert_eq!(score_of(work_us, bound, Metric::Throughput), (0, 4, 0, 0), "withheld");
    }
    let run = run(definition(free_cells(), 8));
    let record = lines(&run, &World { fate: bound, ..World::equal() });
    let memory = Analysis::of(&run, &record).verdicts.score(Kind::Control, Metric::Memory);
    assert_eq!((memory.decided(), memory.lacking), (4, 0), "{memory:?}");

    let unsteady = |_: &Cell, contender: &str, block: u32| match contender {
        "tokio-tasks" if block > 1 => Fate::WithoutHeadroomAndUnsteady,
        _ => Fate::Measured,
    };
    let left_out = 4 * 6;
    assert_eq!(
        score_of(costly_threads, unsteady, Metric::Throughput),
        (0, 0, 4, left_out),
        "another check failed"
    );
}

/// In one combination most blocks fail; in the others noise decides nothing. The first was not judged, the others were.
#[test]
fn too_little_sound_data_is_told_apart_from_what_the_run_could_not_tell() {
    let fails = |cell: &Cell, contender: &str, block: u32| match contender {
        "std-threads" if cell.connections == 8 && block > 1 => Fate::Failed,
        _ => Fate::Measured,
    };
    let run = run(definition(free_cells(), 6));
    let record = lines(&run, &World { noise: 0.3, fate: fails, ..World::equal() });
    let analysis = Analysis::of(&run, &record);
    let score = analysis.verdicts.score(Kind::Control, Metric::Throughput);
    assert_eq!((score.cannot_tell, score.lacking), (3, 1), "{score:?}");
    assert_eq!(
        part(&answer(&analysis), "Capacity"),
        "The run could not tell who served more requests per second in any of the 4 combinations measured. In one of them it had \
         too little sound data."
    );
    let page = reports_render::page(&run, &record, &[]);
    assert!(page.contains("too little sound data, ") && page.contains("few blocks"), "the map or the picker");
    assert!(page.contains("too little sound data</li>"), "the legend");

    // Where the rest is decided, both are counted after it.
    let record = lines(&run, &World { fate: fails, ..World::equal() });
    let told = part(&answered(&run, &record), "Capacity").to_owned();
    assert_eq!(
        told,
        "The run saw no difference in any of the 4 combinations measured. In 3 both served the same within 5\u{a0}%. In the other one \
         the run had too little sound data."
    );

    // Where nothing is sound, nothing could be told.
    let all_fail = |_: &Cell, contender: &str, block: u32| match contender {
        "std-threads" if block > 1 => Fate::Failed,
        _ => Fate::Measured,
    };
    let record = lines(&run, &World { fate: all_fail, ..World::equal() });
    let analysis = Analysis::of(&run, &record);
    assert_eq!(headline(&analysis), "this run had too little sound data");
    assert!(
        part(&answer(&analysis), "Capacity").starts_with("The run had too little sound data to tell who ")
    );
}

/// By hand: what is needed in all, less what there is; out of reach from more than ten times as many on.
#[test]
fn undecided_fields_say_how_many_more_blocks_would_decide_them() {
    let mut run = run(definition(free_cells(), 8));
    run.definition.looks.clear();
    let (mut more, mut far) = (0, 0);
    for seed in 0..6 {
        let record = lines(&run, &World { seed, noise: 0.06, ..World::plausible() });
        let analysis = Analysis::of(&run, &record);
        for comparison in analysis.verdicts.about(Kind::Control, Metric::Throughput) {
            let Some(needed) = comparison.needed() else { continue };
            let (needed, sound) = (needed.for_a_win.or(needed.for_a_tie), comparison.pairs().len());
            let expected = match needed {
                Some(needed) if needed <= sound => Remaining::NearMiss,
                Some(needed) if needed <= 10 * sound => Remaining::More(needed - sound),
                _ => Remaining::OutOfReach,
            };
            assert_eq!(comparison.remaining(), Some(expected));
            match (comparison.withheld, expected) {
                (None, Remaining::More(blocks)) => {
                    more += 1;
                    assert_eq!(
                        word(comparison),
                        format!("? +{}", reports_render::number::counted(blocks, "block"))
                    );
                }
                (None, Remaining::OutOfReach) => {
                    far += 1;
                    assert_eq!(word(comparison), "? out of reach");
                }
                _ => {}
            }
        }
    }
    assert!(more > 0 && far > 0, "{more} {far}");
}

/// Numbers in the order in which a text has them.
fn numbers(text: &str) -> Vec<usize> {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .filter_map(|part| part.parse().ok())
        .collect()
}

#[test]
fn every_count_in_the_answer_is_one_of_the_table_and_all_of_them_add_up() {
    let run = quick(6);
    for seed in 0..5 {
        let record = lines(&run, &World { seed, noise: 0.03, ..World::plausible() });
        let analysis = Analysis::of(&run, &record);
        let sentences = answer(&analysis);
        for (lead, kind) in [("Capacity", Kind::Control), ("Off the shelf", Kind::Stock)] {
            let text = part(&sentences, lead);
            let score = analysis.verdicts.score(kind, Metric::Throughput);
            for (count, around) in [
                (score.by_construction, ("In ", " the connections were")),
                (score.ties, ("In ", " both served the same")),
                (score.cannot_tell, ("In the other ", " the run could not tell")),
            ] {
                let written = reports_render::number::one_or(count);
                let said = text.contains(&format!("{}{written}{}", around.0, around.1));
                assert_eq!(said, count > 0, "seed {seed}, {around:?} {count}: {text}");
            }
            let wins = score.async_wins + score.sync_wins;
            assert!(wins == 0 || numbers(text).contains(&score.async_wins.max(score.sync_wins)), "{text}");
            assert_eq!(
                wins + score.ties + score.by_construction + score.cannot_tell + score.lacking,
                run.definition.cells.len()
            );
        }
    }
}

#[test]
fn the_span_of_an_answer_ends_at_the_largest_win_of_the_table() {
    let run = quick(6);
    let record = lines(&run, &World::plausible());
    let analysis = Analysis::of(&run, &record);
    let wins = analysis.verdicts.about(Kind::Control, Metric::Throughput);
    let ratios = wins.filter(|one| one.verdict == Verdict::AsyncWins).filter_map(|one| one.ratio());
    let most = reports_render::number::plain(ratios.fold(0.0, f64::max));
    let sentences = answer(&analysis);
    let text = part(&sentences, "Capacity");
    assert!(text.contains(&format!("{most} times as many requests")), "{most}: {text}");
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

/// A run of two rate levels in which tasks cost 1.35 times as much as threads at the first and 0.7 times at the second.
fn changing_sides() -> (Run, Vec<Line>) {
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
    (run, record)
}

/// Threads cost less at a tenth of the load, tasks at seven tenths: neither answer alone would be true.
#[test]
fn a_cost_that_changes_sides_along_the_rate_is_told_as_a_crossover() {
    let (run, record) = changing_sides();
    let analysis = Analysis::of(&run, &record);
    let rows = by_rate(&analysis.verdicts, &analysis.grid, Kind::Control, Metric::CpuPerRequest);
    assert_eq!(rows.len(), 11);
    assert!(rows.iter().all(|row| row.changes().starts_with("sync wins → async wins between ")));
    let sentences = answer(&analysis);
    let text = part(&sentences, "Cost at a rate");
    assert!(text.starts_with("Async needed 30") && text.contains(" at 11 of the 22 offered rates"), "{text}");
    assert!(text.contains("Threads needed ") && text.contains(" of a core less) at 11"), "{text}");
    let table = crossovers_csv(&analysis);
    let is_cost = |line: &&str| line.starts_with("control pair,server CPU per request,");
    let costs: Vec<&str> = table.lines().filter(is_cost).collect();
    assert_eq!(costs.len(), 11, "{table}");
    assert!(costs.iter().all(|line| line.contains(",sync wins,async wins,")), "{table}");
}

/// What async saves is its microseconds times the rate, by hand; and a third more of next to nothing is told as such.
#[test]
fn a_cost_amounts_to_its_difference_times_the_rate() {
    let (run, record) = changing_sides();
    let analysis = Analysis::of(&run, &record);
    let mut little = 0;
    for subject in analysis.verdicts.subjects(Metric::CpuPerRequest) {
        for comparison in analysis.verdicts.about(Kind::Control, subject) {
            let (sync, awaiting) = comparison.sides().unwrap();
            let rate = analysis.grid.offered(comparison.cell, "std-threads", subject.level).unwrap();
            let expected = (awaiting.middle - sync.middle) * rate / 1e6;
            let amount = Amount::of(&analysis.grid, comparison).unwrap();
            assert_eq!(amount, Amount::Cores(expected));
            assert_eq!(amount.is_little(), expected.abs() < 0.01);
            little += usize::from(amount.is_little());
        }
    }
    assert!(little > 0, "no case is little");
    let throughput = analysis.verdicts.at(Kind::Control, Metric::Throughput, 0).unwrap();
    assert_eq!(Amount::of(&analysis.grid, throughput), None);
}

/// Threads 30, tasks 20, tiny_http 80, actix-web 25 µs: of the 55 that the stock pair differs by the model makes 10.
#[test]
fn parts_of_a_cost_add_up_in_microseconds() {
    let run = quick(8);
    let mut record = lines(&run, &World::equal());
    change(&run, &mut record, |_, contender, measured| {
        let us = match contender {
            "std-threads" => 30.0,
            "tiny-http" => 80.0,
            "actix-web" => 25.0,
            _ => 20.0,
        };
        let cost = &mut measured.open[0].cost;
        (cost.cpu_user_us, cost.cpu_system_us) = ((cost.requests as f64 * us) as u64, 0);
    });
    let analysis = Analysis::of(&run, &record);
    let parts = cost_parts(&analysis.verdicts);
    assert_eq!(parts.len(), analysis.verdicts.judged_cells().count());
    for part in parts {
        let found = [part.whole, part.model, part.implementation].map(|one| one.mean);
        for (found, expected) in found.into_iter().zip([55.0, 10.0, 45.0]) {
            assert!((found - expected).abs() < 0.1, "{part:?}");
        }
    }
}

/// With one connection and no wait neither side is busy: the figure is a round trip's, and every place that shows it says so.
#[test]
fn a_round_trip_is_not_told_as_a_capacity() {
    let mut run = quick(8);
    let cell = &mut run.definition.cells[0];
    (cell.connections, cell.wait_ms, cell.rounds) = (1, 0.0, 0);
    let record = lines(&run, &World::equal());
    let analysis = Analysis::of(&run, &record);
    let of = |metric: Metric, cell| analysis.verdicts.at(Kind::Control, metric, cell).unwrap().is_round_trip;
    assert!(of(Metric::Throughput, 0) && !of(Metric::CpuPerRequest, 0) && !of(Metric::Throughput, 1));
    let sentences = answer(&analysis);
    let text = part(&sentences, "Capacity");
    assert!(text.contains("measured a round trip, not a capacity"), "{text}");
    let table = verdicts_csv(&analysis);
    let rows = table.lines().filter(|line| line.contains(",throughput,") && line.contains(",true,8"));
    assert_eq!(rows.count(), 2, "{table}");
    // Async wins by four times as much in the round trip, and by twice as much in capacities: the title has the latter, or no amount.
    let title = |cells: Vec<Cell>| {
        let mut run = self::run(definition(cells, 8));
        let cell = &mut run.definition.cells[0];
        (cell.connections, cell.wait_ms, cell.rounds) = (1, 0.0, 0);
        let world = World { work_us: |cell, name| costly(&["std-threads"])(cell, name), ..World::equal() };
        let mut record = lines(&run, &world);
        for line in &mut record {
            let Line::Trial(trial) = line else { continue };
            let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
            let closed = measured.closed.as_mut().expect("a closed loop");
            if trial.cell == run.definition.cells[0].name && trial.contender.starts_with("tokio-tasks") {
                closed.measurement.goodput_per_s *= 2.0;
            }
        }
        headline(&Analysis::of(&run, &record))
    };
    let found = title(free_cells());
    assert!(found.starts_with("async serves up to 2.0"), "{found}");
    assert_eq!(title(vec![free_cells().remove(0)]), "a round trip, not a capacity, was compared");
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

/// Waits of 10 ms that scatter by 5, on both sides alike: a tie, were each not taken away from its own request's time.
#[test]
fn drawn_waits_are_taken_away_from_each_request_s_own_response_time() {
    let run = quick(8);
    let mut record = lines(&run, &World { drawn: true, ..World::equal() });
    change(&run, &mut record, |wait_us, contender, measured| {
        let open = &mut measured.open[0].measurement;
        let beyond = if contender.starts_with("tokio-tasks") { 200.0 } else { 100.0 };
        let response = open.response_time_us.as_mut().expect("an open loop");
        match &mut open.beyond_wait_us {
            Some(times) => (response.p50, times.p50) = (Some(wait_us * 0.9 + 300.0), Some(beyond)),
            None => response.p50 = Some(beyond),
        }
    });
    let analysis = Analysis::of(&run, &record);
    for comparison in analysis.verdicts.about(Kind::Control, Metric::ResponseTimeP50) {
        assert_eq!(comparison.verdict, Verdict::SyncWins, "cell {}", comparison.cell);
        assert!((comparison.ratio().unwrap() - 2.0).abs() < 1e-9, "cell {}", comparison.cell);
    }
}

/// What is added to a wait is the same in both worlds; the waits themselves are not.
#[test]
fn a_sweep_of_drawn_waits_tells_the_same_times_as_one_of_one_wait() {
    let run = run(definition(grid_cells(&[1.0], &[8, 64]), 2));
    let times = |drawn: bool| -> Vec<f64> {
        let record = lines(&run, &World { drawn, ..World::plausible() });
        let analysis = Analysis::of(&run, &record);
        let all = sweeps(analysis.verdicts.cells);
        let steps = all.iter().flat_map(|sweep| &sweep.cells).map(|&cell| {
            let step = Step::of(&analysis.grid, cell, "std-threads").unwrap();
            [step.p50, step.p99].map(|estimate| estimate.unwrap().middle)
        });
        steps.flatten().collect()
    };
    let (alike, drawn) = (times(false), times(true));
    assert_eq!(alike.len(), 10);
    assert!(alike[0] < 900.0, "{alike:?}");
    for (one, other) in alike.iter().zip(&drawn) {
        assert!((one - other).abs() < 1e-6 * one, "{alike:?} and {drawn:?}");
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
    let sentences = answer(&analysis);
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
    let sentences = answer(&analysis);
    let text = part(&sentences, "Off the shelf");
    assert!(text.starts_with("The run had too little sound data to tell who served more"), "{text}");
}

#[test]
fn an_experiment_with_one_pair_answers_for_that_pair() {
    for (left, name) in [(0, "threads"), (1, "tiny-http")] {
        let mut run = quick(6);
        run.definition.pairs = vec![run.definition.pairs.remove(left)];
        let sentences = answered(&run, &lines(&run, &World::plausible()));
        assert_eq!(sentences.len(), 4);
        assert!(part(&sentences, "Capacity").contains(name), "{sentences:?}");
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
    assert_eq!(score.lacking, run.definition.cells.len());
}

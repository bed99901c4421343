//! The page as a reader's browser gets it.

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reports_record::{Distribution, Histograms, Line, Run, Skipped, TrialOutcome};
use reports_render::{Beside, FAVOURS_ASYNC, page, page_with};
use sha2::{Digest as _, Sha256};
use synthetic::{CONTENDERS, Fate, World, cell, definition, grid_cells, lines, quick_cells, run};

fn tiny(blocks: u32) -> Run {
    run(definition(vec![cell("wait", 0.0, 0, 64), cell("wait", 1.0, 0, 512)], blocks))
}

/// A little of everything that a grid has. Made once: its histograms take their time.
static GRID: LazyLock<(Run, Vec<Line>)> = LazyLock::new(|| {
    let run = run(definition(grid_cells(&[0.0, 1.0], &[8, 128, 512]), 6));
    let record = lines(&run, &World::detailed());
    (run, record)
});

static GRID_PAGE: LazyLock<String> = LazyLock::new(|| page(&GRID.0, &GRID.1, &[]));

/// Bless a deliberate change with `BLESS=1 cargo test -p reports-render --test page`, and read the difference.
fn assert_golden(name: &str, rendered: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, rendered).expect("the golden folder is writable");
    }
    let golden = std::fs::read_to_string(&path).expect("there is a golden: make one with BLESS=1");
    let differs = golden.lines().zip(rendered.lines()).position(|(golden, rendered)| golden != rendered);
    assert!(
        golden == rendered,
        "the page differs from {} from line {:?} on; if that is meant, bless it with BLESS=1",
        path.display(),
        differs.map(|index| index + 1)
    );
}

#[test]
fn the_page_of_a_tiny_record_equals_its_golden() {
    let run = tiny(6);
    assert_golden("page.html", &page(&run, &lines(&run, &World::plausible()), &[]));
}

/// What a grid's page says without being asked: no drawings, which have tests of their geometry, and nothing folded.
#[test]
fn the_findings_of_a_grid_equal_their_golden() {
    let words = without(&without(&GRID_PAGE, "<svg ", "</svg>"), "<details", "</details>");
    let (_, body) = words.split_once("<body>").unwrap();
    assert_golden("grid.html", &body.replace("</tr>", "</tr>\n").replace("</h3>", "</h3>\n"));
}

/// What a real measurement left, by the name of its file.
fn recorded<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(name);
    let text = std::fs::read(path).expect("it lies in the tests' folder");
    Some(serde_json::from_slice(&text).expect("it is of today's format"))
}

#[test]
fn what_lies_beside_a_record_explains_it_and_equals_its_golden() {
    let run = tiny(6);
    let record = lines(&run, &World::plausible());
    let beside = Beside {
        path: recorded("path.json"),
        system_calls: recorded("system-calls.json"),
        profile: recorded("profile.json"),
        has_costs: false,
    };
    let html = page_with(&run, &record, &[], &beside);
    let why = html.split("<section id=\"why\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_golden(
        "why.html",
        &why.replace("</tr>", "</tr>\n").replace("</h3>", "</h3>\n").replace("</p>", "</p>\n"),
    );
    let bare = page(&run, &record, &[]);
    assert!(["id=\"path\"", "id=\"profile\"", "id=\"system-calls\""].iter().all(|id| !bare.contains(id)));
}

#[test]
fn names_beside_a_record_are_escaped_and_a_missing_sampler_is_told() {
    let run = tiny(6);
    let mut beside = Beside { profile: recorded("profile.json"), ..Beside::default() };
    let contenders = &mut beside.profile.as_mut().unwrap().contenders;
    contenders[0].off_cpu.waiting.insert("<script>".into(), 7.0);
    contenders[1].on_cpu = None;
    contenders[1].on_cpu_missing = Some("perf is <b>not</b> installed".into());
    let html = page_with(&run, &lines(&run, &World::plausible()), &[], &beside);
    assert!(
        html.contains("&lt;script&gt;")
            && html.contains("is not known: perf is &lt;b&gt;not&lt;/b&gt; installed.")
    );
}

/// The same wait, on a timer and on a socket, is two workloads by name; only the timer's tells of cases that were not measured.
#[test]
fn a_wait_on_a_socket_has_a_row_of_its_own_beside_the_timer_s() {
    let run = run(definition(vec![cell("wait", 10.0, 0, 64), cell("upstream", 10.0, 0, 64)], 6));
    let html = page(&run, &lines(&run, &World::plausible()), &[]);
    let row = |name: &str| html.matches(&format!("<bdi>{name}</bdi></th>")).count();
    assert!(row("wait 10 ms") > 0, "no row of the timer");
    assert_eq!(row("upstream 10 ms"), row("wait 10 ms"));
}

/// Waits that are all alike and starts in bunches are the load's, and make tasks look cheaper than they are for many users.
#[test]
fn a_map_of_costs_says_that_its_load_favours_async_where_requests_wait_and_the_client_sleeps() {
    let says = |wait_ms: f64, spins: bool, drawn: bool| {
        let mut run = run(definition(vec![cell("wait", wait_ms, 0, 64)], 6));
        run.definition.client_spins = spins;
        let html = page(&run, &lines(&run, &World { drawn, ..World::plausible() }), &[]);
        assert_eq!(html.contains("Each request has a wait of its own"), drawn);
        html.contains(FAVOURS_ASYNC)
    };
    assert!(says(1.0, false, false), "the map does not say so");
    assert!(!says(1.0, true, false), "a client that spins starts requests on time");
    assert!(!says(0.0, false, false), "nothing waits");
    assert!(!says(1.0, false, true), "each request has a wait of its own");
}

/// 3 ms beyond waits of 10 ms, which are drawn and reach 40, or all alike: the tail that is drawn is of 3 ms.
#[test]
fn the_whole_tail_is_of_the_time_beyond_the_wait() {
    let of_millis = |all: &mut dyn Iterator<Item = u64>| {
        let mut times = Distribution::new();
        all.for_each(|ms| times.record(Duration::from_millis(ms)));
        Some(Histograms::encode(&times, None).service_time)
    };
    for drawn in [true, false] {
        let run = run(definition(vec![cell("wait", 10.0, 0, 128)], 6));
        let mut record = lines(&run, &World { drawn, ..World::detailed() });
        for line in &mut record {
            let Line::Trial(trial) = line else { continue };
            let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
            let histograms = &mut measured.open[0].measurement.histograms;
            if drawn {
                histograms.response_time = of_millis(&mut (0..2_000).map(|place| 8 + place % 36));
                histograms.beyond_wait = of_millis(&mut (0..2_000).map(|_| 3));
            } else {
                histograms.response_time = of_millis(&mut (0..2_000).map(|_| 13));
            }
        }
        let html = page(&run, &record, &[]);
        let all = CONTENDERS[..4].iter().map(|name| format!("{name} 3.00\u{a0}ms"));
        let finding = format!("are answered within {} beyond the wait", all.collect::<Vec<_>>().join(", "));
        assert!(html.contains(&finding), "drawn: {drawn}, no “{finding}”");
        assert!(html.contains("Response time − wait at wait 10 ms"), "drawn: {drawn}");
    }
}

/// A run of an old schema says so, and what is withdrawn; one of today's says nothing of the kind.
#[test]
fn a_page_of_an_earlier_schema_says_by_which_rules_and_what_is_withdrawn() {
    let mut run = tiny(6);
    let record = lines(&run, &World::plausible());
    assert!(!page(&run, &record, &[]).contains("Withdrawn: "));
    run.schema = 2;
    let html = page(&run, &record, &[]);
    let (before, after) = html.split_once("Measured by the rules of schema 2, judged by today's. ").unwrap();
    assert!(
        after.contains("Withdrawn: ") && !before.contains("id=\"answer\""),
        "the notice stands above the answer"
    );
}

/// What a pointer finds on a mark is its value, not the figure's heading.
#[test]
fn a_mark_names_its_value_without_a_script() {
    let figure =
        GRID_PAGE.split("id=\"crossover-connections\"").nth(1).unwrap().split("</figure>").next().unwrap();
    let hints: Vec<&str> =
        figure.split("r=\"7\"><title>").skip(1).map(|rest| rest.split("</title>").next().unwrap()).collect();
    assert!(!hints.is_empty());
    for hint in hints {
        let (connections, ratio) = hint.split_once(": ×").unwrap_or_else(|| panic!("{hint}"));
        assert!(["8", "128", "512"].contains(&connections) && ratio.contains("–×"), "{hint}");
    }
}

fn without(html: &str, from: &str, to: &str) -> String {
    let mut parts = html.split(from);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(to).map_or("", |(_, after)| after))
}

#[test]
fn the_page_makes_no_request_and_runs_the_one_script_that_its_policy_names() {
    let run = tiny(6);
    let html = page(&run, &lines(&run, &World::plausible()), &[]);
    let scripts: Vec<&str> =
        html.split("<script").skip(1).map(|rest| rest.split("</script>").next().unwrap()).collect();
    let [data, script] = scripts[..] else { panic!("{} scripts", scripts.len()) };
    assert!(data.starts_with(" type=\"application/json\"") && !data.contains('<'));
    let script = script.strip_prefix('>').expect("a script without a source");
    let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    assert!(
        html.contains(&format!("http-equiv=\"Content-Security-Policy\" content=\"{policy}\"")),
        "{policy}"
    );
    assert!(!script.contains("fetch") && !script.contains("XMLHttpRequest") && !script.contains("innerHTML"));
    let html = html.replace(" href=\"#", " anchor=\"#").replace(" href=\"data:", " file=\"data:");
    for forbidden in
        ["<link", "<img", "<iframe", " src=", " href=", "url(", "@import", " onload=", "javascript:"]
    {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn every_figure_has_its_finding_title_description_and_table() {
    let run = tiny(6);
    every_figure_is_whole(&page(&run, &lines(&run, &World::plausible()), &[]), 8);
    every_figure_is_whole(&GRID_PAGE, 19);
}

fn every_figure_is_whole(html: &str, count: usize) {
    let figures: Vec<&str> = html
        .split("<figure ")
        .skip(1)
        .map(|rest| rest.split("</figure>").next().unwrap_or_default())
        .collect();
    assert_eq!(figures.len(), count);
    for figure in figures {
        for part in
            ["<h3>", "role=\"img\"", "<title id=", "<desc id=", "<figcaption>", "<details>", "<table "]
        {
            assert!(figure.contains(part), "{part} is missing in {}", &figure[..80]);
        }
        assert!(!figure.contains("<h3></h3>"));
    }
}

/// Ratios of undecided cells are extremes of noise: the largest type of the page must not be made of them.
#[test]
fn no_heading_is_made_of_cells_that_are_not_decided() {
    let run = run(definition(quick_cells(), 6));
    let html = page(&run, &lines(&run, &World { noise: 0.5, ..World::equal() }), &[]);
    let headings: Vec<&str> =
        html.split("<h3>").skip(1).map(|rest| rest.split("</h3>").next().unwrap()).collect();
    let without_winner = headings.iter().filter(|heading| heading.contains("no winner: ")).count();
    assert!(without_winner >= 5, "{headings:?}");
    // Threads hold more memory in that world, and noise does not hide it.
    for heading in
        headings.iter().filter(|heading| heading.contains("pair:") && !heading.starts_with("Server memory"))
    {
        assert!(!heading.contains('×') && !heading.contains("wins in"), "{heading}");
    }
}

/// One stalled block makes the tail of all requests: the page names it.
#[test]
fn a_block_that_makes_the_tail_is_named() {
    let (run, mut record) = (&GRID.0, GRID.1.clone());
    let mut stalled = Distribution::new();
    for rank in 0..600 {
        stalled.record(Duration::from_millis(if rank < 500 { 2 } else { 400 }));
    }
    for line in &mut record {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        if (trial.cell.as_str(), trial.contender.as_str(), trial.block)
            == ("wait=1ms/c=128", "tokio-tasks", 3)
        {
            measured.open[0].measurement.histograms = Histograms::encode(&stalled, Some(&stalled));
        }
    }
    let html = page(run, &record, &[]);
    assert!(html.contains(
        "Block 4 of 6 makes tokio-tasks's tail: with it 99\u{a0}% of requests are answered within 399\u{a0}ms beyond the \
         wait, without it"
    ));
    assert!(!GRID_PAGE.contains("'s tail: with it"), "a block is named although none stands out");
}

/// A teacher and a reader without the record take both from the page itself.
#[test]
fn the_page_holds_its_verdicts_as_a_table_and_its_drawings_as_files() {
    let html = &*GRID_PAGE;
    let file = |name: &str| {
        let (_, rest) = html.split_once(&format!("download=\"{name}\" href=\"data:")).expect(name);
        let (_, encoded) = rest.split_once("base64,").unwrap();
        String::from_utf8(STANDARD.decode(encoded.split('"').next().unwrap()).unwrap()).unwrap()
    };
    let (run, record) = &*GRID;
    let analysis = reports_render::analysis::Analysis::of(run, record);
    let judged = analysis.verdicts.judged_cells().count();
    let table = file("verdicts.csv");
    assert_eq!(table.lines().count(), 1 + 2 * reports_record::Metric::ALL.len() * judged);
    assert!(table.starts_with("pair,metric,load,offered_rate_per_s,cell,"));
    for drawing in ["map.svg", "crossover.svg"] {
        assert!(file(drawing).starts_with("<svg xmlns=") && file(drawing).ends_with("</svg>"), "{drawing}");
    }
}

/// The explanation has its figure, and its sentence says what both sides pay.
#[test]
fn the_page_says_why_with_the_parts_of_a_request() {
    let (_, why) = GRID_PAGE.split_once("id=\"why\"").unwrap();
    let (why, _) = why.split_once("</section>").unwrap();
    let sentence = "Wait 1 ms on 128 connections, 50\u{a0}% load: a request costs std-threads ";
    assert!(why.contains(sentence), "{}", &why[..600]);
    assert!(why.contains(" of kernel time, ") && why.contains(" context switches."));
    assert!(why.contains("id=\"why-parts\"") && why.contains("so a core can serve"));
}

#[test]
fn a_grid_says_where_along_the_connections_who_wins() {
    let html = &*GRID_PAGE;
    let (_, crossovers) = html.split_once("id=\"crossovers\"").unwrap();
    assert!(crossovers.contains("tie → async wins between 8 and 128"), "no crossover in an interval");
    assert!(crossovers.contains("none seen: "), "a row without a crossover is not told");
    assert!(html.contains(" connections or more"), "the answer names no place");
    let (first_screen, _) = html.split_once("id=\"crossovers\"").unwrap();
    for part in ["id=\"answer\"", "id=\"sight\"", "id=\"case\"", "id=\"map\""] {
        assert!(first_screen.contains(part), "{part}");
    }
}

/// The rate decides what a request costs, whether or not connections were varied beside it.
#[test]
fn a_crossover_along_the_rate_is_told_at_one_number_of_connections_too() {
    let mut run = run(definition(vec![synthetic::cell("wait", 1.0, 0, 16)], 8));
    let mut record = lines(&run, &World::equal());
    assert!(!page(&run, &record, &[]).contains("id=\"crossovers\""));
    run.definition.phases.open_loads = vec![0.1, 0.7];
    for line in &mut record {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        let mut busy = measured.open[0].clone();
        busy.measurement.offered_rate_per_s = busy.measurement.offered_rate_per_s.map(|rate| rate * 7.0);
        measured.open.push(busy);
        if trial.contender.starts_with("tokio-tasks") {
            for (open, factor) in measured.open.iter_mut().zip([1.35, 0.7]) {
                open.cost.cpu_user_us = (open.cost.cpu_user_us as f64 * factor) as u64;
                open.cost.cpu_system_us = (open.cost.cpu_system_us as f64 * factor) as u64;
            }
        }
    }
    let html = page(&run, &record, &[]);
    let (_, crossovers) = html.split_once("id=\"crossovers\"").expect("a section of crossovers");
    assert!(
        crossovers.contains("From which rate on?") && crossovers.contains("sync wins → async wins between ")
    );
}

#[test]
fn a_sweep_is_drawn_past_saturation_and_judged_nowhere() {
    let html = &*GRID_PAGE;
    assert!(html.contains("tokio-tasks keeps up with "), "no finding of the sweep");
    let (_, maps) = html.split_once("id=\"map\"").unwrap();
    let (maps, _) = maps.split_once("</section>").unwrap();
    assert!(!maps.contains("/load="), "a step of a sweep got a verdict");
    assert!(html.contains("loops of sweeps were overloaded, as was meant"));
    assert!(html.contains("No trial failed and none was invalid."), "overload counts as a fault");
}

#[test]
fn a_sweep_that_the_client_limited_says_so() {
    let (run, mut record) = (&GRID.0, GRID.1.clone());
    for line in &mut record {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        if trial.cell.contains("load=150%") {
            let open = &mut measured.open[0].measurement;
            let late = open.certificate.checks.iter_mut().find(|check| check.name == "pace").unwrap();
            late.status = reports_record::CheckStatus::Fail;
            open.certificate = reports_record::Certificate::from_checks(open.certificate.checks.clone());
        }
    }
    let html = page(run, &record, &[]);
    assert!(html.contains("client or machine"));
    assert!(html.contains(">×</text>"), "the doubtful points are not marked");
}

#[test]
fn the_step_of_nagles_algorithm_is_named_and_vanishes_with_the_option() {
    let html = &*GRID_PAGE;
    assert!(html.contains("nodelay=false, c = 8: tiny-http leaps from "), "the step is not named");
    let (_, set) = html.split_once("nodelay=true, c = 8: tiny-http takes ").unwrap();
    let (finding, _) = set.split_once('<').unwrap();
    assert!(finding.contains(" at every size") && !finding.contains("leaps"), "{finding}");
}

#[test]
fn sections_without_data_do_not_appear() {
    let run = tiny(6);
    let html = page(&run, &lines(&run, &World::plausible()), &[]);
    for absent in ["nines-1", "sweep-1", "bodies-1", "footprint-threads"] {
        assert!(!html.contains(absent), "{absent}");
    }
}

#[test]
fn hostile_labels_come_out_as_text() {
    const HOSTILE: &str = "</title></svg><script>alert('\"&')</script>\u{202E}\u{0}";
    let mut run = tiny(6);
    let mut record = lines(
        &run,
        &World {
            fate: |_, _, block| if block == 0 { Fate::Failed } else { Fate::Measured },
            ..World::plausible()
        },
    );
    let megabyte = format!("{HOSTILE}{}", "x".repeat(1 << 20));
    run.id = megabyte.clone();
    run.command.push_str(HOSTILE);
    run.definition.question = megabyte.clone();
    run.definition.predictions[0].claim = megabyte.clone();
    run.definition.cells[0].name = megabyte.clone();
    run.definition.cells[0].target = HOSTILE.into();
    run.contenders[0].settings = serde_json::json!({HOSTILE: HOSTILE});
    run.environment.remarks.push(megabyte.clone());
    for pair in &mut run.definition.pairs {
        pair.sync = format!("{}{HOSTILE}", pair.sync);
    }
    for line in &mut record {
        let Line::Trial(trial) = line else { continue };
        if trial.cell == "wait=0ms/c=64" {
            trial.cell.clone_from(&megabyte);
        }
        if ["std-threads", "tiny-http"].contains(&trial.contender.as_str()) {
            trial.contender.push_str(HOSTILE);
        }
        if let TrialOutcome::Failed { reason, stderr_tail, .. } = &mut trial.outcome {
            reason.clone_from(&megabyte);
            stderr_tail.push(HOSTILE.into());
        }
    }
    let skipped = [Skipped { number: 7, reason: megabyte }];
    let html = page(&run, &record, &skipped);
    assert_eq!(html.matches("<script").count(), 2, "data became markup");
    assert!(html.contains("&lt;script&gt;alert("), "the label is not shown");
    assert!(
        !html.contains('\u{202E}') && !html.contains('\u{0}'),
        "a mark that turns text around got through"
    );
    assert_eq!(html.matches("</title>").count(), html.matches("<title").count());
    assert!(html.len() < 1_000_000, "{} bytes: a megabyte of label was not cut", html.len());
}

#[test]
fn what_there_is_no_data_for_is_never_a_number() {
    let worlds: [fn(&reports_record::Cell, &str, u32) -> Fate; 3] =
        [|_, _, _| Fate::Failed, |_, _, _| Fate::OpenInvalid, |_, _, _| Fate::Censored];
    for (index, fate) in worlds.into_iter().enumerate() {
        for blocks in [0, 1, 2, 6] {
            let run = tiny(blocks);
            let html = page(&run, &lines(&run, &World { fate, ..World::plausible() }), &[]);
            for nonsense in ["NaN", ">inf", "-inf", "e308"] {
                assert!(!html.contains(nonsense), "world {index}, {blocks} blocks: {nonsense}");
            }
            if index == 0 || blocks == 0 {
                assert!(html.contains("no data"), "world {index}, {blocks} blocks");
            }
        }
    }
}

#[test]
fn a_lower_bound_is_printed_as_one() {
    let run = tiny(6);
    let world = World { fate: |_, _, _| Fate::Censored, ..World::plausible() };
    let html = page(&run, &lines(&run, &world), &[]);
    assert!(html.contains("cannot tell: only a lower bound is known in some trials"));
    assert!(html.contains("≥ "));
}

#[test]
fn an_empty_record_and_an_empty_experiment_have_a_page() {
    for run in [tiny(6), run(definition(Vec::new(), 6))] {
        let html = page(&run, &[], &[]);
        assert!(html.contains("No answer"));
        assert!(html.ends_with("</html>"));
    }
}

#[test]
fn an_unfinished_run_says_so_before_its_answer() {
    let run = tiny(6);
    let mut record = lines(&run, &World::plausible());
    record.truncate(40);
    let html = page(&run, &record, &[]);
    let (banner, answer) = (html.find("Incomplete.").unwrap(), html.find("id=\"answer\"").unwrap());
    assert!(banner < answer);
    assert!(html.contains("20 of 60"), "the count of trials is missing");
    assert!(html.contains("planned blocks were not measured"));
}

#[test]
fn failed_and_invalid_trials_are_listed_with_their_reasons() {
    let fate = |_: &reports_record::Cell, contender: &str, block| match (contender, block) {
        ("tiny-http", 2) => Fate::Failed,
        ("actix-web", 3) => Fate::OpenInvalid,
        _ => Fate::Measured,
    };
    let run = tiny(6);
    let html = page(&run, &lines(&run, &World { fate, ..World::plausible() }), &[]);
    assert!(html.contains("failed to start; <bdi>server-tiny-http was not ready within 5s</bdi>"));
    assert!(html.contains("address in use"));
    assert!(html.contains(
        "failed a check at the first rate; <bdi>pace: the client was late by 9 ms; leave the client"
    ));
    assert!(html.contains("invalid: 5 valid blocks, 6 needed"));
}

#[test]
fn a_calibration_that_came_to_nothing_is_told() {
    let run = tiny(6);
    let mut record = lines(&run, &World::plausible());
    let calibration = record.iter_mut().find_map(|line| match line {
        Line::Calibration(calibration) => Some(calibration),
        _ => None,
    });
    let calibration = calibration.unwrap();
    (calibration.goodput_per_s, calibration.failure) = (None, Some("connection refused".into()));
    assert!(page(&run, &record, &[]).contains("failed: <bdi>connection refused</bdi>"));
}

#[test]
fn skipped_lines_and_trials_out_of_place_are_told() {
    let run = tiny(6);
    let mut record = lines(&run, &World::plausible());
    let stray = record.iter().rev().find_map(|line| match line {
        Line::Trial(trial) => Some(trial.clone()),
        _ => None,
    });
    let mut stray = stray.unwrap();
    stray.attempt = 1;
    record.push(Line::Trial(stray.clone()));
    stray.cell = "another cell".into();
    record.push(Line::Trial(stray));
    let skipped = [Skipped { number: 12, reason: "EOF while parsing a string".into() }];
    let html = page(&run, &record, &skipped);
    assert!(html.contains("line 12: <bdi>EOF while parsing a string"));
    let counts = "0 of std-threads, 0 of tokio-tasks, 0 of tiny-http, 0 of actix-web, 1 of tokio-tasks-again";
    assert!(html.contains(&format!("attempts made again: 1 ({counts}); the last attempt counts")));
    assert!(html.contains("the first: tokio-tasks-again in another cell"));
}

#[test]
fn the_page_of_a_run_of_eleven_cells_is_well_below_a_megabyte() {
    let run = run(definition(quick_cells(), 6));
    let html = page(&run, &lines(&run, &World::plausible()), &[]);
    assert!(html.len() < 700_000, "{} bytes", html.len());
}

#[test]
fn the_page_of_a_grid_is_below_two_megabytes() {
    let connections = [1, 8, 32, 128, 512, 1024];
    let run = run(definition(grid_cells(&[0.0, 0.2, 1.0, 5.0, 10.0, 50.0], &connections), 6));
    let html = page(&run, &lines(&run, &World::plausible()), &[]);
    // Curves and timelines, which this world lacks, take 60 kB of another one.
    assert!(html.len() < 1_900_000, "{} bytes", html.len());
}

//! The page of `cargo bench`, from a made-up folder of criterion's results.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use reports_record::{
    BENCH_MODEL, BENCH_ROUNDS, BENCH_SAMPLES, BenchFigure, BenchModel, BenchName, BenchRound, BenchRounds,
    BenchSamples, BenchSlice, BenchUnit, Cpu, Distribution, EncodedHistogram, Environment, Folder,
    ModelCount, ModelPart, ModelledRequest, SCHEMA,
};
use reports_render::criterion::{CriterionError, write};
use synthetic::{World, cell, definition, lines, run};

/// A bench as criterion and the benches write it: ten samples of 100 operations around `nanos`, 2 % apart.
fn bench(results: &Path, group: &str, name: &str, nanos: f64) -> PathBuf {
    let folder = results.join(group.replace('/', "_")).join(name).join("new");
    fs::create_dir_all(&folder).unwrap();
    let put = |file: &str, text: String| fs::write(folder.join(file), text).unwrap();
    put(
        "benchmark.json",
        format!(
            r#"{{"group_id":"{group}","function_id":"{name}","value_str":null,"throughput":null,"full_id":"{group}/{name}","directory_name":"x","title":"x"}}"#
        ),
    );
    let estimate = |middle: f64| {
        format!(
            r#"{{"confidence_interval":{{"confidence_level":0.95,"lower_bound":{},"upper_bound":{}}},"point_estimate":{middle},"standard_error":1.0}}"#,
            middle * 0.98,
            middle * 1.02
        )
    };
    put("estimates.json", format!(r#"{{"mean":{0},"median":{0},"slope":null}}"#, estimate(nanos)));
    let times: Vec<f64> =
        (0..10).map(|sample| nanos * 100.0 * (1.0 + f64::from(sample % 3 - 1) * 0.02)).collect();
    put(
        "sample.json",
        serde_json::json!({ "sampling_mode": "Flat", "iters": vec![100.0; 10], "times": times }).to_string(),
    );
    let mut all = Distribution::new();
    for operation in 0..1000_u32 {
        all.record(Duration::from_nanos(nanos as u64) * (100 + operation % 20) / 110);
    }
    let samples = BenchSamples {
        schema: SCHEMA,
        operation: format!("{group} as {name}"),
        sample: None,
        unit: BenchUnit::Nanoseconds,
        operations_per_sample: 1,
        iterations: Some(1000),
        histogram: EncodedHistogram::encode(all.exact()),
    };
    put(BENCH_SAMPLES, serde_json::to_string(&samples).unwrap());
    folder
}

fn environment() -> Environment {
    Environment {
        crossover: "0.1.0".to_owned(),
        commit: Some("0123456789abcdef".to_owned()),
        dirty: Some(false),
        rustc: "rustc 1.89.0".to_owned(),
        kernel: "Linux 6.18".to_owned(),
        cpu: Cpu {
            model: "A processor".to_owned(),
            online: 2,
            threads_per_core: None,
            governor: None,
            virtualised: true,
            clock_source: None,
        },
        memory_bytes: None,
        client_cpus: vec![0],
        contender_cpus: vec![1],
        descriptor_limit: 1024,
        throttled_before: None,
        remarks: Vec::new(),
    }
}

/// Twelve processes with four rounds of a pair each, some per cent off in a pattern that repeats: both sides are the same from slice to
/// slice.
fn rounds(group: &str, unit: BenchUnit, sync: f64, awaiting: f64) -> BenchRounds {
    let round = |number: u32| {
        let off = 1.0 + f64::from(number * 7 % 5) * 0.01;
        let slice = |value: f64, index: u32| {
            let value = value * off * (1.0 + f64::from((number + index) % 2) * 0.004) * 10.0;
            let cpu_ns = (unit == BenchUnit::Nanoseconds).then_some(value);
            BenchSlice {
                operations: 10,
                value,
                cpu_ns,
                switches: Some(20),
                loop_waits: Some(5),
                client_wakes: None,
                timer_interrupts: None,
            }
        };
        BenchRound {
            sync: [slice(sync, 0), slice(sync, 1)],
            r#async: [slice(awaiting, 0), slice(awaiting, 1)],
            steal_ms: 0,
            run_delay_ns: 0,
            foreign_ms: None,
            wall_ns: 1_000_000,
            certified: true,
            process: number / 4,
        }
    };
    BenchRounds {
        schema: SCHEMA,
        group: group.to_owned(),
        sync: format!("{group} as sync"),
        r#async: format!("{group} as async"),
        so_what: "It matters little.".to_owned(),
        unit,
        judged: if unit == BenchUnit::Bytes { BenchFigure::Value } else { BenchFigure::Cpu },
        cpus: 1,
        began_unix_s: 1_764_000_000,
        environment: environment(),
        rounds: (0..48).map(round).collect(),
    }
}

fn put_rounds(results: &Path, rounds: &BenchRounds) {
    let folder = results.join(rounds.group.replace('/', "_"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(BENCH_ROUNDS), serde_json::to_string(rounds).unwrap()).unwrap();
}

fn pair(results: &Path, group: &str, sync: f64, awaiting: f64) {
    bench(results, group, "sync", sync);
    bench(results, group, "async", awaiting);
    put_rounds(results, &rounds(group, BenchUnit::Nanoseconds, sync, awaiting));
}

fn put_model(results: &Path) {
    let name = |group: &str, bench: &str| BenchName { group: group.to_owned(), bench: bench.to_owned() };
    let part = |what: &str, count, cost| ModelPart { part: what.to_owned(), count, cost };
    let model = BenchModel {
        schema: SCHEMA,
        requests: vec![ModelledRequest {
            contender: "std-threads".to_owned(),
            cell: "wait=0ms/c=16".to_owned(),
            load: "no wait, 16 connections".to_owned(),
            measured: name("request/stock/16", "sync"),
            parts: vec![
                part("it is parsed", ModelCount::Fixed(40.0), name("hot_path", "parse")),
                part("it waits for a lock", ModelCount::SwitchesBeyond(1.0), name("lock/free", "async")),
            ],
            bare_loop: vec![
                part("it is spawned", ModelCount::Fixed(0.4), name("spawn", "sync")),
                part("it is parsed", ModelCount::Fixed(2.0), name("hot_path", "parse")),
            ],
        }],
    };
    fs::write(results.join(BENCH_MODEL), serde_json::to_string(&model).unwrap()).unwrap();
}

/// Three pairs of time, one each way and a tie, one of memory, a bench without a counterpart, and a model.
fn results() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (group, sync, awaiting) in
        [("spawn", 20_000.0, 500.0), ("lock/free", 10.0, 40.0), ("request/stock/16", 9_000.0, 9_010.0)]
    {
        pair(folder.path(), group, sync, awaiting);
    }
    put_rounds(folder.path(), &rounds("memory/parked", BenchUnit::Bytes, 36_000.0, 300.0));
    bench(folder.path(), "hot_path", "parse", 150.0);
    put_model(folder.path());
    folder
}

fn page(results: &Path) -> String {
    let page = write(results, None, &results.join("page.html")).unwrap();
    fs::read_to_string(page).unwrap()
}

/// What is read of `html`, tags left out.
fn words(html: &str) -> String {
    let mut words = String::new();
    for piece in html.split('<') {
        words.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    words
}

/// The part of a page with this id.
fn section<'p>(html: &'p str, id: &str) -> &'p str {
    let rest = html.split(&format!("id=\"{id}\"")).nth(1).unwrap();
    rest.split("</section>").next().unwrap()
}

#[test]
fn the_page_of_fixed_results_is_the_golden_one() {
    let results = results();
    let html = page(results.path());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/criterion.html");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, &html).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap();
    assert!(
        html == expected,
        "the page changed; look at it, then BLESS=1 cargo test -p reports-render --test criterion"
    );
}

#[test]
fn each_verdict_names_its_pairs_with_their_ratios_and_differences() {
    let html = words(&page(results().path()));
    for expected in [
        "A whole request, async ÷ sync: stock/16 (×1.00, tie). Its parts explain 66\u{a0}% to 66\u{a0}% of the CPU time",
        "Async wins in 1 of 3 pairs of time: spawn (×0.0250, −19.9\u{a0}µs).",
        "Async wins in 1 of 1 pairs of memory: memory/parked (×0.00833, −35.6\u{a0}KiB).",
        "Sync wins in 1 of 3 pairs of time: lock/free (×4.00, +30.7\u{a0}ns).",
        "The two tie in 1 of 3 pairs of time: request/stock/16 (×1.00, +10.2\u{a0}ns).",
        "hot_path/parse",
        "2025-11-24 16:00 UTC",
        "A processor, 2 CPUs",
        "commit 0123456789",
        "CPU time, one CPU",
        "It matters little.",
    ] {
        assert!(html.contains(expected), "{expected:?} is missing");
    }
    assert!(!html.contains("Mixed") && !html.contains("left out, on both"));
}

/// The answer, the consequences, the request, the figures, the evidence and the data follow each other in this order.
#[test]
fn the_answer_stands_first_and_the_data_last() {
    let html = page(results().path());
    let ids = ["answer", "so-what", "model", "times", "sizes", "trust", "data"];
    let places = ids.map(|id| html.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}")));
    assert!(places.is_sorted(), "{places:?}");
    let contents = html.split("<nav").nth(1).unwrap().split("</nav>").next().unwrap();
    for id in &ids[1..] {
        assert!(contents.contains(&format!("href=\"#{id}\"")), "{id} is not in {contents}");
    }
}

#[test]
fn each_kind_of_group_has_its_consequence_once_with_all_its_ratios() {
    let results = tempfile::tempdir().unwrap();
    for (group, awaiting, so_what) in [
        ("connections/1", 11_000.0, "It is the crossover."),
        ("connections/64", 5_000.0, "It is the crossover."),
        ("select/8", 100.0, ""),
    ] {
        let mut pair = rounds(group, BenchUnit::Nanoseconds, 10_000.0, awaiting);
        so_what.clone_into(&mut pair.so_what);
        put_rounds(results.path(), &pair);
    }
    let html = page(results.path());
    let consequences = words(section(&html, "so-what"));
    assert_eq!(consequences.matches("It is the crossover.").count(), 1, "{consequences}");
    assert!(consequences.contains("1: ×1.10, sync wins; 64: ×0.500, async wins"), "{consequences}");
    assert!(!consequences.contains("select"), "a group without a consequence: {consequences}");
}

#[test]
fn a_group_without_a_verdict_has_its_reason() {
    let results = tempfile::tempdir().unwrap();
    let mut foreign = rounds("spawn/two_cpus", BenchUnit::Nanoseconds, 20_000.0, 500.0);
    (foreign.judged, foreign.cpus) = (BenchFigure::Value, 2);
    foreign.rounds.iter_mut().for_each(|round| round.foreign_ms = Some(0.6));
    let mut delayed = rounds("hand_over/two_cpus", BenchUnit::Nanoseconds, 20_000.0, 500.0);
    (delayed.judged, delayed.cpus) = (BenchFigure::Value, 2);
    delayed.rounds.iter_mut().step_by(4).for_each(|round| round.run_delay_ns = 1);
    delayed.rounds.iter_mut().skip(10).for_each(|round| round.run_delay_ns = 200_000);
    let mut short = rounds("select/8", BenchUnit::Nanoseconds, 20_000.0, 500.0);
    short.rounds.truncate(3);
    for group in [&foreign, &delayed, &short] {
        put_rounds(results.path(), group);
    }
    let html = words(&page(results.path()));
    for expected in [
        "There are too few valid data in 3 of 3 pairs of time",
        "spawn/two_cpus: other programs took 30\u{a0}% of its CPUs",
        "hand_over/two_cpus: 79\u{a0}% of its rounds were disturbed",
        "select/8: its 3 rounds that count are of 1 process, which is too few",
    ] {
        assert!(html.contains(expected), "{expected:?} is missing in {html}");
    }
}

/// What `--quick` leaves: it stops at the first two samples that agree.
#[test]
fn few_rounds_that_agree_decide_nothing() {
    let results = tempfile::tempdir().unwrap();
    let mut few = rounds("spawn", BenchUnit::Nanoseconds, 20_000.0, 500.0);
    few.rounds.truncate(4);
    put_rounds(results.path(), &few);
    let html = words(&page(results.path()));
    assert!(html.contains("There are too few valid data in 1 of 1 pairs of time: spawn."));
    assert!(html.contains("too few rounds that count") && !html.contains("wins in"));
}

#[test]
fn disturbed_rounds_are_left_out_on_both_sides_and_counted() {
    let results = tempfile::tempdir().unwrap();
    let mut disturbed = rounds("spawn", BenchUnit::Nanoseconds, 20_000.0, 500.0);
    for round in disturbed.rounds.iter_mut().step_by(4) {
        round.steal_ms = 10;
        // Ten times as much: the ratio would not be 0.025 with these.
        round.r#async.iter_mut().for_each(|slice| slice.cpu_ns = slice.cpu_ns.map(|cpu| cpu * 10.0));
    }
    put_rounds(results.path(), &disturbed);
    let html = page(results.path());
    assert!(html.contains("12 of 48 rounds are left out, on both sides alike"));
    assert!(html.contains("spawn (×0.0250,"));
}

#[test]
fn results_of_several_invocations_are_called_mixed() {
    let results = results();
    let mut older = rounds("select/8", BenchUnit::Nanoseconds, 100.0, 100.0);
    older.began_unix_s -= 86_400;
    put_rounds(results.path(), &older);
    let html = page(results.path());
    assert!(html.contains("Mixed: these results are of 2 invocations, from 2025-11-23"));
}

#[test]
fn each_side_is_held_against_itself() {
    let html = page(results().path());
    assert!(html.contains("8 of 8 intervals hold 1 (100\u{a0}%)"));
    let results = tempfile::tempdir().unwrap();
    let mut uneven = rounds("spawn", BenchUnit::Nanoseconds, 20_000.0, 500.0);
    for slice in uneven.rounds[24..].iter_mut().flat_map(|round| &mut round.sync) {
        slice.cpu_ns = slice.cpu_ns.map(|cpu| cpu * 1.2);
    }
    put_rounds(results.path(), &uneven);
    let html = page(results.path());
    assert!(html.contains("1 of 2 intervals hold 1 (50\u{a0}%)") && html.contains("Fewer than promised"));
}

/// 40 × 150 ns + (2 switches − 1) × 41 ns of 9.2 µs; with the loop 0.4 × 20.45 µs + 2 × 150 ns.
#[test]
fn a_request_is_the_sum_of_its_parts_and_the_rest_is_shown() {
    let html = page(results().path());
    let model = section(&html, "model");
    for expected in
        ["std-threads, no wait, 16 connections", "6.04\u{a0}µs", "9.20\u{a0}µs", "66\u{a0}%", "+3.16\u{a0}µs"]
    {
        assert!(model.contains(expected), "{expected:?} is missing in {model}");
    }
}

/// The folder of a made-up run with cells on 8 and 64 connections; a request costs 12 µs there, as its world says.
fn run_folder(parent: &Path) -> PathBuf {
    let run =
        run(definition(vec![cell("wait", 0.0, 0, 8), cell("wait", 0.0, 0, 64), cell("wait", 1.0, 0, 16)], 6));
    let folder = parent.join("run");
    let mut log = Folder::create(&folder, &run).unwrap().append().unwrap();
    for line in lines(&run, &World::equal()) {
        log.push(&line).unwrap();
    }
    folder
}

/// Its parts are 6.04 µs, and the model's cell has 16 connections: nearer to 8 by ratio than to 64, and without a wait.
#[test]
fn the_nearest_cell_of_a_run_stands_beside_the_model_and_the_pages_link_to_each_other() {
    let (results, parent) = (results(), tempfile::tempdir().unwrap());
    let folder = run_folder(parent.path());
    let alone = fs::read_to_string(reports_render::write(&folder).unwrap()).unwrap();
    assert!(!alone.contains("costs.html"), "a link to a page that is not there");

    let output = report(
        &["criterion", "--criterion", results.path().to_str().unwrap(), "--run", folder.to_str().unwrap()],
        parent.path(),
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = folder.join("costs.html");
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), page.to_str().unwrap());
    let html = fs::read_to_string(page).unwrap();
    let model = section(&html, "model");
    let row =
        words(model.split("nearest combination of the run").last().unwrap().split("<tbody>").nth(1).unwrap());
    assert!(row.contains("wait=0ms/c=8"), "{row}");
    // Noise is below half a per cent.
    let there =
        row.split("c=8").nth(1).unwrap().split("µs").next().unwrap().trim_matches([':', ' ', '\u{a0}']);
    let there: f64 = there.parse().unwrap();
    assert!((11.7..12.3).contains(&there), "{there} µs in {row}");
    let explained = format!("{}\u{a0}%", (6.04 / there * 100.0_f64).round());
    assert!(row.contains(&explained) && (row.contains("+5.") || row.contains("+6.")), "{explained}, {row}");
    assert!(model.contains("href=\"index.html#why\""), "no link back");

    let linked = fs::read_to_string(reports_render::write(&folder).unwrap()).unwrap();
    assert!(section(&linked, "why").contains("href=\"costs.html#model\""), "the run's page does not link");
    // Elsewhere neither has the other beside it.
    let elsewhere = tempfile::tempdir().unwrap();
    let (costs, own) = (elsewhere.path().join("page.html"), elsewhere.path().join("own.html"));
    write(results.path(), Some(folder.as_path()), &costs).unwrap();
    reports_render::write_to(&folder, &own).unwrap();
    let html = fs::read_to_string(&costs).unwrap();
    assert!(
        html.contains("wait=0ms/c=8") && !html.contains("index.html"),
        "a link to a page that is not there"
    );
    assert!(!fs::read_to_string(own).unwrap().contains("costs.html"));

    let no_run = elsewhere.path().join("no-run");
    let refused = write(results.path(), Some(no_run.as_path()), &costs).unwrap_err();
    assert!(matches!(refused, CriterionError::Run(_)), "{refused}");
}

/// On eight times as many connections one wake-up serves several requests: the parts of one connection would explain thrice the cost.
#[test]
fn no_share_is_told_of_a_cell_that_is_unlike_the_request() {
    let (results, parent) = (results(), tempfile::tempdir().unwrap());
    let folder = run_folder(parent.path());
    let model = results.path().join(BENCH_MODEL);
    let text = fs::read_to_string(&model).unwrap();
    fs::write(&model, text.replace("wait=0ms/c=16", "wait=0ms/c=1")).unwrap();
    let page = parent.path().join("page.html");
    write(results.path(), Some(folder.as_path()), &page).unwrap();
    let html = fs::read_to_string(page).unwrap();
    let beside = words(section(&html, "model").split("nearest combination of the run").last().unwrap());
    assert!(
        beside.contains("wait=0ms/c=8: ") && beside.contains("a request there has other parts"),
        "{beside}"
    );
    assert!(!beside.contains("explain"), "{beside}");
}

/// An iteration of criterion may be a round of 256 requests, each a sample.
#[test]
fn more_samples_than_iterations_are_of_one_measurement_if_it_says_so() {
    let results = tempfile::tempdir().unwrap();
    let folder = bench(results.path(), "request/stock/16", "sync", 9_000.0);
    let iterations = serde_json::json!({ "iters": vec![2.0; 10], "times": vec![18_000.0; 10] });
    fs::write(folder.join("sample.json"), iterations.to_string()).unwrap();
    let path = folder.join(BENCH_SAMPLES);
    let mut kept: BenchSamples = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    kept.iterations = Some(20);
    fs::write(&path, serde_json::to_vec(&kept).unwrap()).unwrap();
    let html = page(results.path());
    assert!(html.contains("request/stock/16/sync") && !html.contains("were left out"));
    kept.iterations = Some(21);
    fs::write(&path, serde_json::to_vec(&kept).unwrap()).unwrap();
    let refused = write(results.path(), None, &results.path().join("page.html")).unwrap_err();
    assert!(refused.to_string().contains("not of one measurement"), "{refused}");
}

#[test]
fn the_page_asks_for_nothing() {
    let html = page(results().path()).replace(" href=\"data:", " file=\"data:");
    for foreign in ["<script", "<link", "<img", "src=", "url(", "@import", "tabindex"] {
        assert!(!html.contains(foreign), "{foreign} in the page");
    }
    let links: Vec<&str> = html.split("href=\"").skip(1).collect();
    assert!(links.iter().all(|link| link.starts_with('#')), "a link leads off the page: {links:?}");
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_quantile_is_printed_only_with_ten_samples_beyond() {
    let html = page(results().path());
    // A thousand samples: ten beyond p99, one beyond p99.9.
    let quantiles = html.split("Quantiles of every bench").nth(1).unwrap();
    let row = quantiles.split(">spawn/sync<").nth(1).unwrap().split("</tr>").next().unwrap();
    assert_eq!(row.matches("no data").count(), 1, "{row}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_shown() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage, &str); 6] = [
        ("truncated", |folder| truncate(&folder.join("estimates.json")), "estimates.json: EOF"),
        (
            "foreign",
            |folder| fs::remove_file(folder.join(BENCH_SAMPLES)).unwrap(),
            "cannot read histogram.json",
        ),
        ("flipped", |folder| flip(&folder.join(BENCH_SAMPLES)), "histogram was altered"),
        (
            "uneven",
            |folder| fs::write(folder.join("sample.json"), r#"{"iters":[1.0,2.0],"times":[1.0]}"#).unwrap(),
            "as many positive times as iterations",
        ),
        (
            "stale",
            |folder| fs::write(folder.join("sample.json"), r#"{"iters":[1,1],"times":[1,1]}"#).unwrap(),
            "not of one measurement",
        ),
        (
            "huge",
            |folder| fs::write(folder.join("sample.json"), vec![b' '; 9 << 20]).unwrap(),
            "longer than 8 MiB",
        ),
    ];
    let results = results();
    for (name, damage, _) in damages {
        damage(&bench(results.path(), name, "sync", 100.0));
    }
    let html = page(results.path());
    assert!(html.contains("6 folders could not be read as benches"));
    for (name, _, reason) in damages {
        let item = html.split(&format!("<bdi>{name}/sync</bdi>: ")).nth(1).unwrap();
        let item = item.split("</li>").next().unwrap();
        assert!(item.contains(reason), "{name}: {item:?} does not say {reason:?}");
    }
    assert!(words(&html).contains("in 1 of 3 pairs of time"));
}

fn truncate(path: &Path) {
    let text = fs::read(path).unwrap();
    fs::write(path, &text[..text.len() / 2]).unwrap();
}

fn flip(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text.replacen("HISTF", "HISTG", 1)).unwrap();
}

#[test]
fn a_hostile_name_stays_text() {
    let results = results();
    bench(results.path(), "<script>alert(1)<", "sync", 100.0);
    let mut hostile = rounds("evil", BenchUnit::Nanoseconds, 1.0, 1.0);
    for text in [&mut hostile.group, &mut hostile.sync, &mut hostile.so_what, &mut hostile.environment.kernel]
    {
        "<script>alert(1)</script>".clone_into(text);
    }
    fs::create_dir_all(results.path().join("evil")).unwrap();
    fs::write(results.path().join("evil").join(BENCH_ROUNDS), serde_json::to_string(&hostile).unwrap())
        .unwrap();
    let html = page(results.path());
    assert!(!html.contains("<script"), "a name became markup");
    assert!(html.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn nothing_to_show_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("page.html");
    let absent = write(&folder.path().join("absent"), None, &output).unwrap_err();
    assert!(
        matches!(absent, CriterionError::Unreadable { .. }) && absent.to_string().contains("run cargo bench")
    );
    let empty = write(folder.path(), None, &output).unwrap_err();
    assert!(empty.to_string().contains("there is none"), "{empty}");
    truncate(&bench(folder.path(), "spawn", "sync", 1.0).join("benchmark.json"));
    let damaged = write(folder.path(), None, &output).unwrap_err();
    assert!(damaged.to_string().contains("spawn/sync: benchmark.json: EOF"), "{damaged}");
    assert!(!output.exists());
}

fn report(arguments: &[&str], target: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report"))
        .args(arguments)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap()
}

#[test]
fn the_program_finds_cargos_target_folder_and_prints_the_page() {
    let target = tempfile::tempdir().unwrap();
    let results = target.path().join("criterion");
    pair(&results, "spawn", 20_000.0, 500.0);
    let output = report(&["criterion"], target.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(Path::new(printed.trim_end()), results.join("crossover.html"));
    assert!(results.join("crossover.html").is_file());

    let missing = report(&["criterion", "--criterion", "nowhere/at/all"], target.path());
    let error = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(missing.status.code(), Some(2), "{error}");
    assert!(
        error.starts_with("report: cannot render what cargo bench left: ")
            && error.contains("nowhere/at/all")
    );
    assert_eq!(report(&[], target.path()).status.code(), Some(2));
}

/// A copy of the fixed results with `spawn` at these costs, compared with them.
fn against(sync: f64, awaiting: f64) -> Output {
    let (target, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let results = target.path().join("criterion");
    for (folder, sync, awaiting) in [(results.as_path(), 20_000.0, 500.0), (copy.path(), sync, awaiting)] {
        pair(folder, "spawn", sync, awaiting);
        pair(folder, "lock/free", 10.0, 40.0);
    }
    report(&["criterion", "--against", copy.path().to_str().unwrap()], target.path())
}

#[test]
fn two_invocations_that_find_the_same_agree_and_a_changed_winner_is_named() {
    let same = against(20_010.0, 499.9);
    let told = String::from_utf8(same.stdout).unwrap();
    assert_eq!(same.status.code(), Some(0), "{told}");
    for line in [
        "2 groups stand in both invocations.",
        "Winners: 2 in both, 0 in one alone; no winner changes.",
        "One side, the second ÷ the first: 4 of 4 intervals hold 1 (100\u{a0}%).",
        "One side within the second, later processes ÷ earlier ones: 4 of 4 intervals hold 1",
        "The two agree",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }

    // By a fifth: twelve processes differ by one per cent.
    let moved = against(24_000.0, 500.0);
    let told = String::from_utf8(moved.stdout).unwrap();
    assert_eq!(moved.status.code(), Some(1), "{told}");
    assert!(
        told.contains("3 of 4 intervals hold 1") && told.contains("Those that do not: spawn/sync."),
        "{told}"
    );

    let turned = against(500.0, 20_000.0);
    let told = String::from_utf8(turned.stdout).unwrap();
    assert_eq!(turned.status.code(), Some(1), "{told}");
    assert!(told.contains("the winner changes in 1: spawn.") && told.contains("do not agree"), "{told}");
}

#[test]
fn invocations_with_other_groups_do_not_agree_and_a_folder_without_pairs_is_refused() {
    let (target, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let results = target.path().join("criterion");
    pair(&results, "spawn", 20_000.0, 500.0);
    pair(&results, "lock/free", 10.0, 40.0);
    let compare = || report(&["criterion", "--against", copy.path().to_str().unwrap()], target.path());
    let refused = compare();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.starts_with("report: cannot compare two invocations: no bench in "), "{error}");

    pair(copy.path(), "spawn", 20_000.0, 500.0);
    let fewer = compare();
    let told = String::from_utf8(fewer.stdout).unwrap();
    assert_eq!(fewer.status.code(), Some(1), "{told}");
    assert!(told.contains("Not compared: lock/free."), "{told}");
}

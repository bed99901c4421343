//! The page of `cargo bench`, from a made-up folder of criterion's results.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use reports_record::{BENCH_SAMPLES, BenchSamples, BenchUnit, Distribution, EncodedHistogram, SCHEMA};
use reports_render::criterion::{CriterionError, write};

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
        histogram: EncodedHistogram::encode(all.exact()),
    };
    put(BENCH_SAMPLES, serde_json::to_string(&samples).unwrap());
    folder
}

/// Three pairs, one each way and one that cannot be told, and a bench without a counterpart.
fn results() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (group, sync, awaiting) in
        [("spawn", 20_000.0, 500.0), ("lock/free", 10.0, 40.0), ("request/stock/16", 9_000.0, 9_010.0)]
    {
        bench(folder.path(), group, "sync", sync);
        bench(folder.path(), group, "async", awaiting);
    }
    bench(folder.path(), "hot_path", "parse", 150.0);
    folder
}

fn page(results: &Path) -> String {
    let page = write(results, &results.join("page.html")).unwrap();
    fs::read_to_string(page).unwrap()
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
fn each_finding_names_its_pairs_with_their_ratios() {
    let html = page(results().path());
    for expected in [
        "Awaiting takes less in 1 of 3 pairs: spawn (×0.0250).",
        "Blocking takes less in 1 of 3 pairs: lock/free (×4.00).",
        "The data cannot tell in 1 of 3 pairs: request/stock/16 (×1.00).",
        "blocking is cheaper",
        "hot_path/parse",
        "20.0\u{a0}µs (19.6\u{a0}µs–20.4\u{a0}µs)",
    ] {
        assert!(html.contains(expected), "{expected:?} is missing");
    }
}

/// What `--quick` leaves: it stops at the first two samples that agree.
#[test]
fn two_samples_that_agree_decide_nothing() {
    let results = tempfile::tempdir().unwrap();
    for (side, nanos) in [("sync", 20_000.0), ("async", 500.0)] {
        let folder = bench(results.path(), "spawn", side, nanos);
        let times = [nanos * 400.0, nanos * 600.0];
        let samples = serde_json::json!({ "sampling_mode": "Flat", "iters": [400.0, 600.0], "times": times });
        fs::write(folder.join("sample.json"), samples.to_string()).unwrap();
    }
    let html = page(results.path());
    assert!(html.contains("There are too few samples to tell in 1 of 1 pairs: spawn (×0.0250)."));
    assert!(html.contains("fewer than 10 samples") && !html.contains("is cheaper"));
}

#[test]
fn the_page_asks_for_nothing() {
    let html = page(results().path());
    for foreign in ["<script", "<link", "<img", "src=", "href=", "url(", "@import"] {
        assert!(!html.contains(foreign), "{foreign} in the page");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_quantile_is_printed_only_with_ten_samples_beyond() {
    let html = page(results().path());
    // A thousand samples: ten beyond p99, one beyond p99.9.
    let row = html.split(">spawn/sync<").nth(1).unwrap().split("</tr>").next().unwrap();
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
    assert!(html.contains("in 1 of 3 pairs"));
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
    let html = page(results.path());
    assert!(!html.contains("<script"), "a name became markup");
    assert!(html.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn nothing_to_show_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("page.html");
    let absent = write(&folder.path().join("absent"), &output).unwrap_err();
    assert!(
        matches!(absent, CriterionError::Unreadable { .. }) && absent.to_string().contains("run cargo bench")
    );
    let empty = write(folder.path(), &output).unwrap_err();
    assert!(empty.to_string().contains("there is none"), "{empty}");
    truncate(&bench(folder.path(), "spawn", "sync", 1.0).join("benchmark.json"));
    let damaged = write(folder.path(), &output).unwrap_err();
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
    bench(&results, "spawn", "sync", 20_000.0);
    bench(&results, "spawn", "async", 500.0);
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

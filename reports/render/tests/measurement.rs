//! The page of one measurement, as a reader's browser gets it, and the way there.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made_up;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use reports_record::{CheckStatus, Margin, Measurement, MergedPart, OutcomeKind};
use reports_render::measurement::page;

fn figures(html: &str) -> Vec<&str> {
    html.split("<figure ").skip(1).map(|rest| rest.split("</figure>").next().unwrap()).collect()
}

/// Bless a deliberate change with `BLESS=1 cargo test -p reports-render --test measurement`, and read the difference.
#[test]
fn the_page_of_a_tiny_measurement_equals_its_golden() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/measurement.html");
    let rendered = page(&made_up::open());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &rendered).unwrap();
    }
    let golden = fs::read_to_string(&path).expect("there is a golden: make one with BLESS=1");
    let differs = golden.lines().zip(rendered.lines()).position(|(golden, rendered)| golden != rendered);
    assert!(golden == rendered, "differs from line {differs:?} on; if that is meant, bless it with BLESS=1");
}

#[test]
fn both_loops_answer_in_one_sentence() {
    let html = page(&made_up::open());
    let expected = "200/s offered, 200/s answered, 200/s correctly and in time; response time p50 3.00\u{a0}ms, p99 4.47\u{a0}ms.";
    assert!(html.contains("<strong>Valid:</strong>") && html.contains(expected), "{html}");
    let html = page(&made_up::closed());
    assert!(
        html.contains("200/s answered, 200/s correctly and in time; service time p50 2.00\u{a0}ms"),
        "{html}"
    );
    assert!(!html.contains("offered,") && html.contains("closed loop, over 16 connections"), "{html}");
    assert!(!html.contains("role=\"note\""), "a sound measurement needs no banner");
}

#[test]
fn every_figure_has_its_finding_title_description_and_table() {
    let html = page(&made_up::open());
    let figures = figures(&html);
    assert_eq!(figures.len(), 3);
    for figure in figures {
        for part in
            ["<h3>", "role=\"img\"", "<title id=", "<desc id=", "<figcaption>", "<details>", "<table "]
        {
            assert!(figure.contains(part), "{part} is missing in {}", &figure[..80]);
        }
        assert!(!figure.contains("<h3></h3>"));
    }
    for finding in [
        "<h3>99\u{a0}% of requests are answered within: response time 4.47\u{a0}ms, service time 2.98\u{a0}ms</h3>",
        "<h3>Replies from 196/s to 204/s a part, requests due 200/s</h3>",
        "<h3>Response time a part: median from 2.05\u{a0}ms to 2.09\u{a0}ms, 90\u{a0}% from 2.60\u{a0}ms to 2.75\u{a0}ms, longest from 3.00\u{a0}ms to 3.40\u{a0}ms</h3>",
    ] {
        assert!(html.contains(finding), "{finding}");
    }
}

#[test]
fn an_invalid_measurement_says_in_words_what_failed_and_what_to_do() {
    let mut invalid = made_up::open();
    invalid.certificate = made_up::certificate(CheckStatus::Fail);
    let html = page(&invalid);
    let (first_screen, checks) = html.split_once("id=\"certificate\"").unwrap();
    for part in [
        "Invalid: do not use these figures.",
        "<strong>Invalid:</strong>",
        "2.0 % of requests failed",
        "mend the server",
    ] {
        assert!(first_screen.contains(part), "{part}");
    }
    assert!(checks.contains("FAIL") && checks.contains("2.0\u{a0}%"), "{checks}");
    let mut warned = made_up::open();
    warned.certificate = made_up::certificate(CheckStatus::Warn);
    let html = page(&warned);
    assert!(html.contains("<strong>Valid, with warnings:</strong>") && !html.contains("do not use"));
}

#[test]
fn an_interrupted_measurement_says_so_and_keeps_its_parts_where_they_were() {
    let mut cut = made_up::open();
    (cut.complete, cut.window_s) = (false, 2.6);
    cut.sub_windows.truncate(5);
    let html = page(&cut);
    assert!(html.contains("Incomplete.") && html.contains("<strong>Valid, incomplete:</strong>"));
    assert!(html.contains("after 2.60\u{a0}s of the planned 10.0\u{a0}s"));
    // Half a second each as planned, not 2.6 ÷ 5.
    assert!(html.contains("Replies from 196/s to 204/s a part"), "{html}");
    assert!(html.contains(">2.25\u{a0}s<"));
}

#[test]
fn requests_that_were_given_up_are_no_interrupt() {
    let mut cut = made_up::closed();
    (cut.complete, cut.window_s, cut.given_up) = (false, 2.6, 1_200);
    (cut.plan.requests, cut.plan.duration_s) = (Some(3_200), None);
    let html = page(&cut);
    let cause = "No connection could be opened any more, so that 1,200 requests were given up after 2.60\u{a0}s, of 3,200 planned requests.";
    assert!(html.contains(cause) && !html.contains("interrupted"), "{html}");
}

#[test]
fn a_sum_of_measurements_says_that_it_is_one() {
    let mut sum = made_up::open();
    assert!(!page(&sum).contains("The sum of"));
    let part = |file: &str, crc32| MergedPart {
        file: file.into(),
        crc32,
        seed: 1,
        window_s: 5.0,
        verdict: sum.certificate.verdict,
    };
    sum.merged_from = vec![part("a.json", 1), part("b.json", 2)];
    assert!(page(&sum).contains("The sum of 2 measurements with one plan"));
}

/// Two of 10,000 failed: they are not 100 %.
#[test]
fn nearly_all_is_not_all() {
    let mut nearly = made_up::open();
    nearly.account.due = 10_000;
    (nearly.account.finished, nearly.account.failed) = (9_998, 2);
    nearly.outcomes = [(OutcomeKind::Ok, 9_998), (OutcomeKind::Timeout, 2)].into();
    let html = page(&nearly);
    assert!(html.contains("9,998 (99.98\u{a0}%) were answered correctly, 2 failed"), "{html}");
}

type Alteration = fn(&mut Measurement);

/// `loadgen merge` refuses them by the same rule.
#[test]
fn figures_that_contradict_each_other_are_told_as_such() {
    let altered: [(Alteration, &str); 5] = [
        (|one| one.account.due += 1, "account.due is 2001, but finished, failed and censored are 2000"),
        (|one| one.goodput_per_s = -5.0, "goodput_per_s is -5"),
        (|one| one.window_s = -1.0, "window_s is -1, which is no length"),
        (|one| one.censored = 3, "censored is 3, but account.censored 0"),
        (|one| one.window_s = 0.0, "window_s is 0, which is no length"),
    ];
    for (alter, what) in altered {
        let mut one = made_up::open();
        alter(&mut one);
        let html = page(&one);
        assert!(html.contains("They contradict each other") && html.contains(what), "{what}");
    }
    let mut cut = made_up::empty();
    (cut.window_s, cut.complete) = (0.0, false);
    for sound in [made_up::open(), made_up::closed(), made_up::one(), made_up::all_errors(), cut] {
        assert!(!page(&sound).contains("contradict"));
    }
}

#[test]
fn nothing_measured_is_no_data_and_no_figure() {
    let html = page(&made_up::empty());
    assert!(html.contains("no request was due, so there is no data on rates and times"));
    assert!(html.contains("No request was due in the window: no data."));
    assert!(figures(&html).is_empty());
    no_figure_that_is_none(&html);
}

#[test]
fn one_request_is_no_quantile() {
    let html = page(&made_up::one());
    assert!(
        html.contains("service time p50 no data (too few requests), p99 no data (too few requests)"),
        "{html}"
    );
    assert!(figures(&html).is_empty());
    no_figure_that_is_none(&html);
}

#[test]
fn all_errors_are_lower_bounds_and_whose_fault_they_are() {
    let html = page(&made_up::all_errors());
    assert!(
        html.contains(
            "0/s answered, 0/s correctly and in time; response time p50 ≥ 2.00\u{a0}s, p99 ≥ 2.00\u{a0}s"
        ),
        "{html}"
    );
    assert!(html.contains(">timeout<") && html.contains(">server<"));
    assert!(html.contains("not seen to end (censored)"));
    assert!(html.contains("in 20 of 20 parts requests were due and none was answered"));
    // The curve and the rates; no part has a time.
    assert_eq!(figures(&html).len(), 2);
    assert!(html.contains(">≥</text>"), "the curve does not say that it is a lower bound");
    no_figure_that_is_none(&html);
}

fn no_figure_that_is_none(html: &str) {
    for wrong in ["NaN", ">inf", "-inf", "<td>0\u{a0}s<", "<td>0\u{a0}ms<", "<td>0\u{a0}µs<"] {
        let found = html.find(wrong).map(|at| html[..at].chars().rev().take(80).collect::<String>());
        assert_eq!(found, None, "{wrong}");
    }
}

#[test]
fn a_part_without_times_is_a_gap() {
    let mut gap = made_up::open();
    for part in &mut gap.sub_windows[8..12] {
        (part.replies, part.service_time_us_p50, part.response_time_us_max) = (0, None, None);
        (part.response_time_us_p50, part.response_time_us_p90) = (None, None);
    }
    let html = page(&gap);
    assert!(html.contains("in 4 of 20 parts requests were due and none was answered"));
    // Four times of four parts, in the tables of both figures; too few requests lie beyond the fifth in any part.
    let withheld = |html: &str| html.matches(">—<").count();
    assert_eq!(withheld(&html) - withheld(&page(&made_up::open())), 2 * 4 * 4);
}

#[test]
fn intervals_stand_where_the_record_has_them() {
    let mut measured = made_up::open();
    assert!(!page(&measured).contains("95\u{a0}% within"));
    measured.service_time_us.intervals = BTreeMap::from([
        ("p50".to_owned(), Margin { low: 1_900.0, high: Some(2_100.0) }),
        ("p99".to_owned(), Margin { low: 2_900.0, high: None }),
    ]);
    let html = page(&measured);
    assert!(html.contains("… 95\u{a0}% within") && html.contains("1.90\u{a0}ms–2.10\u{a0}ms"));
    assert!(html.contains(">≥ 2.90\u{a0}ms<"));
}

#[test]
fn hostile_text_is_shown_as_text() {
    let mut hostile = made_up::open();
    let text = "http://h/<script>alert(1)</script>'\"&\u{202E}x</style>";
    hostile.plan.url = text.into();
    hostile.plan.method = "<b>".into();
    hostile.plan.schedule = Some("<i>:\u{0}".into());
    hostile.certificate = made_up::certificate(CheckStatus::Fail);
    for check in &mut hostile.certificate.checks {
        (check.name, check.finding, check.unit) = (text.into(), text.into(), text.into());
        check.remedy = Some(text.into());
    }
    let html = page(&hostile);
    for forbidden in ["<script", "<b>", "<i>", "\u{202E}", "\u{0}"] {
        assert!(!html.contains(forbidden), "{forbidden:?}");
    }
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("&lt;script&gt;") && html.contains("\\u{202e}"));
}

#[test]
fn the_page_makes_no_request_and_runs_nothing() {
    // Places on this page and files that it holds are no requests.
    let html =
        page(&made_up::open()).replace(" href=\"#", " anchor=\"#").replace(" href=\"data:", " file=\"data:");
    assert!(html.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src"));
    // Nothing takes the keyboard's stops away where there is nothing to scroll, so there are none beside the browser's own.
    for forbidden in
        ["<script", "<link", "<img", "<iframe", " src=", " href=", "url(", "@import", " onload=", "tabindex"]
    {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn the_command_is_one_that_a_shell_can_be_given() {
    let html = page(&made_up::open());
    let command = "loadgen 'http://localhost:8080/wait?ms=1&amp;x=2' --connections 16 --rate 200/s --arrivals poisson --seed 7 --pool all \
                   --pacing spin --warm-up 1s --duration 10s --timeout 10s --grace 2s";
    assert!(html.contains(command), "{html}");
}

#[test]
fn an_altered_histogram_costs_its_curve_and_says_so() {
    let mut json = serde_json::to_value(made_up::open()).unwrap();
    json["histograms"]["service_time"]["crc32"] = 1.into();
    let altered: Measurement = serde_json::from_value(json).unwrap();
    let html = page(&altered);
    assert!(html.contains("No curve.") && html.contains("was altered"), "{html}");
    assert_eq!(figures(&html).len(), 2);
}

#[test]
fn a_histogram_of_another_run_costs_its_curve_and_says_so() {
    let mut other = made_up::open();
    let mut times = other.service_times().unwrap();
    times.record(std::time::Duration::from_secs(1));
    other.histograms = reports_record::Histograms::encode(&times, Some(&times));
    let html = page(&other);
    assert!(html.contains("No curve.") && html.contains("histogram of another measurement"), "{html}");
    assert_eq!(figures(&html).len(), 2);
}

fn report(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report")).args(arguments).output().unwrap()
}

fn write_json(path: &Path, measurement: &Measurement) {
    fs::write(path, serde_json::to_vec_pretty(measurement).unwrap()).unwrap();
}

#[test]
fn report_writes_the_page_beside_the_file_and_prints_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let [json, beside, elsewhere] = ["m.json", "m.html", "page.html"].map(|name| folder.path().join(name));
    write_json(&json, &made_up::open());
    let output = report(&[&json]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), beside.to_str().unwrap());
    assert_eq!(fs::read_to_string(&beside).unwrap(), page(&made_up::open()));
    let output = report(&[&json, Path::new("--output"), &elsewhere]);
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), elsewhere.to_str().unwrap());
    assert_eq!(fs::read(elsewhere).unwrap(), fs::read(beside).unwrap());
}

#[test]
fn what_is_no_measurement_is_refused_and_an_earlier_page_stays() {
    let folder = tempfile::tempdir().unwrap();
    let [json, html] = ["m.json", "m.html"].map(|name| folder.path().join(name));
    fs::write(&html, "earlier").unwrap();
    let whole = serde_json::to_vec(&made_up::open()).unwrap();
    let other = String::from_utf8(whole.clone()).unwrap().replacen(
        &format!("\"schema\":{}", reports_record::SCHEMA),
        "\"schema\":999",
        1,
    );
    let cases: [(&[u8], &str); 5] = [
        (b"", "is not a measurement"),
        (b"{\"kind\": \"trial\"}", "expected a file that loadgen --json wrote"),
        (&whole[..whole.len() / 2], "is cut off"),
        (other.as_bytes(), "has schema 999"),
        (b"\x00\xff\xfe", "is not a measurement"),
    ];
    for (text, expected) in cases {
        fs::write(&json, text).unwrap();
        let output = report(&[&json]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("report: cannot render ") && said.contains(expected), "{said}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(fs::read(&html).unwrap(), b"earlier");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "a refusal leaves nothing");
}

#[test]
fn a_page_never_takes_the_place_of_its_measurement() {
    let folder = tempfile::tempdir().unwrap();
    let named_html = folder.path().join("m.html");
    write_json(&named_html, &made_up::open());
    let before = fs::read(&named_html).unwrap();
    for arguments in [&[named_html.as_path()][..], &[&named_html, Path::new("--output"), &named_html]] {
        let output = report(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("is the measurement itself"), "{said}");
    }
    assert_eq!(fs::read(&named_html).unwrap(), before);
}

#[test]
fn what_only_a_run_has_is_refused_for_a_measurement() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("m.json");
    write_json(&json, &made_up::open());
    for flag in ["--map", "--csv", "--hgrm", "--hdr-log"] {
        let output = report(&[&json, Path::new(flag), &folder.path().join("out")]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(flag) && said.contains("expected a run's folder"), "{said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a refusal leaves nothing");
}

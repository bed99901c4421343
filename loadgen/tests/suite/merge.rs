//! `loadgen merge`: files in, a file out, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use reports_record::{Distribution, Measurement};

use super::server::{HELLO, Server};

fn loadgen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn read(path: &Path) -> Measurement {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Two measurements of one plan in a folder, of an open loop or a closed one.
fn two(folder: &Path, is_open: bool) -> [PathBuf; 2] {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let url = server.url("/").to_string();
    ["a.json", "b.json"].map(|name| {
        let path = folder.join(name);
        let seed = if name == "a.json" { "1" } else { "2" };
        let pace = ["--rate", "200/s", "--arrivals", "poisson", "--seed", seed];
        let arguments = [url.as_str(), "-c", "4", "-d", "600ms", "--json", text(&path)];
        let output = loadgen(&[&arguments[..], if is_open { &pace } else { &[] }].concat());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", stderr(&output));
        path
    })
}

fn times(measurement: &Measurement) -> Distribution {
    let histograms = &measurement.histograms;
    histograms.response_time().unwrap().unwrap_or_else(|| histograms.service_time().unwrap())
}

#[test]
fn the_sum_of_two_files_has_every_sample_of_both_in_either_loop() {
    for is_open in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let files = two(folder.path(), is_open);
        let [sum, table] = ["sum.json", "sum.hgrm"].map(|name| folder.path().join(name));
        let [a, b] = files.each_ref().map(|path| read(path));
        let output = loadgen(&[
            "merge",
            text(&files[0]),
            text(&files[1]),
            "--json",
            text(&sum),
            "--hgrm",
            text(&table),
        ]);
        let sum = read(&sum);
        let code = if sum.certificate.is_believable() { 0 } else { 3 };
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        let mut both = times(&a);
        both.merge(&times(&b));
        assert_eq!(times(&sum).merged(), both.merged());
        assert_eq!(sum.account.due, a.account.due + b.account.due);
        assert_eq!(sum.sent_in_all, a.sent_in_all + b.sent_in_all);
        assert_eq!(sum.certificate.verdict, a.certificate.verdict.max(b.certificate.verdict));
        let summary = String::from_utf8(output.stdout).unwrap();
        assert!(summary.contains("the sum of 2 measurements"), "{summary}");
        assert!(fs::read_to_string(table).unwrap().lines().count() > 10);
    }
}

#[test]
fn a_sum_goes_to_stdout_and_can_be_added_to() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = two(folder.path(), false);
    let output = loadgen(&["merge", text(&a), text(&b), "--json", "-"]);
    let sum: Measurement = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        sum.merged_from.iter().map(|part| part.file.as_str()).collect::<Vec<_>>(),
        [text(&a), text(&b)]
    );
    let path = folder.path().join("sum.json");
    fs::write(&path, &output.stdout).unwrap();
    let again = loadgen(&["merge", text(&path), text(&a)]);
    assert_eq!(again.status.code(), Some(2), "{}", stderr(&again));
    assert!(stderr(&again).contains("the same measurement as"), "{}", stderr(&again));
}

#[test]
fn damaged_and_foreign_files_are_refused_by_name_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = two(folder.path(), true);
    let whole = fs::read_to_string(&b).unwrap();
    let put = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let schema = |number: u32| {
        let now = format!("\"schema\": {}", reports_record::SCHEMA);
        whole.replacen(&now, &format!("\"schema\": {number}"), 1).into_bytes()
    };
    let cases = [
        (put("empty.json", b""), "is not a measurement"),
        (put("torn.json", &whole.as_bytes()[..whole.len() / 2]), "is cut off"),
        (put("other.json", b"{\"schema\": 2}"), "is not a measurement"),
        (put("list.json", b"[1, 2]"), "is not a measurement"),
        (put("newer.json", &schema(999)), "has schema 999"),
        (put("older.json", &schema(1)), "has schema 1"),
        (put("large.json", &vec![b' '; (16 << 20) + 1]), "more than 16777216 bytes"),
        (
            put("cut.json", whole.replacen("\"complete\": true", "\"complete\": false", 1).as_bytes()),
            "it was interrupted",
        ),
        (put("altered.json", whole.replacen("\"hdr\": \"H", "\"hdr\": \"G", 1).as_bytes()), "histogram"),
        (
            put("faster.json", whole.replacen("\"connections\": 4", "\"connections\": 5", 1).as_bytes()),
            "plan.connections is 5",
        ),
        (folder.path().join("missing.json"), "cannot read"),
        (folder.path().to_owned(), "cannot read"),
    ];
    let out = folder.path().join("sum.json");
    for (path, part) in cases {
        let output = loadgen(&["merge", text(&a), text(&path), "--json", text(&out)]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{}: {said}", path.display());
        assert!(said.contains(part) && said.contains(text(&path)), "{}: {said}", path.display());
        assert!(output.stdout.is_empty() && !out.exists(), "{}", path.display());
    }
}

#[test]
fn one_file_or_an_output_that_is_an_input_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = two(folder.path(), false);
    let before = fs::read(&b).unwrap();
    for arguments in
        [&["merge"][..], &["merge", text(&a)], &["merge", text(&a), text(&b), "--json", text(&b)]]
    {
        let output = loadgen(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    }
    assert_eq!(fs::read(&b).unwrap(), before);
}

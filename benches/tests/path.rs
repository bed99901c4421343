//! `crossover path`, as a user runs it: the control pair's own programs, a tiny load.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use benches::artifacts;
use reports_record::{Folder, REQUEST_PATH, RequestPath};
use servers_conformance::contenders::Contenders;
use tempfile::TempDir;

const CONTENDERS: &str = r#"
cargo_build = ["false"]

[[contender]]
name = "std-threads"
model = "sync"
role = "control"
stack = "std"
run = ["THREADS", "--listen", "{listen}"]

[[contender]]
name = "tokio-tasks"
model = "async"
role = "control"
stack = "tokio"
run = ["TASKS", "--listen", "{listen}"]
"#;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A project whose contenders are the control pair, built as this test is, and a copy of a published run.
fn project() -> TempDir {
    let project = tempfile::tempdir().unwrap();
    let contenders = Contenders::load(&repository().join("servers/contenders.toml")).unwrap();
    let built = artifacts::build_alike(&repository(), &contenders).unwrap();
    let program = |name| built.program(name).unwrap().to_str().unwrap().to_owned();
    let list = CONTENDERS
        .replace("THREADS", &program("server-std-threads"))
        .replace("TASKS", &program("server-tokio-tasks"));
    fs::create_dir(project.path().join("servers")).unwrap();
    fs::write(project.path().join("servers/contenders.toml"), list).unwrap();
    let published = repository().join("reports/published");
    let run = fs::read_dir(published).unwrap().next().unwrap().unwrap().path();
    fs::create_dir(project.path().join("run")).unwrap();
    for file in ["environment.json", "trials.jsonl.gz"] {
        fs::copy(run.join(file), project.path().join("run").join(file)).unwrap();
    }
    project
}

fn crossover(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crossover")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_path_through_both_controls_is_measured_kept_and_shown() {
    let project = project();
    let load = ["--wait=2ms", "--connections=4", "--rate=200/s", "--span=500ms", "--turns=1", "--anyway"];
    let output = crossover(project.path(), &[&["path", "run"], &load[..]].concat());
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stdout.lines().last(), Some("run/index.html"), "{stdout}");
    let folder = Folder::open(project.path().join("run"));
    let path: RequestPath = folder.beside(REQUEST_PATH).unwrap().unwrap();
    assert_eq!((path.wait_us, path.connections, path.rate_per_s), (2000.0, 4, 200.0));
    let names: Vec<&str> = path.contenders.iter().map(|one| one.contender.as_str()).collect();
    assert_eq!(names, ["std-threads", "tokio-tasks"]);
    for one in &path.contenders {
        let stages = one.typical;
        assert!(one.requests > 50 && stages.requests >= one.requests / 2, "{one:?}");
        // A wait never ends early, and no stage takes no time at all.
        assert!(stages.in_order().iter().all(|stage| *stage > 0.0), "{one:?}");
        assert!(one.without_probes.cpu_us > 0.0 && one.with_probes.cpu_us > 0.0, "{one:?}");
    }
    let page = fs::read_to_string(project.path().join("run/index.html")).unwrap();
    assert!(
        page.contains("id=\"path\"") && page.contains("The path of a request, 2"),
        "the page does not show it"
    );
    assert!(stdout.contains("With probes: std-threads "), "{stdout}");
}

#[test]
fn a_folder_that_is_no_run_is_refused_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let output = crossover(folder.path(), &["path", "nothing"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("nothing holds no run") && !stderr.contains("building"), "{stderr}");
}

//! `crossover` as a user meets it before anything is measured: what it lists, and what it refuses.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::tempdir;

/// Exit code, stdout and stderr of `crossover` with these arguments in `folder`.
fn crossover(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_crossover")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What it says when it refuses these arguments in `folder`.
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = crossover(folder, arguments);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    stderr
}

#[test]
fn the_experiments_there_are_get_listed_with_their_time() {
    let folder = tempdir().unwrap();
    let (code, stdout, stderr) = crossover(folder.path(), &["list"]);
    assert_eq!(code, Some(0), "{stderr}");
    for name in
        ["quick", "grid", "nagle", "smoke", "aa", "herd", "sensitivity", "soaked", "spinning", "upstream"]
    {
        let line = stdout.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line.contains("about ") && line.contains('?'), "{line}");
    }
}

#[test]
fn quick_lists_its_eleven_cells() {
    let folder = tempdir().unwrap();
    let (code, stdout, stderr) = crossover(folder.path(), &["list", "quick"]);
    assert_eq!(code, Some(0), "{stderr}");
    let cells: Vec<_> = stdout
        .lines()
        .skip_while(|&line| line != "cells")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(cells.len(), 11, "{stdout}");
    assert!(cells.iter().all(|cell| cell.contains("connections")), "{stdout}");
}

#[test]
fn a_load_generators_flag_gets_the_advice_to_write_an_experiment() {
    let folder = tempdir().unwrap();
    let said = refusal(folder.path(), &["run", "quick", "--rate", "3"]);
    assert!(
        said.contains("'--rate'") && said.contains("quick.toml") && !said.contains("-- --rate"),
        "{said}"
    );
    // A slip of a flag there is still gets that flag.
    let said = refusal(folder.path(), &["run", "--run", "x"]);
    assert!(said.contains("'--runs'"), "{said}");
}

#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_crossover")).arg("list").stdout(writer).status();
    assert_eq!(status.unwrap().code(), Some(0));
}

#[test]
fn what_is_said_may_be_lost_and_what_is_printed_may_not() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let crossover = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossover"));
        command.args(arguments).stdout(Stdio::null());
        command
    };
    for stderr in [Stdio::from(full()), Stdio::from(closed)] {
        assert_eq!(crossover(&["check", "quikc", "quick"]).stderr(stderr).status().unwrap().code(), Some(2));
    }
    for arguments in [&["list"][..], &["check", "quick"]] {
        let output = crossover(arguments).stdout(full()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("cannot write to stdout"), "{arguments:?}: {said}");
    }
}

#[test]
fn an_unknown_experiment_is_refused_with_the_names_there_are() {
    let folder = tempdir().unwrap();
    for command in ["list", "run"] {
        let stderr = refusal(folder.path(), &[command, "quikc"]);
        assert!(stderr.contains("no experiment \"quikc\""), "{stderr}");
        assert!(stderr.contains("quick, grid, nagle, smoke") && stderr.contains(".toml"), "{stderr}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_file_and_line() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), "question = \"?\"\nblokcs = 8\n").unwrap();
    for command in ["list", "run"] {
        let stderr = refusal(folder.path(), &[command, "mine.toml"]);
        for part in ["mine.toml", "line 2", "blokcs"] {
            assert!(stderr.contains(part), "{part}: {stderr}");
        }
    }
}

#[test]
fn an_experiment_file_that_is_not_there_is_named() {
    let folder = tempdir().unwrap();
    let stderr = refusal(folder.path(), &["list", "absent.toml"]);
    assert!(stderr.contains("cannot read experiment absent.toml"), "{stderr}");
}

#[test]
fn outside_the_project_it_says_where_it_looked() {
    let folder = tempdir().unwrap();
    for arguments in [&["run", "smoke"][..], &["verify"]] {
        let stderr = refusal(folder.path(), arguments);
        assert!(stderr.contains("no servers/contenders.toml in "), "{stderr}");
        assert!(stderr.contains("run this inside the project"), "{stderr}");
    }
}

#[test]
fn a_folder_that_is_no_run_cannot_be_resumed() {
    let folder = tempdir().unwrap();
    let stderr = refusal(folder.path(), &["resume", "."]);
    assert!(stderr.contains(". holds no run: expected a folder with environment.json"), "{stderr}");
    fs::write(folder.path().join("environment.json"), "{}").unwrap();
    let stderr = refusal(folder.path(), &["resume", "."]);
    assert!(stderr.contains("./environment.json is not a run's record"), "{stderr}");
    assert!(!folder.path().join("trials.jsonl").exists());
}

#[test]
fn a_contender_and_an_address_are_not_verified_at_once() {
    let folder = tempdir().unwrap();
    let stderr = refusal(folder.path(), &["verify", "tiny-http", "--address", "127.0.0.1:1"]);
    assert!(stderr.contains("cannot be used with"), "{stderr}");
}

#[test]
fn the_doctor_says_what_it_found_and_ends_accordingly() {
    let folder = tempdir().unwrap();
    let (code, stdout, stderr) = crossover(folder.path(), &["doctor", "--quick"]);
    for name in ["CPUs", "CPU quota", "clock", "descriptors", "disk", "kernel"] {
        let found = stdout.lines().find_map(|line| line.get(7..)?.strip_prefix(name));
        assert!(found.is_some_and(|found| !found.trim().is_empty()), "{name}: {stdout}");
    }
    let unfit = stdout.lines().any(|line| line.starts_with("UNFIT"));
    assert_eq!(code, Some(i32::from(unfit)), "{stdout}{stderr}");
    assert!(
        stdout.trim_end().lines().last().unwrap().starts_with(if unfit { "unfit" } else { "fit" }),
        "{stdout}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "looking left something behind");
}

#[test]
fn on_one_cpu_the_doctor_says_unfit_why_and_what_to_do() {
    let folder = tempdir().unwrap();
    let cpu = benches::cpus::allowed().unwrap()[0].to_string();
    // The supervisor binds what it starts; its leash must stay open meanwhile.
    let mut supervised = Command::new(env!("CARGO_BIN_EXE_crossover"));
    supervised.args(["supervise", "--cpus", &cpu, "--", env!("CARGO_BIN_EXE_crossover"), "doctor"]);
    let child = supervised
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let leash = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(leash);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains(&format!("UNFIT  CPUs             1 allowed ({cpu})")), "{stdout}");
    assert!(stdout.contains("allow two CPUs or more") && stdout.contains("client's own work"), "{stdout}");
}

#[test]
fn a_doctor_who_is_interrupted_ends_at_once() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crossover"))
        .args(["doctor", "--quick"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("watching"), "{line}");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(130), &b""[..]));
}

#[test]
fn the_doctor_refuses_a_span_that_has_no_effect_or_no_sense() {
    let folder = tempdir().unwrap();
    assert!(refusal(folder.path(), &["doctor", "--quick", "--span", "1m"]).contains("cannot be used with"));
    for span in ["0s", "2h", "soon"] {
        assert!(refusal(folder.path(), &["doctor", "--span", span]).contains("1s to 1h"), "{span}");
    }
}

/// A file that is right in itself; each test changes one line of it.
const EXPERIMENT: &str = r#"question = "?"
blocks = 2
seed = 1
contender_cpus = 1
phases.closed = { warm_up = "0s", duration = "100ms" }
phases.open = { warm_up = "0s", duration = "100ms" }
phases.calibration = { warm_up = "0s", duration = "100ms" }
phases.open_load = 0.5
phases.timeout = "1s"
phases.grace = "1s"
duplicate = { of = "tokio-tasks", name = "again" }

[[pair]]
role = "control"
sync = "std-threads"
async = "tokio-tasks"

[[workload]]
endpoint = "wait"
wait_ms = [1, 2]
connections = [1, 2]
"#;

/// The project, whose list of contenders counts.
fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn a_file_that_would_run_is_described() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    fs::write(&path, EXPERIMENT).unwrap();
    let (code, stdout, stderr) = crossover(project(), &["check", path.to_str().unwrap(), "quick"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("4 cells with 12 contenders in all, in 2 blocks: 24 trials, about "), "{stdout}");
    assert!(stdout.contains("wait=10ms/c=512"), "{stdout}");
}

#[test]
fn every_mistake_is_refused_with_file_and_line_by_check_and_run_alike() {
    let thousand = format!("wait_ms = {:?}\nrounds = {0:?}", (0..1000).collect::<Vec<_>>());
    let long_name = format!("name = \"{}\"", "x".repeat(100_000));
    let long_question = format!("question = \"{}\"", "?".repeat(2_000));
    let billion = format!("{thousand}\nbytes = {:?}", (0..1000).collect::<Vec<_>>());
    for (from, to, line, says) in [
        ("blocks = 2", "blokcs = 2", 2, "unknown field `blokcs`"),
        ("seed = 1", "seed = 1\nseed = 2", 4, "duplicate key"),
        ("blocks = 2", "blocks = \"many\"", 2, "invalid type"),
        ("blocks = 2", "blocks = 3", 2, "even"),
        ("blocks = 2", "blocks = 4000000000", 2, "1 to 1000"),
        ("contender_cpus = 1", "contender_cpus = 0", 4, "at least 1"),
        (
            "0s\", duration = \"100ms\" }\nphases.open ",
            "0s\", duration = \"10ms\" }\nphases.open ",
            5,
            "100ms to",
        ),
        ("phases.timeout = \"1s\"", "phases.timeout = \"a while\"", 9, "is not a duration"),
        ("phases.open_load = 0.5", "phases.open_load = nan", 8, "above 0 and at most 1"),
        ("name = \"again\"", "name = \"../x\"", 11, "contender \"../x\""),
        ("name = \"again\"", "name = \"tokio-tasks\"", 11, "named twice"),
        ("name = \"again\"", "name = \"tiny-http\"", 11, "another contender's"),
        ("of = \"tokio-tasks\"", "of = \"actix-web\"", 11, "in no [[pair]]"),
        ("sync = \"std-threads\"", "sync = \"std-treads\"", 15, "no contender \"std-treads\""),
        ("sync = \"std-threads\"", "sync = \"actix-web\"", 15, "stands on the sync side"),
        ("wait_ms = [1, 2]\n", "", 18, "wait_ms must list at least one"),
        ("connections = [1, 2]", "connections = []", 18, "connections must list at least one"),
        ("connections = [1, 2]", "connections = [1, 1]", 18, "occurs twice"),
        ("connections = [1, 2]", "connections = [0]", 18, "connections must be 1 to"),
        ("wait_ms = [1, 2]", "wait_ms = [-1]", 18, "no contender would answer it"),
        ("wait_ms = [1, 2]", billion.as_str(), 18, "2000000000 cells"),
        ("wait_ms = [1, 2]", "wait_ms = [1, 5000]", 18, "wait of 5000 ms is not below phases.timeout, 1s"),
        ("grace = \"1s\"", "grace = \"1s\"\nphases.closed = 1", 11, "duplicate key"),
        ("connections = [1", "flags = [\"--turbo\"]\nconnections = [1", 18, "knows no flag \"--turbo\""),
        ("connections = [1", "flags = [\"--nodelay=maybe\"]\nconnections = [1", 18, "expected true or false"),
        (
            "connections = [1",
            "flags = [\"--workers=1\"]\nconnections = [1",
            18,
            "\"std-threads\" would not start",
        ),
        ("name = \"again\"", long_name.as_str(), 11, "at most 60 letters"),
        ("question = \"?\"", long_question.as_str(), 1, "question of 2000 characters; expected at most 1000"),
    ] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        assert!(EXPERIMENT.contains(from), "{from}");
        fs::write(&path, EXPERIMENT.replacen(from, to, 1)).unwrap();
        let path = path.to_str().unwrap();
        let checked = refusal(project(), &["check", path]);
        assert!(checked.contains("mine.toml"), "{from} → {to}: {checked}");
        let has_line = checked.lines().any(|text| {
            text.split_once("line ").is_some_and(|(_, rest)| {
                rest.split(|c: char| !c.is_ascii_digit()).next() == Some(line.to_string().as_str())
            })
        });
        assert!(has_line && checked.contains(says), "line {line}, {says:?}: {checked}");
        assert_eq!(refusal(project(), &["run", path]), checked);
    }
}

#[test]
fn all_problems_of_all_files_are_shown_at_once() {
    let folder = tempdir().unwrap();
    let text = EXPERIMENT.replace("blocks = 2", "blocks = 3").replace("std-threads", "std-treads");
    fs::write(folder.path().join("one.toml"), text).unwrap();
    fs::write(folder.path().join("two.toml"), "question = 1").unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let stderr = refusal(project(), &["check", &path("one.toml"), &path("two.toml")]);
    for part in ["2 problems", "line 2: blocks must be even", "line 15: no contender", "two.toml"] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read_whole() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("huge.toml"), "# padding\n".repeat(200_000)).unwrap();
    let stderr = refusal(folder.path(), &["check", "huge.toml"]);
    assert!(stderr.contains("line 104858: the file is larger than 1048576 bytes"), "{stderr}");
    fs::write(folder.path().join("binary.toml"), b"a = 1\nb = '\xff\xfe'").unwrap();
    let stderr = refusal(folder.path(), &["check", "binary.toml"]);
    assert!(stderr.contains("line 2: it is not text in UTF-8"), "{stderr}");
}

#[test]
fn a_pipe_in_the_place_of_an_experiment_is_refused_and_not_waited_for() {
    let folder = tempdir().unwrap();
    let pipe = folder.path().join("pipe.toml");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for command in ["check", "run", "list"] {
        let stderr = refusal(folder.path(), &[command, "pipe.toml"]);
        assert!(stderr.contains("expected a regular file"), "{stderr}");
    }
}

#[test]
fn what_the_whole_file_lacks_is_on_no_line() {
    let folder = tempdir().unwrap();
    let (pair, workload) = (EXPERIMENT.find("[[pair]]").unwrap(), EXPERIMENT.find("[[workload]]").unwrap());
    for (text, says) in [
        (format!("{}{}", &EXPERIMENT[..pair], &EXPERIMENT[workload..]), "at least one [[pair]] is needed"),
        (EXPERIMENT[..workload].to_owned(), "at least one [[workload]] is needed"),
        (EXPERIMENT.replace("seed = 1\n", ""), "missing field `seed`"),
    ] {
        fs::write(folder.path().join("mine.toml"), text).unwrap();
        let stderr = refusal(folder.path(), &["check", "mine.toml"]);
        assert!(stderr.contains(says) && !stderr.contains("line 1:"), "{stderr}");
    }
}

#[test]
fn what_a_file_says_is_shown_escaped_and_cut() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let escape = r"\u001b[2J\u0007\u202e";
    for (from, to) in [
        ("question = \"?\"", format!("question = \"{escape}?\"")),
        ("seed = 1", format!("seed = 1\n\"{escape}\" = 1")),
        ("sync = \"std-threads\"", format!("sync = \"{escape}\"")),
        ("endpoint = \"wait\"", format!("endpoint = \"{escape}\"")),
        ("connections", format!("flags = [\"--a={escape}\"]\nconnections")),
        ("seed = 1", format!("seed = 1\n{} = 1", "x".repeat(100_000))),
        ("seed = 1", format!("seed = \"{}\"", "x".repeat(100_000))),
        ("seed = 1", format!("seed = {}", "[".repeat(100_000))),
    ] {
        fs::write(&path, EXPERIMENT.replacen(from, &to, 1)).unwrap();
        let (_, stdout, stderr) = crossover(folder.path(), &["check", "mine.toml"]);
        let is_harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!stdout.contains(is_harmful) && !stderr.contains(is_harmful), "{from}: {stdout:?}{stderr:?}");
        assert!(
            (1..3_000).contains(&(stdout.len() + stderr.len())),
            "{from}: {}",
            stdout.len() + stderr.len()
        );
    }
}

#[test]
fn what_this_machine_cannot_run_is_told_apart_from_what_is_wrong_with_the_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let limited = |command: &str| {
        let script = format!("ulimit -n 500 && exec \"$0\" {command} \"$1\"");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_crossover"), path.to_str().unwrap()])
            .current_dir(project())
            .output()
            .unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
        String::from_utf8(output.stderr).unwrap()
    };
    for (from, to, says) in [
        ("contender_cpus = 1", "contender_cpus = 4000", "the contender asks for 4000 CPUs"),
        ("connections = [1, 2]", "connections = [1, 1000]", "1000 connections and 64 descriptors"),
    ] {
        fs::write(&path, EXPERIMENT.replacen(from, to, 1)).unwrap();
        let checked = limited("check");
        assert!(checked.contains("the file is right, but this machine cannot run it"), "{checked}");
        assert!(checked.contains(says), "{checked}");
        assert_eq!(limited("run"), checked);
    }
}

#[test]
fn outside_the_project_check_says_what_it_does_not_check() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), EXPERIMENT.replace("std-threads", "unheard-of")).unwrap();
    let (code, stdout, stderr) = crossover(folder.path(), &["check", "mine.toml"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("unheard-of") && stderr.contains("is not checked"), "{stdout}{stderr}");
}

#[test]
fn an_address_at_which_nobody_listens_is_told_once() {
    let folder = tempdir().unwrap();
    // Port 1 needs rights that no test server has, and nobody listens there by default.
    let address = "127.0.0.1:1";
    let stderr = refusal(folder.path(), &["verify", "--address", address]);
    assert!(stderr.contains(&format!("cannot connect to {address}, expected a server there")), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn the_help_names_every_exit_code() {
    let folder = tempdir().unwrap();
    let (code, stdout, _) = crossover(folder.path(), &["--help"]);
    assert_eq!(code, Some(0));
    let text = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "0 every trial was measured",
        "1 some could not be",
        "2 could not start",
        "3 all were measured",
        "129, 130 or 143",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, stdout, _) = crossover(folder.path(), &["verify", "--help"]);
    assert!(stdout.contains("1 a case fails"), "{stdout}");
}

//! What may be resumed, what may not, and by whom.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reports_record::{Beginning, Ending, Folder, Line};

use crate::deadline::wait_until;
use crate::project::{Ended, Project, STARTS_BEFORE_TRIALS, end, is_complete, trials};
use crate::server::serve;

/// A project with a run that is complete.
fn complete() -> (Project, PathBuf) {
    let project = Project::working(serve());
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert!(is_complete(code), "{stderr}");
    let run = project.run_folder().unwrap();
    (project, run)
}

fn log(run: &Path) -> Vec<u8> {
    fs::read(run.join("trials.jsonl")).unwrap()
}

#[test]
fn a_complete_run_is_not_measured_again() {
    let (project, run) = complete();
    let (before, started) = (log(&run), project.pids().len());
    let Ended { code, stdout, stderr } = project.resume(&run);
    assert!(is_complete(code), "{stderr}");
    assert!(stderr.contains("complete already"), "{stderr}");
    assert_eq!(stdout.trim_end(), run.join("index.html").display().to_string());
    assert_eq!(log(&run), before);
    assert_eq!(project.pids().len(), started, "a contender was started");
}

#[test]
fn a_page_that_was_lost_is_written_again() {
    let (project, run) = complete();
    fs::remove_file(run.join("index.html")).unwrap();
    assert!(is_complete(project.resume(&run).code));
    assert!(run.join("index.html").is_file());
}

#[test]
fn a_run_is_in_the_index_beside_it_and_a_file_that_is_no_index_is_left_alone() {
    let (project, run) = complete();
    let index = run.with_file_name("index.html");
    let name = run.file_name().unwrap().to_str().unwrap();
    assert!(fs::read_to_string(&index).unwrap().contains(name), "{name} is not in the index");
    fs::write(&index, "a page of one's own").unwrap();
    let Ended { code, stderr, .. } = project.resume(&run);
    assert!(is_complete(code), "{stderr}");
    assert!(stderr.contains("is no index of runs, so it was left alone"), "{stderr}");
    assert_eq!(fs::read_to_string(&index).unwrap(), "a page of one's own");
}

#[test]
fn another_program_is_refused_by_name() {
    let (project, run) = interrupted();
    let before = log(&run);
    let script = project.path("contender.sh");
    fs::write(&script, fs::read_to_string(&script).unwrap() + "# changed\n").unwrap();
    let Ended { code, stderr, .. } = project.resume(&run);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("is another program than this run began with"), "{stderr}");
    assert!(stderr.contains("begin a new run"), "{stderr}");
    assert_eq!(log(&run), before);
    project.wait_until_nothing_is_left();
}

/// What `resume` says when it refuses to go on under other conditions; nothing is measured.
fn refused(project: &Project, run: &Path, resume: &mut Command) -> String {
    let before = log(run);
    let Ended { code, stderr, .. } = end(resume);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("began under other conditions") && stderr.contains("begin a new run"),
        "{stderr}"
    );
    assert!(log(run) == before, "something was measured");
    project.wait_until_nothing_is_left();
    stderr
}

#[test]
fn a_run_goes_on_only_under_the_conditions_that_it_began_with() {
    let (project, run) = interrupted();
    let resume = || project.crossover(&["resume", run.to_str().unwrap()]);

    // Another command of a contender.
    let list = project.path("servers/contenders.toml");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replacen("\"{listen}\"", "\"{listen}\", \"--changed\"", 1)).unwrap();
    let said = refused(&project, &run, &mut resume());
    assert!(said.contains("command of contender blocking") && said.contains("--changed now"), "{said}");
    fs::write(&list, text).unwrap();

    // Another split of the CPUs: client and contender on the last one.
    let last = benches::cpus::allowed().unwrap().last().unwrap().to_string();
    let own = env!("CARGO_BIN_EXE_crossover");
    let mut bound = project.crossover(&[
        "supervise",
        "--cpus",
        &last,
        "--",
        own,
        "resume",
        run.to_str().unwrap(),
        "--anyway",
    ]);
    let (leash, _held) = std::io::pipe().unwrap();
    let said = refused(&project, &run, bound.stdin(leash));
    assert!(
        said.contains(&format!(
            "CPUs of the client: {} then, {last} now",
            benches::cpus::allowed().unwrap()[0]
        )),
        "{said}"
    );

    // Another runner: the same program with a byte more is another file.
    let other = project.path("other-crossover");
    fs::copy(own, &other).unwrap();
    fs::OpenOptions::new().append(true).open(&other).unwrap().write_all(b"x").unwrap();
    let mut by_other = Command::new(&other);
    by_other.args(["resume", run.to_str().unwrap(), "--anyway"]).current_dir(project.path(""));
    let said = refused(&project, &run, &mut by_other);
    assert!(said.contains("the runner itself"), "{said}");

    // Another commit: the project becomes a checkout.
    for arguments in [
        &["init", "-q"][..],
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one"],
    ] {
        assert!(
            Command::new("git").arg("-C").arg(project.path("")).args(arguments).status().unwrap().success()
        );
    }
    let said = refused(&project, &run, &mut resume());
    assert!(said.contains("commit: unknown then, "), "{said}");
    fs::remove_dir_all(project.path(".git")).unwrap();

    // As it was, it goes on.
    let Ended { code, stderr, .. } = end(&mut resume());
    assert!(is_complete(code), "{stderr}");
}

#[test]
fn a_run_that_lost_its_log_is_neither_begun_anew_nor_drawn_without_trials() {
    let (project, run) = complete();
    let page = fs::read(run.join("index.html")).unwrap();
    fs::remove_file(run.join("trials.jsonl")).unwrap();
    let started = project.pids().len();
    let Ended { code, stderr, .. } = project.resume(&run);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("trials.jsonl is missing"), "{stderr}");
    assert!(!run.join("trials.jsonl").exists() && fs::read(run.join("index.html")).unwrap() == page);
    assert_eq!(project.pids().len(), started, "a contender was started");
}

#[test]
fn a_changed_experiment_file_changes_nothing_for_a_run_that_began() {
    let (project, run) = interrupted();
    let project = project.edit("wait_ms = [0]", "wait_ms = [0, 1]");
    let Ended { code, stderr, .. } = project.resume(&run);
    assert!(is_complete(code), "{stderr}");
    assert!(trials(&run).iter().all(|trial| trial.cell == "wait=0ms/c=1"));
}

#[test]
fn a_folder_that_is_missing_or_foreign_is_refused_and_left_alone() {
    let project = Project::working(serve());
    for folder in ["absent", "servers"] {
        let Ended { code, stderr, .. } = project.resume(&project.path(folder));
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("holds no run: expected a folder with environment.json"), "{stderr}");
    }
    assert!(!project.path("absent").exists());
    assert!(!project.path("servers/trials.jsonl").exists());
    assert!(project.pids().is_empty());
}

#[test]
fn a_second_runner_is_refused_before_it_starts_anything_and_the_first_goes_on() {
    // The first trial's contender waits until the test has looked.
    let project = Project::with_fault(
        serve(),
        STARTS_BEFORE_TRIALS + 1,
        "while ! [ -e $PIDS.go ]; do sleep 0.01; done",
    );
    let mut first = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let starts = || fs::read_to_string(project.path("pids.starts")).unwrap_or_default().lines().count();
    wait_until(|| starts() == STARTS_BEFORE_TRIALS + 1, "the first runner did not come to its first trial");
    let run = project.run_folder().unwrap();
    let before = log(&run);
    let Ended { code, stderr, .. } = project.resume(&run);
    let (after, started) = (log(&run), starts());
    fs::write(project.path("pids.go"), "").unwrap();
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("another run writes"), "{stderr}");
    assert_eq!((after, started), (before, STARTS_BEFORE_TRIALS + 1));
    assert!(is_complete(first.wait().unwrap().code()));
    let (lines, skipped) = Folder::open(&run).lines().unwrap();
    assert!(skipped.is_empty() && !lines.is_empty(), "{skipped:?}");
    project.wait_until_nothing_is_left();
}

/// Its first session has used up the budget: what is on record is kept, and nothing more is begun.
#[test]
fn a_run_that_goes_on_keeps_the_budget_that_it_began_with() {
    let second_block = STARTS_BEFORE_TRIALS + 3 + 1;
    let project =
        Project::with_fault(serve(), second_block, "touch $PIDS.second; sleep 60 & echo $! >>$PIDS; wait")
            .blocks(4);
    let mut runner = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| project.path("pids.second").exists(), "the runner came to no second block");
    runner.kill().unwrap();
    runner.wait().unwrap();
    project.wait_until_nothing_is_left();
    let run = project.run_folder().unwrap();
    let made = trials(&run).len();
    let beginning = Beginning {
        began_at: "2026-01-02T03:04:05Z".into(),
        runner_sha256: String::new(),
        budget_s: Some(0.0),
    };
    Folder::open(&run).append().unwrap().push(&Line::Beginning(beginning)).unwrap();

    let Ended { code, stderr, .. } = project.resume(&run);
    assert!(is_complete(code), "{stderr}");
    assert!(stderr.contains("before its first look after 4: nothing is judged"), "{stderr}");
    assert_eq!(trials(&run).len(), made, "{stderr}");
    let (lines, _) = Folder::open(&run).lines().unwrap();
    let looks: Vec<_> =
        lines.iter().filter_map(|line| if let Line::Look(look) = line { Some(look) } else { None }).collect();
    assert!(matches!(looks[..], [look] if look.after <= 1 && look.stopped.len() == 2), "{looks:?}");
    assert!(is_complete(project.resume(&run).code), "it is not over");
}

/// A project with a run that a kill ended at its first trial.
fn interrupted() -> (Project, PathBuf) {
    let project = Project::with_fault(serve(), STARTS_BEFORE_TRIALS + 1, "sleep 60 & echo $! >>$PIDS; wait");
    let mut runner = project.runner().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Three to read settings, two to calibrate, each with its child; the sixth is the one that waits.
    wait_until(|| project.pids().len() == 2 * (STARTS_BEFORE_TRIALS + 1), "the runner came to no trial");
    runner.kill().unwrap();
    runner.wait().unwrap();
    project.wait_until_nothing_is_left();
    let run = project.run_folder().unwrap();
    assert!(trials(&run).is_empty());
    (project, run)
}

#[test]
fn a_terminal_that_is_gone_ends_a_run_in_order_with_its_page() {
    // The first trial's contender gets ready, and is measured until the signal comes.
    let project = Project::with_fault(serve(), STARTS_BEFORE_TRIALS + 1, "touch $PIDS.measured").edit(
        "closed = { warm_up = \"1ms\", duration = \"100ms\" }",
        "closed = { warm_up = \"1ms\", duration = \"60s\" }",
    );
    let runner = project.runner().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| project.path("pids.measured").exists(), "the runner came to no trial");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(runner.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGHUP).unwrap();
    let output = runner.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(129), "{stderr}");
    assert!(stderr.contains("interrupted with 3 trials to go; `cargo crossover resume kept/"), "{stderr}");
    let run = project.run_folder().unwrap();
    assert!(run.join("index.html").is_file());
    let (lines, _) = Folder::open(&run).lines().unwrap();
    assert!(matches!(lines.last(), Some(Line::Ending(Ending { complete: false, .. }))), "{lines:?}");
    project.wait_until_nothing_is_left();
}

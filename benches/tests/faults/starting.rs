//! Contenders that fail before anything is measured: a clear message, the right exit code, and nothing left running.

use std::fs;
use std::process::Stdio;

use servers_contract::{Model, Ready};

use crate::deadline::{wait_until, wait_until_gone};
use crate::project::{Ended, Project, end};
use crate::server::{Servers, serve, serve_health_only, serve_healths_only};

#[test]
fn one_that_is_never_ready_is_given_up_and_killed_with_its_children() {
    let project = Project::new("sleep 60 & echo $$ $! >>$PIDS; echo 'still waiting' >&2; wait");
    let stderr = project.failure();
    assert!(stderr.contains("contender awaiting: "), "{stderr}");
    assert!(stderr.contains("not ready within 5s"), "{stderr}");
    assert!(stderr.contains("still waiting"), "{stderr}");
    assert_eq!(project.pids().len(), 2);
}

#[test]
fn one_that_ends_before_it_is_ready_is_told_with_its_code_and_last_words() {
    let stderr = Project::new("echo $$ >>$PIDS; echo 'address in use' >&2; exit 3").failure();
    assert!(stderr.contains("ended before it was ready (exit status: 3)"), "{stderr}");
    assert!(stderr.contains("address in use"), "{stderr}");
}

#[test]
fn one_that_leaves_a_child_behind_instead_of_getting_ready_does_not_hang_the_run() {
    let stderr = Project::new("sleep 60 & echo $! >>$PIDS; exit 0").failure();
    assert!(stderr.contains("left processes behind"), "{stderr}");
}

#[test]
fn a_first_line_that_is_no_ready_line_is_shown() {
    let stderr = Project::new("echo $$ >>$PIDS; echo 'listening on 80'; exec sleep 60").failure();
    assert!(stderr.contains("its first line on stdout is not a ready line"), "{stderr}");
    assert!(stderr.contains("listening on 80"), "{stderr}");
}

#[test]
fn somebody_else_at_its_address_is_not_taken_for_the_contender() {
    let address = serve_health_only("awaiting", Model::Async);
    let ready = Ready { contender: "awaiting".into(), address, nonce: "ours".into(), pid: 1 };
    let ready = serde_json::to_string(&ready).unwrap();
    let stderr = Project::new(&format!("echo $$ >>$PIDS; echo '{ready}'; exec sleep 60")).failure();
    assert!(stderr.contains(&format!("somebody else answers at {address}")), "{stderr}");
    assert!(stderr.contains("\"theirs\"") && stderr.contains("\"ours\""), "{stderr}");
}

#[test]
fn a_program_under_another_contender_s_entry_is_not_measured() {
    let Servers { awaiting, .. } = serve();
    let ready = Servers { blocking: awaiting, awaiting }.ready();
    let project = Project::new(&format!(
        "echo $$ >>$PIDS; {ready}; sleep 60 & echo $! >>$PIDS; trap 'kill $!; wait $!; exit 0' TERM; echo \"$READY\"; wait"
    ));
    let stderr = project.failure();
    assert!(stderr.contains("contender blocking: "), "{stderr}");
    assert!(
        stderr.contains("says that it is \"awaiting\" (Async), expected \"blocking\" (Sync)"),
        "{stderr}"
    );
}

#[test]
fn one_that_answers_wrongly_has_a_failed_line_for_every_trial() {
    let ready = serve_healths_only().ready();
    let project = Project::new(&format!(
        "{ready}; sleep 60 & echo $$ $! >>$PIDS; trap 'kill $!; wait $!; exit 0' TERM; echo \"$READY\"; wait"
    ));
    let Ended { code, stdout, stderr } = end(&mut project.runner());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("3 trials failed"), "{stderr}");
    let page = fs::read_to_string(project.path(stdout.trim_end())).unwrap();
    assert!(page.contains("No answer"), "{page}");
    let folder = project.path(stdout.trim_end()).parent().unwrap().to_owned();
    let lines = fs::read_to_string(folder.join("trials.jsonl")).unwrap();
    assert_eq!(lines.matches(r#""stage":"calibrate""#).count(), 3, "{lines}");
    project.wait_until_nothing_is_left();
}

#[test]
fn a_contender_does_not_outlive_a_runner_that_is_killed() {
    let project = Project::new("trap '' TERM HUP; sleep 60 & echo $$ $! >>$PIDS; wait");
    let mut runner = project.runner().stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| !project.pids().is_empty(), "no contender was started");
    runner.kill().unwrap();
    runner.wait().unwrap();
    let pids = project.pids();
    assert_eq!(pids.len(), 2);
    pids.iter().for_each(|pid| wait_until_gone(pid));
}

#[test]
fn on_one_cpu_a_run_says_what_that_does_to_it_and_goes_on() {
    let project = Project::working(serve());
    let cpu = benches::cpus::allowed().unwrap()[0].to_string();
    // The supervisor binds what it starts; its leash must stay open meanwhile.
    let own = env!("CARGO_BIN_EXE_crossover");
    let arguments =
        ["supervise", "--cpus", &cpu, "--", own, "run", "failing.toml", "--runs", "kept", "--anyway"];
    let mut supervised = project.crossover(&arguments);
    let mut child =
        supervised.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let leash = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(leash);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(&format!("only CPU {cpu} may be used")), "{stderr}");
    assert!(stderr.contains("allow two CPUs") && stderr.contains("crossover doctor"), "{stderr}");
    assert!(project.run_folder().unwrap().join("index.html").is_file(), "{stderr}");
}

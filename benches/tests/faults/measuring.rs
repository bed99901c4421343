//! Contenders that fail amid a run: their trial gets a line with the reason, the rest goes on, the exit code is 1.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use reports_record::{CostSource, Stage, TrialOutcome};
use servers_contract::Model;

use crate::project::{Ended, Project, STARTS_BEFORE_TRIALS, end, is_complete, only_failure, trials};
use crate::server::{NONCE, serve, serve_apart, serve_half_wrong, serve_health_only};

/// The start that is a run's first trial.
const FIRST_TRIAL: usize = STARTS_BEFORE_TRIALS + 1;

/// Stage and reason of a run's only failed trial, its first, whose contender ran `fault`; the others were measured.
fn failed_by(fault: &str) -> (Stage, String) {
    let project = Project::with_fault(serve(), FIRST_TRIAL, fault);
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("1 trial failed"), "{stderr}");
    let run = project.run_folder().unwrap();
    assert!(run.join("index.html").is_file());
    let trials = trials(&run);
    let places: std::collections::BTreeSet<_> = trials.iter().map(|trial| &trial.contender).collect();
    assert_eq!(places.len(), 3, "{trials:?}");
    let failure = only_failure(&trials);
    assert!(matches!(trials[0].outcome, TrialOutcome::Failed { .. }), "{trials:?}");
    project.wait_until_nothing_is_left();
    failure
}

#[test]
fn one_that_is_never_ready_costs_its_trial() {
    let (stage, reason) = failed_by("echo 'still loading' >&2; sleep 60 & echo $! >>$PIDS; wait");
    assert_eq!(stage, Stage::Start);
    assert!(reason.contains("not ready within 5s") && reason.contains("still loading"), "{reason}");
}

#[test]
fn one_that_dies_between_cells_costs_its_trial() {
    let (stage, reason) = failed_by("echo 'out of memory' >&2; exit 3");
    assert_eq!(stage, Stage::Start);
    assert!(reason.contains("ended before it was ready (exit status: 3)"), "{reason}");
    assert!(reason.contains("out of memory"), "{reason}");
}

#[test]
fn one_that_is_killed_while_it_is_measured_costs_its_trial() {
    let (stage, reason) = failed_by("echo \"$READY\"; echo 'last words' >&2; kill -KILL $$");
    assert_eq!(stage, Stage::Stop);
    // 128 + SIGKILL: the supervisor passes on how its program ended.
    assert!(reason.contains("exit status: 137") && reason.contains("last words"), "{reason}");
}

#[test]
fn one_that_ignores_sigterm_is_killed_with_its_children() {
    let (stage, reason) =
        failed_by("trap '' TERM; echo \"$READY\"; sleep 60 & echo $! >>$PIDS; wait; sleep 60");
    assert_eq!(stage, Stage::Stop);
    assert!(reason.contains("did not end within 5s of SIGTERM and was killed"), "{reason}");
}

#[test]
fn a_child_that_stays_behind_is_killed_and_told() {
    let (stage, reason) = failed_by(
        "trap 'exit 0' TERM; sh -c 'trap \"\" TERM; echo $$ >>$0; sleep 60; sleep 60' $PIDS & echo \"$READY\"; wait",
    );
    assert_eq!(stage, Stage::Stop);
    assert!(reason.contains("left processes behind"), "{reason}");
}

#[test]
fn a_child_that_left_the_process_group_is_killed_too() {
    let (stage, reason) = failed_by(
        "trap 'exit 0' TERM; setsid sh -c 'echo $$ >>$0; exec sleep 60' $PIDS & \
         while ! [ -s $PIDS.away ]; do sleep 0.01; [ $(wc -l <$PIDS) -gt 6 ] && echo x >$PIDS.away; done; \
         echo \"$READY\"; wait",
    );
    assert_eq!(stage, Stage::Stop);
    assert!(reason.contains("left processes behind"), "{reason}");
}

#[test]
fn somebody_else_at_its_address_is_never_measured() {
    let foreign = serve_health_only("awaiting", Model::Async);
    let ready = format!(
        r#"echo "{{\"contender\":\"awaiting\",\"address\":\"{foreign}\",\"nonce\":\"ours\",\"pid\":$$}}""#
    );
    let (stage, reason) = failed_by(&format!("{ready}; exec sleep 60"));
    assert_eq!(stage, Stage::Start);
    assert!(reason.contains(&format!("somebody else answers at {foreign}")), "{reason}");
    assert!(reason.contains(NONCE), "{reason}");
}

#[test]
fn a_program_that_is_changed_amid_a_run_is_not_measured_under_its_old_name() {
    // The first trial's contender appends to the script that every later one would run.
    let project = Project::with_fault(serve(), FIRST_TRIAL, "echo '# changed' >>\"$0\"");
    let Ended { code, stdout, stderr } = end(&mut project.runner());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("its program changed during the run"), "{stderr}");
    assert!(stderr.contains("what was measured is kept") && stderr.contains("crossover resume"), "{stderr}");
    let run = project.run_folder().unwrap();
    assert!(
        trials(&run).iter().all(|trial| trial.block == 0 && trial.position == 0),
        "one was measured after it"
    );
    assert!(run.join("index.html").is_file());
    // Restored, it goes on to its end.
    let script = project.path("contender.sh");
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, text.trim_end_matches("# changed\n")).unwrap();
    let Ended { code, stderr, .. } = project.resume(&run);
    assert!(is_complete(code), "{stderr}");
    project.wait_until_nothing_is_left();
}

#[test]
fn a_runner_that_is_rebuilt_amid_its_run_goes_on() {
    // The runner is a copy; the first trial's contender removes it, as a build does before it writes the new one.
    let project = Project::with_fault(
        serve(),
        FIRST_TRIAL,
        "rm \"${0%/*}/crossover\"; echo broken >\"${0%/*}/crossover\"",
    );
    let own = project.path("crossover");
    std::fs::copy(env!("CARGO_BIN_EXE_crossover"), &own).unwrap();
    let mut runner = std::process::Command::new(&own);
    let Ended { code, stderr, .. } =
        end(runner.args(["run", "failing.toml", "--runs", "kept", "--anyway"]).current_dir(project.path("")));
    assert!(is_complete(code), "{stderr}");
    assert_eq!(std::fs::read(&own).unwrap(), b"broken\n");
    project.wait_until_nothing_is_left();
}

#[test]
fn a_record_names_no_folder_of_this_machine() {
    let project = Project::with_fault(serve(), FIRST_TRIAL, "echo \"cannot open $0\" >&2; exit 3");
    let experiment = project.path("failing.toml");
    let arguments = ["run", experiment.to_str().unwrap(), "--runs", "kept"];
    let Ended { code, stderr, .. } = end(project.crossover(&arguments).env("HOME", project.path("servers")));
    assert_eq!(code, Some(1), "{stderr}");
    let run = project.run_folder().unwrap();
    let own = project.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    for name in ["environment.json", "trials.jsonl", "index.html"] {
        let text = std::fs::read_to_string(run.join(name)).unwrap();
        assert!(!text.contains(&own), "{name} names {own}");
    }
    let record = std::fs::read_to_string(run.join("environment.json")).unwrap();
    assert!(
        record.contains("\"cargo crossover run ./failing.toml\"") && record.contains("\"./contender.sh\""),
        "{record}"
    );
    assert!(
        std::fs::read_to_string(run.join("trials.jsonl")).unwrap().contains("cannot open ./contender.sh")
    );
}

#[test]
fn one_that_passes_on_the_answers_of_a_server_that_is_not_its_own_is_never_measured() {
    // It listens in this test alone: no process that is started from here inherits it.
    let foreign = serve_apart("awaiting", Model::Async);
    let ready = format!(
        r#"echo "{{\"contender\":\"awaiting\",\"address\":\"{foreign}\",\"nonce\":\"{NONCE}\",\"pid\":$$}}""#
    );
    let (stage, reason) = failed_by(&format!("{ready}; exec sleep 60"));
    assert_eq!(stage, Stage::Start);
    assert!(reason.contains(&format!("somebody else listens at {foreign}")), "{reason}");
}

#[test]
fn a_first_line_without_end_costs_its_trial_and_no_memory() {
    let (stage, reason) = failed_by("exec tr '\\0' x </dev/zero");
    assert_eq!(stage, Stage::Start);
    assert!(reason.contains("is longer than 16384 bytes"), "{reason}");
    assert!(reason.len() < 2_000, "{} bytes", reason.len());
}

#[test]
fn a_process_id_that_is_not_its_own_is_not_looked_at() {
    let project = Project::with_fault(
        serve(),
        FIRST_TRIAL,
        "READY=$(echo \"$READY\" | sed 's/\"pid\":[0-9]*/\"pid\":1/')",
    );
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert!(is_complete(code), "{stderr}");
    let own = fs::read_to_string("/proc/1/status").unwrap();
    let of_init = own.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap().trim().to_owned();
    let trials = trials(&project.run_folder().unwrap());
    let held = trials.iter().map(|trial| match &trial.outcome {
        TrialOutcome::Measured(measured) => measured.resources,
        TrialOutcome::Failed { reason, .. } => panic!("{reason}"),
    });
    // The script and its child, whatever it says; every trial alike.
    for held in held {
        assert_eq!(held.threads_max, Some(2), "process 1 has {of_init}: {held:?}");
        assert!(held.rss_max_bytes.is_some_and(|bytes| bytes < 64 << 20), "{held:?}");
    }
}

#[test]
fn a_contender_that_tells_nothing_of_itself_is_measured_by_what_the_kernel_knows() {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        eprintln!("NOT TESTED: no python3 on this machine, so no contender in another language was measured");
        return;
    }
    let contender =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../servers/conformance/tests/foreign/contender.py");
    let project = Project::new(&format!(
        "echo $$ >>$PIDS; case $1 in blocking) MODEL=sync;; *) MODEL=async;; esac; \
         exec python3 {} --listen $2 --name $1 --model $MODEL --silent",
        contender.display()
    ));
    // Each request takes ticks of CPU time, however few there is time for.
    let project = project
        .edit("endpoint = \"wait\", wait_ms = [0]", "endpoint = \"cpu\", rounds = [10000]")
        .edit("duration = \"100ms\"", "duration = \"1s\"")
        .edit("timeout = \"1s\"", "timeout = \"30s\"");
    let Ended { stderr, .. } = end(&mut project.runner());
    let trials = trials(&project.run_folder().expect(&stderr));
    assert!(trials.len() >= 3, "{stderr}");
    for trial in &trials {
        let TrialOutcome::Measured(measured) = &trial.outcome else { panic!("{trial:?}") };
        let closed = measured.closed.as_ref().unwrap();
        let cost = closed.cost;
        assert_eq!((cost.cpu_source, cost.switches_source), (CostSource::Kernel, CostSource::Kernel));
        assert!(cost.requests > 0 && cost.cpu_user_us + cost.cpu_system_us > 0, "{cost:?}");
        let held = measured.resources;
        // Its main thread and one for the connection; an interpreter's memory.
        assert!(held.threads_max >= Some(2) && held.rss_max_bytes > Some(4 << 20), "{held:?}");
    }
    project.wait_until_nothing_is_left();
}

#[test]
fn wrong_replies_leave_nothing_to_judge_and_the_exit_code_says_so() {
    let project = Project::working(serve_half_wrong());
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("3 of 3 measured trials may not be believed"), "{stderr}");
    assert!(stderr.contains("nothing can be judged"), "{stderr}");
    // Also when it is asked again.
    let run = project.run_folder().unwrap();
    assert_eq!(project.resume(&run).code, Some(3));
    project.wait_until_nothing_is_left();
}

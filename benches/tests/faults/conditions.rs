//! What is around a run: records out of all bounds, other builds, other kernels, other runs, calibrations that fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use benches::cpu_claim::CpuClaim;
use reports_record::{Calibration, Folder, Line, Run, Stage, Trial, TrialOutcome};

use crate::deadline::wait_until;
use crate::project::{Ended, Project, STARTS_BEFORE_TRIALS, end, is_complete, trials};
use crate::server::serve;

/// A complete run of a project that works.
fn complete() -> (Project, PathBuf) {
    let project = Project::working(serve());
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert!(is_complete(code), "{stderr}");
    let run = project.run_folder().unwrap();
    (project, run)
}

/// A copy of the record in `run` that differs by `change`, sealed as the runner seals it, without a log's end.
fn changed(project: &Project, run: &Path, name: &str, change: impl FnOnce(&mut Run)) -> PathBuf {
    let mut record = Folder::open(run).run().unwrap();
    change(&mut record);
    let copy = project.path(name);
    Folder::create(&copy, &record).unwrap();
    let log = fs::read_to_string(run.join("trials.jsonl")).unwrap();
    let (beginning, _) = log.split_once('\n').unwrap();
    fs::write(copy.join("trials.jsonl"), format!("{beginning}\n")).unwrap();
    copy
}

#[test]
fn a_record_of_thirty_million_blocks_is_refused_at_once() {
    let (project, run) = complete();
    let giant = changed(&project, &run, "giant", |record| record.definition.blocks = 30_000_000);
    let begun = Instant::now();
    let Ended { code, stdout, stderr } = project.resume(&giant);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("30000000 blocks, expected at most 1000"), "{stderr}");
    // A loop over its plan would take minutes on any machine.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(!giant.join("index.html").exists());
}

#[test]
fn a_run_does_not_go_on_under_another_kernel() {
    let (project, run) = complete();
    let other = changed(&project, &run, "other", |record| record.environment.kernel = "Linux 2.4.0".into());
    let before = fs::read(other.join("trials.jsonl")).unwrap();
    let Ended { code, stderr, .. } = project.resume(&other);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("began under other conditions") && stderr.contains("kernel: Linux 2.4.0 then, "),
        "{stderr}"
    );
    assert_eq!(fs::read(other.join("trials.jsonl")).unwrap(), before);
    // The same copy of an unchanged record goes on: the kernel alone was the reason.
    let same = changed(&project, &run, "same", |_| ());
    let Ended { code, stderr, .. } = project.resume(&same);
    assert!(is_complete(code), "{stderr}");
}

#[test]
fn programs_are_those_that_cargo_built_wherever_it_is_told_to_put_them() {
    for by_variable in [true, false] {
        let project = Project::working(serve());
        let write = |name: &str, text: &str| {
            let path = project.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[package]\nname = \"tiny\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n",
        );
        write(
            "src/main.rs",
            "use std::os::unix::process::CommandExt;\n\
             fn main() { panic!(\"{}\", std::process::Command::new(\"/bin/sh\").args(std::env::args().skip(1)).exec()) }\n",
        );
        // Programs of an earlier build, in the place where cargo builds by default.
        for stale in ["target/debug/tiny", "target/release/tiny"] {
            write(stale, "#!/bin/sh\nexit 9\n");
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(project.path(stale), executable).unwrap();
        }
        let list = fs::read_to_string(project.path("servers/contenders.toml")).unwrap();
        let list = list
            .replace(
                "cargo_build = [\"false\"]",
                "cargo_build = [\"cargo\", \"build\", \"--offline\", \"--quiet\"]",
            )
            .replace("run = [\"/bin/sh\", ", "binary = \"tiny\"\nrun = [\"{binary}\", ");
        write("servers/contenders.toml", &list);
        let mut runner = project.runner();
        runner.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
        if by_variable {
            runner.env("CARGO_BUILD_TARGET_DIR", project.path("elsewhere"));
        } else {
            write(".cargo/config.toml", "[build]\ntarget-dir = \"elsewhere\"\n");
        }
        let Ended { code, stderr, .. } = end(&mut runner);
        assert!(is_complete(code), "by a variable: {by_variable}: {stderr}");
        assert!(project.path("elsewhere/debug/tiny").is_file());
        project.wait_until_nothing_is_left();
    }
}

#[test]
fn a_second_run_on_the_same_cpus_is_refused_and_with_anyway_says_so_on_its_page() {
    let project = Project::working(serve());
    // As a run that is under way; another one on this machine may have to end first.
    let mut claim = None;
    wait_until(
        || {
            claim = CpuClaim::of(benches::cpus::allowed().unwrap()).ok();
            claim.is_some()
        },
        "the CPUs stay claimed",
    );
    let mut second = Command::new(env!("CARGO_BIN_EXE_crossover"));
    second.args(["run", "failing.toml", "--runs", "kept"]).current_dir(project.path(""));
    let Ended { code, stdout, stderr } = end(&mut second);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("another run of crossover measures on CPU"), "{stderr}");
    assert!(stderr.contains("--anyway") && project.pids().is_empty(), "{stderr}");
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert!(is_complete(code), "{stderr}");
    assert!(stderr.contains("warning: another run of crossover measures on CPU"), "{stderr}");
    let run = Folder::open(project.run_folder().unwrap()).run().unwrap();
    let remarks = run.environment.remarks.join("\n");
    assert!(remarks.contains("another run measured on the same CPUs"), "{remarks}");
    drop(claim);
}

/// The calibrations of a run that came to something, and those that did not.
fn calibrations(run: &Path) -> (Vec<Calibration>, Vec<Calibration>) {
    let lines = Folder::open(run).lines().unwrap().0.into_iter();
    let made = lines.filter_map(|line| if let Line::Calibration(made) = line { Some(made) } else { None });
    made.partition(|made: &Calibration| made.goodput_per_s.is_some())
}

fn is_written_off(trial: &Trial) -> bool {
    matches!(&trial.outcome, TrialOutcome::Failed { stage: Stage::Calibrate, .. })
}

#[test]
fn without_both_calibrations_there_is_no_rate_until_a_resumed_run_has_them() {
    for (who, failing) in [("awaiting", 1), ("*", 2)] {
        // From the fourth start on, when settings are read, until it is mended.
        let settings = STARTS_BEFORE_TRIALS - 2;
        let servers = serve();
        let ready = servers.ready();
        let project = Project::new(&format!(
            "echo $$ >>$PIDS; echo >>$PIDS.starts; {ready}
             if [ $(wc -l <$PIDS.starts) -gt {settings} ] && ! [ -e $PIDS.mended ]; then
                 case $1 in {who}) echo broken >&2; exit 9;; esac
             fi
             sleep 60 & echo $! >>$PIDS; trap 'kill $!; wait $!; exit 0' TERM; echo \"$READY\"; wait"
        ));
        let Ended { code, stderr, .. } = end(&mut project.runner());
        assert_eq!(code, Some(1), "{who}: {stderr}");
        let run = project.run_folder().unwrap();
        let (made, failed) = calibrations(&run);
        assert_eq!((made.len(), failed.len()), (2 - failing, failing), "{who}");
        assert!(failed[0].failure.as_deref().is_some_and(|why| why.contains("broken")), "{failed:?}");
        // Three attempts at each, so one bad moment does not decide.
        assert_eq!(stderr.matches("calibration of ").count(), 3 * failing, "{who}: {stderr}");
        let written_off = trials(&run);
        assert_eq!(written_off.len(), 3, "{who}");
        assert!(written_off.iter().all(is_written_off), "{who}: {written_off:?}");
        fs::write(project.path("pids.mended"), "").unwrap();
        let Ended { code, stderr, .. } = project.resume(&run);
        assert!(is_complete(code), "{who}: {stderr}");
        let (made, _) = calibrations(&run);
        let weaker = made.iter().filter_map(|made| made.goodput_per_s).fold(f64::INFINITY, f64::min);
        let all = trials(&run);
        for trial in all.iter().filter(|trial| !is_written_off(trial)) {
            let TrialOutcome::Measured(measured) = &trial.outcome else { panic!("{who}: {trial:?}") };
            let planned: f64 = measured.open[0]
                .measurement
                .plan
                .schedule
                .as_deref()
                .unwrap()
                .trim_end_matches("/s")
                .parse()
                .unwrap();
            assert!((planned / weaker / 0.5 - 1.0).abs() < 1e-6, "{who}: {planned} of {weaker}");
        }
        assert!(all.len() >= 6, "{who}: {}", all.len());
        project.wait_until_nothing_is_left();
    }
}

#[test]
fn a_soaker_of_idle_priority_runs_on_the_contender_s_cpu_as_long_as_the_run() {
    // The first trial's contender looks for it: field 41 of `stat` is the policy, 5 is SCHED_IDLE.
    let project = Project::with_fault(
        serve(),
        STARTS_BEFORE_TRIALS + 1,
        "for stat in /proc/[0-9]*/stat; do
             if [ \"$(sed 's/.*) //' $stat 2>/dev/null | cut -d' ' -f39)\" = 5 ] \
                && grep -q 'echo soaking' ${stat%stat}cmdline 2>/dev/null; then
                 echo ${stat%/stat} >>$PIDS.soakers; grep Cpus_allowed_list ${stat%stat}status >>$PIDS.cpus
             fi
         done",
    );
    let project = project.edit("contender_cpus = 1", "contender_cpus = 1\nsoaker = true");
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert!(is_complete(code), "{stderr}");
    let soakers = fs::read_to_string(project.path("pids.soakers")).unwrap();
    assert!(!soakers.is_empty());
    let last = benches::cpus::allowed().unwrap().last().unwrap().to_string();
    let cpus = fs::read_to_string(project.path("pids.cpus")).unwrap();
    assert!(cpus.lines().any(|line| line.ends_with(&format!("\t{last}"))), "{cpus}");
    wait_until(|| soakers.lines().all(|folder| !Path::new(folder).exists()), "a soaker outlived its run");
    assert!(Folder::open(project.run_folder().unwrap()).run().unwrap().definition.soaker);
}

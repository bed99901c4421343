//! A machine that sleeps, or has no CPU for the client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use reports_record::{CheckStatus, Times};

use super::child::{loadgen, measurement, pid, stderr};
use crate::check;
use crate::server::{HELLO, Server};

#[test]
fn a_client_that_did_not_run_for_a_second_is_not_believed() {
    let server = Server::answering(HELLO, Duration::from_millis(2));
    let arguments = [&server.url("/").to_string(), "--rate", "100/s", "-c", "200", "-d", "4s", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    while server.answered() < 20 {
        std::thread::sleep(Duration::from_millis(1));
    }
    kill(pid(&child), Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    kill(pid(&child), Signal::SIGCONT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let measurement = measurement(&output);
    let gap = check(&measurement, "gap");
    assert_eq!(gap.status, CheckStatus::Fail, "{}", gap.finding);
    // A free connection stood for each of the 150 that were due meanwhile: that they left late is the client's doing alone.
    let pace = check(&measurement, "pace");
    assert_eq!(pace.status, CheckStatus::Fail, "{}", pace.finding);
    // Its schedule went on without it: every start is there, and what was due meanwhile is late.
    assert_eq!(measurement.account.due, 400);
    assert!(measurement.response_time_us.unwrap().max.unwrap() > 1_000_000.0);
}

#[test]
fn short_standstills_of_the_client_are_its_own_lateness_and_not_the_server_s_time() {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let arguments = [&server.url("/").to_string(), "--rate", "300/s", "-c", "1", "-d", "4s", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    for _ in 0..5 {
        let answered = server.answered();
        while server.answered() < answered + 100 {
            std::thread::sleep(Duration::from_millis(1));
        }
        kill(pid(&child), Signal::SIGSTOP).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        kill(pid(&child), Signal::SIGCONT).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let measurement = measurement(&output);
    assert_eq!(measurement.account.due, 1200);
    // A quarter of the window: every fourth request was due while the client stood still.
    let lateness = measurement.lateness_us.as_ref().unwrap();
    assert!(lateness.p90.unwrap() > 50_000.0 && lateness.max.unwrap() > 180_000.0, "{lateness:?}");
    // One request was in flight each time.
    let service = &measurement.service_time_us;
    assert!(service.max.unwrap() < 100_000.0, "{service:?}");
    let gap = check(&measurement, "gap");
    assert!(gap.figure.unwrap() < 1000.0 && gap.status >= CheckStatus::Warn, "{}", gap.finding);
    assert_eq!(check(&measurement, "pace").status, CheckStatus::Fail);
    assert_eq!(check(&measurement, "parts").status, CheckStatus::Pass);
}

/// Stops one thread of a child for so long; `false` where that is not allowed.
fn stop_thread(child: &Child, name: &str, pause: Duration) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let is_named = |task: &Path| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let task = tasks.map(|task| task.unwrap().path()).find(|task| is_named(task)).unwrap();
    let thread = Pid::from_raw(task.file_name().unwrap().to_str().unwrap().parse().unwrap());
    if ptrace::seize(thread, ptrace::Options::empty()).is_err() {
        return false;
    }
    ptrace::interrupt(thread).unwrap();
    waitpid(thread, Some(WaitPidFlag::__WALL)).unwrap();
    std::thread::sleep(pause);
    ptrace::detach(thread, None::<Signal>).unwrap();
    true
}

#[test]
fn the_queue_that_a_stopped_thread_leaves_to_another_is_the_client_s() {
    // Each of two connections carries 5/s, of 7/s: while one thread stands still for three seconds, six requests queue for the other
    // one's connection, so that a wait grows to 1.2 s, and both take two seconds to work that off.
    let server = Server::answering(HELLO, Duration::from_millis(200));
    let url = server.url("/").to_string();
    let arguments = [&url, "--rate", "7/s", "-c", "2", "-t", "2", "-d", "9s", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    while server.answered() < 10 {
        std::thread::sleep(Duration::from_millis(1));
    }
    if !stop_thread(&child, "client-0", Duration::from_secs(3)) {
        println!("no thread of a child may be stopped here (ptrace): not tried");
        child.wait_with_output().unwrap();
        return;
    }
    let measurement = measurement(&child.wait_with_output().unwrap());
    assert_eq!(measurement.account.due, 63);
    // More than half of all requests were due meanwhile or behind it, and waited 0.6 s on average.
    let mean = |times: &Option<Times>| times.as_ref().unwrap().mean.unwrap();
    let (lateness, wait) = (mean(&measurement.lateness_us), mean(&measurement.connection_wait_us));
    assert!(lateness > 150_000.0 && wait < lateness / 2.0, "{lateness} {wait}");
}

/// Keeps the first CPU busy until dropped.
struct Hogs(Arc<AtomicBool>);

impl Hogs {
    fn on_first_cpu(count: usize) -> Self {
        let stop = Arc::<AtomicBool>::default();
        for _ in 0..count {
            let stop = stop.clone();
            std::thread::spawn(move || {
                let mut first = CpuSet::new();
                first.set(0).unwrap();
                sched_setaffinity(Pid::from_raw(0), &first).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(stop)
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_client_starved_of_its_cpu_blames_itself() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let _hogs = Hogs::on_first_cpu(3);
    // Three hogs at nice 0 leave a nice 19 client a two-hundredth of the CPU: far beyond the 40 % at which it is believed.
    let url = server.url("/").to_string();
    let arguments =
        ["-n", "19", env!("CARGO_BIN_EXE_loadgen"), &url, "--rate", "1k/s", "-c", "50", "-d", "2s"];
    let output = Command::new("nice").args(arguments).args(["--pin", "0", "--json", "-"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let measurement = measurement(&output);
    let waited = check(&measurement, "cpu_wait");
    assert_eq!(waited.status, CheckStatus::Fail, "{}", waited.finding);
    assert!(waited.finding.contains("client-limited"), "{}", waited.finding);
}

#[test]
fn spinning_on_a_cpu_that_others_use_is_given_up_and_told_with_its_flag() {
    let server = Server::answering(HELLO, Duration::ZERO);
    // At this rate it never sleeps, so that it is one of four that want the CPU all the time, and hardly works: it loses the CPU while
    // it spins, however small its share on a crowded machine is.
    let _hogs = Hogs::on_first_cpu(3);
    let url = server.url("/").to_string();
    let arguments = [&url, "--rate", "2k/s", "-c", "50", "-d", "5s", "--pin", "0", "--json", "-"];
    for pacing in ["spin", "timer"] {
        let output = loadgen(&arguments).args(["--pacing", pacing]).output().unwrap();
        let measurement = measurement(&output);
        let pace = check(&measurement, "pace");
        let given_up = measurement.client.spin_given_up;
        // A client that real-time processes keep from its CPU has next to no spinning to give up.
        let may_spin_on = pacing == "timer" || measurement.client.cpu_spin_us < 100_000;
        assert!(given_up || may_spin_on, "{:?}", measurement.client);
        assert!(pacing == "spin" || !given_up, "{:?}", measurement.client);
        assert_eq!(pace.finding.contains("gave up spinning"), given_up, "{}", pace.finding);
        assert_eq!(pace.finding.contains("--pacing timer"), given_up, "{}", pace.finding);
        let remedies = measurement.certificate.checks.iter().filter_map(|check| check.remedy.as_deref());
        assert!(!remedies.collect::<String>().contains("--pin"), "it is pinned");
    }
}

/// A control group whose processes have a share of one CPU; removed when dropped, once it is empty.
struct Quota(PathBuf);

impl Quota {
    /// `percent` of a CPU in each tenth of a second; `None` where no control group can be had.
    fn of(percent: u32) -> Option<Self> {
        let name = format!("loadgen-test-{}", std::process::id());
        let micros = percent * 1000;
        let files = [
            ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", micros.to_string()),
            ("/sys/fs/cgroup", "cpu.max", format!("{micros} 100000")),
        ];
        files.into_iter().find_map(|(root, file, quota)| {
            let group = Self(Path::new(root).join(&name));
            fs::create_dir(&group.0).ok()?;
            fs::write(group.0.join(file), quota).ok()?;
            Some(group)
        })
    }

    /// Runs loadgen in it.
    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let enter = format!("echo $$ > '{}/cgroup.procs' && exec \"$@\"", self.0.display());
        let shell = ["-c", &enter, "sh", env!("CARGO_BIN_EXE_loadgen")];
        Command::new("sh").args(shell).args(arguments).output().unwrap()
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_client_that_its_quota_stops_is_late_and_the_server_is_not_blamed() {
    let Some(quota) = Quota::of(5) else {
        println!("no control group can be had here (root, and the cpu controller): not tried");
        return;
    };
    let server = Server::answering(HELLO, Duration::ZERO);
    let url = server.url("/").to_string();
    // The work alone asks for more than the quota, spinning for far more: it is stopped for up to 95 ms in each tenth of a second.
    let output =
        quota.run(&[&url, "--rate", "2k/s", "-c", "1", "-d", "3s", "--pacing", "spin", "--json", "-"]);
    let measurement = measurement(&output);
    let (lateness, service) = (measurement.lateness_us.as_ref().unwrap(), &measurement.service_time_us);
    assert!(lateness.p99.unwrap() > 20_000.0, "{lateness:?}");
    assert!(lateness.p99.unwrap() > service.p99.unwrap(), "{lateness:?} {service:?}");
    assert!(check(&measurement, "gap").status >= CheckStatus::Warn, "{}", check(&measurement, "gap").finding);
    assert_eq!(
        check(&measurement, "pace").status,
        CheckStatus::Fail,
        "{}",
        check(&measurement, "pace").finding
    );
    let achieved = check(&measurement, "achieved");
    assert!(!achieved.finding.contains("the server did not keep up"), "{}", achieved.finding);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

//! A machine that sleeps, or has no CPU for the client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use reports_record::{CheckStatus, OutcomeKind, Times};

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

/// Below the second beyond which one alone fails the certificate, and far longer than a busy machine keeps a server from a CPU.
const STANDSTILL: Duration = Duration::from_millis(700);

#[test]
fn short_standstills_of_the_client_are_its_own_lateness_and_not_the_server_s_time() {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let arguments = [&server.url("/").to_string(), "--rate", "100/s", "-c", "1", "-d", "6s", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    for _ in 0..3 {
        let answered = server.answered();
        while server.answered() < answered + 40 {
            std::thread::sleep(Duration::from_millis(1));
        }
        kill(pid(&child), Signal::SIGSTOP).unwrap();
        std::thread::sleep(STANDSTILL);
        kill(pid(&child), Signal::SIGCONT).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let measurement = measurement(&output);
    assert_eq!(measurement.account.due, 600);
    // A third of the window: every third request was due while the client stood still, evenly in it. Of all, one in ten was 0.5 s late.
    let lateness = measurement.lateness_us.as_ref().unwrap();
    let standstill_us = STANDSTILL.as_secs_f64() * 1e6;
    assert!(lateness.p90.unwrap() > standstill_us / 2.0, "{lateness:?}");
    assert!(lateness.max.unwrap() > 0.9 * standstill_us, "{lateness:?}");
    // One request was in flight each time. A server that has no CPU for half of that would look the same.
    let service = &measurement.service_time_us;
    assert!(service.max.unwrap() < standstill_us / 2.0, "{service:?}");
    let gap = check(&measurement, "gap");
    assert!(gap.status >= CheckStatus::Warn, "{}", gap.finding);
    assert_eq!(check(&measurement, "pace").status, CheckStatus::Fail);
    assert_eq!(check(&measurement, "parts").status, CheckStatus::Pass);
}

#[test]
fn what_a_client_did_not_send_by_the_end_because_it_stood_still_is_its_own_lateness() {
    // A connection was free for each request that fell due meanwhile, or would have been a millisecond later.
    for connections in ["100", "1"] {
        let server = Server::answering(HELLO, Duration::from_millis(1));
        let url = server.url("/").to_string();
        let arguments =
            [&url, "-r", "50/s", "-c", connections, "-d", "2s", "--grace", "200ms", "--json", "-"];
        let child = loadgen(&arguments).spawn().unwrap();
        while server.answered() < 50 {
            std::thread::sleep(Duration::from_millis(1));
        }
        kill(pid(&child), Signal::SIGSTOP).unwrap();
        std::thread::sleep(Duration::from_millis(3500));
        kill(pid(&child), Signal::SIGCONT).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let measurement = measurement(&output);
        assert_eq!(measurement.account.due, 100);
        // Of a hundred, fifty were due while it stood still, and are 2.5 s late and more: 1.25 s on average.
        let mean = |times: &Option<Times>| times.as_ref().unwrap().mean.unwrap();
        let (lateness, wait) = (mean(&measurement.lateness_us), mean(&measurement.connection_wait_us));
        assert!(lateness > 600_000.0 && wait < lateness / 4.0, "{connections}: {lateness} {wait}");
        assert_eq!(check(&measurement, "pace").status, CheckStatus::Fail);
        // Nothing was sent that nobody waits for.
        assert_eq!(measurement.service_time_us.censored, 0, "{:?}", measurement.service_time_us);
        let achieved = check(&measurement, "achieved");
        assert!(!achieved.finding.contains("the server did not keep up"), "{}", achieved.finding);
    }
}

/// Stops the client, of whose process it is told, before each reply and for so long behind it.
fn stopping(pause: Duration) -> (Server, mpsc::Sender<Pid>) {
    let (tell, told) = mpsc::channel::<Pid>();
    let told = Mutex::new(told);
    let server = Server::start(move |mut connection| {
        while connection.request().is_some() {
            let client = told.lock().unwrap().recv().unwrap();
            kill(client, Signal::SIGSTOP).unwrap();
            connection.send(HELLO);
            std::thread::sleep(pause);
            kill(client, Signal::SIGCONT).unwrap();
        }
    });
    (server, tell)
}

#[test]
fn a_client_that_stood_still_for_most_of_a_short_window_is_not_believed() {
    let (server, tell) = stopping(Duration::from_millis(200));
    let child =
        loadgen(&[&server.url("/").to_string(), "-n", "1", "-c", "1", "--json", "-"]).spawn().unwrap();
    tell.send(pid(&child)).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let measurement = measurement(&output);
    let gap = check(&measurement, "gap");
    assert_eq!(gap.status, CheckStatus::Fail, "{}", gap.finding);
}

#[test]
fn a_reply_that_came_while_the_client_stood_still_across_the_end_is_read() {
    // The window and what may go on behind it end after 300 ms; the reply was there all the time.
    let (server, tell) = stopping(Duration::from_millis(1000));
    let url = server.url("/").to_string();
    let arguments = [
        &url,
        "-c",
        "1",
        "--warm-up",
        "0s",
        "-d",
        "200ms",
        "--grace",
        "100ms",
        "--timeout",
        "500ms",
        "--json",
        "-",
    ];
    let child = loadgen(&arguments).spawn().unwrap();
    tell.send(pid(&child)).unwrap();
    let measurement = measurement(&child.wait_with_output().unwrap());
    assert_eq!(measurement.outcomes, [(OutcomeKind::Ok, 1)].into());
    assert!(measurement.service_time_us.max.unwrap() < 500_000.0, "{:?}", measurement.service_time_us);
}

#[test]
fn a_time_out_holds_after_a_standstill_however_quick_the_other_connections_are() {
    let number = AtomicUsize::new(0);
    let server = Server::start(move |mut connection| {
        let is_silent = number.fetch_add(1, Ordering::SeqCst) == 0;
        while connection.request().is_some() {
            if !is_silent {
                connection.answer(HELLO);
            }
        }
    });
    let url = server.url("/").to_string();
    let arguments = [&url, "-c", "8", "--warm-up", "0s", "-d", "3s", "--timeout", "500ms", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    while server.answered() < 100 {
        std::thread::sleep(Duration::from_millis(1));
    }
    kill(pid(&child), Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    kill(pid(&child), Signal::SIGCONT).unwrap();
    let measurement = measurement(&child.wait_with_output().unwrap());
    assert_eq!(measurement.outcomes.get(&OutcomeKind::Timeout), Some(&1), "{:?}", measurement.outcomes);
}

/// Stops the client after it has had so many more `replies`, for `pause`, so many `times`.
fn stopped(server: &Server, arguments: &[&str], (times, replies, pause): (usize, usize, Duration)) -> Output {
    let child = loadgen(arguments).spawn().unwrap();
    for _ in 0..times {
        let answered = server.answered();
        while server.answered() < answered + replies {
            std::thread::sleep(Duration::from_millis(1));
        }
        kill(pid(&child), Signal::SIGSTOP).unwrap();
        std::thread::sleep(pause);
        kill(pid(&child), Signal::SIGCONT).unwrap();
    }
    child.wait_with_output().unwrap()
}

/// The words of a closed loop that lacks replies for its client's sake.
const LACKS: &str = "a closed loop sends nothing meanwhile";

#[test]
fn a_closed_loop_lacks_the_replies_that_its_client_did_not_ask_for_while_it_stood_still() {
    // Two stops of 700 ms in four seconds: a third of the replies are missing. Each alone only warns, and so do both together.
    for think in ["0s", "100ms"] {
        let server = Server::answering(HELLO, Duration::from_millis(5));
        let url = server.url("/").to_string();
        let arguments = [&url, "-c", "4", "--think", think, "-d", "4s", "--warm-up", "0s", "--json", "-"];
        let output = stopped(&server, &arguments, (2, 20, STANDSTILL));
        let measurement = measurement(&output);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let gap = check(&measurement, "gap");
        assert!(gap.status == CheckStatus::Fail && gap.finding.contains(LACKS), "{think}: {}", gap.finding);
    }
}

#[test]
fn a_closed_loop_s_window_holds_fewer_replies_where_its_client_stood_still_and_its_halves_differ_by_that() {
    // Forty replies in two seconds, but for those of 1.2 s.
    let server = Server::answering(HELLO, Duration::from_millis(50));
    let url = server.url("/").to_string();
    let arguments = [&url, "-c", "1", "--warm-up", "0s", "-d", "2s", "--json", "-"];
    let measurement = measurement(&stopped(&server, &arguments, (1, 2, Duration::from_millis(1200))));
    let window = check(&measurement, "window");
    assert!(window.status == CheckStatus::Warn && window.figure < Some(20.0), "{}", window.finding);
    let stationarity = check(&measurement, "stationarity");
    let is_calm = stationarity.status < CheckStatus::Warn;
    assert!(is_calm || stationarity.explained_by.is_some(), "{}", stationarity.finding);
}

#[test]
fn starts_that_a_stopped_client_put_off_left_the_schedule_by_its_doing() {
    // A connection is free for each of the 140 of 600 that fall due meanwhile.
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let url = server.url("/").to_string();
    let arguments = [&url, "-r", "200/s", "--arrivals", "poisson", "-c", "400", "-d", "3s", "--json", "-"];
    let measurement = measurement(&stopped(&server, &arguments, (1, 50, STANDSTILL)));
    let arrivals = check(&measurement, "arrivals");
    assert!(arrivals.status >= CheckStatus::Warn && arrivals.figure > Some(0.1), "{}", arrivals.finding);
    assert!(arrivals.explained_by.is_some(), "{}", arrivals.finding);
    assert!(!arrivals.finding.contains("the server shaped"), "{}", arrivals.finding);
}

#[test]
fn a_reply_across_the_window_s_end_that_a_stopped_client_reads_late_is_missing_from_its_rate() {
    // Eight users whose second reply takes from 1 s to 2 s: half of each belongs to the window, which ends at 1.5 s. Read late, it seems to
    // have taken until 2.4 s.
    let server = Server::answering(HELLO, Duration::from_millis(1000));
    let url = server.url("/").to_string();
    let arguments = [&url, "-c", "8", "--warm-up", "500ms", "-d", "1s", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    while server.answered() < 8 {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(600));
    kill(pid(&child), Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_millis(800));
    kill(pid(&child), Signal::SIGCONT).unwrap();
    let output = child.wait_with_output().unwrap();
    let gap = check(&measurement(&output), "gap").clone();
    assert!(gap.status == CheckStatus::Fail && gap.finding.contains(LACKS), "{}", gap.finding);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn a_closed_loop_whose_replies_take_far_longer_than_its_client_stands_still_lacks_few() {
    // Of eight users one has a reply in each seventh of a second. The client stands still for a third of such a time, ten times.
    let server = Server::answering(HELLO, Duration::from_millis(600));
    let url = server.url("/").to_string();
    let arguments = [&url, "-c", "8", "--warm-up", "0s", "--think", "600ms", "-d", "4s", "--json", "-"];
    let output = stopped(&server, &arguments, (10, 1, Duration::from_millis(50)));
    let gap = check(&measurement(&output), "gap").clone();
    assert!(!gap.finding.contains(LACKS), "{}", gap.finding);
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
    // Each of two connections carries 5/s, of 7/s: while one thread stands still for six seconds, twelve requests queue for the other
    // one's connection, so that a wait grows to 2.4 s, and both take four seconds to work that off.
    let server = Server::answering(HELLO, Duration::from_millis(200));
    let url = server.url("/").to_string();
    let arguments = [&url, "--rate", "7/s", "-c", "2", "-t", "2", "-d", "13s", "--json", "-"];
    let child = loadgen(&arguments).spawn().unwrap();
    while server.answered() < 10 {
        std::thread::sleep(Duration::from_millis(1));
    }
    if !stop_thread(&child, "client-0", Duration::from_secs(6)) {
        println!("no thread of a child may be stopped here (ptrace): not tried");
        child.wait_with_output().unwrap();
        return;
    }
    let measurement = measurement(&child.wait_with_output().unwrap());
    assert_eq!(measurement.account.due, 91);
    // Seventy of the requests were due meanwhile or behind it, and waited 1.2 s on average: four times as long as in all the server may
    // keep any of them waiting on a busy machine.
    let mean = |times: &Option<Times>| times.as_ref().unwrap().mean.unwrap();
    let (lateness, wait) = (mean(&measurement.lateness_us), mean(&measurement.connection_wait_us));
    assert!(lateness > 500_000.0 && wait < lateness / 3.0, "{lateness} {wait}");
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
fn a_closed_loop_beside_a_hungry_neighbour_is_not_believed() {
    // The neighbour has half of the CPU, and the client a second one of each time that it wants to send.
    let server = Server::answering(HELLO, Duration::ZERO);
    let _hogs = Hogs::on_first_cpu(1);
    let url = server.url("/").to_string();
    let output = loadgen(&[&url, "-c", "64", "-d", "1s", "--pin", "0", "--json", "-"]).output().unwrap();
    let measurement = measurement(&output);
    let waited = check(&measurement, "cpu_wait");
    assert!(waited.status == CheckStatus::Fail && waited.finding.contains(LACKS), "{}", waited.finding);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn a_time_out_holds_for_a_client_that_wakes_late_each_time() {
    let server = Server::start(|mut connection| while connection.request().is_some() {});
    let _hogs = Hogs::on_first_cpu(3);
    let url = server.url("/").to_string();
    // `timeout` ends a client that waits on and on: it has the same share of the CPU as the one above.
    let arguments = ["60", "nice", "-n", "19", env!("CARGO_BIN_EXE_loadgen"), &url, "-n", "1", "-c", "1"];
    let output = Command::new("timeout")
        .args(arguments)
        .args(["--timeout", "300ms", "--pin", "0", "--json", "-"])
        .output()
        .unwrap();
    let measurement = measurement(&output);
    assert_eq!(measurement.outcomes, [(OutcomeKind::Timeout, 1)].into());
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

/// A control group whose processes have 50 ms of a CPU in each second; removed when dropped, once it is empty.
struct Quota(PathBuf);

impl Quota {
    /// `None` where no control group can be had.
    fn new() -> Option<Self> {
        let name = format!("loadgen-test-{}", std::process::id());
        let files = [
            ("/sys/fs/cgroup/cpu", &[("cpu.cfs_period_us", "1000000"), ("cpu.cfs_quota_us", "50000")][..]),
            ("/sys/fs/cgroup", &[("cpu.max", "50000 1000000")]),
        ];
        files.into_iter().find_map(|(root, settings)| {
            let group = Self(Path::new(root).join(&name));
            fs::create_dir(&group.0).ok()?;
            let set = |(file, value): &(&str, &str)| fs::write(group.0.join(file), value).ok();
            settings.iter().try_for_each(set).map(|()| group)
        })
    }

    /// Runs loadgen in it, beside a program that uses up what is left of the quota.
    fn run(&self, arguments: &[&str]) -> Output {
        let script = format!(
            "echo $$ > '{}/cgroup.procs' && {{ timeout 60 sh -c 'while :; do :; done' & }} && \"$@\"; code=$?; kill $!; exit $code",
            self.0.display()
        );
        let shell = ["-c", &script, "sh", env!("CARGO_BIN_EXE_loadgen")];
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
    let Some(quota) = Quota::new() else {
        println!("no control group can be had here (root, and the cpu controller): not tried");
        return;
    };
    let server = Server::answering(HELLO, Duration::ZERO);
    let url = server.url("/").to_string();
    // The work takes a tenth of the quota. The rest of it is gone after 50 ms of a second, and on a crowded machine after 250: all are
    // stopped until the next one, for far longer than a busy machine keeps the server from a CPU.
    let output = quota.run(&[&url, "--rate", "30/s", "-c", "1", "-d", "5s", "--json", "-"]);
    let measurement = measurement(&output);
    let lateness = measurement.lateness_us.as_ref().unwrap();
    assert!(lateness.p50.unwrap() > 150_000.0, "{lateness:?}");
    let service = &measurement.service_time_us;
    assert!(service.p50.unwrap() < lateness.p50.unwrap() / 3.0, "{lateness:?} {service:?}");
    for name in ["gap", "pace"] {
        let found = check(&measurement, name);
        assert_eq!(found.status, CheckStatus::Fail, "{}", found.finding);
    }
    let achieved = check(&measurement, "achieved");
    assert!(!achieved.finding.contains("the server did not keep up"), "{}", achieved.finding);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

//! When a contender could not run: stopped, or ready and without a CPU.
//!
//! A wait for a contender that the machine keeps from running says nothing of the contender.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use procfs::process::Process;
use servers_conformance::Stalls;

use crate::descendants;

/// The processes of one contender, its supervisor among them, and how they last stood.
#[derive(Debug)]
pub struct Starvation {
    supervisor: u32,
    last: Mutex<Option<Reading>>,
}

/// All threads of a contender at one moment.
#[derive(Debug, Clone, PartialEq)]
struct Reading {
    at: Instant,
    threads: BTreeMap<i32, Thread>,
}

/// A thread at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Thread {
    state: char,
    /// CPU time so far.
    ran: Duration,
    /// Time so far in which it was ready and had no CPU, but for a wait that goes on.
    waited: Duration,
}

impl Starvation {
    /// Of all processes below process `supervisor`, and of that one, which passes signals on to them.
    #[must_use]
    pub fn of(supervisor: u32) -> Self {
        Self { supervisor, last: Mutex::new(None) }
    }

    fn read(&self) -> Reading {
        let at = Instant::now();
        let own = i32::try_from(self.supervisor);
        let processes = descendants::below(self.supervisor).into_iter().chain(own);
        let threads = processes.filter_map(|pid| Process::new(pid).ok()?.tasks().ok()).flatten();
        let thread = |task: procfs::process::Task| {
            let (stat, scheduled) = (task.stat().ok()?, task.schedstat().ok()?);
            let (ran, waited) = (scheduled.sum_exec_runtime, scheduled.run_delay);
            Some((
                task.tid,
                Thread {
                    state: stat.state,
                    ran: Duration::from_nanos(ran),
                    waited: Duration::from_nanos(waited),
                },
            ))
        };
        // One that ends meanwhile is waited for no longer.
        Reading { at, threads: threads.filter_map(|task| thread(task.ok()?)).collect() }
    }
}

impl Stalls for Starvation {
    fn since(&self, mark: Instant) -> Duration {
        let now = self.read();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let stalled = last.as_ref().filter(|last| last.at >= mark).map(|last| now.stalled_since(last));
        *last = Some(now);
        stalled.unwrap_or_default()
    }
}

impl Reading {
    /// For how long since `earlier` none of its threads could run that was to.
    ///
    /// While one is stopped, all of the time: what the others wait for may be that one. Else as long as the thread that was kept
    /// waiting longest, less what all of them ran: threads that wait for each other's CPU are the contender's own doing.
    fn stalled_since(&self, earlier: &Self) -> Duration {
        let passed = self.at.duration_since(earlier.at);
        if self.threads.values().any(|thread| matches!(thread.state, 'T' | 't')) {
            return passed;
        }
        let both = || self.threads.iter().filter_map(|(id, now)| Some((earlier.threads.get(id)?, now)));
        let ran: Duration = both().map(|(then, now)| now.ran.saturating_sub(then.ran)).sum();
        let waited = both().map(|(then, now)| {
            // The kernel adds a wait up when it ends.
            let is_waiting = (then.state, now.state) == ('R', 'R') && then.ran == now.ran;
            if is_waiting { passed } else { now.waited.saturating_sub(then.waited) }
        });
        waited.max().unwrap_or_default().min(passed.saturating_sub(ran))
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};
    use std::thread;

    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    const SPAN: Duration = Duration::from_millis(100);

    fn at(begin: Instant, span: Duration, threads: &[(char, u64, u64)]) -> Reading {
        let ms = Duration::from_millis;
        let thread =
            |&(state, ran, waited): &(char, u64, u64)| Thread { state, ran: ms(ran), waited: ms(waited) };
        Reading { at: begin + span, threads: (1..).zip(threads.iter().map(thread)).collect() }
    }

    fn stalled(before: &[(char, u64, u64)], after: &[(char, u64, u64)]) -> Duration {
        let begin = Instant::now();
        at(begin, SPAN, after).stalled_since(&at(begin, Duration::ZERO, before))
    }

    #[test]
    fn who_is_stopped_or_has_no_cpu_could_not_run_and_who_sleeps_or_computes_could() {
        let ms = Duration::from_millis;
        assert_eq!(stalled(&[('S', 5, 0)], &[('S', 5, 0)]), ms(0), "asleep");
        assert_eq!(stalled(&[('R', 5, 0)], &[('R', 105, 0)]), ms(0), "busy");
        assert_eq!(stalled(&[('S', 5, 0), ('S', 1, 0)], &[('S', 5, 0), ('T', 1, 0)]), SPAN, "stopped");
        assert_eq!(stalled(&[('R', 5, 0)], &[('R', 5, 0)]), SPAN, "never given a CPU");
        assert_eq!(stalled(&[('R', 5, 10)], &[('R', 45, 70)]), ms(60), "given a share of one");
    }

    #[test]
    fn threads_that_wait_for_each_other_are_not_kept_by_the_machine() {
        let before = [('R', 0, 0); 10];
        let after = [('R', 10, 90); 10];
        assert_eq!(stalled(&before, &after), Duration::ZERO);
    }

    #[test]
    fn a_reading_from_before_the_wait_says_nothing_of_it() {
        let starvation = Starvation::of(std::process::id());
        starvation.since(Instant::now());
        assert_eq!(starvation.since(Instant::now()), Duration::ZERO);
    }

    /// A child that is killed when it is dropped.
    struct Killed(Child);

    impl Killed {
        fn start(arguments: &[&str]) -> Self {
            Self(Command::new("nice").args(arguments).spawn().unwrap())
        }
    }

    impl Drop for Killed {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// The share of half a second in which a process could not run.
    fn share(process: &Killed) -> f64 {
        let starvation = Starvation::of(process.0.id());
        let begun = Instant::now();
        starvation.since(begun);
        let mark = Instant::now() - Duration::from_secs(1);
        let mut stalled = Duration::ZERO;
        for _ in 0..10 {
            thread::sleep(Duration::from_millis(50));
            stalled += starvation.since(mark);
        }
        stalled.div_duration_f64(begun.elapsed())
    }

    #[test]
    fn a_process_that_others_keep_from_its_cpu_could_not_run() {
        // Children share the CPU that this thread is bound to.
        let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
        let first = (0..CpuSet::count()).find(|&cpu| allowed.is_set(cpu).unwrap()).unwrap();
        let mut one = CpuSet::new();
        one.set(first).unwrap();
        sched_setaffinity(Pid::from_raw(0), &one).unwrap();
        let hog = Killed::start(&["-n", "0", "sh", "-c", "while :; do :; done"]);
        let weak = Killed::start(&["-n", "19", "sh", "-c", "while :; do :; done"]);
        let asleep = Killed::start(&["-n", "0", "sleep", "60"]);
        sched_setaffinity(Pid::from_raw(0), &allowed).unwrap();
        assert!(share(&weak) > 0.3, "{}", share(&weak));
        assert!(share(&asleep) < 0.1, "{}", share(&asleep));
        kill(Pid::from_raw(i32::try_from(asleep.0.id()).unwrap()), Signal::SIGSTOP).unwrap();
        assert!(share(&asleep) > 0.7, "{}", share(&asleep));
        drop(hog);
    }
}

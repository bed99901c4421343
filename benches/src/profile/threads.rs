//! Looks at a contender's threads from outside: what state each is in, and where in the kernel it waits.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use reports_record::OffCpu;

/// Time between two looks, not a divisor of round waits.
const EVERY: Duration = Duration::from_micros(9_700);

/// Looks at all threads of some processes until it is finished.
#[derive(Debug)]
pub(super) struct Looks {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

/// Threads seen, summed over looks.
#[derive(Debug, Default)]
struct Seen {
    looks: u64,
    running: u64,
    waiting: BTreeMap<String, u64>,
}

/// One thread at one look.
#[derive(Debug, PartialEq, Eq)]
enum Doing {
    /// It runs or is ready to.
    Running,
    /// It waits in this function of the kernel; an empty name where the kernel does not say.
    Waiting(String),
}

impl Looks {
    pub(super) fn start(processes: Vec<i32>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut seen = Seen::default();
                while !stop.load(Ordering::Relaxed) {
                    seen.look(&processes);
                    thread::park_timeout(EVERY);
                }
                seen
            }
        });
        Self { stop, thread }
    }

    pub(super) fn finish(self) -> OffCpu {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().unwrap_or_default().means()
    }
}

impl Seen {
    fn look(&mut self, processes: &[i32]) {
        self.looks += 1;
        for process in processes {
            // Threads that end meanwhile are not counted.
            let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
            threads.filter_map(|thread| doing(&thread.path())).for_each(|doing| self.add(doing));
        }
    }

    fn add(&mut self, doing: Doing) {
        match doing {
            Doing::Running => self.running += 1,
            Doing::Waiting(place) => *self.waiting.entry(place).or_default() += 1,
        }
    }

    fn means(self) -> OffCpu {
        let mean = |sum: u64| sum as f64 / self.looks.max(1) as f64;
        let waiting: u64 = self.waiting.values().sum();
        OffCpu {
            looks: self.looks,
            threads: mean(self.running + waiting),
            running: mean(self.running),
            waiting: self.waiting.iter().map(|(place, &sum)| (place.clone(), mean(sum))).collect(),
        }
    }
}

fn doing(thread: &std::path::Path) -> Option<Doing> {
    let stat = fs::read_to_string(thread.join("stat")).ok()?;
    let place = fs::read_to_string(thread.join("wchan")).unwrap_or_default();
    doing_of(&stat, &place)
}

/// What a thread does by its `stat` and `wchan`; `None` for one that has ended.
fn doing_of(stat: &str, place: &str) -> Option<Doing> {
    // A name may hold brackets and blanks, so the state is found from the last bracket.
    match stat.rsplit_once(") ")?.1.chars().next()? {
        'R' => Some(Doing::Running),
        'Z' | 'X' => None,
        _ => Some(Doing::Waiting(if place == "0" { String::new() } else { place.trim().to_owned() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_told_by_its_state_whatever_its_name_is() {
        assert_eq!(doing_of("7 (a) R (b)) R 1 7", "0"), Some(Doing::Running));
        let waiting = |place: &str| Some(Doing::Waiting(place.to_owned()));
        assert_eq!(doing_of("7 (accept) S 1 7", "inet_csk_accept"), waiting("inet_csk_accept"));
        assert_eq!(doing_of("7 (accept) D 1 7", "0"), waiting(""));
        assert_eq!((doing_of("7 (gone) Z 1 7", "0"), doing_of("", "")), (None, None));
    }

    #[test]
    fn threads_of_a_process_add_up_whatever_they_do() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let sleeper = thread::spawn(move || stopped.recv());
        let mut seen = Seen::default();
        seen.look(&[std::process::id() as i32]);
        seen.look(&[std::process::id() as i32]);
        drop(stop);
        let _ = sleeper.join();
        let means = seen.means();
        assert_eq!(means.looks, 2);
        let waiting: f64 = means.waiting.values().sum();
        assert!(means.threads >= 2.0 && (means.threads - means.running - waiting).abs() < 1e-9, "{means:?}");
        // The one that looks runs.
        assert!(means.running >= 1.0, "{means:?}");
    }
}

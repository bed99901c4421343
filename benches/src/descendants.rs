//! Processes below this one: found, killed and collected, also those that have left its process group.

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use procfs::process::{Stat, all_processes};

/// From now on a process below this one whose parent has ended becomes a child of this one, wherever it has moved to.
///
/// # Errors
/// When the kernel does not know how.
pub fn adopt() -> nix::Result<()> {
    set_child_subreaper(true)
}

/// Kills and collects every child, with all of `group`, then those that become children by that, until there is none;
/// gives how many children were found running. Without [`adopt`] it would miss grandchildren.
#[must_use]
pub fn kill_all(group: Pid) -> usize {
    let mut running = 0;
    loop {
        let children = children_of(Pid::this());
        if children.is_empty() {
            return running;
        }
        running += children.iter().filter(|child| !child.has_ended).count();
        // At once, so that none of them can start another meanwhile. Here and below, ESRCH and ECHILD mean that
        // somebody is gone already, which is what was wanted.
        let _ = killpg(group, Signal::SIGKILL);
        for child in children {
            let _ = kill(child.pid, Signal::SIGKILL);
            let _ = waitpid(child.pid, None);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Child {
    pid: Pid,
    /// It only waits to be collected.
    has_ended: bool,
}

fn children_of(parent: Pid) -> Vec<Child> {
    let child = |process: Stat| {
        (process.ppid == parent.as_raw())
            .then(|| Child { pid: Pid::from_raw(process.pid), has_ended: matches!(process.state, 'Z' | 'X') })
    };
    processes().filter_map(child).collect()
}

/// Every process below process `ancestor`, wherever it has moved to, and those that wait to be collected.
#[must_use]
pub fn below(ancestor: u32) -> Vec<i32> {
    let all: Vec<(i32, i32)> = processes().map(|process| (process.pid, process.ppid)).collect();
    let Ok(ancestor) = i32::try_from(ancestor) else { return Vec::new() };
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// Every process of this machine that this one may see.
fn processes() -> impl Iterator<Item = Stat> {
    all_processes().into_iter().flatten().filter_map(|process| process.ok()?.stat().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_of_this_process_is_found() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let found = children_of(Pid::this());
        let below = below(std::process::id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&Child { pid, has_ended: false }), "{found:?}");
        assert!(below.contains(&pid.as_raw()), "{below:?}");
    }
    #[test]
    fn a_child_s_child_is_below_too_and_nobody_is_below_itself() {
        let script = "sleep 60 & echo $!; wait";
        let mut child = std::process::Command::new("sh")
            .args(["-c", script])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        let grandchild: i32 = line.trim().parse().unwrap();
        let (all, own) = (below(std::process::id()), below(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        kill(Pid::from_raw(grandchild), Signal::SIGKILL).unwrap();
        assert!(all.contains(&grandchild), "{all:?}");
        assert_eq!(own, [grandchild]);
    }
}

//! Processes below this one: found, killed and collected, also those that have left its process group.

use std::fs;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

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
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let pid = Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?);
            let (its_parent, has_ended) = parent_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
            (its_parent == parent).then_some(Child { pid, has_ended })
        })
        .collect()
}

/// Parent, and whether it has ended, of the process with this `stat`: `pid (name) state parent …`. The name may hold
/// anything, parentheses and spaces too.
fn parent_of(stat: &str) -> Option<(Pid, bool)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    Some((Pid::from_raw(parent), matches!(state, "Z" | "X")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_hides_nothing() {
        assert_eq!(parent_of("7 (a) b (c) S 42 1 1"), Some((Pid::from_raw(42), false)));
        assert_eq!(parent_of("7 (gone) Z 1 1 1"), Some((Pid::from_raw(1), true)));
        assert_eq!(parent_of("7 (cut"), None);
    }

    #[test]
    fn a_child_of_this_process_is_found() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let found = children_of(Pid::this());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&Child { pid, has_ended: false }), "{found:?}");
    }
}

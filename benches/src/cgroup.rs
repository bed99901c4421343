//! The CPU quota of this process's control group, of version 2 or 1, and of every group above it.

use std::fs;
use std::path::{Path, PathBuf};

/// What the control groups allow.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quota {
    /// CPUs' worth of time per period that the strictest group allows; `None` without a quota.
    pub cpus: Option<f64>,
    /// How often a group ran into its quota since it was made; `None` where no group tells.
    pub throttled: Option<u64>,
}

impl Quota {
    /// Reads it below `root`, which is `/` outside tests. What is missing counts as no quota.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let folders = groups.lines().filter_map(|line| folder(root, line)).flatten();
        folders.map(|folder| Self::of(&folder)).fold(Self::default(), Self::stricter)
    }

    fn of(folder: &Path) -> Self {
        let text = |name| fs::read_to_string(folder.join(name)).ok();
        let number = |name| text(name)?.trim().parse::<f64>().ok();
        let second = || text("cpu.max").as_deref().and_then(cpus);
        let first = || {
            let (quota, period) = (number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?);
            (quota > 0.0 && period > 0.0).then_some(quota / period)
        };
        let cpus = second().or_else(first);
        Self { cpus, throttled: text("cpu.stat").as_deref().and_then(throttled) }
    }

    fn stricter(self, other: Self) -> Self {
        let cpus = match (self.cpus, other.cpus) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { cpus, throttled: self.throttled.max(other.throttled) }
    }
}

/// The folders of the group in one line of `/proc/self/cgroup` (`number:controllers:path`) and of those above it, when
/// that line is about CPU time.
fn folder(root: &Path, line: &str) -> Option<Vec<PathBuf>> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (controllers, path) = (fields.next()?, fields.next()?);
    let mounts = match controllers {
        "" => ["sys/fs/cgroup", "sys/fs/cgroup/unified"],
        some if some.split(',').any(|controller| controller == "cpu") => {
            ["sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"]
        }
        _ => return None,
    };
    let groups = Path::new(path.trim_start_matches('/'));
    let below = |mount: &str| {
        let mount = root.join(mount);
        groups.ancestors().map(|group| mount.join(group)).collect::<Vec<_>>()
    };
    Some(mounts.iter().flat_map(|mount| below(mount)).collect())
}

/// The quota in a `cpu.max`: `max 100000`, or µs of CPU time per period of µs.
fn cpus(text: &str) -> Option<f64> {
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let (quota, period) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    (period > 0.0).then_some(quota / period)
}

fn throttled(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("nr_throttled "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_strictest_group_of_version_2_counts() {
        let root = machine(&[
            ("proc/self/cgroup", "0::/outer/inner\n"),
            ("sys/fs/cgroup/outer/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/outer/cpu.stat", "usage_usec 5\nnr_throttled 12\n"),
            ("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n"),
        ]);
        assert_eq!(Quota::read(root.path()), Quota { cpus: Some(1.5), throttled: Some(12) });
    }

    #[test]
    fn version_1_counts_too_and_minus_one_is_no_quota() {
        let quota = |us| {
            let root = machine(&[
                ("proc/self/cgroup", "3:cpuset:/x\n1:cpu:/box\n0::/\n"),
                ("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", us),
                ("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n"),
            ]);
            Quota::read(root.path())
        };
        assert_eq!(quota("50000\n"), Quota { cpus: Some(0.5), throttled: None });
        assert_eq!(quota("-1\n"), Quota::default());
    }

    #[test]
    fn a_machine_without_groups_has_no_quota() {
        assert_eq!(Quota::read(machine(&[]).path()), Quota::default());
        assert_eq!(Quota::read(machine(&[("proc/self/cgroup", "nonsense")]).path()), Quota::default());
    }
}

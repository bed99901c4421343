//! Which CPUs run the client and which the contender.

use anyhow::{Context as _, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The split of the CPUs that this process may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Client, sampler and runner.
    pub client: Vec<u32>,
    /// The contender.
    pub contender: Vec<u32>,
}

impl Split {
    /// Gives the first of `allowed` to the client and the last `contender_cpus` to the contender.
    ///
    /// With a single CPU both share it; [`Split::is_shared`] tells, and the record says so.
    ///
    /// # Errors
    /// When fewer CPUs are allowed than the contender asks for, one more for the client.
    pub fn of(allowed: &[u32], contender_cpus: u32) -> anyhow::Result<Self> {
        let wanted = contender_cpus as usize;
        if let [only] = allowed {
            ensure!(wanted == 1, "the contender asks for {wanted} CPUs, this process may use one");
            return Ok(Self { client: vec![*only], contender: vec![*only] });
        }
        ensure!(
            wanted < allowed.len(),
            "the contender asks for {wanted} CPUs and the client needs one of its own, this process may use {}; \
             lower contender_cpus",
            allowed.len()
        );
        let (client, contender) = allowed.split_at(allowed.len() - wanted);
        Ok(Self { client: vec![client[0]], contender: contender.to_vec() })
    }

    /// Whether client and contender compete for a CPU.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.client.iter().any(|cpu| self.contender.contains(cpu))
    }
}

/// The CPUs this process may use, ascending.
///
/// # Errors
/// When the kernel does not say.
pub fn allowed() -> anyhow::Result<Vec<u32>> {
    let set = sched_getaffinity(Pid::from_raw(0)).context("cannot read the CPU affinity of this process")?;
    Ok((0..CpuSet::count()).filter(|&cpu| set.is_set(cpu).unwrap_or(false)).map(|cpu| cpu as u32).collect())
}

/// Binds the calling thread, and the threads and processes it will start, to `cpus`.
///
/// # Errors
/// When the kernel refuses, e.g. because none of them is online.
pub fn bind(cpus: &[u32]) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        set.set(cpu as usize).with_context(|| format!("cannot bind to CPU {cpu}: no such CPU"))?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("cannot bind to CPUs {cpus:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_and_contender_are_disjoint_when_there_is_room() {
        let split = Split::of(&[0, 1], 1).unwrap();
        assert_eq!((split.client.as_slice(), split.contender.as_slice()), (&[0][..], &[1][..]));
        assert!(!split.is_shared());
        assert_eq!(Split::of(&[2, 3, 5, 7], 2).unwrap().contender, [5, 7]);
    }

    #[test]
    fn one_cpu_is_shared_and_said_so() {
        assert!(Split::of(&[3], 1).unwrap().is_shared());
    }

    #[test]
    fn more_than_there_is_gets_refused() {
        assert!(Split::of(&[0, 1], 2).unwrap_err().to_string().contains("lower contender_cpus"));
        assert!(Split::of(&[0], 2).is_err());
    }

    #[test]
    fn this_process_may_use_at_least_one_cpu() {
        assert!(!allowed().unwrap().is_empty());
    }
}

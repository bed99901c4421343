//! Which CPUs run the client and which the contender.

use std::path::Path;

use anyhow::{Context as _, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::doctor::Readings;

/// The split of the CPUs that this process may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Client, sampler and runner.
    pub client: Vec<u32>,
    /// The contender.
    pub contender: Vec<u32>,
}

/// The CPUs that a process may use, by core: hardware threads of one core stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores(Vec<Vec<u32>>);

impl Cores {
    /// Groups `allowed`, ascending, by `siblings`: for each of them the CPUs of its core. Where the system does not tell, each CPU
    /// counts as a core.
    #[must_use]
    pub fn of(allowed: &[u32], siblings: Option<&[Vec<u32>]>) -> Self {
        let mut cores: Vec<Vec<u32>> = Vec::new();
        for (place, &cpu) in allowed.iter().enumerate() {
            let core = siblings.and_then(|siblings| siblings.get(place));
            let known = core.and_then(|core| cores.iter_mut().find(|known| core.contains(&known[0])));
            match known {
                Some(known) => known.push(cpu),
                None => cores.push(vec![cpu]),
            }
        }
        Self(cores)
    }

    fn cpus(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

impl Split {
    /// Gives the first of this process's CPUs to the client and the last to the contender.
    ///
    /// # Errors
    /// As [`Split::of`], and when the kernel does not say which CPUs there are.
    pub fn here(contender_cpus: u32, client_cpus: u32) -> anyhow::Result<Self> {
        let allowed = allowed()?;
        let siblings = Readings::of(Path::new("/"), allowed.clone()).siblings;
        Self::of(&Cores::of(&allowed, siblings.as_deref()), contender_cpus, client_cpus)
    }

    /// Gives the first of `cores` to the client and the last to the contender, and no core to both.
    ///
    /// Each CPU is a core of its own as long as there are enough; beyond, cores are used with all of their hardware threads.
    /// With a single core and one CPU for each, both share it, and with a single CPU that: [`Split::is_shared`] tells, and
    /// the record says so.
    ///
    /// # Errors
    /// When there are too few CPUs, or too few cores to keep the two apart.
    pub fn of(cores: &Cores, contender_cpus: u32, client_cpus: u32) -> anyhow::Result<Self> {
        let (contender, client) = (contender_cpus as usize, client_cpus as usize);
        if let [core] = &cores.0[..]
            && (contender, client) == (1, 1)
            && let (Some(&first), Some(&last)) = (core.first(), core.last())
        {
            return Ok(Self { client: vec![first], contender: vec![last] });
        }
        ensure!(
            contender + client <= cores.cpus(),
            "the contender asks for {contender} CPUs and the client for {client}, this process may use {}; lower \
             contender_cpus or client_cpus in an experiment, --server-cpus in a comparison",
            cores.cpus()
        );
        let threads = if contender + client <= cores.0.len() { 1 } else { usize::MAX };
        let of_client = taken(cores.0.iter(), client, threads);
        let of_contender = taken(cores.0.iter().rev(), contender, threads);
        ensure!(
            of_client.len() + of_contender.len() <= cores.0.len(),
            "{contender} CPUs of the contender need {} cores and {client} of the client {}, this process may use {}: hardware \
             threads of one core are never split between the two; lower contender_cpus or client_cpus",
            of_contender.len(),
            of_client.len(),
            cores.0.len()
        );
        Ok(Self { client: ascending(of_client, client), contender: ascending(of_contender, contender) })
    }

    /// Whether client and contender compete for a CPU.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.client.iter().any(|cpu| self.contender.contains(cpu))
    }
}

/// As many of `cores`, in their order, as hold `cpus` CPUs, where each gives at most `threads`.
fn taken<'a>(cores: impl Iterator<Item = &'a Vec<u32>>, cpus: usize, threads: usize) -> Vec<&'a [u32]> {
    let mut left = cpus;
    cores
        .map(|core| &core[..core.len().min(threads)])
        .take_while(|core| {
            let is_needed = left > 0;
            left = left.saturating_sub(core.len());
            is_needed
        })
        .collect()
}

/// The first `cpus` CPUs of these cores, sorted.
fn ascending(cores: Vec<&[u32]>, cpus: usize) -> Vec<u32> {
    let mut cpus: Vec<u32> = cores.concat().into_iter().take(cpus).collect();
    cpus.sort_unstable();
    cpus
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

    /// A split of `cores` cores with `threads` hardware threads each, numbered as Linux does: first all first threads.
    fn split(cores: u32, threads: u32, contender: u32, client: u32) -> anyhow::Result<Split> {
        let allowed: Vec<u32> = (0..cores * threads).collect();
        let core = |cpu: &u32| (0..threads).map(|thread| cpu % cores + thread * cores).collect();
        let siblings: Vec<Vec<u32>> = allowed.iter().map(core).collect();
        Split::of(&Cores::of(&allowed, Some(&siblings)), contender, client)
    }

    #[test]
    fn client_and_contender_are_disjoint_when_there_is_room() {
        let split = split(2, 1, 1, 1).unwrap();
        assert_eq!((split.client.as_slice(), split.contender.as_slice()), (&[0][..], &[1][..]));
        assert!(!split.is_shared());
        let some = Cores::of(&[2, 3, 5, 7], None);
        assert_eq!(Split::of(&some, 2, 1).unwrap(), Split { client: vec![2], contender: vec![5, 7] });
    }

    #[test]
    fn one_cpu_is_shared_and_said_so() {
        assert!(split(1, 1, 1, 1).unwrap().is_shared());
        assert_eq!(split(1, 2, 1, 1).unwrap(), Split { client: vec![0], contender: vec![1] });
    }

    #[test]
    fn more_than_there_is_gets_refused() {
        assert!(split(2, 1, 2, 1).unwrap_err().to_string().contains("lower contender_cpus"));
        assert!(split(1, 1, 2, 1).is_err());
        let message = split(2, 2, 3, 1).unwrap_err().to_string();
        assert!(message.contains("need 2 cores and 1 of the client 1, this process may use 2"), "{message}");
    }

    #[test]
    fn plans_for_sixteen_and_sixty_four_cores_never_split_a_core() {
        for cores in [16, 64] {
            for threads in [1, 2] {
                for contender in [1, 2, 4, 8, cores / 2, cores - 4] {
                    for client in [1, 2, 4] {
                        let found = split(cores, threads, contender, client).unwrap();
                        assert_eq!(
                            (found.contender.len(), found.client.len()),
                            (contender as usize, client as usize)
                        );
                        let core = |cpus: &[u32]| cpus.iter().map(|cpu| cpu % cores).collect::<Vec<_>>();
                        let (of_client, of_contender) = (core(&found.client), core(&found.contender));
                        assert!(of_client.iter().all(|core| !of_contender.contains(core)), "{found:?}");
                        // Each on a core of its own while there are enough.
                        let mut distinct = of_contender.clone();
                        distinct.sort_unstable();
                        distinct.dedup();
                        assert_eq!(distinct.len(), of_contender.len(), "{found:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn where_cores_do_not_suffice_their_hardware_threads_are_used_in_full() {
        let found = split(16, 2, 24, 8).unwrap();
        assert_eq!(found.client, [0, 1, 2, 3, 16, 17, 18, 19]);
        assert_eq!(found.contender.len(), 24);
        assert!(found.contender.iter().all(|cpu| cpu % 16 >= 4), "{found:?}");
    }

    #[test]
    fn this_process_may_use_at_least_one_cpu() {
        assert!(!allowed().unwrap().is_empty());
    }
}

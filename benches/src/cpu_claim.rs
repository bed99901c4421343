//! CPUs that one run at a time measures on.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

use anyhow::{Context as _, bail};

/// CPUs that no other run on this machine may claim meanwhile; given back when it is dropped, however its process ends.
///
/// Each is a name in the kernel's abstract namespace of sockets, which only one process at a time can have. There is no
/// file that a kill would leave behind or that another user could not open. Runs in different network namespaces do not
/// see each other.
#[derive(Debug)]
pub struct CpuClaim {
    _names: Vec<UnixListener>,
}

impl CpuClaim {
    /// Claims all of `cpus`.
    ///
    /// # Errors
    /// When another run has one of them, or the kernel does not give names out.
    pub fn of(cpus: impl IntoIterator<Item = u32>) -> anyhow::Result<Self> {
        Self::under("crossover-cpu", cpus)
    }

    fn under(prefix: &str, cpus: impl IntoIterator<Item = u32>) -> anyhow::Result<Self> {
        let mut cpus: Vec<u32> = cpus.into_iter().collect();
        cpus.sort_unstable();
        cpus.dedup();
        let names = cpus.into_iter().map(|cpu| claim(&format!("{prefix}-{cpu}"), cpu));
        Ok(Self { _names: names.collect::<anyhow::Result<_>>()? })
    }
}

fn claim(name: &str, cpu: u32) -> anyhow::Result<UnixListener> {
    let address = SocketAddr::from_abstract_name(name).context("cannot make the name of a CPU")?;
    match UnixListener::bind_addr(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
            "another run of crossover measures on CPU {cpu}, and both would spoil each other's figures; wait for it to \
             end, or go on all the same with --anyway"
        ),
        name => name.with_context(|| format!("cannot claim CPU {cpu}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_is_claimed_once_at_a_time() {
        let prefix = format!("crossover-test-{}", std::process::id());
        let claim = |cpus: &[u32]| CpuClaim::under(&prefix, cpus.iter().copied());
        let first = claim(&[0, 1, 0]).unwrap();
        let refusal = claim(&[1, 2]).unwrap_err().to_string();
        assert!(refusal.contains("measures on CPU 1") && refusal.contains("--anyway"), "{refusal}");
        let beside = claim(&[2, 3]).unwrap();
        drop(first);
        claim(&[0, 1]).unwrap();
        drop(beside);
    }
}

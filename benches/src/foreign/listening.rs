//! Where a process listens, found without asking it.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use procfs::process::{FDTarget, Process};

use crate::descendants;
use crate::listening_sockets::listening_sockets;

/// The addresses at which the processes below process `supervisor` listen, each once and reachable from here: what listens
/// everywhere is reached over loopback. Ascending by port; empty where there are none or the system does not say.
pub(super) fn listening(supervisor: u32) -> Vec<SocketAddr> {
    let owned: HashSet<u64> = descendants::below(supervisor)
        .into_iter()
        .filter_map(|pid| Process::new(pid).ok()?.fd().ok())
        .flat_map(|descriptors| descriptors.flatten())
        .filter_map(|descriptor| match descriptor.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect();
    let mut addresses: Vec<SocketAddr> = listening_sockets()
        .into_iter()
        .filter(|socket| owned.contains(&socket.inode))
        .map(|socket| reachable(socket.local_address))
        .collect();
    addresses.sort_by_key(|address| (address.port(), address.is_ipv6()));
    // One port on both families is one server.
    addresses.dedup_by_key(|address| address.port());
    addresses
}

/// The address at which what listens at `local` is reached from here.
pub(super) fn reachable(local: SocketAddr) -> SocketAddr {
    let ip = match local.ip().to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, local.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_over_loopback() {
        let reached = |local: &str| reachable(local.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reached("[::]:80"), "[::1]:80");
        assert_eq!(reached("[::ffff:0.0.0.0]:80"), "127.0.0.1:80");
        assert_eq!(reached("127.0.0.2:80"), "127.0.0.2:80");
    }
}

//! The sockets of this machine that take connections to an address: one server has one, whatever it is called.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use procfs::process::{FDTarget, all_processes};

use crate::listening_sockets::listening_sockets;

/// The inodes of the sockets that take connections to `address`; several where processes share a port. Empty for an address of another
/// machine, and where the system does not tell.
pub(super) fn listeners(address: SocketAddr) -> BTreeSet<u64> {
    if !is_local(address.ip()) {
        return BTreeSet::new();
    }
    let listening: Vec<(SocketAddr, u64)> =
        listening_sockets().into_iter().map(|socket| (socket.local_address, socket.inode)).collect();
    taking(address, &listening)
}

/// The processes that hold one of these sockets, as far as this user may see.
pub(super) fn holders(sockets: &BTreeSet<u64>) -> BTreeSet<i32> {
    let holds = |target: FDTarget| matches!(target, FDTarget::Socket(inode) if sockets.contains(&inode));
    let processes = all_processes().into_iter().flatten().flatten();
    processes
        .filter(|process| {
            let descriptors = process.fd().into_iter().flatten().flatten();
            descriptors.map(|descriptor| descriptor.target).any(holds)
        })
        .map(|process| process.pid)
        .collect()
}

/// Whether the address is one of this machine: only those can be bound.
fn is_local(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// Of the `listening` sockets those that the kernel hands connections to `address` to: sockets bound to that very IP, or else those bound
/// to all.
fn taking(address: SocketAddr, listening: &[(SocketAddr, u64)]) -> BTreeSet<u64> {
    let ip = address.ip().to_canonical();
    let bound_to = |wanted: &[IpAddr]| -> BTreeSet<u64> {
        let is_there = |local: &SocketAddr| {
            local.port() == address.port() && wanted.contains(&local.ip().to_canonical())
        };
        listening.iter().filter(|(local, _)| is_there(local)).map(|(_, inode)| *inode).collect()
    };
    let everywhere: &[IpAddr] = match ip {
        IpAddr::V4(_) => &[IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
        IpAddr::V6(_) => &[IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
    };
    let exactly = bound_to(&[ip]);
    if exactly.is_empty() { bound_to(everywhere) } else { exactly }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_socket_of_the_very_address_comes_before_one_of_all_addresses() {
        let listening: Vec<(SocketAddr, u64)> = [
            ("127.0.0.2:80", 1),
            ("0.0.0.0:80", 2),
            ("[::]:81", 3),
            ("[::ffff:127.0.0.1]:82", 4),
            ("[::1]:80", 5),
        ]
        .map(|(local, inode)| (local.parse().unwrap(), inode))
        .to_vec();
        let taking =
            |address: &str| taking(address.parse().unwrap(), &listening).into_iter().collect::<Vec<_>>();
        for (address, expected) in [
            ("127.0.0.2:80", &[1][..]),
            ("127.0.0.1:80", &[2]),
            ("[::1]:80", &[5]),
            ("127.0.0.1:81", &[3]),
            ("[::1]:81", &[3]),
            ("127.0.0.1:82", &[4]),
            ("127.0.0.1:83", &[]),
        ] {
            assert_eq!(taking(address), expected, "{address}");
        }
    }

    #[test]
    fn a_listener_of_this_process_is_found_under_each_name_and_none_of_another_machine_is() {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let [one, two] = [[127, 0, 0, 1], [127, 0, 0, 2]].map(|ip| listeners(SocketAddr::from((ip, port))));
        assert_eq!((one.len(), &one), (1, &two));
        assert!(holders(&one).contains(&i32::try_from(std::process::id()).unwrap()));
        // An address that is kept for documents, RFC 5737.
        assert!(listeners(SocketAddr::from(([192, 0, 2, 1], port))).is_empty());
    }
}

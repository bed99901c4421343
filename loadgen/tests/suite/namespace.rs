//! A corner of this machine for one test: network and mounts of its own.

use std::net::IpAddr;
use std::panic::resume_unwind;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, send, socket};

/// Set where a test was started again with the privilege it lacked.
const AGAIN: &str = "LOADGEN_TEST_AGAIN";

/// Runs `body`, the test of that `name`, where ports and mounts are its own; also those of processes it starts.
///
/// A thread of root's just leaves. Whoever is not root starts the one test again as the root of a user namespace.
pub(crate) fn apart(name: &str, body: fn()) {
    let left = std::thread::spawn(move || {
        let left = leave();
        if left.is_ok() {
            body();
        }
        left
    });
    if let Err(error) = left.join().unwrap_or_else(|panic| resume_unwind(panic)) {
        assert!(std::env::var_os(AGAIN).is_none(), "{name} needs a network namespace: {error}");
        let status = Command::new("unshare")
            .arg("--map-root-user")
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(AGAIN, "1")
            .status()
            .unwrap();
        assert!(status.success(), "{name}, started again as root of a user namespace: {status}");
    }
}

fn leave() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)?;
    // What is mounted from here on is seen by nobody else.
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    set_loopback_up()
}

/// The message of rtnetlink (rtnetlink(7)) that a fresh network namespace needs.
fn set_loopback_up() -> nix::Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const UP: u32 = 1;
    tell(RTM_NEWLINK, 0, &[0, 1, UP, UP])
}

/// What the kernel says of a route that leads nowhere: its types, as rtnetlink numbers them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DeadEnd {
    Blackhole = 6,
    Unreachable = 7,
    Prohibited = 8,
}

/// Has the kernel say that there is no way to `address`.
pub(crate) fn take_route_away(address: IpAddr, dead_end: DeadEnd) -> nix::Result<()> {
    const RTM_NEWROUTE: u16 = 24;
    const CREATE: u16 = 0x400;
    const LOCAL_TABLE: u8 = 255;
    const STATIC: u8 = 4;
    let (family, octets) = match address {
        IpAddr::V4(address) => (2, address.octets().to_vec()),
        IpAddr::V6(address) => (10, address.octets().to_vec()),
    };
    let bytes = octets.len() as u8;
    let kind = [[family, 8 * bytes, 0, 0], [LOCAL_TABLE, STATIC, 0, dead_end as u8], [0; 4]];
    // The whole address, as attribute 1, the destination.
    let attribute = [[4 + bytes, 0, 1, 0]];
    let words = octets.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]);
    let route: Vec<u32> = kind.into_iter().chain(attribute).chain(words).map(u32::from_le_bytes).collect();
    tell(RTM_NEWROUTE, CREATE, &route)
}

fn tell(kind: u16, flags: u16, body: &[u32]) -> nix::Result<()> {
    const REQUEST: u16 = 1;
    let length = 4 * (4 + body.len() as u32);
    let head = [length, u32::from(kind) | u32::from(flags | REQUEST) << 16, 1, 0];
    // Host order, two halves in the second word: this is written for little-endian machines.
    let message: Vec<u8> = head.iter().chain(body).flat_map(|word| word.to_le_bytes()).collect();
    let route =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    let fd = std::os::fd::AsRawFd::as_raw_fd(&route);
    send(fd, &message, MsgFlags::empty()).map(drop)
}

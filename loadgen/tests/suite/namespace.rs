//! A corner of this machine for one test: network and mounts of its own.

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

/// Sends the one message of rtnetlink (rtnetlink(7)) that a fresh network namespace needs.
fn set_loopback_up() -> nix::Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const REQUEST: u16 = 1;
    const UP: u32 = 1;
    let mut message = Vec::new();
    for word in [32, u32::from(RTM_NEWLINK) | u32::from(REQUEST) << 16, 1, 0, 0, 1, UP, UP] {
        // Host order, two halves in the second word: this is written for little-endian machines.
        message.extend_from_slice(&u32::to_le_bytes(word));
    }
    let route =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    let fd = std::os::fd::AsRawFd::as_raw_fd(&route);
    send(fd, &message, MsgFlags::empty()).map(drop)
}

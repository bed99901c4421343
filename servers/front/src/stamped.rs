//! Reading from a socket together with the time at which the kernel had the bytes.

use std::{
    io::{self, IoSliceMut, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::fd::{AsFd, AsRawFd},
    time::{Duration, Instant},
};

use nix::{
    cmsg_space,
    sys::{
        socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt::ReceiveTimestampns},
        time::TimeSpec,
    },
};

/// How long the kernel may take until it stamps: it begins to some milliseconds after it is first asked.
const BEGINNING: Duration = Duration::from_secs(2);

/// Has the kernel stamp what arrives at this socket or, of a listener, at those that it accepts.
///
/// # Errors
/// The kernel knows no such option, or does not stamp.
pub(crate) fn stamp(socket: &impl AsFd) -> io::Result<()> {
    setsockopt(socket, ReceiveTimestampns, &true)?;
    if begins()? { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

/// Waits until bytes over loopback are stamped; `false` if they are not.
fn begins() -> io::Result<bool> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut sender = TcpStream::connect(listener.local_addr()?)?;
    let (receiver, _) = listener.accept()?;
    setsockopt(&receiver, ReceiveTimestampns, &true)?;
    let deadline = Instant::now() + BEGINNING;
    while Instant::now() < deadline {
        sender.write_all(&[0])?;
        if read_stamped(&receiver, &mut [0; 1])?.1.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads once; returns the bytes read and when the last of them arrived, in nanoseconds since 1970.
///
/// `None` where the kernel does not say: the socket was accepted by a listener that does not ask for it, or nothing was read.
///
/// # Errors
/// Those of `recvmsg`.
pub fn read_stamped(socket: &impl AsRawFd, space: &mut [u8]) -> io::Result<(usize, Option<u64>)> {
    // On the heap: the kernel's structures are read where they lie, which takes their alignment.
    let mut control = cmsg_space!(TimeSpec);
    let mut slices = [IoSliceMut::new(space)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
    let arrived = message.cmsgs()?.find_map(|beside| match beside {
        ControlMessageOwned::ScmTimestampns(time) => nanoseconds(time),
        _ => None,
    });
    Ok((message.bytes, arrived))
}

fn nanoseconds(time: TimeSpec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec()).ok()?)
}

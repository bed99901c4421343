//! The listening socket, bound by hand so that its options are alike in every contender.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use anyhow::{Context, ensure};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::Flags;

/// Binds and listens as the flags say.
///
/// Accepted sockets inherit `TCP_NODELAY` and `TCP_USER_TIMEOUT` from it, so that a front whose library sets
/// neither still has both, and nobody pays a system call per connection. `SO_RCVTIMEO` must not be set here: it
/// would end `accept`.
///
/// # Errors
/// An address beyond loopback without `--allow-remote`; a port in use; whatever the kernel refuses.
pub(crate) fn listen(flags: &Flags) -> anyhow::Result<TcpListener> {
    let address = flags.listen;
    ensure!(
        address.ip().is_loopback() || flags.allow_remote,
        "--listen {address} is beyond loopback: expected 127.0.0.1 or [::1], or --allow-remote beside it"
    );
    bind(address, flags).with_context(|| match address.port() {
        0 => format!("could not listen on {address}"),
        port => format!("could not listen on {address}: stop what holds port {port}, or use port 0"),
    })
}

fn bind(address: SocketAddr, flags: &Flags) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a restarted contender have its port again while old connections are in TIME-WAIT.
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(flags.nodelay)?;
    socket.set_tcp_user_timeout(Some(flags.user_timeout))?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(flags.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// What the kernel made of the options.
pub(crate) struct Effective {
    /// `TCP_NODELAY`, which accepted sockets inherit.
    pub(crate) nodelay: bool,
    /// `TCP_USER_TIMEOUT`, inherited as well; `None` is the system's default.
    pub(crate) user_timeout: Option<Duration>,
    /// Length of the listen queue.
    pub(crate) backlog: u32,
}

/// Reads the options back from the kernel.
pub(crate) fn effective(listener: &TcpListener, flags: &Flags) -> io::Result<Effective> {
    let socket = SockRef::from(listener);
    Ok(Effective {
        nodelay: socket.tcp_nodelay()?,
        user_timeout: socket.tcp_user_timeout()?,
        // The kernel caps the queue silently, and only netlink would tell the result.
        backlog: somaxconn().map_or(flags.backlog, |cap| flags.backlog.min(cap)),
    })
}

fn somaxconn() -> Option<u32> {
    fs::read_to_string("/proc/sys/net/core/somaxconn").ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::net::TcpStream;

    fn flags(arguments: &[&str]) -> Flags {
        Flags::parse_from(std::iter::once("test").chain(arguments.iter().copied()))
    }

    #[test]
    fn accepted_sockets_inherit_the_options() {
        for nodelay in [true, false] {
            let flags = flags(&["--nodelay", &nodelay.to_string(), "--user-timeout", "7s"]);
            let listener = listen(&flags).unwrap();
            let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            assert_eq!(accepted.nodelay().unwrap(), nodelay);
            let user_timeout = SockRef::from(&accepted).tcp_user_timeout().unwrap();
            assert_eq!(user_timeout, Some(Duration::from_secs(7)));
            let effective = effective(&listener, &flags).unwrap();
            assert_eq!((effective.nodelay, effective.user_timeout), (nodelay, user_timeout));
        }
    }

    #[test]
    fn a_busy_port_and_an_address_beyond_loopback_are_refused() {
        let first = listen(&flags(&[])).unwrap();
        let address = first.local_addr().unwrap().to_string();
        let error = format!("{:#}", listen(&flags(&["--listen", &address])).unwrap_err());
        assert!(
            error.contains(&format!("could not listen on {address}")) && error.contains("in use"),
            "{error}"
        );
        let error = format!("{:#}", listen(&flags(&["--listen", "0.0.0.0:0"])).unwrap_err());
        assert!(error.contains("--allow-remote"), "{error}");
        assert!(listen(&flags(&["--listen", "0.0.0.0:0", "--allow-remote"])).is_ok());
    }
}
